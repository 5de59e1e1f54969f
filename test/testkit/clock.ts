import type { Clock } from "@keyplane/server";

/** A clock that a test moves; it starts at the present and only goes forward, because tests share it. */
export class TestClock implements Clock {
  #now = Date.now();

  now(): number {
    return this.#now;
  }

  /** Lets time pass, in milliseconds. */
  advance(ms: number): void {
    if (ms < 0) throw new RangeError("the clock is shared: it only goes forward");
    this.#now += ms;
  }

  /** A time from now on, as the API takes it. */
  in(ms: number): string {
    return new Date(this.#now + ms).toISOString();
  }
}

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
