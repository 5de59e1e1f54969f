import { webhookTypeOf } from "@keyplane/schema";
import type { EventType, StoredEvent } from "../events/index.js";
import { webhookLimits } from "./webhook-limits.js";

const { toldAlone, keysPerMessage } = webhookLimits;

/** What a webhook is told, before it has a place in the outbox. */
export interface Message {
  /** Such as `key.revoked`. */
  readonly type: string;
  /** JSON: `{ type, timestamp, data }`. */
  readonly payload: string;
}

/** One thing that a tenant's webhooks are told. */
export interface News {
  readonly tenantId: string;
  readonly type: EventType;
  /** null: it is about no key, or about several. */
  readonly keyId: string | null;
  readonly message: Message;
}

export function messageOf(type: string, timestamp: Date, data: object): Message {
  return { type, payload: JSON.stringify({ type, timestamp: timestamp.toISOString(), data }) };
}

/**
 * What is told of events that were appended together: one thing each. Where a change of a role or team lets very many keys use other
 * scopes, that would be a flood, which keeps a receiver from what matters more, and a transaction of millions of rows: those are told
 * in lists of keys.
 */
export function newsOf(events: readonly StoredEvent[]): News[] {
  if (events.length <= toldAlone) return events.map((event) => newsOfAlike(event, [event]));
  return alike(events).flatMap((group) => {
    const lists: News[] = [];
    for (let from = 0; from < group.length; from += keysPerMessage) {
      const [first, ...others] = group.slice(from, from + keysPerMessage);
      if (first) lists.push(newsOfAlike(first, [first, ...others]));
    }
    return lists;
  });
}

/** Puts together what differs only in the key that it is about, and whose it is. */
function alike(events: readonly StoredEvent[]): StoredEvent[][] {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    // What is about no key cannot be in a list of keys.
    const name = event.keyId === null ? event.id : JSON.stringify([event.tenantId, event.type, event.reason]);
    const group = groups.get(name);
    if (group) group.push(event);
    else groups.set(name, [event]);
  }
  return [...groups.values()];
}

/** @param events all that this tells of, with `first` at their head. */
function newsOfAlike(first: StoredEvent, events: readonly StoredEvent[]): News {
  const { id, type, reason, occurredAt, tenantId } = first;
  const isOne = events.length === 1;
  const about = isOne
    ? { keyId: first.keyId, userId: first.userId, reason }
    : { keyId: null, userId: null, reason, keyIds: events.map(({ keyId }) => keyId) };
  return {
    tenantId: tenantId ?? "",
    type,
    keyId: isOne ? first.keyId : null,
    message: messageOf(webhookTypeOf(type as never), occurredAt, { id, tenantId, ...about }),
  };
}
