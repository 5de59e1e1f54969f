import { day, describe, expect, hour, minute, ok, second, strangeIds, test } from "../../testkit/index.js";

const fields = "limit toppedUp used remaining resetAt history { totalCount nodes { type used amount limit reason } }";

describe("setQuota", () => {
  test("admits as much as it allows, whatever a call costs, and a refused call costs nothing", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const set = ok(await admin.quota("setQuota", { targetId: key.id, limit: 10 }));
    expect(set.quota).toMatchObject({ limit: 10, toppedUp: 0, used: 0, remaining: 10, refill: "NEVER", resetAt: null });
    expect(await admin.verify(secret, { cost: 7 })).toMatchObject({
      valid: true,
      quota: { limit: 10, used: 7, remaining: 3, resetAt: null, exceeded: false },
    });
    for (let refused = 0; refused < 3; refused++) {
      expect(await admin.verify(secret, { cost: 4 })).toMatchObject({
        code: "QUOTA_EXCEEDED",
        retryAfterMs: null,
        quota: { used: 7, remaining: 3, exceeded: true },
        message: expect.stringContaining("used up but for 3"),
      });
    }
    expect(await admin.verify(secret, { cost: 3 })).toMatchObject({ valid: true, quota: { remaining: 0 } });
    expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await admin.verify(secret, { cost: 0 })).toMatchObject({ valid: true });
  });

  test("is whole again in each period, and keeps what was used in the last one", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { quota } = ok(
      await admin.quota("setQuota", { targetId: key.id, limit: 1_000, refill: "DAILY", timeZone: "Europe/Berlin" }),
    );
    const end = Date.parse(quota.resetAt);
    expect(end - world.clock.now()).toBeLessThanOrEqual(25 * hour);
    await world.verify(secret, 3);
    expect(await admin.verify(secret, { cost: 998 })).toMatchObject({
      code: "QUOTA_EXCEEDED",
      retryAfterMs: end - world.clock.now(),
    });
    world.clock.advance(end - world.clock.now());
    expect(await admin.verify(secret, { cost: 998 })).toMatchObject({ valid: true, quota: { used: 998 } });
    await world.server.keyplane.limiting.accounts.settled();
    const read = await admin.query(`query ($id: ID!) { key(id: $id) { quota { ${fields} } } }`, { id: key.id });
    expect(read.key.quota).toMatchObject({
      used: 998,
      history: {
        totalCount: 2,
        nodes: [
          { type: "PERIOD_ENDED", used: 3 },
          { type: "SET", used: 0 },
        ],
      },
    });
    world.clock.advance(3 * day);
    expect(
      (await admin.query("query ($id: ID!) { key(id: $id) { quota { used } } }", { id: key.id })).key.quota.used,
    ).toBe(0);
  });

  test("of an owner and a tenant is shared by all keys below; all that apply are charged, or none", async ({
    world,
  }) => {
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 5 }));
    ok(await admin.quota("setQuota", { targetId: owner.id, limit: 8 }));
    ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 100 }));
    const used = async () => {
      const document = `query ($key: ID!, $user: ID!, $tenant: ID!) { key(id: $key) { quota { used } } user(id: $user) { quota { used } } tenant(id: $tenant) { quota { used } } }`;
      const read = await admin.query(document, { key: key.id, user: owner.id, tenant: tenant.id });
      return [read.key, read.user, read.tenant].map(({ quota }) => quota.used);
    };
    expect(await admin.verify(secret, { cost: 4 })).toMatchObject({ valid: true, quota: { limit: 5, remaining: 1 } });
    expect(await used()).toEqual([4, 4, 4]);
    expect(await admin.verify(secret, { cost: 2 })).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { limit: 5 } });
    expect(await used()).toEqual([4, 4, 4]);
    expect(await admin.verify(other.secret, { cost: 4 })).toMatchObject({
      valid: true,
      quota: { limit: 8, remaining: 0 },
    });
    expect(await admin.verify(secret)).toMatchObject({
      code: "QUOTA_EXCEEDED",
      quota: { limit: 8 },
      message: expect.stringContaining("all keys of the owner share"),
    });
    expect(await used()).toEqual([4, 8, 8]);
  });

  test("is changed in place, and what was used stays used", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 10 }));
    await world.verify(secret, 6);
    const lowered = ok(await admin.quota("setQuota", { targetId: key.id, limit: 5, refill: "MONTHLY" }));
    expect(lowered.quota).toMatchObject({ limit: 5, refill: "MONTHLY", remaining: 0 });
    expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { used: 6, limit: 5 } });
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 7, refill: "MONTHLY" }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });

  test("keeps what a change does not name: refill, time zone and anchor, and what was used and added", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const set = async (input: object) =>
      ok(await admin.quota("setQuota", { targetId: key.id, limit: 10, ...input })).quota;
    const first = await set({ refill: "MONTHLY", timeZone: "Asia/Tokyo" });
    await world.verify(secret, 6);
    ok(await admin.quota("topUpQuota", { targetId: key.id, amount: 5 }));
    const kept = { refill: "MONTHLY", timeZone: "Asia/Tokyo", anchor: first.anchor, resetAt: first.resetAt };
    const standing = { toppedUp: 5, used: 6 };
    expect(await set({ limit: 20 })).toMatchObject({ ...kept, ...standing, limit: 20, remaining: 19 });
    // As in the calendar, of another time zone.
    const moved = await set({ timeZone: "UTC" });
    expect(moved).toMatchObject({
      ...standing,
      refill: "MONTHLY",
      timeZone: "UTC",
      anchor: "2001-01-01T00:00:00.000Z",
    });
    const anchor = "2026-01-15T12:00:00.000Z";
    expect(await set({ anchor })).toMatchObject({ anchor, timeZone: "UTC" });
    expect(await set({ timeZone: "Europe/Berlin" })).toMatchObject({ anchor, timeZone: "Europe/Berlin", ...standing });
    expect(await set({ refill: "NEVER" })).toMatchObject({ anchor, resetAt: null, ...standing });
    const daily = await set({ refill: "DAILY" });
    expect(daily).toMatchObject({ anchor, timeZone: "Europe/Berlin", ...standing });
    world.clock.advance(Date.parse(daily.resetAt) - world.clock.now());
    expect(await admin.verify(secret)).toMatchObject({ valid: true, quota: { limit: 10, used: 1 } });
  });

  test("refuses what is invalid", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    for (const wrong of [
      { limit: -1 },
      { limit: 1_000_000_001 },
      { limit: 1, timeZone: "Mars" },
      { limit: 1, timeZone: "+01:00" },
    ]) {
      expect(await admin.quota("setQuota", { targetId: key.id, ...wrong })).toMatchObject({ code: "INVALID_INPUT" });
    }
  });
});

describe("topUpQuota", () => {
  test("admits more at once, also after a refusal, once for one idempotencyKey", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1 }));
    await world.verify(secret);
    expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED" });
    world.clock.advance(second);
    const input = { targetId: key.id, amount: 2, reason: "paid", idempotencyKey: world.unique() };
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(ok(await admin.quota("topUpQuota", input)).quota).toMatchObject({
        limit: 1,
        toppedUp: 2,
        used: 1,
        remaining: 2,
      });
    }
    for (const valid of [true, true, false]) expect(await admin.verify(secret)).toMatchObject({ valid });
    const read = await admin.query(`query ($id: ID!) { key(id: $id) { quota { ${fields} } } }`, { id: key.id });
    expect(read.key.quota.history.nodes[0]).toEqual({
      type: "TOPPED_UP",
      used: 1,
      amount: 2,
      limit: 1,
      reason: "paid",
    });
  });

  test("refuses more than can be counted, and what has no quota", async ({ world }) => {
    const { admin, key, owner } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1 }));
    ok(await admin.quota("topUpQuota", { targetId: key.id, amount: 1_000_000_000 }));
    expect(await admin.quota("topUpQuota", { targetId: key.id, amount: 1 })).toMatchObject({ code: "LIMIT_REACHED" });
    expect(await admin.quota("topUpQuota", { targetId: key.id, amount: 0 })).toMatchObject({ code: "INVALID_INPUT" });
    expect(await admin.quota("topUpQuota", { targetId: owner.id, amount: 1 })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("resetQuota", () => {
  test("makes a quota whole again before its time", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1_000, refill: "YEARLY" }));
    expect(await admin.verify(secret, { cost: 900 })).toMatchObject({ valid: true });
    world.clock.advance(second);
    expect(ok(await admin.quota("resetQuota", { targetId: key.id, reason: "sorry" })).quota).toMatchObject({ used: 0 });
    expect(await admin.verify(secret, { cost: 1_000 })).toMatchObject({ valid: true, quota: { remaining: 0 } });
    const read = await admin.query(`query ($id: ID!) { key(id: $id) { quota { ${fields} } } }`, { id: key.id });
    expect(read.key.quota.history.nodes[0]).toMatchObject({ type: "RESET", used: 900, reason: "sorry" });
  });
});

describe("removeQuota", () => {
  test("ends the counting; a new quota begins anew", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1 }));
    await world.verify(secret, 2);
    expect(ok(await admin.quota("removeQuota", { targetId: key.id })).quota).toBeNull();
    expect(await admin.verify(secret)).toMatchObject({ valid: true, quota: null });
    expect(await admin.quota("removeQuota", { targetId: key.id })).toMatchObject({ code: "NOT_FOUND" });
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1 }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, quota: { used: 1 } });
  });
});

describe.for([
  ["setQuota", { limit: 1 }],
  ["topUpQuota", { amount: 1 }],
  ["resetQuota", {}],
  ["removeQuota", {}],
] as const)("%s", ([name, input]) => {
  test("another tenant's and strange ids answer as missing ones; nobody unknown may; a tenant's own are the operator's", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    ok(await theirs.admin.quota("setQuota", { targetId: theirs.key.id, limit: 1 }));
    const change = (targetId: string) => ours.admin.quota(name, { targetId, ...input });
    const missing = await change(world.missingId("Key"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    expect(await change(theirs.key.id)).toEqual(missing);
    for (const id of strangeIds("Key")) expect(await change(id)).toMatchObject({ __typename: "NotFoundError" });
    expect(await change(ours.tenant.id)).toMatchObject({ code: "FORBIDDEN" });
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    expect(await developer.quota(name, { targetId: ours.key.id, ...input })).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.quota(name, { targetId: ours.key.id, ...input })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    ok(await ours.admin.key("revokeKey", { id: ours.key.id, reason: "x" }));
    expect(await change(ours.key.id)).toMatchObject({ __typename: "ConflictError" });
  });
});

describe("a quota and rate limits together", () => {
  test("are charged both, or neither", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 3 }));
    ok(await admin.setRateLimits(key.id, [{ name: "two", limit: 2, windowMs: minute }]));
    await world.verify(secret, 2);
    for (let refused = 0; refused < 3; refused++) {
      expect(await admin.verify(secret)).toMatchObject({ code: "RATE_LIMITED", quota: { used: 2 } });
    }
    world.clock.advance(minute);
    expect(await admin.verify(secret)).toMatchObject({
      valid: true,
      quota: { remaining: 0 },
      rateLimits: [{ remaining: 1 }],
    });
    for (let refused = 0; refused < 3; refused++) {
      expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED", rateLimits: [{ exceeded: false }] });
    }
    world.clock.advance(minute - second);
    ok(await admin.quota("topUpQuota", { targetId: key.id, amount: 1 }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [{ remaining: 0 }] });
  });
});
