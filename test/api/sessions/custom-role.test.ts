import { describe, expect, ok, test } from "../../testkit/index.js";

const viewer = "{ viewer { permissions customRoleId seesWholeTenant teams { id } } }";
const readKey = "query ($id: ID!) { key(id: $id) { id } }";

describe("somebody who has signed in", () => {
  test("may do what the custom role says, and each change of it, of role or team, counts with the next request", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    const role = await world.role(tenant.id, { permissions: ["USERS_READ", "KEYS_READ"] });
    const user = await world.user(tenant.id, { role: "ADMIN", customRoleId: role.id });
    const { caller } = await world.signIn(user);
    const base = { customRoleId: role.id, seesWholeTenant: false, teams: [] };
    const permissions = ["USERS_READ", "KEYS_READ"];
    const seen = async () => (await caller.query(readKey, { id: key.id })).key?.id;
    expect((await caller.query(viewer)).viewer).toEqual({ ...base, permissions });
    expect(await seen()).toBeUndefined();
    expect(await caller.user("createUser", { tenantId: tenant.id, email: "x@example.com", name: "x" })).toMatchObject({
      code: "FORBIDDEN",
    });

    ok(await admin.team("addTeamMember", { teamId: team.id, userId: user.id }));
    expect(await seen()).toBe(key.id);
    ok(await admin.team("removeTeamMember", { teamId: team.id, userId: user.id }));
    expect(await seen()).toBeUndefined();

    ok(await admin.role("updateRole", { id: role.id, permissions: ["USERS_READ"] }));
    expect((await caller.query(viewer)).viewer).toEqual({ ...base, permissions: ["USERS_READ"] });
    ok(await admin.user("updateUser", { id: user.id, customRoleId: null }));
    expect((await caller.query(viewer)).viewer).toMatchObject({ customRoleId: null, seesWholeTenant: true });
    expect(await seen()).toBe(key.id);
  });
});

describe("a token of somebody", () => {
  test("that may do less than they may does not change the address by which they sign in", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { role: "ADMIN" });
    const narrow = await world.userCaller(user, "ADMIN", { permissions: ["USERS_UPDATE"] });
    const input = { id: user.id, email: `${world.unique()}@example.com` };
    expect(await narrow.user("updateUser", input)).toMatchObject({ code: "FORBIDDEN" });
    const { caller } = await world.signIn(user);
    ok(await caller.user("updateUser", input));
  });
});
