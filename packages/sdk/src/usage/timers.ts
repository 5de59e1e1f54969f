/** What the buffer needs of the outside world; a test replaces it in order to move the clock and to know the dice. */
export interface Timers {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /**
   * Calls back once after so many milliseconds. A process waits for a timer to end itself only where `holdsProcess`.
   *
   * @returns calls it off.
   */
  readonly after: (ms: number, callback: () => void, holdsProcess: boolean) => () => void;
}

/** The real ones. */
export const realTimers: Timers = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, callback, holdsProcess) {
    const timer: unknown = setTimeout(callback, ms);
    // Node, Bun and Deno's node:timers have it; where a timer is a number, nothing waits for it anyway.
    if (!holdsProcess && typeof timer === "object" && timer !== null && "unref" in timer) {
      (timer as { unref(): void }).unref();
    }
    return () => clearTimeout(timer as number);
  },
};
