import { AbortedError, TimeoutError } from "./errors.js";

/** What can end a piece of work before it is done. */
export interface Deadline {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs work that ends, one way or the other, when its time is up or when the caller aborts. The work gets a signal so
 * that it can stop; whether it does or not, nobody waits for it any longer.
 *
 * Neither `AbortSignal.timeout` nor `AbortSignal.any`: the timer of the first cannot be cleared, and the second leaks
 * memory on a long-lived signal in Node 20 (nodejs/node#54614), which is what a server's shutdown signal is.
 *
 * @throws TimeoutError, AbortedError, or what the work throws.
 */
export async function withDeadline<Result>(
  { timeoutMs, signal }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  throwIfAborted(signal);
  const controller = new AbortController();
  let onAbort = (): void => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<never>((_, reject) => {
    const end = (error: Error): void => {
      reject(error); // first, so that our error wins over the one with which the work stops
      controller.abort();
    };
    onAbort = () => end(abortedBy(signal));
    timer = setTimeout(() => {
      end(new TimeoutError(`Keyplane did not answer within ${timeoutMs} ms.`, { code: "TIMEOUT" }));
    }, timeoutMs);
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** @throws AbortedError when the caller has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/** The error that a call ends with when its signal aborts. */
export function abortedBy(signal: AbortSignal | undefined): AbortedError {
  const cause: unknown = signal?.reason;
  return new AbortedError("The call was aborted by its signal.", { code: "ABORTED", cause });
}
