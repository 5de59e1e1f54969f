import { describe, expect, hour, minute, ok, test } from "../../testkit/index.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const checkOf = (diagnosis: any, code: string) => diagnosis.checks.find((each: any) => each.code === code);

const twoCalls = { name: "calls", limit: 2, windowMs: minute, burst: null, unit: "REQUESTS" };
const fiftyOfCost = { name: "cost", limit: 50, windowMs: minute, burst: null, unit: "COST" };

describe("limits that refuse", () => {
  test("since when, and by whom, is told of the limit that refuses, not of the one that was changed last", async ({
    world,
  }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: owner.id, limit: 0 }));
    const since = new Date(world.clock.now()).toISOString();
    world.clock.advance(minute);
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1_000 }));
    const check = checkOf(await admin.diagnose({ keyId: key.id }), "QUOTA_EXCEEDED");
    expect(check).toMatchObject({ outcome: "FAILED", since });
  });

  test("so it is of an API's", async ({ world }) => {
    const { admin, tenant, key, secret } = await world.tenantWithKey();
    const { id, slug } = await world.api(tenant.id, { access: "OPEN" });
    ok(await admin.setRateLimits(id, [{ ...twoCalls, limit: 1 }]));
    const since = new Date(world.clock.now()).toISOString();
    world.clock.advance(minute);
    ok(await world.root.setRateLimits(tenant.id, []));
    await admin.verify(secret, { api: slug });
    const check = checkOf(await admin.diagnose({ keyId: key.id, api: slug }), "RATE_LIMITED");
    expect(check).toMatchObject({ outcome: "FAILED", since });
  });

  test("a call that a quota never allows is not told to wait", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 10, refill: "DAILY" }));
    expect(await world.verify(secret, 1, { cost: 100 })).toMatchObject({ code: "QUOTA_EXCEEDED", retryAfterMs: null });
    expect(JSON.stringify((await admin.diagnose({ keyId: key.id, cost: 100 })).remedies)).not.toContain("wait");
  });

  test("a burst that refuses is named, and when a call passes again", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const hourly = { name: "hourly", limit: 1_000, windowMs: 3_600_000, burst: 2 };
    ok(await admin.setRateLimits(key.id, [hourly]));
    for (let call = 0; call < 2; call++) expect(await world.verify(secret)).toMatchObject({ valid: true });
    const { checks, verdict } = await admin.diagnose({ keyId: key.id });
    expect(verdict).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 3_600 });
    const { evidence } = checks.find(({ code }: { code: string }) => code === "RATE_LIMITED");
    expect(evidence).toContain(
      `hourly of the key: 0 of 1000 left in 3600000 ms, at most 2 at once, such a call passes from ${world.clock.in(3_600)} on`,
    );
  });

  test("only the limit that never allows a call is named as that", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [twoCalls, fiftyOfCost]));
    await world.verify(secret, 2);
    expect((await world.verify(secret, 1, { cost: 100 })).message).toContain("ever allows at once (cost)");
  });

  test.for([
    ["the burst, where it alone refuses", { burst: 5 }, 0, 20, { limit: 50, burst: 25 }, "50, and 25 at once"],
    ["the limit, where it alone refuses", { burst: 40 }, 45, 10, { limit: 100, burst: 40 }, "100, and 40 at once"],
    ["both, where both refuse", { burst: 5 }, 5, 60, { limit: 110, burst: 71 }, "110, and 71 at once"],
    ["the limit of one without a burst", { burst: null }, 45, 10, { limit: 100, burst: null }, "100 in each window"],
    ["the burst away, where the limit allows no larger one", { burst: 45 }, 0, 50, { limit: 50, burst: null }, "50 in"],
  ] as const)(
    "a remedy raises %s, says so, and lets the call pass",
    async ([, rule, used, cost, raised, said], { world }) => {
      const { admin, key, secret } = await world.tenantWithKey();
      ok(await admin.setRateLimits(key.id, [{ ...fiftyOfCost, ...rule, windowMs: hour }]));
      for (let left = used as number; left > 0; left -= 5) {
        expect(await world.verify(secret, 1, { cost: 5 })).toMatchObject({ valid: true });
        // The burst has come back by then, and the window has not passed.
        world.clock.advance(6 * minute);
      }
      const { remedies } = await admin.diagnose({ keyId: key.id, cost });
      expect(remedies).toMatchObject([
        { variables: { input: { rateLimits: [raised] } }, effect: expect.stringContaining(`cost allows ${said}`) },
      ]);
      ok(await admin.remedy(remedies[0]));
      expect(await world.verify(secret, 1, { cost })).toMatchObject({ valid: true });
    },
  );

  test("a remedy leaves the other limits of the same holder as they are", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [twoCalls, { ...fiftyOfCost, burst: 5 }]));
    await world.verify(secret, 2, { cost: 0 });
    const { remedies } = await admin.diagnose({ keyId: key.id });
    const rateLimits = [
      { ...twoCalls, limit: 4 },
      { ...fiftyOfCost, burst: 5 },
    ];
    expect(remedies).toMatchObject([{ title: "Raise calls of the key", variables: { input: { rateLimits } } }]);
  });

  test("a top-up that is sent twice is made once, and the next one is another", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 2 }));
    const quota = async () => (await world.verify(secret)).quota;
    const topUp = async () => (await admin.diagnose({ keyId: key.id })).remedies[0];
    await world.verify(secret, 2);
    const [first, again] = [await topUp(), await topUp()];
    expect(again).toEqual(first);
    for (const remedy of [first, again, first]) ok(await admin.remedy(remedy));
    expect(await quota()).toMatchObject({ limit: 4, used: 3 });
    await world.verify(secret);
    world.clock.advance(minute);
    ok(await admin.remedy(await topUp()));
    expect(await quota()).toMatchObject({ limit: 6 });
    // One that was made whole in between is used up anew.
    await world.verify(secret);
    const beforeReset = await topUp();
    world.clock.advance(minute);
    ok(await admin.quota("resetQuota", { targetId: key.id }));
    await world.verify(secret, 6);
    const { idempotencyKey } = (await topUp()).variables.input;
    expect(idempotencyKey).not.toBe(beforeReset.variables.input.idempotencyKey);
  });
});
