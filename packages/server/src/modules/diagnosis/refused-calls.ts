import { canonicalAddress } from "@keyplane/schema";
import { KeyplaneError } from "../../platform/errors.js";
import type { Principal } from "../auth/index.js";
import type { EventDocument, Usage } from "../usage/index.js";

/** How many refused calls are told. */
const maxCalls = 20;
/** How far back they are looked for, and how far around a moment of the past, in milliseconds. */
const recentMs = 24 * 60 * 60 * 1_000;
const aroundMs = 60 * 60 * 1_000;
/** How long an answer waits for the store of usage: a diagnosis without it is better than none. */
const usualPatienceMs = 3_000;

/** By what a refused call was found. Add it here: the enum of GraphQL is made from this table. */
export const refusedCallMatches = {
  KEY: { description: "It was of the key." },
  START: {
    description:
      "The presented key began like the text that was asked about, of which no key is known, or only the one that it was meant to be.",
  },
  ADDRESS: { description: "It came from the address that was asked about, with whatever key." },
} as const satisfies Record<string, { readonly description: string }>;

export type RefusedCallMatch = keyof typeof refusedCallMatches;

/** A refused call, and by what it was found: at least one. */
export interface RefusedCall extends EventDocument {
  readonly matchedBy: readonly RefusedCallMatch[];
}

/**
 * Refused calls, newest first, of a past moment those nearest to it; null: not known, because the store of usage is away, the caller may not
 * read it, or it is no longer kept.
 */
export interface RefusedCalls {
  readonly calls: readonly RefusedCall[] | null;
  readonly isAway: boolean;
}

/** Whose calls are told: of the key, of texts that began so, and of the address besides. */
interface CallsOf {
  /** null: those of which nobody knows the tenant, because who verifies for all tenants has asked for an unknown key. */
  readonly tenantId: string | null;
  readonly keyId: string | null;
  /** Where there is a key, too, it is that of a text that was meant to be the key's: calls with it name no key. */
  readonly start: string | undefined;
  readonly ip: string | undefined;
}

/**
 * The refused calls of a key, those of texts with a start, and those from an address: each once, within the caller's bounds.
 *
 * @param at a moment of the past; null: the last day.
 */
export async function readRefusedCalls(
  usage: Pick<Usage, "events" | "eventsAround">,
  principal: Principal,
  of: CallsOf,
  now: number,
  at: number | null,
  patienceMs = usualPatienceMs,
): Promise<RefusedCalls> {
  const { tenantId, keyId, start, ip } = of;
  if (!principal.permissions.has("usage:read")) return { calls: null, isAway: false };
  // A question each, and not both in one: those of a key are then read from an index, however many calls others make.
  const filters = [
    ...(keyId === null ? [] : [{ keyIds: [keyId] }]),
    ...(start === undefined ? [] : [{ starts: [start] }]),
    ...(ip === undefined ? [] : [{ ips: [ip] }]),
  ];
  if (filters.length === 0) return { calls: [], isAway: false };
  const read = async (filter: object, signal: AbortSignal): Promise<readonly EventDocument[]> => {
    const refused = { ...filter, valid: false };
    if (at === null) {
      const recent = { ...refused, from: new Date(now - recentMs) };
      const { edges } = await usage.events(principal, tenantId, recent, { first: maxCalls }, signal);
      return edges.map(({ node }) => node);
    }
    const around = { ...refused, from: new Date(at - aroundMs), to: new Date(at + aroundMs) };
    return usage.eventsAround(principal, tenantId, around, at, maxCalls, signal);
  };
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      giveUp.abort();
      resolve(null);
    }, patienceMs);
  });
  try {
    const pages = Promise.all(filters.map((filter) => read(filter, giveUp.signal)));
    // Nobody waits for them any more once the time is up.
    pages.catch(() => {});
    const found = await Promise.race([pages, late]);
    if (found === null) return { calls: null, isAway: true };
    return { calls: merged(found.flat(), of, at), isAway: false };
  } catch (error) {
    // What is asked of a time that is no longer kept is refused, by a store that is there.
    if (error instanceof KeyplaneError) return { calls: null, isAway: error.code !== "BAD_USER_INPUT" };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Each once, the newest first, and no more than are told. Those of one millisecond are in the order of the call log. */
function merged(found: readonly EventDocument[], of: CallsOf, at: number | null): RefusedCall[] {
  const byId = new Map(found.map((event) => [event._id, event]));
  const newestFirst = [...byId.values()].sort(
    (one, other) => other.at.getTime() - one.at.getTime() || (one._id < other._id ? 1 : -1),
  );
  const first = at === null ? 0 : firstAround(newestFirst, at);
  return newestFirst.slice(first, first + maxCalls).map((event) => ({ ...event, matchedBy: matchesOf(event, of) }));
}

/** Where those begin that are told of a moment: half of them after it, half at it or before; where one side has fewer, the other has more. */
function firstAround(newestFirst: readonly EventDocument[], at: number): number {
  const after = newestFirst.filter((event) => event.at.getTime() > at).length;
  const before = newestFirst.length - after;
  const told = Math.max(maxCalls / 2, maxCalls - before);
  return Math.max(0, after - told);
}

const isSameAddress = (one: string, other: string): boolean =>
  one === other || canonicalAddress(one) === (canonicalAddress(other) ?? other);

function matchesOf(event: EventDocument, { keyId, start, ip }: CallsOf): RefusedCallMatch[] {
  const isOfKey = keyId !== null && event.keyId === keyId;
  return [
    ...(isOfKey ? (["KEY"] as const) : []),
    // A call of the key itself began so, too, and that is no news.
    ...(!isOfKey && start !== undefined && event.start === start ? (["START"] as const) : []),
    ...(ip !== undefined && event.ip !== undefined && isSameAddress(event.ip, ip) ? (["ADDRESS"] as const) : []),
  ];
}
