import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";

describe("resumeTenant", () => {
  test("keys and tokens answer again as they did before the suspension", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const revoked = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: revoked.key.id, reason: "lost" }));
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    await expect(admin.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const resumed = ok(await world.root.tenant("resumeTenant", { id: tenant.id, reason: "paid" })).tenant;
    expect(resumed).toEqual({ ...tenant, statusReason: "paid" });
    await admin.query("{ viewer { id } }");
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    expect(await admin.verify(revoked.secret)).toMatchObject({ code: "REVOKED" });
  });

  test("of an active tenant changes nothing", async ({ world }) => {
    const { tenant } = await world.tenant();
    const document = "query ($id: ID!) { tenant(id: $id) { statusChangedAt updatedAt statusReason } }";
    const before = await world.root.query(document, { id: tenant.id });
    world.clock.advance(1_000);
    expect(ok(await world.root.tenant("resumeTenant", { id: tenant.id, reason: "x" })).tenant).toEqual(tenant);
    expect(await world.root.query(document, { id: tenant.id })).toEqual(before);
  });

  test("suspensions and resumptions at the same time leave keys as the last one says", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const names = ["suspendTenant", "resumeTenant", "suspendTenant", "resumeTenant"];
    await Promise.all(names.map(async (name) => ok(await world.root.tenant(name, { id: tenant.id }))));
    const { tenant: now } = await world.root.query("query ($id: ID!) { tenant(id: $id) { status } }", {
      id: tenant.id,
    });
    expect(await world.root.verify(secret)).toMatchObject({ valid: now.status === "ACTIVE" });
  });

  test("a reason that cannot be kept is refused with its place", async ({ world }) => {
    const refused = await world.root.tenant("resumeTenant", { id: world.missingId("Tenant"), reason: "a\0" });
    expect(refused).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["reason"] }] });
  });

  test("strange ids answer as a missing one", async ({ world }) => {
    const missing = await world.root.tenant("resumeTenant", { id: world.missingId("Tenant") });
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of strangeIds("Tenant")) expect(await world.root.tenant("resumeTenant", { id })).toEqual(missing);
  });

  test("is for callers of the whole installation with the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    for (const caller of [ours.admin, await world.caller("DEVELOPER")]) {
      const refused = await caller.tenant("resumeTenant", { id: ours.tenant.id });
      expect(refused).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("tenants:suspend") });
      expect(await caller.tenant("resumeTenant", { id: theirs.tenant.id })).toEqual(refused);
    }
    const unknown = world.anonymous.tenant("resumeTenant", { id: ours.tenant.id });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
