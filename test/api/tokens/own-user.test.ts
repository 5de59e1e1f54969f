import { describe, expect, idsOf, ok, readPage, sendGraphql, test, type World } from "../../testkit/index.js";

/** Ada and Bob of one tenant, each with a key, and a DEVELOPER's token of Ada's. */
async function adaAndBob(world: World) {
  const { tenant, admin, owner: ada, key: adasKey } = await world.tenantWithKey();
  const bob = await world.user(tenant.id);
  const { key: bobsKey } = await world.key(tenant.id, bob.id);
  return { tenant, admin, ada, adasKey, bob, bobsKey, caller: await world.caller("DEVELOPER", { userId: ada.id }) };
}

describe("a token that acts for a user who is not ADMIN", () => {
  test("lists its own user and that user's keys only, whatever it asks for", async ({ world }) => {
    const { tenant, ada, adasKey, bob, caller } = await adaAndBob(world);
    for (const args of [{}, { tenantId: tenant.id }, { filter: { search: "example" } }]) {
      const page = await readPage(caller, "users", args);
      expect(idsOf(page)).toEqual([ada.id]);
      expect(page.totalCount).toBe(1);
    }
    for (const args of [{}, { tenantId: tenant.id }, { filter: { ownerId: ada.id } }]) {
      const page = await readPage(caller, "keys", args);
      expect(idsOf(page)).toEqual([adasKey.id]);
      expect(page.totalCount).toBe(1);
    }
    expect(await readPage(caller, "keys", { filter: { ownerId: bob.id } })).toMatchObject({ totalCount: 0 });
    expect(idsOf(await readPage(caller, "tenants"))).toEqual([tenant.id]);
  });

  test("sees no more through its tenant or its user", async ({ world }) => {
    const { tenant, ada, adasKey, caller } = await adaAndBob(world);
    const document = `query ($tenant: ID!, $user: ID!) {
      tenant(id: $tenant) { users { totalCount nodes { id } } keys { totalCount nodes { id owner { id } } } }
      user(id: $user) { tenant { users { nodes { id } } } keys { nodes { id } } } }`;
    expect(await caller.query(document, { tenant: tenant.id, user: ada.id })).toEqual({
      tenant: {
        users: { totalCount: 1, nodes: [{ id: ada.id }] },
        keys: { totalCount: 1, nodes: [{ id: adasKey.id, owner: { id: ada.id } }] },
      },
      user: { tenant: { users: { nodes: [{ id: ada.id }] } }, keys: { nodes: [{ id: adasKey.id }] } },
    });
  });

  test("finds another user and another user's key no more than a missing one", async ({ world }) => {
    const { ada, adasKey, bob, bobsKey, caller } = await adaAndBob(world);
    for (const [document, own, other, kind] of [
      ["query ($id: ID!) { user(id: $id) { id } }", ada.id, bob.id, "User"],
      ["query ($id: ID!) { key(id: $id) { id } }", adasKey.id, bobsKey.id, "Key"],
      ["query ($id: ID!) { node(id: $id) { id } }", ada.id, bob.id, "User"],
      ["query ($id: ID!) { node(id: $id) { id } }", adasKey.id, bobsKey.id, "Key"],
    ] as const) {
      const answer = async (id: string) => (await sendGraphql(world.url, caller.token, document, { id })).text;
      expect(await answer(own)).toContain(own);
      expect(await answer(other)).toBe(await answer(world.missingId(kind)));
    }
  });

  test("changes nothing, not even its own but for the secrets of its keys", async ({ world }) => {
    const { tenant, ada, adasKey, bobsKey, caller } = await adaAndBob(world);
    const attempts = [
      caller.user("updateUser", { id: ada.id, role: "ADMIN" }),
      caller.key("revokeKey", { id: adasKey.id, reason: "x" }),
      caller.keySecret("rotateKey", { id: bobsKey.id }),
      caller.keySecret("reissueKey", { id: adasKey.id, ownerId: ada.id }),
      caller.keySecret("createKey", { tenantId: tenant.id, ownerId: ada.id, name: "x" }),
      caller.createToken({ name: "x", role: "DEVELOPER" }),
      caller.tenant("updateTenant", { id: tenant.id, name: "x" }),
    ];
    for (const attempt of attempts) expect(await attempt).toMatchObject({ code: "FORBIDDEN" });
    for (const list of ["managementTokens", "auditLog"] as const) {
      await expect(readPage(caller, list)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
  });

  test("that may create tokens creates them for itself only, and leaves none behind that sees more", async ({
    world,
  }) => {
    const { tenant, admin, ada, bob } = await adaAndBob(world);
    const permissions = ["TENANTS_READ", "USERS_READ", "TOKENS_READ", "TOKENS_CREATE"];
    const role = await world.role(tenant.id, { permissions, base: "DEVELOPER" });
    ok(await admin.user("updateUser", { id: ada.id, customRoleId: role.id }));
    const person = await world.userCaller(ada, "ADMIN", { permissions });
    const before = await readPage(admin, "managementTokens");
    const create = (input: object) =>
      person.createToken({ name: "x", role: "DEVELOPER", permissions: ["USERS_READ"], ...input });
    for (const input of [{}, { userId: null }, { tenantId: tenant.id }, { idempotencyKey: world.unique() }]) {
      expect(await create(input)).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining(ada.id) });
    }
    expect(await create({ userId: bob.id })).toEqual(await create({ userId: world.missingId("User") }));
    expect(await readPage(admin, "managementTokens")).toEqual(before);

    const allowed = { allowed: true, code: null, reason: expect.stringContaining(ada.id) };
    expect(await person.can("TOKENS_CREATE", tenant.id)).toMatchObject(allowed);
    const { managementToken, secret } = ok(await create({ userId: ada.id, customRoleId: role.id }));
    expect(managementToken).toMatchObject({ userId: ada.id });
    expect(idsOf(await readPage(world.as(secret), "users"))).toEqual([ada.id]);
  });

  test("loses sight of a key that goes to another user, and sees one that comes", async ({ world }) => {
    const { admin, ada, adasKey, bob, bobsKey, caller } = await adaAndBob(world);
    ok(await admin.keySecret("reissueKey", { id: adasKey.id, ownerId: bob.id }));
    ok(await admin.keySecret("reissueKey", { id: bobsKey.id, ownerId: ada.id }));
    expect(idsOf(await readPage(caller, "keys"))).toEqual([bobsKey.id]);
  });
});

describe("a token that acts for a user", () => {
  test("sees the whole tenant when both are ADMIN, and no other tenant", async ({ world }) => {
    const { tenant, admin, ada, bob } = await adaAndBob(world);
    await adaAndBob(world);
    ok(await admin.user("updateUser", { id: ada.id, role: "ADMIN" }));
    const caller = await world.caller("ADMIN", { userId: ada.id });
    expect(idsOf(await readPage(caller, "users")).sort()).toEqual([ada.id, bob.id].sort());
    expect(await readPage(caller, "keys")).toMatchObject({ totalCount: 2 });
    expect(idsOf(await readPage(caller, "tenants"))).toEqual([tenant.id]);
    ok(await caller.user("updateUser", { id: bob.id, name: "Robert" }));
  });

  test("does what its user may now: less after a demotion, never more than its own role", async ({ world }) => {
    const { admin, ada, adasKey, bob, caller: developer } = await adaAndBob(world);
    ok(await admin.user("updateUser", { id: ada.id, role: "ADMIN" }));
    // The last active administrator of a tenant could not give that up.
    ok(await admin.user("updateUser", { id: bob.id, role: "ADMIN" }));
    const administrator = await world.caller("ADMIN", { userId: ada.id });
    expect(await readPage(administrator, "users")).toMatchObject({ totalCount: 2 });
    expect(await readPage(developer, "users")).toMatchObject({ totalCount: 1 });

    ok(await administrator.user("updateUser", { id: ada.id, role: "DEVELOPER" }));
    for (const caller of [administrator, developer]) {
      expect(idsOf(await readPage(caller, "users"))).toEqual([ada.id]);
      expect(idsOf(await readPage(caller, "keys"))).toEqual([adasKey.id]);
      const again = await caller.user("updateUser", { id: ada.id, role: "ADMIN" });
      expect(again).toMatchObject({ code: "FORBIDDEN" });
      expect(await caller.user("updateUser", { id: bob.id, name: "x" })).toMatchObject({ code: "FORBIDDEN" });
    }

    ok(await admin.user("updateUser", { id: ada.id, role: "GUEST" }));
    expect((await administrator.query("{ viewer { permissions } }")).viewer.permissions).toEqual([]);
    await expect(readPage(developer, "users")).rejects.toMatchObject({ code: "FORBIDDEN" });

    ok(await admin.user("updateUser", { id: ada.id, role: "ADMIN" }));
    expect(await readPage(administrator, "users")).toMatchObject({ totalCount: 2 });
    expect(await readPage(developer, "users")).toMatchObject({ totalCount: 1 });
  });

  test("a DEVELOPER's token of a program sees everyone of its tenant", async ({ world }) => {
    const { tenant } = await adaAndBob(world);
    const program = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await readPage(program, "users")).toMatchObject({ totalCount: 2 });
    expect(await readPage(program, "keys")).toMatchObject({ totalCount: 2 });
  });
});
