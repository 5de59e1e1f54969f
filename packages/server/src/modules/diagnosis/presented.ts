import { type KeyFormatResult, parseKey, type RepairedKey, repairKey } from "@keyplane/schema";
import type { Db, Key, KeySecret } from "../../platform/database/index.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import { hashSecret, type Principal, visibleTo } from "../auth/index.js";
import type { DiagnoseKeyInput } from "./diagnosis.input.js";
import { findPrefixes, findSecretOf, findSecretsByStart, hasKey } from "./diagnosis.store.js";
import { similarStarts } from "./lib/similar-starts.js";

/** How many keys are named that a text may have been meant to be. */
const maxSimilar = 5;
/** Among how many those are looked for. */
const maxLookedAt = 100;

/** What was presented, and which secret it is or was meant to be. */
export interface Presented {
  /** By what it was named: only of a text its form can be checked. */
  readonly by: "text" | "id" | "start";
  /** null: nothing of the text is known. */
  readonly format: KeyFormatResult | null;
  /** The secret that was presented; null: none that the caller may see. */
  readonly secret: (KeySecret & { key: Key }) | null;
  /** The key that a text was meant to be that is none. */
  readonly repaired: { readonly by: RepairedKey; readonly secret: KeySecret & { key: Key } } | null;
  /** Secrets that begin nearly so, one of each key; several of one start where that was given. */
  readonly similar: readonly (KeySecret & { key: Key })[];
  /** Whether there is a key with the given id, and no secret of it. */
  readonly isWithoutSecret: boolean;
}

/**
 * Finds what somebody has presented, within the caller's bounds: another tenant's key is found as little as one that there is not.
 *
 * @param at for a key that is named by id: the secret that was current then. A start names the secret that begins so.
 * @throws RateLimitedError for a caller who has presented too many keys that there are not.
 */
export async function findPresented(
  db: Db,
  principal: Principal,
  { key: text, keyId, start }: Pick<DiagnoseKeyInput, "key" | "keyId" | "start">,
  at: Date,
  guesses: GuessLimiter,
): Promise<Presented> {
  if (text !== undefined) return findByText(db, principal, text, guesses);
  const visibility = visibleTo(principal);
  const similar = start === undefined ? [] : await findSecretsByStart(db, visibility, [start], maxSimilar);
  const only = similar.length === 1 ? (similar[0] ?? null) : null;
  const secret = keyId === undefined ? only : await findSecretOf(db, visibility, { keyId, at });
  const by = keyId === undefined ? "start" : "id";
  const format = formatOfStart(secret?.start ?? start);
  const isWithoutSecret = keyId !== undefined && secret === null && (await hasKey(db, visibility, keyId));
  return { by, format, secret, repaired: null, similar: secret ? [] : similar, isWithoutSecret };
}

/** What a start tells of the text that it is of; null: there is none. */
export function formatOfStart(start: string | undefined): KeyFormatResult | null {
  const found = /^([a-z0-9]{2,12})_(live|test)_/.exec(start ?? "");
  if (start === undefined || !found) return null;
  const [, prefix = "", environment] = found;
  return { ok: true, prefix, environment: environment === "test" ? "TEST" : "LIVE", start };
}

async function findByText(db: Db, principal: Principal, text: string, guesses: GuessLimiter): Promise<Presented> {
  const format = parseKey(text);
  const of = { by: "text", format, isWithoutSecret: false } as const;
  const prefixes = format.ok ? null : await findPrefixes(db, principal.tenantId);
  const by = prefixes && repairKey(text, prefixes);
  const whole = format.ok ? text : by?.text;
  const secret = whole === undefined ? null : await lookUp(db, principal, whole, guesses);
  if (by && secret) return { ...of, secret: null, repaired: { by, secret }, similar: [] };
  if (secret) return { ...of, secret, repaired: null, similar: [] };
  return { ...of, secret: null, repaired: null, similar: await findSimilar(db, principal, text, prefixes) };
}

/** A guess until it is found: whoever presents keys that there are not is slowed, as with verifyKey. */
function lookUp(db: Db, principal: Principal, whole: string, guesses: GuessLimiter) {
  const look = () => findSecretOf(db, visibleTo(principal), { hash: hashSecret(whole) });
  return guesses.lookUp(principal.id, look, (found) => found !== null);
}

/** Starts are what whoever may read keys sees of them anyway. */
async function findSimilar(
  db: Db,
  principal: Principal,
  text: string,
  prefixes: readonly string[] | null,
): Promise<(KeySecret & { key: Key })[]> {
  if (!principal.permissions.has("keys:read")) return [];
  const starts = similarStarts(text, prefixes ?? (await findPrefixes(db, principal.tenantId)));
  if (starts.length === 0) return [];
  const found = await findSecretsByStart(db, visibleTo(principal), starts, maxLookedAt);
  // Of many keys, some begin nearly like any other: those that begin just so are meant, else those that differ least.
  const exact = found.filter(({ start }) => start === starts[0]);
  const nearest = found.toSorted((one, other) => starts.indexOf(one.start) - starts.indexOf(other.start));
  return (exact.length > 0 ? exact : nearest).slice(0, maxSimilar);
}
