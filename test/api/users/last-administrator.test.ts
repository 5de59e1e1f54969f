import { describe, expect, ok, test } from "../../testkit/index.js";

describe("the last active administrator of a tenant", () => {
  test.for([
    ["disableUser", {}],
    ["deleteUser", {}],
    ["updateUser", { role: "DEVELOPER" }],
  ] as const)("is kept from %s by a person of the tenant", async ([operation, more], { world }) => {
    const { tenant } = await world.tenant();
    const [last, disabled] = [
      await world.user(tenant.id, { role: "ADMIN" }),
      await world.user(tenant.id, { role: "ADMIN" }),
    ];
    ok(await world.root.user("disableUser", { id: disabled.id }));
    const person = await world.userCaller(last, "ADMIN");
    expect(await person.user(operation, { id: last.id, ...more })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("Make another user ADMIN first"),
    });
    ok(await person.user("enableUser", { id: disabled.id }));
    ok(await person.user(operation, { id: last.id, ...more }));
  });

  test("is kept from a custom role, too", async ({ world }) => {
    const { tenant } = await world.tenant();
    const person = await world.userCaller(await world.user(tenant.id, { role: "ADMIN" }), "ADMIN");
    const role = await world.role(tenant.id);
    const { userId } = (await person.query("{ viewer { userId } }")).viewer;
    expect(await person.user("updateUser", { id: userId, customRoleId: role.id })).toMatchObject({ code: "CONFLICT" });
  });

  test("of two who take away one another at the same time, one stays", async ({ world }) => {
    const { tenant } = await world.tenant();
    const users = [await world.user(tenant.id, { role: "ADMIN" }), await world.user(tenant.id, { role: "ADMIN" })];
    const [one, two] = [await world.userCaller(users[0], "ADMIN"), await world.userCaller(users[1], "ADMIN")];
    await Promise.allSettled([
      one.user("updateUser", { id: users[1].id, role: "GUEST" }),
      two.user("updateUser", { id: users[0].id, role: "GUEST" }),
    ]);
    const document = "query ($id: ID) { users(tenantId: $id, filter: { role: ADMIN }) { totalCount } }";
    expect((await world.root.query(document, { id: tenant.id })).users.totalCount).toBe(1);
  });

  test("can be taken away by the operator, and by a program that administers the tenant", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    for (const caller of [world.root, admin]) {
      const user = await world.user(tenant.id, { role: "ADMIN" });
      ok(await caller.user("disableUser", { id: user.id }));
    }
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_DISABLE"] });
    const user = await world.user(tenant.id, { role: "ADMIN" });
    expect(await narrow.user("disableUser", { id: user.id })).toMatchObject({ code: "CONFLICT" });
  });
});
