import { describe, expect, ok, readPage, strangeIds, test, type World } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

promisesOfList("auditLog", [], async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: world.root,
    args: { tenantId: tenant.id },
    add: async () => ok(await admin.tenant("updateTenant", { id: tenant.id, name: "New" })),
  };
});

/** A tenant whose user was created, disabled and enabled, a second apart from each other, the last two by its administrator. */
async function threeChanges(world: World) {
  const { tenant, admin } = await world.tenant();
  world.clock.advance(1_000);
  const createdAt = world.clock.in(0);
  const user = await world.user(tenant.id);
  world.clock.advance(1_000);
  const disabledAt = world.clock.in(0);
  ok(await admin.user("disableUser", { id: user.id }));
  world.clock.advance(1_000);
  const enabledAt = world.clock.in(0);
  ok(await admin.user("enableUser", { id: user.id }));
  const actor: string = (await admin.query("{ viewer { id } }")).viewer.id;
  const find = async (filter: object | null) =>
    (await readPage(admin, "auditLog", { filter }, "action")).nodes.map(({ action }) => action);
  return { tenant, admin, user, actor, createdAt, disabledAt, enabledAt, find };
}

const ofTenant = ["management_token.created", "tenant.created"];

describe("auditLog", () => {
  test("comes newest first", async ({ world }) => {
    const { find } = await threeChanges(world);
    const [first, second, third, ...rest] = await find(null);
    expect([first, second, third]).toEqual(["user.enabled", "user.disabled", "user.created"]);
    expect(rest.sort()).toEqual(ofTenant); // both in the same millisecond
  });

  test("is filtered by who, what and whom, and all that is given must hold", async ({ world }) => {
    const { tenant, user, actor, find } = await threeChanges(world);
    expect(await find({ actorId: actor })).toEqual(["user.enabled", "user.disabled"]);
    expect(await find({ action: "user.created" })).toEqual(["user.created"]);
    expect(await find({ action: "user" })).toEqual([]);
    expect(await find({ targetId: user.id })).toEqual(["user.enabled", "user.disabled", "user.created"]);
    expect(await find({ targetId: tenant.id })).toEqual(["tenant.created"]);
    expect(await find({ targetId: actor })).toEqual(["management_token.created"]);
    expect(await find({ targetId: user.id, actorId: actor, action: "user.enabled" })).toEqual(["user.enabled"]);
    expect(await find({ targetId: tenant.id, actorId: actor })).toEqual([]);
    const nulls = { actorId: null, action: null, targetId: null, from: null, to: null };
    expect(await find(nulls)).toHaveLength(5);
  });

  test("is filtered by time: at or after the one, before the other", async ({ world }) => {
    const { createdAt, disabledAt, enabledAt, find } = await threeChanges(world);
    expect(await find({ from: disabledAt })).toEqual(["user.enabled", "user.disabled"]);
    expect(await find({ from: createdAt, to: enabledAt })).toEqual(["user.disabled", "user.created"]);
    expect(await find({ from: disabledAt, to: disabledAt })).toEqual([]);
    expect(await find({ from: enabledAt, to: createdAt })).toEqual([]);
    const sameMoment = disabledAt.replace("Z", "+00:00");
    expect(await find({ from: sameMoment, to: enabledAt })).toEqual(["user.disabled"]);
    expect(await find({ from: "0001-01-01T00:00:00Z", to: "9999-12-31T23:59:59.999Z" })).toHaveLength(5);
  });

  test("of a tenant holds its own records only, however its administrator asks", async ({ world }) => {
    const [ours, theirs] = [await threeChanges(world), await threeChanges(world)];
    expect(await readPage(ours.admin, "auditLog")).toMatchObject({ totalCount: 5 });
    expect(await readPage(ours.admin, "auditLog", { tenantId: ours.tenant.id })).toMatchObject({ totalCount: 5 });
    const missing = await readPage(ours.admin, "auditLog", { tenantId: world.missingId("Tenant") });
    expect(missing).toMatchObject({ totalCount: 0, nodes: [] });
    for (const tenantId of [theirs.tenant.id, ...strangeIds("Tenant")]) {
      expect(await readPage(ours.admin, "auditLog", { tenantId })).toEqual(missing);
    }
    for (const filter of [{ targetId: theirs.user.id }, { targetId: theirs.tenant.id }, { actorId: theirs.actor }]) {
      expect(await readPage(ours.admin, "auditLog", { filter })).toEqual(missing);
    }
    for (const id of strangeIds("User")) {
      expect(await readPage(ours.admin, "auditLog", { filter: { targetId: id } })).toEqual(missing);
      expect(await readPage(ours.admin, "auditLog", { filter: { actorId: id } })).toEqual(missing);
    }
  });

  test("of the whole installation is for callers of the whole installation", async ({ world }) => {
    const { admin } = await world.tenant();
    const { id } = ok(await world.root.createToken({ name: "token", role: "GUEST" })).managementToken;
    const filter = { targetId: id };
    expect((await readPage(world.root, "auditLog", { filter }, "tenantId")).nodes).toMatchObject([{ tenantId: null }]);
    expect(await readPage(admin, "auditLog", { filter })).toMatchObject({ totalCount: 0 });
  });

  test("keeps the name that the actor had, and stays when the actor is gone", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const name = world.unique("contractor");
    const contractor = await world.caller("ADMIN", { tenantId: tenant.id, name });
    const { id } = (await contractor.query("{ viewer { id } }")).viewer;
    const user = { tenantId: tenant.id, email: "ada@example.com", name: "Ada" };
    ok(await contractor.user("createUser", user));
    ok(await admin.revokeToken({ id }));
    const { nodes } = await readPage(admin, "auditLog", { filter: { actorId: id } }, "actorName action");
    expect(nodes).toMatchObject([{ actorName: name, action: "user.created" }]);
  });

  test("a filter that cannot be is refused as the caller's mistake", async ({ world }) => {
    for (const action of ["", " ", "a\0", "x".repeat(101)]) {
      await expect(readPage(world.root, "auditLog", { filter: { action } })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining("action: "),
      });
    }
    for (const from of ["yesterday", "2030-02-30T00:00:00Z", "2030-01-01", "", 5, "0000-12-31T23:59:59Z"]) {
      await expect(readPage(world.root, "auditLog", { filter: { from } })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining("RFC 3339"),
      });
    }
  });

  test("needs the permission to read it", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_READ"] }),
    ]) {
      await expect(readPage(caller, "auditLog")).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("audit:read"),
      });
    }
    await readPage(await world.caller("ADMIN", { permissions: ["AUDIT_READ"] }), "auditLog");
    await expect(readPage(world.anonymous, "auditLog")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
