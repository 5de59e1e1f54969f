import { AbortedError, ConnectionError, KeyplaneError, RateLimitedError, TimeoutError } from "./errors.js";
import { ReopeningError } from "./reopening.js";
import type { Runtime } from "./runtime.js";

/** How a stream that must not end is kept going. */
export interface ReconnectOptions {
  /** Ends it with an AbortedError, the waiting included. */
  readonly signal: AbortSignal | undefined;
  /** Told each time that the stream has ended: why, and after how many milliseconds it is opened again. */
  readonly onInterrupted?: ((error: KeyplaneError, pauseMs: number) => void) | undefined;
  /**
   * Goes on after a refusal, too: somebody may lift it while nobody looks here, for example resume the tenant of the token.
   * Default: such an error is thrown.
   */
  readonly outlastsRefusals?: boolean | undefined;
}

/** The first pause, and the longest, in milliseconds, before a random part is taken off. */
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** The longest after a refusal, which lasts longer than what passes by itself. */
const longestRefusedPauseMs = 60_000;

/**
 * Opens a stream again whenever it ends, for as long as that can help. The pause before grows from 1 s to 30 s until a
 * stream is open once more; up to half of it is left out at random, so that clients which lost their server together do
 * not come back together. It is never shorter than the server asks for. After a refusal that is outlasted
 * it grows to 60 s.
 *
 * @param connect opens one stream, from where the caller wants to go on, and calls `onOpen` when the server has accepted.
 * @throws AbortedError; and, unless refusals are outlasted, any KeyplaneError that will not pass by itself, such as an
 * AuthenticationError.
 */
export async function* reconnecting<Event>(
  connect: (onOpen: () => void) => AsyncIterable<Event>,
  { signal, onInterrupted, outlastsRefusals = false }: ReconnectOptions,
  runtime: Runtime,
): AsyncGenerator<Event, void, undefined> {
  for (let failures = 0; ; failures++) {
    let ended: KeyplaneError = new ConnectionError("The server has ended the stream.", { neverSent: false });
    try {
      yield* connect(() => {
        failures = 0;
      });
    } catch (error) {
      if (!canPass(error) && !(outlastsRefusals && isRefusal(error))) throw error;
      ended = error;
    }
    // Nothing is wrong, and whoever listens shall not miss a moment. The loop counts on, in case it is wrong all the same.
    if (ended instanceof ReopeningError && failures === 0) continue;
    const longest = Math.min(canPass(ended) ? longestPauseMs : longestRefusedPauseMs, firstPauseMs * 2 ** failures);
    const pauseMs = Math.max(ended.retryAfterMs ?? 0, Math.round(longest * (1 - runtime.random() / 2)));
    onInterrupted?.(ended, pauseMs);
    await runtime.sleep(pauseMs, signal);
  }
}

/** Whether the failure can pass without anybody changing the request or the token. */
export function canPass(error: unknown): error is KeyplaneError {
  if (error instanceof ConnectionError || error instanceof TimeoutError || error instanceof RateLimitedError)
    return true;
  return error instanceof KeyplaneError && (error.code === "UNAVAILABLE" || error.code === "INTERNAL");
}

function isRefusal(error: unknown): error is KeyplaneError {
  return error instanceof KeyplaneError && !(error instanceof AbortedError);
}
