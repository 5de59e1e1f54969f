import { describe, expect, test } from "vitest";
import { type CountedRule, limitedOf } from "../../../platform/limited.js";
import { MemoryLimiter } from "./memory-limiter.js";

const rateLimits = [{ name: "per-minute", limit: 2, windowMs: 60_000, burst: null, unit: "REQUESTS" }];
const rulesOf = (id: string): readonly CountedRule[] => limitedOf({ id, rateLimits })?.rules ?? [];
const remaining = (states: readonly { readonly remaining: number }[]): number | undefined => states[0]?.remaining;

describe("a limiter whose memory is full", () => {
  test("does not begin anew with a limit that is in use, however many others come", () => {
    const limiter = new MemoryLimiter(10);
    const busy = rulesOf("ten_busy");
    for (let second = 0; second < 5; second++) {
      const now = second * 1_500;
      limiter.take(busy, 1, now);
      for (let other = 0; other < 50; other++) limiter.take(rulesOf(`key_${second}_${other}`), 1, now + 1);
      expect(limiter.size).toBe(10);
    }
    expect(limiter.take(busy, 1, 8_000)[0]).toMatchObject({ exceeded: true, remaining: 0 });
  });

  test("lets nothing go for whoever only reads", () => {
    const limiter = new MemoryLimiter(2);
    for (const id of ["key_a", "key_b"]) limiter.take(rulesOf(id), 1, 0);
    for (let other = 0; other < 10; other++) {
      expect(remaining(limiter.stand(rulesOf(`key_${other}`), 1))).toBe(2);
      expect(remaining(limiter.peek(rulesOf(`key_${other}`), 1, 1))).toBe(2);
    }
    // Rules that were read again keep nothing of before.
    for (const id of ["key_a", "key_b"]) expect(remaining(limiter.stand(rulesOf(id), 1))).toBe(1);
  });
});
