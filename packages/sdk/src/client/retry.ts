import { ConnectionError, KeyplaneError, RateLimitedError, TimeoutError } from "./errors.js";
import type { Runtime } from "./runtime.js";

/**
 * When an operation may be sent again after a failure.
 *
 * - `always`: sending it twice does the same as sending it once.
 * - `if-not-done`: only when it is certain that the failed attempt did nothing, because a second effect, or a first one
 *   that comes late, would matter.
 */
export type Repeatable = "always" | "if-not-done";

/** What limits the retries of one call. */
export interface RetryLimits {
  readonly repeatable: Repeatable;
  readonly maxRetries: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The first wait is at most this long, in milliseconds, and each further one at most twice as long as the one before.
 */
const firstWaitMs = 250;
const longestWaitMs = 8_000;
/**
 * A server may ask for more patience than that; then the caller, who knows what waits for the answer, has to decide.
 */
const longestRetryAfterMs = 30_000;

/**
 * Runs an attempt until it succeeds, fails for good, or the retries are used up.
 *
 * @throws what the last attempt threw; AbortedError when the signal aborts a wait.
 */
export async function withRetries<Result>(
  attempt: () => Promise<Result>,
  limits: RetryLimits,
  runtime: Runtime,
): Promise<Result> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt();
    } catch (error) {
      if (retries >= limits.maxRetries || !mayRepeat(error, limits.repeatable)) throw error;
      await runtime.sleep(waitBefore(retries, error.retryAfterMs, runtime.random), limits.signal);
    }
  }
}

/** Whether the failure can pass by itself, and the operation allows another attempt after it. */
function mayRepeat(error: unknown, repeatable: Repeatable): error is KeyplaneError {
  if (!(error instanceof KeyplaneError)) return false;
  if (error.retryAfterMs !== undefined && error.retryAfterMs > longestRetryAfterMs) return false;
  // Both say that nothing was done: a rate limit stands before the work, the other never reached the server.
  if (error instanceof RateLimitedError || (error instanceof ConnectionError && error.neverSent)) return true;
  return repeatable === "always" && isTransient(error);
}

function isTransient(error: KeyplaneError): boolean {
  return error instanceof ConnectionError || error instanceof TimeoutError || error.code === "UNAVAILABLE";
}

/**
 * Exponential backoff with full jitter: anything from 0 to the limit, so that clients that failed together do not come
 * back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Never earlier than the
 * server asks.
 */
function waitBefore(retries: number, retryAfterMs: number | undefined, random: () => number): number {
  const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** retries);
  return (retryAfterMs ?? 0) + random() * limit;
}
