import { KeyplaneError } from "../platform/errors.js";
import type { Context } from "./context.js";
import { limits } from "./limits.js";

const attempts = new WeakMap<AbortSignal, number>();

/**
 * Counts what a request tries: a key, a password, a token that somebody may be guessing. Call it in the resolver of every such field. Operations of
 * one batch count together: each has a context of its own, but all have the request's signal.
 *
 * @throws KeyplaneError QUERY_TOO_COMPLEX for the first one too many, and all that follow.
 */
export function countAttempt({ signal }: Pick<Context, "signal">): void {
  const count = (attempts.get(signal) ?? 0) + 1;
  attempts.set(signal, count);
  if (count <= limits.attempts) return;
  throw new KeyplaneError(
    "QUERY_TOO_COMPLEX",
    `One request tries at most ${limits.attempts} keys or passwords. Spread them over several requests.`,
  );
}
