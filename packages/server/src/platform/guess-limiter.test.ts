import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RateLimitedError } from "./errors.js";
import { GuessLimiter } from "./guess-limiter.js";

const second = 1_000;

/** A clock that the test moves. */
class Clock {
  ms = Date.parse("2026-01-01T00:00:00Z");
  now = (): number => this.ms;
}

function limiter(options: { attempts?: number; windowMs?: number; maxRemembered?: number } = {}) {
  const clock = new Clock();
  const { attempts = 10, windowMs = 60 * second } = options;
  return { clock, limiter: new GuessLimiter({ clock, refusal: "Too many guesses.", ...options, attempts, windowMs }) };
}

/** How many attempts are let in, of so many. */
function letIn(of: GuessLimiter, tries: number, who = "a"): number {
  let count = 0;
  for (let time = 0; time < tries; time++) {
    try {
      of.take(who);
      count++;
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
    }
  }
  return count;
}

describe("guesses are bounded", () => {
  test("so many at once, and no more", () => {
    const { limiter: guesses } = limiter();
    expect(letIn(guesses, 1_000)).toBe(10);
  });

  test.for([1, 3, 7, 100, 6_000])("%i at once, whatever that makes of the window", (attempts) => {
    expect(letIn(limiter({ attempts }).limiter, 10_000)).toBe(attempts);
  });

  test("one after another comes back, not all at once", () => {
    const { limiter: guesses, clock } = limiter();
    letIn(guesses, 10);
    clock.ms += 6 * second - 1;
    expect(letIn(guesses, 5)).toBe(0);
    clock.ms += 1;
    expect(letIn(guesses, 5)).toBe(1);
    clock.ms += 18 * second;
    expect(letIn(guesses, 5)).toBe(3);
    clock.ms += 3_600 * second;
    expect(letIn(guesses, 50)).toBe(10);
  });

  test("the refusal says when to try again, and that is so", () => {
    const { limiter: guesses, clock } = limiter();
    letIn(guesses, 10);
    clock.ms += 1_500;
    const refusal = caught(() => guesses.take("a"));
    expect(refusal).toMatchObject({
      code: "RATE_LIMITED",
      retryAfterMs: 4_500,
      message: "Too many guesses. Wait 5 seconds, then try again.",
    });
    clock.ms += 4_499;
    expect(letIn(guesses, 1)).toBe(0);
    clock.ms += 1;
    expect(letIn(guesses, 1)).toBe(1);
  });

  test("being refused does not make the wait longer", () => {
    const { limiter: guesses, clock } = limiter();
    letIn(guesses, 10_000);
    clock.ms += 6 * second;
    expect(letIn(guesses, 1)).toBe(1);
  });

  test("each is counted alone", () => {
    const { limiter: guesses } = limiter();
    letIn(guesses, 100, "a");
    expect(letIn(guesses, 100, "b")).toBe(10);
  });

  test("what was no guess costs nothing, however often", () => {
    const { limiter: guesses } = limiter();
    for (let time = 0; time < 1_000; time++) {
      guesses.take("a");
      guesses.giveBack("a");
    }
    expect(guesses.size).toBe(0);
    expect(letIn(guesses, 100)).toBe(10);
    guesses.giveBack("a");
    expect(letIn(guesses, 100)).toBe(1);
    expect(letIn(guesses, 100)).toBe(0);
  });

  test("memory is bounded, however many try", () => {
    const { limiter: guesses } = limiter({ maxRemembered: 100 });
    for (let each = 0; each < 10_000; each++) letIn(guesses, 1, String(each));
    expect(guesses.size).toBe(100);
  });

  test("a clock that is put back keeps nobody out for longer than the window", () => {
    const { limiter: guesses, clock } = limiter();
    letIn(guesses, 10);
    clock.ms -= 24 * 3_600 * second;
    expect(guesses.waitMs("a")).toBeLessThanOrEqual(60 * second);
  });

  test("in any time no more than the window's and what has come back meanwhile", () => {
    const steps = fc.array(fc.record({ tries: fc.nat(30), pause: fc.nat(20_000), back: fc.boolean() }));
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (story, attempts) => {
        const { limiter: guesses, clock } = limiter({ attempts });
        let [taken, elapsed] = [0, 0];
        for (const { tries, pause, back } of story) {
          taken += letIn(guesses, tries);
          if (back && taken > 0) {
            guesses.giveBack("a");
            taken--;
          }
          expect(taken).toBeLessThanOrEqual(attempts + (elapsed * attempts) / (60 * second) + 0.01);
          clock.ms += pause;
          elapsed += pause;
        }
      }),
    );
  });
});

function caught(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
