import { describe, expect, minute, ok, test } from "../../testkit/index.js";

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

  test("only the limit that never allows a call is named as that", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [twoCalls, fiftyOfCost]));
    await world.verify(secret, 2);
    expect((await world.verify(secret, 1, { cost: 100 })).message).toContain("ever allows (cost)");
  });

  test("a remedy says what becomes of the burst", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [{ ...fiftyOfCost, burst: 5 }]));
    const { remedies } = await admin.diagnose({ keyId: key.id, cost: 20 });
    expect(remedies[0].effect).toContain("cost allows 100, and 30 at once in each window");
  });
});
