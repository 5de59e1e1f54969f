import { describe, expect, minute, ok, second, strangeIds, test } from "../../testkit/index.js";

const perMinute = { name: "per-minute", limit: 2, windowMs: minute };

describe("setRateLimits", () => {
  test("refuses what is over the limit from the next verification on, until the window has slid by", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [], quota: null });
    const set = ok(await admin.setRateLimits(key.id, [perMinute]));
    expect(set).toMatchObject({
      targetId: key.id,
      rateLimits: [{ ...perMinute, burst: null, unit: "REQUESTS", remaining: 2 }],
    });
    const startedAt = world.clock.now();
    expect(await admin.verify(secret)).toMatchObject({
      valid: true,
      rateLimits: [
        {
          name: "per-minute",
          limit: 2,
          remaining: 1,
          resetAt: new Date(startedAt + minute).toISOString(),
          exceeded: false,
        },
      ],
    });
    world.clock.advance(10 * second);
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [{ remaining: 0 }] });
    world.clock.advance(10 * second);
    for (let refused = 0; refused < 3; refused++) {
      expect(await admin.verify(secret)).toMatchObject({
        valid: false,
        code: "RATE_LIMITED",
        retryAfterMs: 40 * second,
        rateLimits: [{ remaining: 0, exceeded: true }],
      });
    }
    world.clock.advance(40 * second);
    // The first call has left the window, the second has not; those that were refused never were in it.
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [{ remaining: 0 }] });
    expect(await admin.verify(secret)).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 10 * second });
  });

  test("each limit and quota of a verdict says whose it is, and so do the words of a refusal", async ({ world }) => {
    const { tenant, owner, admin, key, secret } = await world.tenantWithKey();
    const api = await world.api(tenant.id, { access: "OPEN" });
    const targets = [key.id, owner.id, tenant.id, api.id];
    for (const [at, id] of targets.entries())
      ok(await world.root.setRateLimits(id, [{ name: "per-minute", limit: 4 - at, windowMs: minute }]));
    ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 9 }));
    expect(await admin.verify(secret, { api: api.slug })).toMatchObject({
      valid: true,
      rateLimits: ["KEY", "USER", "TENANT", "API"].map((target) => ({ name: "per-minute", target, exceeded: false })),
      quota: { target: "TENANT" },
    });
    expect(await admin.verify(secret, { api: api.slug })).toMatchObject({
      code: "RATE_LIMITED",
      rateLimits: [{}, {}, {}, { target: "API", exceeded: true }],
      message: expect.stringContaining("(per-minute that all calls of the API share)"),
    });
    ok(await world.root.quota("setQuota", { targetId: owner.id, limit: 0 }));
    expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { target: "USER" } });
  });

  test("counts for all keys of a user and of a tenant together, by their cost where it is to", async ({ world }) => {
    const { tenant, owner, admin, secret } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    ok(await admin.setRateLimits(owner.id, [{ name: "cost", limit: 10, windowMs: minute, unit: "COST" }]));
    ok(await world.root.setRateLimits(tenant.id, [{ name: "calls", limit: 3, windowMs: minute }]));
    expect(await admin.verify(secret, { cost: 6 })).toMatchObject({
      valid: true,
      rateLimits: [
        { name: "cost", remaining: 4 },
        { name: "calls", remaining: 2 },
      ],
    });
    expect(await admin.verify(other.secret, { cost: 5 })).toMatchObject({
      code: "RATE_LIMITED",
      rateLimits: [{ exceeded: true }, { exceeded: false, remaining: 2 }],
    });
    expect(await admin.verify(other.secret, { cost: 4 })).toMatchObject({ valid: true });
    expect(await admin.verify(other.secret, { cost: 0 })).toMatchObject({ valid: true });
    expect(await admin.verify(secret, { cost: 0 })).toMatchObject({
      code: "RATE_LIMITED",
      rateLimits: [{ exceeded: false }, { exceeded: true }],
    });
    expect(await admin.verify(secret, { cost: 11 })).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: null });
  });

  test("spreads calls where a burst is set", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [{ name: "smooth", limit: 60, windowMs: minute, burst: 2 }]));
    for (const valid of [true, true, false]) expect(await admin.verify(secret)).toMatchObject({ valid });
    expect(await admin.verify(secret)).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: second });
    world.clock.advance(second);
    for (const valid of [true, false]) expect(await admin.verify(secret)).toMatchObject({ valid });
  });

  test("keeps what was used when a limit is changed, and forgets it with an empty list", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [perMinute]));
    await world.verify(secret, 2);
    ok(await admin.setRateLimits(key.id, [{ ...perMinute, limit: 3 }]));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [{ limit: 3, remaining: 0 }] });
    expect(await admin.verify(secret)).toMatchObject({ code: "RATE_LIMITED" });
    const read = await admin.query("query ($id: ID!) { key(id: $id) { rateLimits { name remaining } quota { id } } }", {
      id: key.id,
    });
    expect(read.key).toEqual({ rateLimits: [{ name: "per-minute", remaining: 0 }], quota: null });
    ok(await admin.setRateLimits(key.id, []));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [] });
  });

  test("refuses what is invalid, with every issue", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const refused = await admin.setRateLimits(key.id, [
      { name: "no spaces", limit: 0, windowMs: 999 },
      { name: "b", limit: 5, windowMs: 86_400_001, burst: 6 },
    ]);
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    const twice = await admin.setRateLimits(key.id, [perMinute, perMinute]);
    expect(twice).toMatchObject({ code: "INVALID_INPUT" });
    const many = Array.from({ length: 11 }, (_, index) => ({ ...perMinute, name: `n${index}` }));
    expect(await admin.setRateLimits(key.id, many)).toMatchObject({ code: "INVALID_INPUT" });
    ok(await admin.setRateLimits(key.id, many.slice(1)));
  });

  test("another tenant's and strange ids answer as missing ones; nobody unknown may; a tenant's own are the operator's", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const set = (targetId: string) => ours.admin.setRateLimits(targetId, [perMinute]);
    const of = { Key: theirs.key.id, User: theirs.owner.id, Tenant: theirs.tenant.id } as const;
    for (const [kind, id] of Object.entries(of)) {
      const missing = await set(world.missingId(kind as keyof typeof of));
      expect(missing).toMatchObject({ __typename: "NotFoundError" });
      expect(await set(id)).toEqual(missing);
    }
    const strange = await set(world.missingId("Team"));
    expect(strange).toMatchObject({ __typename: "NotFoundError" });
    for (const id of strangeIds("Team")) expect(await set(id)).toEqual(strange);
    expect(await set(ours.tenant.id)).toMatchObject({ code: "FORBIDDEN" });
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    expect(await developer.setRateLimits(ours.key.id, [])).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.setRateLimits(ours.key.id, [])).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("a revoked or deleted key and a deleted user are not changed any more", async ({ world }) => {
    const { admin, owner, key, tenant } = await world.tenantWithKey();
    const deleted = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    ok(await admin.key("deleteKey", { id: deleted.key.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    for (const id of [key.id, deleted.key.id, owner.id]) {
      expect(await admin.setRateLimits(id, [perMinute])).toMatchObject({ __typename: "ConflictError" });
    }
  });
});
