import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { tracesOf } from "../traces.js";
import { invalidUsers, mistypedUsers } from "./invalid-users.js";

describe("updateUser", () => {
  test("changes what the input names, and nothing else", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    let expected = await world.user(tenant.id, { externalId: "crm-1" });
    for (const [input, change] of [
      [{ name: " Àda 🔑 " }, { name: "Àda 🔑" }],
      [{ email: " ADA@Example.com" }, { email: "ada@example.com" }],
      [{ role: "GUEST" }, { role: "GUEST" }],
      [{ externalId: " crm-2 " }, { externalId: "crm-2" }],
      [{ externalId: null }, { externalId: null }],
      [{ name: null, email: null, role: null }, {}],
      [{}, {}],
    ]) {
      expected = { ...expected, ...change };
      expect(ok(await admin.user("updateUser", { id: expected.id, ...input })).user).toEqual(expected);
    }
    const read = await admin.query("query ($id: ID!) { user(id: $id) { id name email role externalId } }", {
      id: expected.id,
    });
    expect(expected).toMatchObject(read.user);
  });

  test("to what the user is already is no change: nothing is kept of it", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const { id, ...user } = await world.user(tenant.id, { externalId: "crm-1", role: "GUEST" });
    const before = await tracesOf(world, id);
    world.clock.advance(1_000);
    const { name, email, role } = user;
    for (const input of [
      {},
      { name: ` ${name} ` },
      { email: email.toUpperCase() },
      { name, email, role, externalId: "crm-1" },
    ]) {
      expect(ok(await admin.user("updateUser", { id, ...input })).user).toEqual({ id, ...user });
    }
    expect(await tracesOf(world, id)).toEqual(before);
    const read = await admin.query("query ($id: ID!) { user(id: $id) { createdAt updatedAt } }", { id });
    expect(read.user.updatedAt).toBe(read.user.createdAt);
  });

  test("gives nobody another address whose owner may do more than the caller: a link to it would set the password", async ({
    world,
  }) => {
    const { tenant } = await world.tenant();
    const victim = await world.user(tenant.id, { role: "ADMIN" });
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_UPDATE"] });
    const input = { id: victim.id, email: `${world.unique()}@evil.example` };
    expect(await caller.user("updateUser", input)).toMatchObject({ code: "FORBIDDEN" });
    ok(await caller.user("updateUser", { id: victim.id, name: "New name" }));
  });

  test("the next verdict names the owner as changed", async ({ world }) => {
    const { admin, owner, secret } = await world.tenantWithKey();
    await admin.verify(secret);
    const changed = { name: "New", email: `${world.unique()}@example.com`, externalId: world.unique() };
    ok(await admin.user("updateUser", { id: owner.id, ...changed }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, owner: { id: owner.id, ...changed } });
  });

  test("changes at the same time all stay", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const { id } = await world.user(tenant.id);
    const changes = [{ name: "New" }, { email: "new@example.com" }, { externalId: "new" }, { role: "GUEST" }];
    await Promise.all(changes.map(async (change) => ok(await admin.user("updateUser", { id, ...change }))));
    const expected = Object.assign({}, ...changes);
    expect(ok(await admin.user("updateUser", { id })).user).toMatchObject(expected);
  });

  test.for(invalidUsers)("$what is refused with its place", async ({ input, path }, { world }) => {
    const refused = await world.root.user("updateUser", { id: world.missingId("User"), ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues.length).toBeGreaterThan(0);
    for (const issue of refused.issues) expect(issue.path).toEqual(path);
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    for (const wrong of [...mistypedUsers, { id: null }, { tenantId: world.missingId("Tenant") }]) {
      const refused = world.root.user("updateUser", { id: world.missingId("User"), ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("what another user of the tenant has is refused; one's own is not", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    await world.user(tenant.id, { email: "eve@example.com", externalId: "crm-eve" });
    const { id } = await world.user(tenant.id, { email: "ada@example.com", externalId: "crm-ada" });
    expect(await admin.user("updateUser", { id, name: "x", email: "Eve@example.com" })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("this e-mail address"),
    });
    expect(await admin.user("updateUser", { id, name: "x", externalId: "crm-eve" })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("this external id"),
    });
    const own = { id, email: "ADA@example.com", externalId: "crm-ada" };
    expect(ok(await admin.user("updateUser", own)).user).toMatchObject({ name: "User", email: "ada@example.com" });
  });

  test("a disabled user can be changed and stays disabled; a deleted one is history", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const { id } = await world.user(tenant.id);
    ok(await admin.user("disableUser", { id }));
    expect(ok(await admin.user("updateUser", { id, name: "New" })).user).toMatchObject({
      name: "New",
      status: "DISABLED",
    });
    ok(await admin.user("deleteUser", { id }));
    expect(await admin.user("updateUser", { id, name: "Newer" })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("deleted"),
    });
  });

  test("nobody gives a role with more permissions than their own", async ({ world }) => {
    const { tenant } = await world.tenant();
    const { id } = await world.user(tenant.id, { role: "GUEST" });
    const narrowed = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_UPDATE"] });
    for (const role of ["ADMIN", "DEVELOPER"]) {
      expect(await narrowed.user("updateUser", { id, role })).toMatchObject({
        __typename: "ForbiddenError",
        message: expect.stringContaining("You cannot give"),
      });
    }
    ok(await narrowed.user("updateUser", { id, name: "New", role: "GUEST" }));
  });

  test("another tenant's user and strange ids answer as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenantWithKey()];
    const update = (id: string) => ours.admin.user("updateUser", { id, name: "Taken" });
    const missing = await update(world.missingId("User"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of [theirs.owner.id, ...strangeIds("User")]) expect(await update(id)).toEqual(missing);
    expect(ok(await theirs.admin.user("updateUser", { id: theirs.owner.id })).user).toEqual(theirs.owner);
  });

  test("needs the permission; nobody unknown may", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("DEVELOPER", { userId: owner.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_CREATE"] }),
    ]) {
      expect(await caller.user("updateUser", { id: owner.id, name: "" })).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("users:update"),
      });
    }
    const unknown = world.anonymous.user("updateUser", { id: owner.id });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
