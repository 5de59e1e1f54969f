import { describe, expect, test, vi } from "vitest";
import { ConnectionError, KeyplaneError, RateLimitedError, ServerError, TimeoutError } from "../client/errors.js";
import { realRuntime } from "../client/runtime.js";
import { FirstSight } from "./first-sight.js";
import type { Read } from "./record-reader.js";
import { SteadyClock } from "./steady-clock.js";

const hashes = (count: number): string[] => Array.from({ length: count }, (_, index) => `hash-${index}`);

const timeoutMs = 3_000;

function firstSight(read: (hashes: readonly string[]) => Promise<Read>, onError: (error: Error) => void = () => {}) {
  const runtime = { ...realRuntime, sleep: async (ms: number) => void vi.advanceTimersByTime(ms), random: () => 0 };
  const { signal } = new AbortController();
  return new FirstSight({ read, clock: new SteadyClock(), onError, runtime, timeoutMs, signal });
}

test("a flood that the server cannot keep up with is refused, and what waits is asked about all the same", async () => {
  const asked: (readonly string[])[] = [];
  const answers: ((read: Read) => void)[] = [];
  const sight = firstSight((batch) => {
    asked.push(batch);
    return new Promise((resolve) => answers.push(resolve));
  });
  const outcomes = hashes(100_000).map((hash) =>
    sight.ask(hash).then(
      () => "answered",
      () => "refused",
    ),
  );
  const answering = setInterval(() => answers.shift()?.({} as Read), 0);
  const all = await Promise.all(outcomes);
  clearInterval(answering);
  // Eight requests under way and sixteen that wait, of 500 each.
  expect(all.filter((outcome) => outcome === "answered")).toHaveLength(24 * 500);
  expect(all.slice(0, 24 * 500)).not.toContain("refused");
  expect(asked).toHaveLength(24);
  // When it is over, there is room again.
  const later = sight.ask("one more");
  await Promise.resolve();
  await Promise.resolve();
  answers.shift()?.({} as Read);
  await expect(later).resolves.toBeDefined();
});

describe("a server that is too busy", () => {
  const busy = [
    new RateLimitedError("", { code: "RATE_LIMITED", status: 429, retryAfterMs: 700 }),
    new ServerError("", { code: "UNAVAILABLE", status: 503 }),
    new TimeoutError("", { code: "TIMEOUT", status: 503 }),
  ];

  test.for(busy)("is asked again while somebody waits: $code", async (error) => {
    vi.useFakeTimers();
    const errors: Error[] = [];
    let asked = 0;
    const sight = firstSight(
      () => (++asked <= 2 ? Promise.reject(error) : Promise.resolve({} as Read)),
      (told) => errors.push(told),
    );
    const begunAt = performance.now();
    await sight.ask("a hash");
    expect(asked).toBe(3);
    expect(errors).toEqual([error, error]);
    // Not before the server wants it, and each time later.
    expect(performance.now() - begunAt).toBe(250 + 500 + 2 * (error.retryAfterMs ?? 0));
    vi.useRealTimers();
  });

  test("is not asked when it would be too late, nor is one that did not answer, or refuses", async () => {
    vi.useFakeTimers();
    const failures: readonly (readonly [KeyplaneError, number])[] = [
      [new ServerError("", { code: "UNAVAILABLE", status: 503 }), 4],
      [new RateLimitedError("", { code: "RATE_LIMITED", status: 429, retryAfterMs: timeoutMs }), 1],
      [new ConnectionError("", { neverSent: true }), 1],
      [new TimeoutError("", { code: "TIMEOUT" }), 1],
      [new KeyplaneError("", { code: "FORBIDDEN", status: 403 }), 1],
    ];
    for (const [error, times] of failures) {
      const read = vi.fn(() => Promise.reject(error));
      const begunAt = performance.now();
      await expect(firstSight(read).ask("a hash")).rejects.toBe(error);
      expect(read).toHaveBeenCalledTimes(times);
      expect(performance.now() - begunAt).toBeLessThan(timeoutMs);
    }
    vi.useRealTimers();
  });
});
