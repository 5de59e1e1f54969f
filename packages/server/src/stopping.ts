import type { Logger } from "./platform/logger.js";

/** How long stopping may take, in milliseconds: less than the 30 seconds that orchestrators give before they kill. */
const stopWithinMs = 25_000;
/** Signals within this time are one wish: Ctrl-C reaches us from the terminal and, once more, from npm. In milliseconds. */
const oneWishMs = 500;

/**
 * Listens for SIGTERM and SIGINT, from before the start: a signal that nobody listens for kills. After the first one the
 * process ends within 25 seconds, also when something hangs, such as the database; after a second one at once.
 *
 * @returns aborts at the first signal; then finish what runs and exit.
 */
export function stopOnSignals(logger: Logger): AbortSignal {
  const stopping = new AbortController();
  let since = 0;
  const stop = (signal: string): void => {
    if (stopping.signal.aborted) {
      if (performance.now() - since < oneWishMs) return;
      logger.warn({ signal }, "a second signal: exiting without finishing");
      process.exit(1);
    }
    since = performance.now();
    logger.info({ signal }, "stopping: finishing what runs");
    setTimeout(() => {
      logger.error({ afterMs: stopWithinMs }, "stopping took too long; exiting without finishing");
      process.exit(1);
    }, stopWithinMs).unref();
    stopping.abort();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return stopping.signal;
}

/**
 * Logs what nobody caught as one line like all others, and ends the process: what it was doing is in an unknown state, and a
 * supervisor starts a new one.
 */
export function exitOnFaults(logger: Logger): void {
  const exit = (error: unknown, origin: string): void => {
    logger.fatal({ err: error, origin }, "a fault that nobody caught; exiting");
    process.exit(1);
  };
  // It gets rejections that nobody handles too, and tells them by their origin.
  process.on("uncaughtException", exit);
}
