import { describe, expect, idsOf, ok, readPage, strangeIds, test } from "../../testkit/index.js";

describe("deleteRole", () => {
  test("a role that nobody has is gone, and its name is free", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const role = await world.role(tenant.id);
    expect(ok(await admin.role("deleteRole", { id: role.id })).role).toEqual(role);
    expect(idsOf(await readPage(admin, "roles"))).toEqual([]);
    expect(await admin.role("deleteRole", { id: role.id })).toMatchObject({ __typename: "NotFoundError" });
    await world.role(tenant.id, { name: role.name });
  });

  test("a role that somebody has stays, and the refusal says how many have it", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const role = await world.role(tenant.id);
    const user = await world.user(tenant.id, { customRoleId: role.id });
    const asked = { tenantId: tenant.id, name: "t", role: "GUEST", customRoleId: role.id };
    const { managementToken } = ok(await admin.createToken(asked));
    expect(await admin.role("deleteRole", { id: role.id })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringMatching(/^1 user has this role, and 1 management token has it\./),
    });
    // Neither ever acts again.
    ok(await admin.user("deleteUser", { id: user.id }));
    ok(await admin.revokeToken({ id: managementToken.id }));
    ok(await admin.role("deleteRole", { id: role.id }));
  });

  test("another tenant's role and strange ids answer as a missing one; needs the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const role = await world.role(theirs.tenant.id);
    const missing = await ours.admin.role("deleteRole", { id: world.missingId("CustomRole") });
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [role.id, ...strangeIds("CustomRole")]) {
      expect(await ours.admin.role("deleteRole", { id })).toEqual(missing);
    }
    const narrow = await world.caller("ADMIN", { tenantId: theirs.tenant.id, permissions: ["ROLES_UPDATE"] });
    expect(await narrow.role("deleteRole", { id: role.id })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("roles:delete"),
    });
    await expect(world.anonymous.role("deleteRole", { id: role.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
