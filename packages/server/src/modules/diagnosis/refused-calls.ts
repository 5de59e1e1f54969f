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

/**
 * Refused calls, newest first; null: not known, because the store of usage is away, the caller may not read it, it is no longer
 * kept, or nobody knows in which tenant to look.
 */
export interface RefusedCalls {
  readonly calls: readonly EventDocument[] | null;
  readonly isAway: boolean;
}

/**
 * The refused calls of a key, or of a start or an address where there is no key.
 *
 * @param at a moment of the past; null: the last day.
 */
export async function readRefusedCalls(
  usage: Pick<Usage, "events">,
  principal: Principal,
  of: {
    readonly tenantId: string | null;
    readonly keyId: string | null;
    readonly start: string | undefined;
    readonly ip: string | undefined;
  },
  now: number,
  at: number | null,
  patienceMs = usualPatienceMs,
): Promise<RefusedCalls> {
  const { tenantId, keyId, start, ip } = of;
  if (!principal.permissions.has("usage:read")) return { calls: null, isAway: false };
  const filter = keyId ? { keyIds: [keyId] } : start ? { starts: [start] } : ip ? { ips: [ip] } : null;
  if (filter === null) return { calls: [], isAway: false };
  // Of all tenants together nobody can ask.
  if (tenantId === null) return { calls: null, isAway: false };
  const window =
    at === null ? { from: new Date(now - recentMs) } : { from: new Date(at - aroundMs), to: new Date(at + aroundMs) };
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      giveUp.abort();
      resolve(null);
    }, patienceMs);
  });
  const question = { ...filter, ...window, valid: false };
  try {
    const page = usage.events(principal, tenantId, question, { first: maxCalls }, giveUp.signal);
    // Nobody waits for it any more once the time is up.
    page.catch(() => {});
    const found = await Promise.race([page, late]);
    return { calls: found ? found.edges.map(({ node }) => node) : null, isAway: found === null };
  } catch (error) {
    // What is asked of a time that is no longer kept is refused, by a store that is there.
    if (error instanceof KeyplaneError) return { calls: null, isAway: error.code !== "BAD_USER_INPUT" };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
