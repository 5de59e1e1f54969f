import { describe, expect, ok, strangeIds, strangeTexts, test } from "../../testkit/index.js";

describe("suspendTenant", () => {
  test("refuses every key of the tenant at once, and says why", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    expect(await world.root.verify(secret)).toMatchObject({ valid: true });
    world.clock.advance(1_000);
    const suspended = ok(await world.root.tenant("suspendTenant", { id: tenant.id, reason: " unpaid " })).tenant;
    expect(suspended).toEqual({ ...tenant, status: "SUSPENDED", statusReason: "unpaid" });
    expect(await world.root.verify(secret)).toMatchObject({ valid: false, code: "TENANT_SUSPENDED" });
    const document = "query ($id: ID!) { tenant(id: $id) { status statusChangedAt updatedAt } }";
    const now = new Date(world.clock.now()).toISOString();
    expect((await world.root.query(document, { id: tenant.id })).tenant).toEqual({
      status: "SUSPENDED",
      statusChangedAt: now,
      updatedAt: now,
    });
  });

  test("refuses every management token of the tenant at once, and says why", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const personal = await world.caller("DEVELOPER", { userId: owner.id });
    const elsewhere = await world.tenant();
    for (const caller of [admin, personal, elsewhere.admin]) await caller.query("{ viewer { id } }");
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    for (const caller of [admin, personal]) {
      await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        message: expect.stringContaining("suspended"),
      });
    }
    await elsewhere.admin.query("{ viewer { id } }");
  });

  test("leaves the tenant's data to callers of the whole installation", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    const { tenant: read } = await world.root.query("query ($id: ID!) { tenant(id: $id) { users { totalCount } } }", {
      id: tenant.id,
    });
    expect(read.users.totalCount).toBe(1);
    ok(await world.root.user("updateUser", { id: owner.id, name: "New" }));
    ok(await world.root.tenant("updateTenant", { id: tenant.id, name: "New" }));
  });

  test("a second time changes nothing and answers with the first", async ({ world }) => {
    const { tenant } = await world.tenant();
    const first = ok(await world.root.tenant("suspendTenant", { id: tenant.id, reason: "first" }));
    const document = "query ($id: ID!) { tenant(id: $id) { statusChangedAt updatedAt statusReason } }";
    const before = await world.root.query(document, { id: tenant.id });
    world.clock.advance(1_000);
    expect(await world.root.tenant("suspendTenant", { id: tenant.id, reason: "second" })).toEqual(first);
    expect(await world.root.query(document, { id: tenant.id })).toEqual(before);
  });

  test("needs no reason; null is none", async ({ world }) => {
    const { tenant } = await world.tenant();
    expect(ok(await world.root.tenant("suspendTenant", { id: tenant.id, reason: null })).tenant).toMatchObject({
      status: "SUSPENDED",
      statusReason: null,
    });
  });

  test.for(strangeTexts(500))("a reason of $what is refused with its place", async ({ text }, { world }) => {
    const refused = await world.root.tenant("suspendTenant", { id: world.missingId("Tenant"), reason: text });
    expect(refused).toMatchObject({ code: "INVALID_INPUT" });
    for (const issue of refused.issues) expect(issue.path).toEqual(["reason"]);
  });

  test("strange ids answer as a missing one", async ({ world }) => {
    const missing = await world.root.tenant("suspendTenant", { id: world.missingId("Tenant") });
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of strangeIds("Tenant")) {
      expect(await world.root.tenant("suspendTenant", { id })).toEqual(missing);
    }
  });

  test("is for callers of the whole installation: no tenant suspends itself or another", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const callers = [
      ours.admin,
      await world.caller("DEVELOPER"),
      await world.caller("ADMIN", { permissions: ["TENANTS_UPDATE"] }),
    ];
    for (const caller of callers) {
      const refused = await caller.tenant("suspendTenant", { id: ours.tenant.id });
      expect(refused).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("tenants:suspend") });
      expect(await caller.tenant("suspendTenant", { id: theirs.tenant.id })).toEqual(refused);
      expect(await caller.tenant("suspendTenant", { id: world.missingId("Tenant") })).toEqual(refused);
    }
    const unknown = world.anonymous.tenant("suspendTenant", { id: ours.tenant.id });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
