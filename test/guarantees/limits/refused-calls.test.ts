import fc from "fast-check";
import { redisIsMissing, redisReason, startRedis } from "../../../packages/server/src/testing/redis.js";
import { describe, expect, minute, ok, second, startServer, test, World } from "../../testkit/index.js";

/** How much a rate limit or a quota allows, as a plain model counts it. */
interface Model {
  readonly rates: {
    readonly limit: number;
    readonly windowMs: number;
    readonly isCost: boolean;
    readonly calls: [at: number, amount: number][];
  }[];
  readonly quotas: { limit: number; used: number }[];
}

/** All checks, then all charges, by the definition. */
function admits({ rates, quotas }: Model, now: number, cost: number): "VALID" | "RATE_LIMITED" | "QUOTA_EXCEEDED" {
  const amountOf = (isCost: boolean) => (isCost ? cost : 1);
  const usedOf = (rate: Model["rates"][number]) =>
    rate.calls.filter(([at]) => at + rate.windowMs > now).reduce((sum, [, amount]) => sum + amount, 0);
  if (rates.some((rate) => usedOf(rate) + amountOf(rate.isCost) > rate.limit)) return "RATE_LIMITED";
  if (quotas.some(({ limit, used }) => used + cost > limit)) return "QUOTA_EXCEEDED";
  for (const rate of rates) rate.calls.push([now, amountOf(rate.isCost)]);
  for (const quota of quotas) quota.used += cost;
  return "VALID";
}

const places = ["key", "user", "tenant"] as const;
const setting = fc.record({
  rates: fc.array(
    fc.record({
      of: fc.constantFrom(...places),
      limit: fc.integer({ min: 1, max: 12 }),
      // Redis forgets what is over by its own clock, which no test moves: not within a story.
      seconds: fc.integer({ min: 10, max: 60 }),
      isCost: fc.boolean(),
    }),
    { maxLength: 4 },
  ),
  quotas: fc.uniqueArray(fc.record({ of: fc.constantFrom(...places), limit: fc.integer({ min: 0, max: 400 }) }), {
    selector: ({ of }) => of,
    minLength: 1,
  }),
  calls: fc.array(fc.record({ afterMs: fc.nat(8_000), cost: fc.nat(30) }), { minLength: 10, maxLength: 40 }),
});

async function storyOf(
  world: World,
  {
    rates,
    quotas,
  }: {
    rates: readonly { of: string; limit: number; seconds: number; isCost: boolean }[];
    quotas: readonly { of: string; limit: number }[];
  },
) {
  const { tenant, owner, key, secret } = await world.tenantWithKey();
  const ids = { key: key.id, user: owner.id, tenant: tenant.id };
  for (const place of places) {
    const rules = rates.flatMap(({ of, limit, seconds, isCost }, index) =>
      of === place
        ? [{ name: `r${index}`, limit, windowMs: seconds * second, unit: isCost ? "COST" : "REQUESTS" }]
        : [],
    );
    if (rules.length > 0) ok(await world.root.setRateLimits(ids[place], rules));
  }
  for (const { of, limit } of quotas)
    ok(await world.root.quota("setQuota", { targetId: ids[of as keyof typeof ids], limit }));
  const usedInDatabase = async () => {
    await world.server.keyplane.limiting.accounts.sweep();
    await world.server.keyplane.limiting.accounts.sweep();
    const { prisma } = world.server.keyplane.database;
    const rows = await prisma.quota.findMany({ where: { tenantId: tenant.id } });
    return quotas.map(({ of }) => rows.find(({ targetId }) => targetId === ids[of as keyof typeof ids])?.used);
  };
  return { secret, usedInDatabase };
}

/** Each verdict and each charge is that of the model. */
async function compareWithModel(world: World): Promise<void> {
  await fc.assert(
    fc.asyncProperty(setting, async ({ rates, quotas, calls }) => {
      const story = await storyOf(world, { rates, quotas });
      const model: Model = {
        rates: rates.map(({ limit, seconds, isCost }) => ({ limit, windowMs: seconds * second, isCost, calls: [] })),
        quotas: quotas.map(({ limit }) => ({ limit, used: 0 })),
      };
      for (const { afterMs, cost } of calls) {
        world.clock.advance(afterMs);
        const { code } = await world.root.verify(story.secret, { cost });
        expect(code).toBe(admits(model, world.clock.now(), cost));
      }
      // What is asked for ahead may come after the sweep, and goes back with the next one.
      const used = model.quotas.map((quota) => quota.used);
      await expect.poll(() => story.usedInDatabase()).toEqual(used);
    }),
    { numRuns: 12 },
  );
}

/** Of many calls at once, as many are admitted as the limits allow, and these alone are charged. */
async function callAtOnce(world: World): Promise<void> {
  const story = await storyOf(world, {
    rates: [{ of: "user", limit: 40, seconds: 60, isCost: false }],
    quotas: [
      { of: "key", limit: 100 },
      { of: "tenant", limit: 57 },
    ],
  });
  const codes = (await Promise.all(Array.from({ length: 64 }, () => world.root.verify(story.secret, { cost: 2 })))).map(
    ({ code }) => code as string,
  );
  expect(codes.filter((code) => code === "VALID")).toHaveLength(28);
  // What was held and not used comes back in the background.
  await expect.poll(() => story.usedInDatabase()).toEqual([56, 56]);
  world.clock.advance(minute);
  expect(await world.root.verify(story.secret)).toMatchObject({ valid: true, quota: { remaining: 0 } });
  expect(await world.root.verify(story.secret)).toMatchObject({
    code: "QUOTA_EXCEEDED",
    rateLimits: [{ remaining: 39 }],
  });
}

describe("a refused call costs nothing anywhere", () => {
  test("over several rate limits and quotas of key, user and tenant: each verdict and each charge is that of a plain count", async ({
    world,
  }) => compareWithModel(world));

  test("of many at once, as many are admitted as the limits allow, and these alone are charged", async ({ world }) =>
    callAtOnce(world));
});

describe("a refused call costs nothing anywhere, where Redis counts the rate limits", () => {
  async function withRedis(work: (world: World) => Promise<void>): Promise<void> {
    const redis = await startRedis();
    const server = await startServer({ REDIS_URL: redis.url }, { redisPatienceMs: minute });
    try {
      expect(server.keyplane.limiting.status().isShared).toBe(true);
      await work(new World(server));
    } finally {
      await server.stop();
      await redis.kill();
    }
  }

  test("over several rate limits and quotas of key, user and tenant: each verdict and each charge is that of a plain count", async ({
    skip,
  }) => {
    skip(redisIsMissing, redisReason);
    await withRedis(compareWithModel);
  });

  test("of many at once, as many are admitted as the limits allow, and these alone are charged", async ({ skip }) => {
    skip(redisIsMissing, redisReason);
    await withRedis(callAtOnce);
  });
});
