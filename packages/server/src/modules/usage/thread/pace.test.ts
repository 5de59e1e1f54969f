import { describe, expect, test, vi } from "vitest";
import { Pace } from "./pace.js";

vi.mock("node:timers/promises", () => ({
  setTimeout: (ms: number, _: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      rests.push({ ms, end: () => resolve(undefined) });
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    }),
}));

const rests: { ms: number; end: () => void }[] = [];

describe("counting's pace", () => {
  test("rests three times as long as it worked, half a second at most", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const pace = new Pace();
    for (const [worked, expected] of [
      [20, 60],
      [100, 300],
      [1_000, 500],
    ] as const) {
      now += worked;
      const rested = pace.rest();
      expect(rests.at(-1)?.ms).toBe(expected);
      now += expected;
      rests.at(-1)?.end();
      await rested;
    }
    vi.restoreAllMocks();
  });

  test("does not rest while somebody waits, wakes for them, and rests again when nothing is left", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const pace = new Pace();
    now += 50;
    const woken = pace.rest();
    const before = rests.length;
    pace.hurry();
    await woken;
    now += 50;
    await pace.rest();
    expect(rests).toHaveLength(before);
    pace.relax();
    now += 50;
    void pace.rest();
    expect(rests).toHaveLength(before + 1);
    vi.restoreAllMocks();
  });
});
