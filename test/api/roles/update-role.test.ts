import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";

describe("updateRole", () => {
  test("changes what is named, and what is so already changes nothing", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const role = await world.role(tenant.id, { keyScopes: ["a"] });
    world.clock.advance(1_000);
    const changes = { name: "Renamed", description: "why", base: "ADMIN", permissions: [], keyScopes: null };
    const updated = ok(await admin.role("updateRole", { id: role.id, ...changes })).role;
    const updatedAt = new Date(world.clock.now()).toISOString();
    expect(updated).toEqual({ ...role, ...changes, updatedAt });
    world.clock.advance(1_000);
    expect(ok(await admin.role("updateRole", { id: role.id, ...changes })).role).toEqual(updated);
    expect(ok(await admin.role("updateRole", { id: role.id })).role).toEqual(updated);
  });

  test("counts from the next request of its holders", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const role = await world.role(tenant.id, { base: "ADMIN", permissions: ["KEYS_READ"] });
    const user = await world.user(tenant.id, { customRoleId: role.id });
    const person = await world.userCaller(user, "ADMIN", { customRoleId: role.id });
    const program = await world.caller("GUEST", { tenantId: tenant.id, customRoleId: role.id });
    const read = "query ($id: ID!) { key(id: $id) { id } }";
    for (const caller of [person, program]) expect((await caller.query(read, { id: key.id })).key).not.toBeNull();
    ok(await admin.role("updateRole", { id: role.id, permissions: ["USAGE_READ"] }));
    for (const caller of [person, program]) {
      await expect(caller.query(read, { id: key.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
      expect((await caller.query("{ viewer { permissions } }")).viewer.permissions).toEqual(["USAGE_READ"]);
    }
    ok(await admin.role("updateRole", { id: role.id, permissions: ["KEYS_READ"], base: "DEVELOPER" }));
    // Seen through the base DEVELOPER, the key is another user's; a program sees its tenant.
    expect((await person.query(read, { id: key.id })).key).toBeNull();
    expect((await program.query(read, { id: key.id })).key).not.toBeNull();
  });

  test("bounds what keys of its holders can use from the next verification on, and tells of exactly those keys", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const other = await world.key(tenant.id, owner.id, { scopes: ["a"] });
    const role = await world.role(tenant.id);
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect(await admin.verify(secret, { scopes: ["b"] })).toMatchObject({ valid: true, scopes: ["a", "b"] });
    ok(await admin.role("updateRole", { id: role.id, keyScopes: ["a", "c"] }));
    expect(await admin.verify(secret, { scopes: ["a"] })).toMatchObject({ valid: true, scopes: ["a"] });
    expect(await admin.verify(secret, { scopes: ["b"] })).toMatchObject({
      code: "INSUFFICIENT_SCOPE",
      scopes: ["a"],
      missingScopes: ["b"],
      message: expect.stringContaining("role of its owner does not allow"),
    });
    const document = "query ($id: ID) { keyEvents(tenantId: $id, types: [UPDATED]) { nodes { keyId userId reason } } }";
    const { keyEvents } = await admin.query(document, { id: tenant.id });
    expect(keyEvents.nodes).toEqual([{ keyId: key.id, userId: owner.id, reason: expect.stringContaining(role.id) }]);
    expect(await admin.verify(other.secret, { scopes: ["a"] })).toMatchObject({ valid: true });
    ok(await admin.role("updateRole", { id: role.id, keyScopes: null }));
    expect(await admin.verify(secret, { scopes: ["b"] })).toMatchObject({ valid: true });
    ok(await admin.role("updateRole", { id: role.id, keyScopes: [] }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, scopes: [] });
  });

  test("narrowed while keys are made and changed, it bounds every one of them", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const role = await world.role(tenant.id, { keyScopes: ["a", "b"] });
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect(await admin.verify(secret)).toMatchObject({ scopes: ["a", "b"] });
    const make = async () => {
      const made = await admin.keySecret("createKey", {
        tenantId: tenant.id,
        ownerId: owner.id,
        name: "Made meanwhile",
        scopes: ["a", "b"],
      });
      const { key, secret: own } = ok(made);
      // Remembered before or after the role has changed: whichever comes first.
      await admin.verify(own);
      ok(await admin.key("updateKey", { id: key.id, name: "Changed meanwhile" }));
      return own as string;
    };
    const [secrets] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, make)),
      admin.role("updateRole", { id: role.id, keyScopes: ["a"] }).then(ok),
    ]);
    for (const each of [secret, ...secrets]) {
      expect(await admin.verify(each)).toMatchObject({ valid: true, scopes: ["a"] });
      expect(await admin.verify(each, { scopes: ["b"] })).toMatchObject({ code: "INSUFFICIENT_SCOPE" });
    }
  });

  test("refuses what is invalid, taken, or more than the caller has", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [role, taken] = [await world.role(tenant.id), await world.role(tenant.id)];
    const refused = await admin.role("updateRole", { id: role.id, name: "", permissions: ["TENANTS_CREATE"] });
    expect(refused.issues.map(({ path }: { path: string[] }) => path[0])).toEqual(["name", "permissions"]);
    const conflict = await admin.role("updateRole", { id: role.id, name: taken.name });
    expect(conflict).toMatchObject({ __typename: "ConflictError", code: "CONFLICT" });
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["ROLES_UPDATE"] });
    expect(await narrow.role("updateRole", { id: role.id, permissions: ["KEYS_READ"] })).toMatchObject({
      code: "FORBIDDEN",
    });
    ok(await narrow.role("updateRole", { id: role.id, name: world.unique("role") }));
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await some.role("updateRole", { id: role.id, keyScopes: ["b"] })).toMatchObject({ code: "FORBIDDEN" });
  });

  test("another tenant's role and strange ids answer as a missing one; nobody unknown may", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const role = await world.role(theirs.tenant.id);
    const update = (id: string) => ours.admin.role("updateRole", { id, name: "x" });
    const missing = await update(world.missingId("CustomRole"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [role.id, ...strangeIds("CustomRole")]) expect(await update(id)).toEqual(missing);
    const developer = await world.caller("DEVELOPER", { tenantId: theirs.tenant.id });
    expect(await developer.role("updateRole", { id: role.id })).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.role("updateRole", { id: role.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
