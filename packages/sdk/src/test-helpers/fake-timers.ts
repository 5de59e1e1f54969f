import type { Timers } from "../usage/timers.js";

/** A clock that only a test moves. */
export interface FakeTimers extends Timers {
  /** Lets so many milliseconds pass, with everything that they bring about. */
  pass(ms: number): Promise<void>;
  /** Sets the clock without letting time pass, as whoever corrects a clock does. */
  set(now: number): void;
  /** How many timers wait, and how many of them hold the process. */
  readonly waiting: number;
  readonly holding: number;
}

/** @param random what the dice show, always. */
export function fakeTimers(random: () => number = () => 0): FakeTimers {
  let now = Date.UTC(2027, 0, 31, 12);
  /** How much time has passed; setting the clock does not change it, as with real timers. */
  let passed = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void; readonly holds: boolean }>();
  return {
    now: () => now,
    random,
    after(ms, callback, holds) {
      const timer = { at: passed + ms, callback, holds };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(ms) {
      const end = passed + ms;
      await settled();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (!next) break;
        now += next.at - passed;
        passed = next.at;
        timers.delete(next);
        next.callback();
        await settled();
      }
      now += end - passed;
      passed = end;
    },
    set(time) {
      now = time;
    },
    get waiting() {
      return timers.size;
    },
    get holding() {
      return [...timers].filter(({ holds }) => holds).length;
    },
  };
}

/** When all that was to happen at once has happened. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
