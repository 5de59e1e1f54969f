import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guessRefusalMs, KeyGuesses } from "./key-guesses.js";

const minute = 60_000;
const start = Date.UTC(2026, 0, 1);

/** How many of so many attempts are looked into. */
function letIn(guesses: KeyGuesses, tries: number, now: number, who = "a"): number {
  let count = 0;
  for (let time = 0; time < tries; time++) if (guesses.take(who, now) === 0) count++;
  return count;
}

describe("a network that presents unknown keys", () => {
  test("is let in so often, and then slowed: one attempt comes back after the other", () => {
    const guesses = new KeyGuesses({ perMinute: 60 });
    expect(letIn(guesses, 70, start)).toBe(60);
    expect(guesses.take("a", start)).toBe(1_000);
    expect(letIn(guesses, 3, start + 1_000)).toBe(1);
    expect(letIn(guesses, 3, start + 4_000)).toBe(3);
    expect(letIn(guesses, 70, start + 4_000 + minute)).toBe(60);
  });

  test("and goes on while it is slowed is refused for five minutes, and let in again by itself", () => {
    const guesses = new KeyGuesses({ perMinute: 10 });
    expect(letIn(guesses, 19, start)).toBe(10);
    expect(guesses.take("a", start)).toBe(guessRefusalMs);
    expect(letIn(guesses, 5, start + guessRefusalMs - 1)).toBe(0);
    expect(letIn(guesses, 5, start + guessRefusalMs)).toBe(5);
    expect(guesses.heldUp).toBe(15);
  });

  test("keeps no other network from anything", () => {
    const guesses = new KeyGuesses({ perMinute: 10 });
    letIn(guesses, 100, start);
    expect(letIn(guesses, 10, start, "b")).toBe(10);
  });

  test("gets back what was no guess: whoever has good keys never runs out", () => {
    const guesses = new KeyGuesses({ perMinute: 3 });
    for (let time = 0; time < 100; time++) {
      expect(guesses.take("a", start)).toBe(0);
      guesses.giveBack("a");
    }
  });

  test("never gets in more than what is free and what has come back, whatever it tries", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), steps, (perMinute, pauses) => {
        const guesses = new KeyGuesses({ perMinute });
        let now = start;
        let count = 0;
        for (const pause of pauses) {
          now += pause;
          if (guesses.take("a", now) === 0) count++;
        }
        expect(count).toBeLessThanOrEqual(perMinute + ((now - start) / minute) * perMinute + 1);
      }),
    );
  });

  test("waits for no longer than was said, also when the clock is put back", () => {
    const guesses = new KeyGuesses({ perMinute: 10 });
    letIn(guesses, 100, start);
    expect(guesses.take("a", start - 86_400_000)).toBeLessThanOrEqual(guessRefusalMs);
  });

  test("is forgotten when too many others came since", () => {
    const guesses = new KeyGuesses({ perMinute: 10, maxRemembered: 100 });
    for (let who = 0; who < 1_000; who++) guesses.take(String(who), start);
    expect(guesses.size).toBe(100);
  });
});
