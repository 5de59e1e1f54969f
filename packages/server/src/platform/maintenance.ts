import type { Logger } from "./logger.js";

const intervalMs = 60_000;

/** Runs chores once a minute, one after another. A chore that fails is logged and runs again the next time. */
export function startMaintenance(chores: readonly (() => Promise<void>)[], logger: Logger): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(async () => {
      for (const chore of chores) {
        await chore().catch((error: unknown) => logger.warn({ err: error }, "a maintenance chore failed"));
      }
    });
  }, intervalMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      return running;
    },
  };
}
