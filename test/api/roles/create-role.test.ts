import { describe, expect, idsOf, ok, readPage, strangeIds, test } from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";

promisesOfRetries("createRole", async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: admin,
    colleague: await world.caller("ADMIN", { tenantId: tenant.id }),
    input: () => ({ tenantId: tenant.id, name: world.unique("role"), permissions: ["KEYS_READ"] }),
    reworded: ({ name, permissions, ...rest }) => ({ permissions, ...rest, keyScopes: null, name: ` ${name} ` }),
    send: (caller, input) => caller.role("createRole", input),
    count: async () => (await readPage(admin, "roles")).totalCount,
  };
});

describe("createRole", () => {
  test("answers with the role, and leaves a record and an event", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = {
      tenantId: tenant.id,
      name: " Billing ",
      description: "Reads keys",
      base: "GUEST",
      permissions: ["USAGE_READ", "KEYS_READ", "KEYS_READ"],
      keyScopes: ["invoices:read", "invoices:read"],
    };
    const { role } = ok(await admin.role("createRole", input));
    const now = new Date(world.clock.now()).toISOString();
    expect(role).toEqual({
      ...input,
      id: expect.stringMatching(/^rol_[0-9A-Za-z]{24}$/),
      name: "Billing",
      permissions: ["KEYS_READ", "USAGE_READ"],
      keyScopes: ["invoices:read"],
      createdAt: now,
      updatedAt: now,
    });
    const document =
      "query ($id: ID) { auditLog(filter: { targetId: $id }) { nodes { action targetType targetId before } } }";
    const { auditLog } = await admin.query(document, { id: role.id });
    expect(auditLog.nodes).toEqual([
      { action: "role.created", targetType: "CustomRole", targetId: role.id, before: null },
    ]);
    const event = await world.server.keyplane.database.prisma.event.findFirst({ where: { roleId: role.id } });
    expect(event).toMatchObject({ type: "ROLE_CREATED", tenantId: tenant.id });
    expect(
      await admin.query("query ($id: ID!) { role(id: $id) { id } node(id: $id) { id } }", { id: role.id }),
    ).toEqual({
      role: { id: role.id },
      node: { id: role.id },
    });
  });

  test("without more, a role is based on DEVELOPER and bounds no scopes", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, name: "role", permissions: [] };
    expect(ok(await admin.role("createRole", input)).role).toMatchObject({ base: "DEVELOPER", keyScopes: null });
  });

  test.for([
    ["name", { name: " " }],
    ["name", { name: "x".repeat(101) }],
    ["description", { description: "x".repeat(501) }],
    ["description", { description: "a\nb" }],
    ["permissions", { permissions: ["TENANTS_CREATE"] }],
    ["keyScopes", { keyScopes: ["two words"] }],
    ["keyScopes", { keyScopes: Array.from({ length: 101 }, (_, index) => `s${index}`) }],
  ] as const)("an invalid %s is refused with its place", async ([place, wrong], { world }) => {
    const { tenant, admin } = await world.tenant();
    const refused = await admin.role("createRole", { tenantId: tenant.id, name: "role", permissions: [], ...wrong });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues[0].path[0]).toBe(place);
  });

  test("a name that is taken in the tenant is a conflict, and free in another one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const role = { name: "Support", permissions: [] };
    ok(await ours.admin.role("createRole", { tenantId: ours.tenant.id, ...role }));
    expect(await ours.admin.role("createRole", { tenantId: ours.tenant.id, ...role })).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("choose another name"),
    });
    ok(await theirs.admin.role("createRole", { tenantId: theirs.tenant.id, ...role }));
  });

  test("another tenant, and strange ids, answer as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const create = (tenantId: string) => ours.admin.role("createRole", { tenantId, name: "x", permissions: [] });
    const missing = await create(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await create(id)).toEqual(missing);
    expect(idsOf(await readPage(theirs.admin, "roles"))).toEqual([]);
  });

  test("nobody makes a role that can do more, or lets keys do more, than they can", async ({ world }) => {
    const { tenant } = await world.tenant();
    const role = { tenantId: tenant.id, name: "role" };
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["ROLES_CREATE", "KEYS_READ"] });
    expect(await narrow.role("createRole", { ...role, permissions: ["KEYS_REVOKE"] })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("keys:revoke"),
    });
    ok(await narrow.role("createRole", { ...role, permissions: ["KEYS_READ"] }));
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    for (const keyScopes of [null, ["a", "b"]]) {
      const refused = await some.role("createRole", { ...role, name: "other", permissions: [], keyScopes });
      expect(refused).toMatchObject({ code: "FORBIDDEN" });
    }
    ok(await some.role("createRole", { ...role, name: "other", permissions: [], keyScopes: ["a"] }));
    // Whoever sees only their own keys gives nobody a view of the whole tenant.
    const user = await world.user(tenant.id, {
      customRoleId: (await world.role(tenant.id, { permissions: ["ROLES_CREATE"] })).id,
    });
    const confined = await world.userCaller(user, "ADMIN", { permissions: ["ROLES_CREATE"] });
    expect(await confined.role("createRole", { ...role, name: "view", base: "ADMIN", permissions: [] })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("whole tenant"),
    });
  });

  test("needs the permission; nobody unknown may", async ({ world }) => {
    const { tenant } = await world.tenant();
    const input = { tenantId: tenant.id, name: "", permissions: [] };
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await developer.role("createRole", input)).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("roles:create"),
    });
    await expect(world.anonymous.role("createRole", input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("a tenant has at most 100 roles", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const at = new Date(world.clock.now());
    await world.server.keyplane.database.prisma.customRole.createMany({
      data: Array.from({ length: 99 }, (_, index) => ({
        id: world.missingId("CustomRole"),
        tenantId: tenant.id,
        name: `role ${index}`,
        base: "GUEST" as const,
        createdAt: at,
        updatedAt: at,
      })),
    });
    const create = (name: string) => admin.role("createRole", { tenantId: tenant.id, name, permissions: [] });
    const answers = await Promise.all([create("a"), create("b")]);
    expect(answers.map(({ __typename }) => __typename).sort()).toEqual(["CreateRolePayload", "LimitReachedError"]);
  });
});
