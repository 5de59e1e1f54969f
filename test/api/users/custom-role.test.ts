import { describe, expect, ok, test } from "../../testkit/index.js";

const read = "query ($id: ID!) { user(id: $id) { role customRole { id name } customRoleId } }";

describe("a user's custom role", () => {
  test("decides what the user may do instead of the role, which counts again without it", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const role = await world.role(tenant.id, { permissions: ["TENANTS_READ", "USERS_READ", "KEYS_CREATE"] });
    const user = await world.user(tenant.id, { role: "ADMIN", customRoleId: role.id });
    expect((await admin.query(read, { id: user.id })).user).toEqual({
      role: "ADMIN",
      customRole: { id: role.id, name: role.name },
      customRoleId: role.id,
    });
    const permissions = ["TENANTS_READ", "USERS_READ", "KEYS_CREATE"];
    const person = await world.userCaller(user, "ADMIN", { permissions });
    expect((await person.query("{ viewer { permissions customRoleId seesWholeTenant } }")).viewer).toEqual({
      permissions,
      customRoleId: role.id,
      seesWholeTenant: false,
    });
    ok(await person.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "own" }));
    ok(await admin.user("updateUser", { id: user.id, customRoleId: null }));
    expect((await person.query("{ viewer { permissions seesWholeTenant } }")).viewer).toEqual({
      permissions,
      seesWholeTenant: true,
    });
  });

  test("is one of the user's tenant, and no more than the caller may give", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const [own, foreign] = [await world.role(ours.tenant.id), await world.role(theirs.tenant.id)];
    const user = await world.user(ours.tenant.id);
    const update = (customRoleId: string) => world.root.user("updateUser", { id: user.id, customRoleId });
    const missing = await update(world.missingId("CustomRole"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", message: expect.stringContaining("role") });
    expect(await update(foreign.id)).toEqual(missing);
    const email = `${world.unique()}@example.com`;
    const create = { tenantId: ours.tenant.id, email, name: "User", role: "GUEST" };
    expect(await ours.admin.user("createUser", { ...create, customRoleId: foreign.id })).toMatchObject({
      __typename: "NotFoundError",
    });
    const narrow = await world.caller("ADMIN", {
      tenantId: ours.tenant.id,
      permissions: ["USERS_CREATE", "USERS_UPDATE", "USERS_READ"],
    });
    expect(await narrow.user("createUser", { ...create, customRoleId: own.id })).toMatchObject({ code: "FORBIDDEN" });
    expect(await narrow.user("updateUser", { id: user.id, customRoleId: own.id })).toMatchObject({ code: "FORBIDDEN" });
    // What a role bounds is given, too, when it is taken away.
    const bounded = await world.role(ours.tenant.id, { keyScopes: ["a"] });
    ok(await ours.admin.user("updateUser", { id: user.id, customRoleId: bounded.id }));
    const some = await world.caller("ADMIN", { tenantId: ours.tenant.id, grantableScopes: ["a"] });
    expect(await some.user("updateUser", { id: user.id, customRoleId: null })).toMatchObject({ code: "FORBIDDEN" });
    ok(await ours.admin.user("updateUser", { id: user.id, customRoleId: null }));
  });

  test("bounds the user's keys from the next verification on", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const role = await world.role(tenant.id, { keyScopes: ["b"] });
    expect(await admin.verify(secret, { scopes: ["a"] })).toMatchObject({ valid: true });
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect(await admin.verify(secret, { scopes: ["a"] })).toMatchObject({ code: "INSUFFICIENT_SCOPE", scopes: ["b"] });
    const colleague = await world.user(tenant.id);
    const reissued = ok(
      await admin.keySecret("reissueKey", { id: (await admin.verify(secret)).key.id, ownerId: colleague.id }),
    );
    expect(await admin.verify(reissued.secret, { scopes: ["a"] })).toMatchObject({ valid: true, scopes: ["a", "b"] });
  });

  test("who may do less cannot change by which address a user signs in", async ({ world }) => {
    const { tenant } = await world.tenant();
    const administrator = await world.user(tenant.id, { role: "ADMIN" });
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_UPDATE"] });
    const email = `${world.unique()}@example.com`;
    expect(await narrow.user("updateUser", { id: administrator.id, email })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("signs in"),
    });
    ok(await narrow.user("updateUser", { id: administrator.id, name: "Renamed" }));
  });
});
