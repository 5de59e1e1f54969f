import { createId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Key, Transaction, Webhook } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { isPublicEvent, type StoredEvent } from "../events/index.js";
import { insertDeliveries } from "./deliveries.store.js";
import { webhookLimits } from "./webhook-limits.js";
import { type Message, messageOf, newsOf } from "./webhook-message.js";
import { findListening, holdForPolicy } from "./webhooks.store.js";

export type WebhookOutbox = ReturnType<typeof createWebhookOutbox>;

/** What a secret of a delivery is sealed for. */
export const purposeOfDelivery = (id: string): string => `webhook-delivery:${id}`;

/**
 * Messages to webhooks, kept in the transaction of what they tell of: none is lost with a process, and none is told of a change that was
 * undone.
 */
export function createWebhookOutbox({ clock, secretBox }: { clock: Clock; secretBox: SecretBox }) {
  /** Somebody may want to send at once. */
  let isFilled = false;

  function draft(tenantId: string, webhookId: string, { type, payload }: Message) {
    const now = clock.now();
    return {
      id: createId("WebhookDelivery"),
      webhookId,
      tenantId,
      type,
      payload,
      createdAt: new Date(now),
      nextAttemptAt: new Date(now),
      expiresAt: new Date(now + webhookLimits.lifetimeMs),
    };
  }

  return {
    /** Whether something was kept since this was last asked. */
    takeIsFilled(): boolean {
      const was = isFilled;
      isFilled = false;
      return was;
    },

    /** Keeps a message to each webhook that wants to hear of an event. Called with every event, in its transaction. */
    async fanOut(tx: Transaction, events: readonly StoredEvent[]): Promise<void> {
      const told = events.filter(({ type, tenantId }) => tenantId !== null && isPublicEvent(type));
      const tenantIds = new Set(told.map(({ tenantId }) => tenantId ?? ""));
      if (tenantIds.size === 0) return;
      const webhooks = await findListening(tx, [...tenantIds]);
      const deliveries = newsOf(told).flatMap((news) =>
        webhooks
          .filter((each) => each.tenantId === news.tenantId && wants(each, news))
          .map(({ id }) => ({ ...draft(news.tenantId, id, news.message), keyId: news.keyId })),
      );
      if (deliveries.length === 0) return;
      await insertDeliveries(tx, deliveries);
      isFilled = true;
    },

    /** Whether a webhook takes secrets now. */
    async isReady(tx: Transaction, tenantId: string, webhookId: string): Promise<boolean> {
      // Not held: whoever enables it plans rotations, which wait for the one that asks here.
      return (await findListening(tx, [tenantId])).some(
        ({ id, receivesSecrets }) => id === webhookId && receivesSecrets,
      );
    },

    /** Keeps the message that hands a key's new secret to a webhook; the secret is sealed, and erased once it was delivered or given up. */
    async handOver(tx: Transaction, webhookId: string, key: Key, issued: IssuedSecret): Promise<void> {
      const { secret, ...details } = issued;
      const { id: keyId, tenantId, ownerId, name } = key;
      const data = { tenantId, keyId, userId: ownerId, name, ...details };
      const delivery = draft(tenantId, webhookId, messageOf("key.rotated", new Date(clock.now()), data));
      const sealedSecret = secretBox.seal(secret, purposeOfDelivery(delivery.id));
      await insertDeliveries(tx, [{ ...delivery, keyId, hasSecret: true, sealedSecret }]);
      isFilled = true;
    },
  };
}

/** A key's new secret, and what its receiver has to know of it. */
export interface IssuedSecret {
  readonly secret: string;
  readonly start: string;
  /** Both secrets work, until this one is used for the first time. */
  readonly activatesOnFirstUse: true;
  /** For how long the old secret works on from then. */
  readonly overlapMs: number;
  readonly rotateBy: string;
}

/**
 * Refuses a webhook that a rotation policy cannot name.
 *
 * @throws NotFoundError for one that the tenant does not have, ConflictError for one that takes no secrets.
 */
export async function requireSecretReceiver(tx: Transaction, tenantId: string, id: string): Promise<void> {
  const webhook = await holdForPolicy(tx, tenantId, id);
  if (!webhook) throw new NotFoundError("webhook");
  if (webhook.receivesSecrets) return;
  throw new ConflictError("This webhook takes no secrets. Create one with receivesSecrets: true, and name that.");
}

function wants({ eventTypes }: Webhook, { type }: Pick<StoredEvent, "type">): boolean {
  return eventTypes.length === 0 || eventTypes.includes(type);
}
