import { type KeyFormatResult, parseKey, type RepairedKey, repairKey } from "@keyplane/schema";
import type { Db, Key, KeySecret } from "../../platform/database/index.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import { hashSecret, type Principal, visibleTo } from "../auth/index.js";
import type { DiagnoseKeyInput } from "./diagnosis.input.js";
import { findKeysByStart, findSecretOf } from "./diagnosis.store.js";
import { similarStarts } from "./lib/similar-starts.js";

/** How many keys are named that a text may have been meant to be. */
const maxSimilar = 5;

/** What was presented, and which secret it is or was meant to be. */
export interface Presented {
  readonly format: KeyFormatResult;
  /** The secret that was presented; null: none that the caller may see. */
  readonly secret: (KeySecret & { key: Key }) | null;
  /** The key that a text was meant to be that is none. */
  readonly repaired: { readonly by: RepairedKey; readonly secret: KeySecret & { key: Key } } | null;
  /** Keys that begin nearly so; several of one start where that was given. */
  readonly similar: readonly Key[];
}

/**
 * Finds what somebody has presented, within the caller's bounds: another tenant's key is found as little as one that there is not.
 *
 * @param at for a key that is named by id or start: the secret that was current then.
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
  const similar = start === undefined ? [] : await findKeysByStart(db, visibility, [start], maxSimilar);
  const id = keyId ?? (similar.length === 1 ? similar[0]?.id : undefined);
  const secret = id === undefined ? null : await findSecretOf(db, visibility, { keyId: id, at });
  return { format: formatOf(secret?.start ?? start), secret, repaired: null, similar: secret ? [] : similar };
}

/** Whoever names a key has made no typing error. */
function formatOf(start: string | undefined): KeyFormatResult {
  const [, prefix = "kp", environment = "live"] = /^(\w+?)_(live|test)_/.exec(start ?? "") ?? [];
  return { ok: true, prefix, environment: environment === "test" ? "TEST" : "LIVE", start: start ?? "" };
}

async function findByText(db: Db, principal: Principal, text: string, guesses: GuessLimiter): Promise<Presented> {
  const format = parseKey(text);
  const by = format.ok ? null : repairKey(text);
  const whole = format.ok ? text : by?.text;
  const secret = whole === undefined ? null : await lookUp(db, principal, whole, guesses);
  if (by && secret) return { format, secret: null, repaired: { by, secret }, similar: [] };
  if (secret) return { format, secret, repaired: null, similar: [] };
  return { format, secret: null, repaired: null, similar: await findSimilar(db, principal, text) };
}

/** A guess until it is found: whoever presents keys that there are not is slowed, as with verifyKey. */
async function lookUp(db: Db, principal: Principal, whole: string, guesses: GuessLimiter) {
  guesses.take(principal.id);
  try {
    const found = await findSecretOf(db, visibleTo(principal), { hash: hashSecret(whole) });
    if (found) guesses.giveBack(principal.id);
    return found;
  } catch (error) {
    // A store that is away says nothing of the key.
    guesses.giveBack(principal.id);
    throw error;
  }
}

/** Starts are what whoever may read keys sees of them anyway. */
async function findSimilar(db: Db, principal: Principal, text: string): Promise<Key[]> {
  const starts = principal.permissions.has("keys:read") ? similarStarts(text) : [];
  return starts.length === 0 ? [] : findKeysByStart(db, visibleTo(principal), starts, maxSimilar);
}
