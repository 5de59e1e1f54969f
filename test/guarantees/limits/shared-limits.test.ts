import { redisIsMissing, redisReason, startRedis, type TestRedis } from "../../../packages/server/src/testing/redis.js";
import { openTestDatabase, type TestDatabase } from "../../testkit/database.js";
import {
  describe,
  expect,
  minute,
  ok,
  startServer,
  TestClock,
  type TestServer,
  test,
  World,
} from "../../testkit/index.js";

const settings = (redis: TestRedis, more: Record<string, string> = {}) => ({
  REDIS_URL: redis.url,
  KEYPLANE_ROOT_TOKEN: "root-token-of-servers-that-count-together",
  KEYPLANE_ENCRYPTION_KEY: "0".repeat(64),
  ...more,
});

/** How much of a quota was used, when everybody has given back what they hold. */
async function usedOf(database: TestDatabase, servers: readonly TestServer[], targetId: string): Promise<number> {
  for (let sweep = 0; sweep < 2; sweep++) {
    for (const { keyplane } of servers) await keyplane.limiting.accounts.sweep();
  }
  return (await database.database.prisma.quota.findUniqueOrThrow({ where: { targetId } })).used;
}

const codesOf = (verdicts: readonly { code: string }[], code: string): number =>
  verdicts.filter((verdict) => verdict.code === code).length;

describe("two servers with one database and one Redis", () => {
  test.for([
    { rate: 30, quota: 50, admitted: 30 },
    { rate: 60, quota: 40, admitted: 40 },
  ])(
    "admit together as much as a rate limit of $rate and a quota of $quota allow, to the unit, and charge what they admit",
    async ({ rate, quota, admitted }, { skip }) => {
      skip(redisIsMissing, redisReason);
      const redis = await startRedis();
      const [database, clock] = [await openTestDatabase(), new TestClock()];
      const servers: TestServer[] = [];
      try {
        for (let count = 0; count < 2; count++) {
          servers.push(await startServer(settings(redis), { database, clock, redisPatienceMs: minute }));
        }
        const [first, second] = servers.map((server) => new World(server)) as [World, World];
        const { owner, key, secret } = await first.tenantWithKey();
        ok(await first.root.setRateLimits(key.id, [{ name: "per-minute", limit: rate, windowMs: minute }]));
        ok(await first.root.quota("setQuota", { targetId: owner.id, limit: quota }));
        const verdicts = await Promise.all(
          Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? first : second).root.verify(secret)),
        );
        // Of a server that holds the last of the quota and is refused for it by Redis, the other one may be told that there is none.
        expect(codesOf(verdicts, "VALID")).toBe(admitted);
        expect(codesOf(verdicts, "RATE_LIMITED") + codesOf(verdicts, "QUOTA_EXCEEDED")).toBe(100 - admitted);
        await expect.poll(() => usedOf(database, servers, owner.id)).toBe(admitted);
      } finally {
        for (const server of servers) await server.stop();
        await database.close();
        await redis.kill();
      }
    },
  );
});

describe("a server whose Redis goes away", () => {
  const counted = ["VALID", "VALID", "RATE_LIMITED"];

  test.for([
    ["local", counted],
    ["allow", ["VALID", "VALID", "VALID"]],
    ["refuse", ["RATE_LIMITED", "RATE_LIMITED", "RATE_LIMITED"]],
  ] as const)(
    "does as it is set, which is %s, charges quotas for what it admits, and counts in Redis again when it is back",
    async ([without, whileAway], { skip }) => {
      skip(redisIsMissing, redisReason);
      const redis = await startRedis();
      const database = await openTestDatabase();
      const given = { database, redisPatienceMs: minute };
      const server = await startServer(settings(redis, { KEYPLANE_RATE_LIMITS_WITHOUT_REDIS: without }), given);
      try {
        const world = new World(server);
        const { key, secret } = await world.tenantWithKey();
        ok(await world.root.setRateLimits(key.id, [{ name: "per-minute", limit: 2, windowMs: minute }]));
        ok(await world.root.quota("setQuota", { targetId: key.id, limit: 100 }));
        const codes: string[] = [];
        const verify = async (): Promise<string[]> => {
          const three: string[] = [];
          for (let call = 0; call < 3; call++) three.push((await world.root.verify(secret)).code);
          codes.push(...three);
          return three;
        };
        expect(await verify()).toEqual(counted);
        await redis.kill();
        await expect.poll(() => server.keyplane.limiting.status().isShared).toBe(false);
        expect(await verify()).toEqual(whileAway);
        await redis.start();
        await expect.poll(() => server.keyplane.limiting.status().isShared).toBe(true);
        // It was started anew, and has nothing of before.
        expect(await verify()).toEqual(counted);
        const admitted = codes.filter((code) => code === "VALID").length;
        await expect.poll(() => usedOf(database, [server], key.id)).toBe(admitted);
      } finally {
        await server.stop();
        await database.close();
        await redis.kill();
      }
    },
  );
});
