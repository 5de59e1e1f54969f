import type { Clock } from "./clock.js";
import type { Logger } from "./logger.js";

const intervalMs = 1_000;
/** How much one round settles at most of each duty, so that a million that come at midnight do not keep the server from its work. */
const maxPerRound = 500;

/**
 * Something that has to be done when its time comes. What is due stands in the database, and each is taken there by one process
 * alone, so it is done once, however many run and whenever one of them ends.
 */
export interface Duty {
  /** Asked each second: has to be cheap. */
  isAnyDue(now: Date): Promise<boolean>;
  /** Settles one of those that are due. @param stopped whether the server ends. @returns false when there was none. */
  settleOne(stopped: () => boolean): Promise<boolean>;
}

/** Runs duties when they are due, one after another. One that fails is logged and tried again. */
export function startScheduler(
  duties: readonly Duty[],
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let stopped = false;
  const hasStopped = (): boolean => stopped;

  async function run(duty: Duty): Promise<void> {
    if (!(await duty.isAnyDue(new Date(clock.now())))) return;
    for (let count = 0; count < maxPerRound && !stopped; count++) if (!(await duty.settleOne(hasStopped))) return;
  }

  async function round(): Promise<void> {
    for (const duty of duties) {
      await run(duty).catch((error: unknown) =>
        logger.warn({ err: error }, "what is due could not be done; trying again"),
      );
    }
  }

  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = null;
    });
  }, intervalMs).unref();

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
