import { day, describe, expect, ok, readPage, test, type World } from "../../testkit/index.js";

async function begin(world: World, policy: Record<string, unknown>) {
  const { tenant, admin } = await world.tenant(policy);
  const owner = await world.user(tenant.id);
  const create = (input: Record<string, unknown> = {}) =>
    admin.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "Key", ...input });
  return { tenant, admin, owner, create };
}

describe("createKey under a policy: lifetime", () => {
  test.for([
    { what: "a default", policy: { defaultLifetimeMs: 90_000 }, ms: 90_000 },
    { what: "a longest", policy: { maxLifetimeMs: 120_000 }, ms: 120_000 },
    { what: "both", policy: { defaultLifetimeMs: 90_000, maxLifetimeMs: 120_000 }, ms: 90_000 },
    { what: "a default of a century", policy: { defaultLifetimeMs: 36_500 * day }, ms: 36_500 * day },
  ])("a key whose creator says nothing ends after $what one, to the millisecond", async ({ policy, ms }, { world }) => {
    const { admin, create } = await begin(world, policy);
    const { key, secret } = ok(await create());
    expect(key.expiresAt).toBe(world.clock.in(ms));
    if (ms > day) return;
    world.clock.advance(ms - 1);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    world.clock.advance(1);
    expect(await admin.verify(secret)).toMatchObject({ code: "EXPIRED" });
  });

  test("a creator may choose any end up to the longest lifetime, to the millisecond", async ({ world }) => {
    const { create } = await begin(world, { defaultLifetimeMs: 60_000, maxLifetimeMs: 120_000 });
    for (const ms of [1, 60_001, 120_000]) {
      const expiresAt = world.clock.in(ms);
      expect(ok(await create({ expiresAt })).key.expiresAt).toBe(expiresAt);
    }
    const latest = world.clock.in(120_000);
    expect(await create({ expiresAt: world.clock.in(120_001) })).toMatchObject({
      __typename: "InvalidInputError",
      code: "INVALID_INPUT",
      issues: [{ path: ["expiresAt"], message: `The tenant's policy allows a lifetime until ${latest} at most.` }],
    });
  });

  test("a default alone bounds nothing", async ({ world }) => {
    const { create } = await begin(world, { defaultLifetimeMs: 60_000 });
    const expiresAt = world.clock.in(365 * day);
    expect(ok(await create({ expiresAt })).key.expiresAt).toBe(expiresAt);
  });
});

describe("createKey under a policy: scopes", () => {
  test("a key carries only scopes that the policy allows", async ({ world }) => {
    const { create } = await begin(world, { allowedScopes: ["orders:read", "orders:write"] });
    ok(await create({ scopes: ["orders:write"] }));
    ok(await create());
    expect(await create({ scopes: ["orders:read", "admin", "ORDERS:READ"] })).toMatchObject({
      code: "INVALID_INPUT",
      issues: [
        {
          path: ["scopes"],
          message: "The tenant's policy does not allow admin, ORDERS:READ. It allows: orders:read, orders:write.",
        },
      ],
    });
  });

  test("an empty ceiling allows keys without scopes only", async ({ world }) => {
    const { create } = await begin(world, { allowedScopes: [] });
    ok(await create());
    expect(await create({ scopes: ["a"] })).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["scopes"] }] });
  });

  test("lifetime and scopes are refused together", async ({ world }) => {
    const { create } = await begin(world, { allowedScopes: [], maxLifetimeMs: 60_000 });
    const { issues } = await create({ scopes: ["a"], expiresAt: world.clock.in(60_001) });
    expect(issues).toMatchObject([{ path: ["scopes"] }, { path: ["expiresAt"] }]);
  });
});

describe("createKey under a policy: how many", () => {
  test("a user gets as many keys as the policy allows, and the refusal says what to do", async ({ world }) => {
    const { tenant, create } = await begin(world, { maxKeysPerUser: 2 });
    ok(await create());
    ok(await create());
    expect(await create()).toMatchObject({
      __typename: "LimitReachedError",
      code: "LIMIT_REACHED",
      message:
        "This user has 2 keys, and the tenant's policy allows 2. Revoke one that is not needed, or raise maxKeysPerUser with updateTenant.",
    });
    const other = await world.user(tenant.id);
    ok(await create({ ownerId: other.id }));
  });

  test("keys that are revoked, deleted or expired do not count, disabled ones do", async ({ world }) => {
    const { admin, create } = await begin(world, { maxKeysPerUser: 1 });
    const { key: revoked } = ok(await create());
    ok(await admin.key("disableKey", { id: revoked.id }));
    expect(await create()).toMatchObject({ code: "LIMIT_REACHED" });
    ok(await admin.key("revokeKey", { id: revoked.id, reason: "x" }));
    const { key: deleted } = ok(await create());
    ok(await admin.key("deleteKey", { id: deleted.id }));
    ok(await create({ expiresAt: world.clock.in(1_000) }));
    world.clock.advance(999);
    expect(await create()).toMatchObject({ code: "LIMIT_REACHED" });
    world.clock.advance(1);
    ok(await create());
    expect(await create()).toMatchObject({ code: "LIMIT_REACHED" });
  });

  test("a lower limit leaves the keys that exist, and refuses new ones", async ({ world }) => {
    const { tenant, admin, create } = await begin(world, { maxKeysPerUser: 3 });
    const secrets = [ok(await create()).secret, ok(await create()).secret];
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { maxKeysPerUser: 1 } }));
    expect(await create()).toMatchObject({ code: "LIMIT_REACHED" });
    for (const secret of secrets) expect(await admin.verify(secret)).toMatchObject({ valid: true });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { maxKeysPerUser: null } }));
    ok(await create());
  });

  test("of 20 creations at once, exactly as many succeed as the policy allows", async ({ world }) => {
    const { tenant, admin, create } = await begin(world, { maxKeysPerUser: 5 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => create()));
    const kinds = answers.map(({ __typename }) => __typename).sort();
    expect(kinds).toEqual([...Array(5).fill("CreateKeyPayload"), ...Array(15).fill("LimitReachedError")]);
    expect(await readPage(admin, "keys", { tenantId: tenant.id })).toMatchObject({ totalCount: 5 });
  });
});
