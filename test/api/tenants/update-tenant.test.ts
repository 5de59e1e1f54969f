import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { tracesOf } from "../traces.js";
import { invalidTenants, mistypedTenants } from "./invalid-tenants.js";

const policy = {
  prefix: "acme",
  defaultLifetimeMs: 60_000,
  maxLifetimeMs: 120_000,
  maxKeysPerUser: 2,
  allowedScopes: ["orders:read"],
};

describe("updateTenant", () => {
  test("changes what the input names, and nothing else", async ({ world }) => {
    const { tenant, admin } = await world.tenant(policy);
    const slug = world.unique();
    const changes = [
      [{ name: " Néw 🔑 " }, { name: "Néw 🔑" }],
      [{ slug }, { slug }],
      [{ policy: { prefix: "new" } }, { policy: { ...policy, prefix: "new" } }],
      [{ policy: { maxKeysPerUser: 5 } }, { policy: { ...policy, prefix: "new", maxKeysPerUser: 5 } }],
    ];
    let expected = tenant;
    for (const [input, change] of changes) {
      expected = { ...expected, ...change };
      expect(ok(await world.root.tenant("updateTenant", { id: tenant.id, ...input })).tenant).toEqual(expected);
    }
    expect((await admin.query("query ($id: ID!) { tenant(id: $id) { slug name } }", { id: tenant.id })).tenant).toEqual(
      {
        slug,
        name: "Néw 🔑",
      },
    );
  });

  test("tells when the tenant last changed", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    world.clock.advance(1_000);
    ok(await admin.tenant("updateTenant", { id: tenant.id, name: "New" }));
    const document = "query ($id: ID!) { tenant(id: $id) { createdAt updatedAt } }";
    expect((await admin.query(document, { id: tenant.id })).tenant).toEqual({
      createdAt: tenant.createdAt,
      updatedAt: new Date(world.clock.now()).toISOString(),
    });
  });

  test("to what the tenant is already is no change: nothing is kept of it", async ({ world }) => {
    const { tenant, admin } = await world.tenant(policy);
    const before = await tracesOf(world, tenant.id);
    world.clock.advance(1_000);
    for (const input of [{}, { name: tenant.name }, { policy: {} }, { policy }, { name: tenant.name, policy }]) {
      expect(ok(await admin.tenant("updateTenant", { id: tenant.id, ...input })).tenant).toEqual(tenant);
    }
    expect(await tracesOf(world, tenant.id)).toEqual(before);
    const document = "query ($id: ID!) { tenant(id: $id) { updatedAt } }";
    expect((await admin.query(document, { id: tenant.id })).tenant.updatedAt).toBe(tenant.createdAt);
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: null } }));
    expect(await tracesOf(world, tenant.id)).toEqual({ records: before.records + 1, events: before.events + 1 });
  });

  test("null removes a limit, and leaves what no tenant can lack", async ({ world }) => {
    const { tenant, admin } = await world.tenant(policy);
    const nothing = { slug: null, name: null, policy: null };
    expect(ok(await admin.tenant("updateTenant", { id: tenant.id, ...nothing })).tenant).toEqual(tenant);
    const nulls = Object.fromEntries(Object.keys(policy).map((field) => [field, null]));
    expect(ok(await admin.tenant("updateTenant", { id: tenant.id, policy: nulls })).tenant.policy).toEqual({
      prefix: "acme",
      defaultLifetimeMs: null,
      maxLifetimeMs: null,
      maxKeysPerUser: null,
      allowedScopes: null,
    });
  });

  test("a default lifetime cannot come to lie above the longest, whichever of them changes", async ({ world }) => {
    const { tenant, admin } = await world.tenant(policy);
    for (const change of [
      { defaultLifetimeMs: 120_001 },
      { maxLifetimeMs: 60_000 - 1 + 1, defaultLifetimeMs: 60_001 },
    ]) {
      expect(await admin.tenant("updateTenant", { id: tenant.id, policy: change })).toMatchObject({
        code: "INVALID_INPUT",
        issues: [{ path: ["policy", "defaultLifetimeMs"] }],
      });
    }
    const lower = { maxLifetimeMs: 60_000 };
    expect(ok(await admin.tenant("updateTenant", { id: tenant.id, policy: lower })).tenant.policy).toMatchObject(lower);
    const equal = { defaultLifetimeMs: 90_000, maxLifetimeMs: 90_000 };
    expect(ok(await admin.tenant("updateTenant", { id: tenant.id, policy: equal })).tenant.policy).toMatchObject(equal);
  });

  test("a longest lifetime below the default that is set is refused with the way out", async ({ world }) => {
    const { tenant, admin } = await world.tenant({ defaultLifetimeMs: 120_000 });
    const refused = await admin.tenant("updateTenant", { id: tenant.id, policy: { maxLifetimeMs: 60_000 } });
    expect(refused).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("Change both together") });
  });

  test("a new prefix is what new secrets begin with; keys that exist keep theirs", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey({ policy: { prefix: "old" } });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { prefix: "new" } }));
    expect((await world.key(tenant.id, owner.id)).secret).toMatch(/^new_live_/);
    expect(secret).toMatch(/^old_live_/);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });

  test("changes at the same time all stay", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const changes = [{ name: "New" }, { policy: { prefix: "new" } }, { policy: { maxKeysPerUser: 3 } }];
    await Promise.all(
      changes.map(async (change) => ok(await admin.tenant("updateTenant", { id: tenant.id, ...change }))),
    );
    expect(ok(await admin.tenant("updateTenant", { id: tenant.id })).tenant).toMatchObject({
      name: "New",
      policy: { prefix: "new", maxKeysPerUser: 3 },
    });
  });

  test.for(invalidTenants)("$what is refused with its place", async ({ input, path }, { world }) => {
    const refused = await world.root.tenant("updateTenant", { id: world.missingId("Tenant"), ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    for (const issue of refused.issues) expect(issue.path).toEqual(path);
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    for (const wrong of [...mistypedTenants, { id: null }, { id: {} }]) {
      const refused = world.root.tenant("updateTenant", { id: world.missingId("Tenant"), ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("a slug that another tenant has is refused; one's own is not", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const { id, slug } = ours.tenant;
    expect(await world.root.tenant("updateTenant", { id, slug: theirs.tenant.slug, name: "New" })).toMatchObject({
      __typename: "ConflictError",
      message: "Another tenant has this slug. Choose another one.",
    });
    expect(ok(await world.root.tenant("updateTenant", { id, slug })).tenant).toEqual(ours.tenant);
  });

  test("a tenant's own administrator cannot try out which slugs exist", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const attempt = (slug: string) => ours.admin.tenant("updateTenant", { id: ours.tenant.id, slug });
    const refused = await attempt(theirs.tenant.slug);
    expect(refused).toMatchObject({ code: "FORBIDDEN" });
    expect(await attempt(world.unique())).toEqual(refused);
  });

  test("another tenant and strange ids answer as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const update = (id: string) => ours.admin.tenant("updateTenant", { id, name: "Taken" });
    const missing = await update(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await update(id)).toEqual(missing);
    expect(ok(await theirs.admin.tenant("updateTenant", { id: theirs.tenant.id })).tenant.name).toBe("Tenant");
  });

  test("needs the permission, which a rule broken does not outweigh; nobody unknown may", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("GUEST", { tenantId: tenant.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["TENANTS_READ"] }),
    ]) {
      expect(await caller.tenant("updateTenant", { id: tenant.id, name: "" })).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("tenants:update"),
      });
    }
    const unknown = world.anonymous.tenant("updateTenant", { id: tenant.id, name: "x" });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
