import { KeyplaneError } from "../client/errors.js";
import { canPass } from "../client/reconnecting.js";

/**
 * What to do about a batch that was not taken.
 *
 * - `soon`: it will pass by itself; the same batch again after a growing pause.
 * - `slow`: somebody has to mend it, for example the token; the same batch again, now and then.
 * - `smaller`: the batch as such was refused, for its size or for one of its calls; a smaller one at once.
 */
export type Reaction = "soon" | "slow" | "smaller";

/** The codes with which a batch is refused for what is in it. Nothing of it was taken. */
const aboutTheBatch: ReadonlySet<string> = new Set(["PAYLOAD_TOO_LARGE", "BAD_USER_INPUT", "INVALID_INPUT"]);

/** @param error what the attempt threw, or the refusal that it answered, as an error. */
export function reactionTo(error: Error): Reaction {
  if (!(error instanceof KeyplaneError)) return "slow";
  if (aboutTheBatch.has(error.code)) return "smaller";
  // LIMIT_REACHED: the server's own queue is full, and it will be less so.
  return error.code === "LIMIT_REACHED" || canPass(error) ? "soon" : "slow";
}

const firstPauseMs = 500;
/** The longest pause, which is also that of `slow`, in milliseconds. */
const longestPauseMs = 60_000;
/** A server may ask for more; nobody's mistake shall stop the reports for a day. */
const longestRetryAfterMs = 3_600_000;

/**
 * The pause before the next attempt, in milliseconds: up to half of it is left out at random, so that clients that
 * failed together do not come back together, and it is never shorter than the server asks for.
 *
 * @param failures how many attempts have failed in a row, from 1.
 */
export function pauseAfter(reaction: Reaction, failures: number, error: Error, random: () => number): number {
  const longest =
    reaction === "slow" ? longestPauseMs : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));
  return Math.max(askedPause(error), Math.round(longest * (1 - random() / 2)));
}

/** How long the server asks to be left alone, in milliseconds. */
export function askedPause(error: Error): number {
  return error instanceof KeyplaneError ? Math.min(error.retryAfterMs ?? 0, longestRetryAfterMs) : 0;
}
