import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { CountedRule } from "../../../platform/limited.js";
import { createLogger } from "../../../platform/logger.js";
import { redisIsMissing, redisReason, startRedis, type TestRedis } from "../../../testing/redis.js";
import { MemoryLimiter } from "./memory-limiter.js";
import { RedisLimiter, type WithoutRedis } from "./redis-limiter.js";

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

let running: Promise<TestRedis> | undefined;

/** One Redis for all tests of this file. */
function redis(): Promise<TestRedis> {
  running ??= startRedis().then((started) => {
    ends.push(() => started.kill());
    return started;
  });
  return running;
}

const logger = createLogger("error");
const clock = { time: Date.parse("2026-11-22T18:00:00Z"), now: () => clock.time };
let names = 0;

/** A rule that no other test counts. */
function ruleOf(rule: Partial<CountedRule>): CountedRule {
  const name = `r${names++}`;
  return {
    name,
    target: "KEY",
    countedAs: `test/${name}`,
    limit: 10,
    windowMs: 60_000,
    burst: null,
    unit: "COST",
    ...rule,
  };
}

async function limiter(
  url: string,
  options: { without?: WithoutRedis; ownTime?: boolean } = {},
): Promise<RedisLimiter> {
  const { without = "local", ownTime = false } = options;
  // However slow the machine is, what Redis says counts: one that is away refuses at once.
  const memory = new MemoryLimiter(100);
  const opened = new RedisLimiter({ url, without, memory, clock, ownTime, logger, patienceMs: 60_000 });
  ends.push(() => opened.close());
  await opened.connect();
  return opened;
}

/** Asks until Redis counts again. */
async function backAgain(opened: RedisLimiter): Promise<void> {
  await expect.poll(() => opened.isReady).toBe(true);
}

describe("in Redis", () => {
  test("everything is counted as in memory, for several limits at once: all are charged, or none", async ({ skip }) => {
    skip(redisIsMissing, redisReason);
    const { url } = await redis();
    const shared = await limiter(url);
    const rules = fc.array(
      fc.record({
        limit: fc.integer({ min: 1, max: 40 }),
        windowMs: fc.integer({ min: 1_000, max: 20_000 }),
        burst: fc.option(fc.integer({ min: 1, max: 40 })),
        unit: fc.constantFrom("COST" as const, "REQUESTS" as const),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const calls = fc.array(fc.record({ after: fc.nat(3_000), cost: fc.nat(12) }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(rules, calls, async (given, list) => {
        const all = given.map((rule) =>
          ruleOf({ ...rule, burst: rule.burst === null ? null : Math.min(rule.burst, rule.limit) }),
        );
        const memory = new MemoryLimiter(100);
        for (const { after, cost } of list) {
          clock.time += after;
          expect((await shared.take(all, cost)).states).toEqual(memory.take(all, cost, clock.time));
        }
        expect(await shared.look(all)).toEqual(memory.stand(all, clock.time));
      }),
      { numRuns: 30 },
    );
  });

  test("what is given back counts as if it had never been charged, whatever was charged before and after it", async ({
    skip,
  }) => {
    skip(redisIsMissing, redisReason);
    const { url } = await redis();
    const shared = await limiter(url);
    const rule = fc.record({
      limit: fc.integer({ min: 1, max: 40 }),
      windowMs: fc.integer({ min: 1_000, max: 20_000 }),
      burst: fc.option(fc.integer({ min: 1, max: 40 })),
      unit: fc.constantFrom("COST" as const, "REQUESTS" as const),
    });
    // Often at the same millisecond, and some of them more than a window later.
    const calls = fc.array(
      fc.record({ after: fc.oneof(fc.constant(0), fc.nat(3_000)), cost: fc.nat(12), isGivenBack: fc.boolean() }),
      { maxLength: 40 },
    );
    // By this test's own plain count: what was charged when, without what was given back.
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 3 }), calls, async (given, list) => {
        const all = given.map((each) =>
          ruleOf({ ...each, burst: each.burst === null ? null : Math.min(each.burst, each.limit) }),
        );
        const open: { at: number; cost: number; giveBack: () => Promise<void>; isGivenBack: boolean }[] = [];
        const counted: typeof open = [];
        for (const { after, cost, isGivenBack } of list) {
          clock.time += after;
          const { states, giveBack } = await shared.take(all, cost);
          if (!states.some(({ exceeded }) => exceeded)) {
            const charge = { at: clock.time, cost, giveBack, isGivenBack };
            counted.push(charge);
            if (isGivenBack) open.push(charge);
          }
          // Not in the order in which they were charged, and with others between.
          if (open.length > 2) {
            const [gone] = open.splice(cost % open.length, 1);
            await gone?.giveBack();
            counted.splice(counted.indexOf(gone as (typeof counted)[number]), 1);
          }
          const memory = new MemoryLimiter(100);
          for (const { at, cost: amount } of counted) memory.take(all, amount, at);
          expect(await shared.look(all)).toEqual(memory.stand(all, clock.time));
        }
      }),
      {
        numRuns: 30,
        examples: [
          // One that was charged before is given back first: what the burst was at the other's charge counts no more.
          [
            [{ limit: 9, windowMs: 1_000, burst: 7, unit: "COST" }],
            [
              { after: 0, cost: 1, isGivenBack: true },
              { after: 0, cost: 2, isGivenBack: true },
              { after: 223, cost: 3, isGivenBack: true },
              { after: 0, cost: 4, isGivenBack: true },
            ],
          ],
        ],
      },
    );
  });

  test("what is given back of a limit that is kept in few entries lets in as much more, and never more than the limit", async ({
    skip,
  }) => {
    skip(redisIsMissing, redisReason);
    const { url } = await redis();
    const shared = await limiter(url);
    const rule = ruleOf({ limit: 1_000, windowMs: 10_000, burst: 1_000, unit: "REQUESTS" });
    const charges = [];
    for (let call = 0; call < 1_000; call++) {
      clock.time += 1;
      charges.push(await shared.take([rule], 1));
    }
    expect(await shared.look([rule])).toMatchObject([{ remaining: 0 }]);
    for (let index = 0; index < 1_000; index += 10) await charges[index]?.giveBack();
    expect((await shared.look([{ ...rule, burst: null }]))[0]?.remaining).toBe(100);
    // Within one more millisecond, all of it but what the burst has for entries that are kept as one.
    let admitted = 0;
    for (let call = 0; call < 200; call++) if (!(await shared.take([rule], 1)).states[0]?.exceeded) admitted += 1;
    expect(admitted).toBeLessThanOrEqual(100);
  });

  test("what Redis has lost meanwhile is given back to nobody", async ({ skip }) => {
    skip(redisIsMissing, redisReason);
    const own = await startRedis();
    ends.push(() => own.kill());
    const shared = await limiter(own.url);
    const rule = ruleOf({ limit: 10, unit: "REQUESTS" });
    const lost = await shared.take([rule], 1);
    await own.kill();
    await expect.poll(() => shared.isReady).toBe(false);
    // Neither now, which it does not say to anybody,
    await lost.giveBack();
    await own.start();
    await backAgain(shared);
    clock.time += 1;
    await shared.take([rule], 1);
    // nor from another one's charge.
    await lost.giveBack();
    expect(await shared.look([rule])).toMatchObject([{ remaining: 9 }]);
  });

  test("a large limit is kept in few entries, and admits within 1 % of what it allows", async ({ skip }) => {
    skip(redisIsMissing, redisReason);
    const { url } = await redis();
    const shared = await limiter(url);
    const rule = ruleOf({ limit: 1_000, windowMs: 10_000, unit: "REQUESTS" });
    let admitted = 0;
    for (let call = 0; call < 6_000; call++) {
      clock.time += 5;
      const [state] = (await shared.take([rule], 1)).states;
      if (!state?.exceeded) admitted += 1;
    }
    expect(admitted).toBeLessThanOrEqual(3_000);
    expect(admitted).toBeGreaterThan(2_970);
  });

  test("servers count together, by the clock of Redis, however many call at once", async ({ skip }) => {
    skip(redisIsMissing, redisReason);
    const { url } = await redis();
    const servers = [await limiter(url, { ownTime: true }), await limiter(url, { ownTime: true })];
    const rule = ruleOf({ limit: 50, windowMs: 86_400_000 });
    const charges = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (servers[index % 2] as RedisLimiter).take([rule], 1)),
    );
    expect(charges.filter(({ states: [state] }) => !state?.exceeded)).toHaveLength(50);
    expect(await servers[0]?.look([rule])).toMatchObject([{ remaining: 0, exceeded: false }]);
  });
});

describe("while Redis is away", () => {
  test.for([
    ["local", [false, false, true]],
    ["allow", [false, false, false]],
    ["refuse", [true, true, true]],
  ] as const)(
    "calls are treated as is set: %s, and counted in Redis again when it is back",
    async ([without, exceeded], { skip }) => {
      skip(redisIsMissing, redisReason);
      const own = await startRedis();
      ends.push(() => own.kill());
      const shared = await limiter(own.url, { without });
      const rule = ruleOf({ limit: 2, unit: "REQUESTS" });
      const take = async () => (await shared.take([rule], 1)).states[0]?.exceeded;
      for (const expected of [false, false, true]) expect(await take()).toBe(expected);
      await own.kill();
      for (const expected of exceeded) expect(await take()).toBe(expected);
      await own.start();
      await backAgain(shared);
      // It was started anew, and has nothing of before.
      for (const expected of [false, false, true]) expect(await take()).toBe(expected);
    },
  );

  test("a server starts all the same", async () => {
    const shared = await limiter("redis://127.0.0.1:1", { without: "allow" });
    expect(shared.isReady).toBe(false);
    expect(await shared.take([ruleOf({ limit: 1 })], 1)).toMatchObject({ states: [{ exceeded: false }] });
  });
});
