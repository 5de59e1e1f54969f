import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RateLimitRule } from "../../../platform/limited.js";
import { exactCharges, SlidingWindow } from "./sliding-window.js";

type Rule = Pick<RateLimitRule, "limit" | "windowMs" | "burst">;

/** Admits a call, or does not. */
type Limiter = (now: number, rule: Rule, amount: number) => boolean;

const minute = 60_000;

/** The limiter that is tested. */
function ours(): Limiter {
  const window = new SlidingWindow();
  return (now, rule, amount) => {
    if (window.look(now, rule, amount).exceeded) return false;
    window.charge(now, rule, amount);
    return true;
  };
}

/** By the definition, in the simplest way: every admitted call of the last `windowMs` is remembered by itself. */
function exact(): Limiter {
  const calls: { at: number; amount: number }[] = [];
  let first = 0;
  let total = 0;
  return (now, { limit, windowMs }, amount) => {
    for (let call = calls[first]; call && call.at + windowMs <= now; call = calls[++first]) total -= call.amount;
    if (total + amount > limit) return false;
    calls.push({ at: now, amount });
    total += amount;
    return true;
  };
}

/** What a limiter does whose mechanism is switched off: a count that begins anew with each window. */
function fixed(): Limiter {
  let [window, total] = [-1, 0];
  return (now, { limit, windowMs }, amount) => {
    if (Math.floor(now / windowMs) !== window) [window, total] = [Math.floor(now / windowMs), 0];
    if (total + amount > limit) return false;
    total += amount;
    return true;
  };
}

/** Pseudo-random numbers below 1 that can be repeated (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** When calls come, in 10 minutes of virtual time. */
const traffics: Readonly<Record<string, (limit: number, random: () => number) => number[]>> = {
  "twice as many as are admitted, at random": (limit, random) => arrivals(minute / limit / 2, random),
  "a little more than are admitted": (limit, random) => arrivals((minute / limit) * 0.95, random),
  "in bursts of a fifth of a window": (limit, random) =>
    arrivals(minute / limit / 8, random).filter((at) => Math.floor(at / (minute / 5)) % 3 === 0),
  "all at the end of a window and the beginning of the next": (limit, random) =>
    arrivals(minute / limit / 4, random).filter((at) => Math.abs((at % (2 * minute)) - minute) < minute / 4),
};

function arrivals(meanMs: number, random: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; at < 10 * minute; at += -Math.log(1 - random()) * meanMs) times.push(Math.round(at));
  return times;
}

/** How many of the calls a limiter admits. */
function admitted(limiter: Limiter, times: readonly number[], rule: Rule): number {
  return times.filter((at) => limiter(at, rule, 1)).length;
}

describe.for(Object.entries(traffics))("over 10 minutes of calls that come %s", ([, traffic]) => {
  test.for([7, 100, 1_000, 5_000])(
    "a limit of %i in a minute admits within 1 % of an exact sliding window",
    (limit) => {
      const times = traffic(limit, randomOf(limit));
      const rule = { limit, windowMs: minute, burst: null };
      const right = admitted(exact(), times, rule);
      const got = admitted(ours(), times, rule);
      expect(right).toBeGreaterThan(limit);
      expect(Math.abs(got - right) / right).toBeLessThan(0.01);
      if (limit <= exactCharges) expect(got).toBe(right);
    },
  );
});

test("a count that begins anew with each window would not: this can tell the difference", () => {
  const traffic = traffics["all at the end of a window and the beginning of the next"];
  const times = traffic?.(1_000, randomOf(1)) ?? [];
  const rule = { limit: 1_000, windowMs: minute, burst: null };
  const right = admitted(exact(), times, rule);
  expect(Math.abs(admitted(fixed(), times, rule) - right) / right).toBeGreaterThan(0.3);
});

const calls = fc.array(fc.record({ after: fc.nat(400), amount: fc.nat(4) }), { maxLength: 600 });

test("no stretch of time as long as the window ever has more than the limit, whatever calls cost", () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 1_000 }), (list, limit) => {
      const rule = { limit, windowMs: 10_000, burst: null };
      const limiter = ours();
      const passed: { at: number; amount: number }[] = [];
      let now = 0;
      for (const { after, amount } of list) {
        now += after;
        if (limiter(now, rule, amount)) passed.push({ at: now, amount });
        const within = passed.filter(({ at }) => at > now - 10_000).reduce((sum, call) => sum + call.amount, 0);
        expect(within).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("a call passes at the time that a refusal has named, and not a millisecond before", () => {
  fc.assert(
    fc.property(
      calls,
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 1, max: 30 })),
      (list, limit, most) => {
        const rule = { limit, windowMs: 10_000, burst: most === null ? null : Math.min(limit, most) };
        const window = new SlidingWindow();
        let now = 0;
        for (const { after, amount } of list) {
          now += after;
          const { exceeded, retryAt } = window.look(now, rule, amount);
          if (!exceeded) window.charge(now, rule, amount);
          else if (retryAt !== null) {
            expect(window.look(retryAt - 1, rule, amount).exceeded).toBe(true);
            expect(window.look(retryAt, rule, amount).exceeded).toBe(false);
            now = retryAt;
          } else expect(amount).toBeGreaterThan(rule.burst ?? limit);
        }
      },
    ),
  );
});

test("looking charges nothing, and a clock that is put back does not make anything count for longer", () => {
  const rule = { limit: 2, windowMs: minute, burst: null };
  const window = new SlidingWindow();
  for (let look = 0; look < 5; look++)
    expect(window.look(1_000_000, rule, 2)).toMatchObject({ exceeded: false, remaining: 0 });
  window.charge(1_000_000, rule, 2);
  expect(window.look(500_000, rule, 1)).toMatchObject({ exceeded: true });
  expect(window.look(500_000 + minute, rule, 1)).toMatchObject({ exceeded: false });
});

test("a burst lets in so much at once, and the rest evenly, never more than the limit in a window", () => {
  const rule = { limit: 60, windowMs: minute, burst: 5 };
  const limiter = ours();
  const inFirstSecond = Array.from({ length: 100 }, (_, index) => limiter(index, rule, 1)).filter(Boolean).length;
  expect(inFirstSecond).toBe(5);
  let later = 0;
  for (let at = 100; at < minute; at += 10) if (limiter(at, rule, 1)) later += 1;
  expect(later).toBe(55);
});
