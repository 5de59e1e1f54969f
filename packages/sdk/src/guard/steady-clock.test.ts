import { describe, expect, test } from "vitest";
import { SteadyClock } from "./steady-clock.js";

/** A clock on sources that only move when told to, and how often the monotonic one was read. */
function clockOn() {
  const at = { monotonic: 100.25, wall: 1_800_000_000_000 };
  let reads = 0;
  const monotonic = (): number => {
    reads += 1;
    return at.monotonic;
  };
  const clock = new SteadyClock(undefined, { monotonic, wall: () => at.wall });
  const pass = (ms: number): void => {
    at.monotonic += ms;
    at.wall = Math.floor(at.wall + ms);
  };
  return { at, clock, pass, reads: () => reads };
}

describe("a recent look at the clock", () => {
  test("is taken once a millisecond, and is of that millisecond", () => {
    const { at, clock, pass, reads } = clockOn();
    const first = clock.now();
    const before = reads();
    at.monotonic += 0.5; // the wall clock shows whole milliseconds
    expect(clock.recent()).toBe(first);
    expect(reads()).toBe(before);
    pass(1);
    expect(clock.recent()).toBe(first + 1.5);
    expect(reads()).toBe(before + 1);
    expect(clock.now()).toBe(clock.recent());
  });

  test("tells at once what was slept, also where the monotonic clock stood still", () => {
    const { at, clock } = clockOn();
    const before = clock.now();
    at.wall += 3_600_000;
    expect(clock.recent() - before).toBe(3_600_000);
  });

  test.each([-3_600_000, -1, 1])(
    "goes on with the monotonic clock where somebody sets the wall clock by %d ms",
    (ms) => {
      const { at, clock } = clockOn();
      const before = clock.now();
      at.wall += ms;
      at.monotonic += 40;
      expect(clock.recent() - before).toBe(40);
    },
  );
});
