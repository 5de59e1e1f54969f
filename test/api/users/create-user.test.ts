import { permissionsOf } from "@keyplane/schema";
import { describe, expect, ok, readPage, strangeIds, test } from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";
import { invalidUsers, mistypedUsers } from "./invalid-users.js";

describe("createUser", () => {
  test("a new user is an active DEVELOPER and is found by its id", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const email = `${world.unique("ada")}@example.com`;
    const { user } = ok(await admin.user("createUser", { tenantId: tenant.id, email, name: "Ada" }));
    expect(user).toEqual({
      id: expect.stringMatching(/^usr_[0-9A-Za-z]{24}$/),
      email,
      name: "Ada",
      externalId: null,
      role: "DEVELOPER",
      status: "ACTIVE",
      statusReason: null,
      createdAt: new Date(world.clock.now()).toISOString(),
    });
    const document = "query ($id: ID!) { user(id: $id) { email updatedAt statusChangedAt tenant { id } } }";
    expect((await admin.query(document, { id: user.id })).user).toEqual({
      email,
      updatedAt: user.createdAt,
      statusChangedAt: null,
      tenant: { id: tenant.id },
    });
  });

  test("can own a key at once, and verdicts carry its external id", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const externalId = world.unique("crm");
    const user = await world.user(tenant.id, { externalId });
    const { secret } = await world.key(tenant.id, user.id);
    expect(await admin.verify(secret)).toMatchObject({
      valid: true,
      owner: { id: user.id, externalId, name: user.name, email: user.email },
    });
  });

  test("takes every role, and null for what may be left out", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const role of ["ADMIN", "DEVELOPER", "GUEST"]) expect((await world.user(tenant.id, { role })).role).toBe(role);
    const user = await world.user(tenant.id, { role: null, externalId: null, idempotencyKey: null });
    expect(user).toMatchObject({ role: "DEVELOPER", externalId: null });
  });

  test("e-mail addresses are kept in lower case, texts without the spaces around them", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, {
      email: "  Ada.Lovelace+Keys@Example.COM ",
      name: "\tÄda Łovelace 🔑 ",
      externalId: ` Crm-${"🔑".repeat(150)} `,
    });
    expect(user).toMatchObject({
      email: "ada.lovelace+keys@example.com",
      name: "Äda Łovelace 🔑",
      externalId: `Crm-${"🔑".repeat(150)}`,
    });
  });

  test("a name is found however its letters are composed; an external id stays as it is written", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [composed, decomposed] = ["\u00c9milie", "E\u0301milie"];
    const { id } = await world.user(tenant.id, { name: decomposed, externalId: decomposed });
    const page = async (filter: object) => readPage(admin, "users", { filter }, "name externalId");
    for (const search of [composed, decomposed]) {
      expect((await page({ search })).nodes).toEqual([{ id, name: composed, externalId: decomposed }]);
    }
    expect((await page({ externalId: decomposed })).totalCount).toBe(1);
    expect((await page({ externalId: composed })).totalCount).toBe(0);
  });

  test.for(invalidUsers)("$what is refused with its place", async ({ input, path }, { world }) => {
    const valid = { tenantId: world.missingId("Tenant"), email: "ada@example.com", name: "Ada" };
    const refused = await world.root.user("createUser", { ...valid, ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues.length).toBeGreaterThan(0);
    for (const issue of refused.issues) expect(issue.path).toEqual(path);
  });

  test("everything that is wrong is named at once", async ({ world }) => {
    const wrong = { tenantId: world.missingId("Tenant"), email: "x", name: "", externalId: "a\0", idempotencyKey: "" };
    const { issues } = await world.root.user("createUser", wrong);
    const places = new Set(issues.map(({ path }: { path: string[] }) => path.join(".")));
    expect(places).toEqual(new Set(["email", "name", "externalId", "idempotencyKey"]));
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    const valid = { tenantId: world.missingId("Tenant"), email: "ada@example.com", name: "Ada" };
    for (const wrong of [...mistypedUsers, { tenantId: null }, { email: null }, { name: null }]) {
      const refused = world.root.user("createUser", { ...valid, ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("an e-mail address or external id of the same tenant is refused, in any case of letters", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    await world.user(tenant.id, { email: "ada@example.com", externalId: "crm-1" });
    const create = (input: object) => admin.user("createUser", { tenantId: tenant.id, name: "Ada", ...input });
    expect(await create({ email: "ADA@example.com" })).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: expect.stringContaining("this e-mail address"),
    });
    expect(await create({ email: "eve@example.com", externalId: "crm-1" })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("this external id"),
    });
    expect(await readPage(admin, "users")).toMatchObject({ totalCount: 1 });
    // Another system's id means something only as it is written there.
    ok(await create({ email: "eve@example.com", externalId: "CRM-1" }));
  });

  test("tenants do not get into each other's way", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const same = { email: "ada@example.com", externalId: "crm-1" };
    const [a, b] = [await world.user(ours.tenant.id, same), await world.user(theirs.tenant.id, same)];
    expect(a.id).not.toBe(b.id);
  });

  test("of several who want the same e-mail address at once, one gets it", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, email: "ada@example.com", name: "Ada" };
    const wishes = Array.from({ length: 5 }, () => admin.user("createUser", input));
    const answers = (await Promise.all(wishes)).map((answer) => answer.__typename).sort();
    expect(answers).toEqual([...Array(4).fill("ConflictError"), "CreateUserPayload"]);
  });

  test("another tenant and strange ids answer as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const create = (tenantId: string) =>
      ours.admin.user("createUser", { tenantId, email: "ada@example.com", name: "Ada" });
    const missing = await create(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await create(id)).toEqual(missing);
    expect(await readPage(theirs.admin, "users")).toMatchObject({ totalCount: 0 });
  });

  test("nobody gives a role with more permissions than their own", async ({ world }) => {
    const { tenant } = await world.tenant();
    const narrowed = await world.caller("ADMIN", {
      tenantId: tenant.id,
      permissions: ["users:create", ...permissionsOf("DEVELOPER")].map((name) => name.replace(":", "_").toUpperCase()),
    });
    const create = (role: string | null) =>
      narrowed.user("createUser", { tenantId: tenant.id, email: `${world.unique()}@example.com`, name: "Ada", role });
    expect(await create("ADMIN")).toMatchObject({
      __typename: "ForbiddenError",
      code: "FORBIDDEN",
      message: expect.stringContaining("keys:create"),
    });
    for (const role of ["DEVELOPER", "GUEST", null]) ok(await create(role));

    const least = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_CREATE"] });
    const input = { tenantId: tenant.id, email: `${world.unique()}@example.com`, name: "Ada" };
    expect(await least.user("createUser", input)).toMatchObject({ code: "FORBIDDEN" });
    ok(await least.user("createUser", { ...input, role: "GUEST" }));
  });

  test("an administrator of a tenant creates administrators of that tenant", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, email: "ada@example.com", name: "Ada", role: "ADMIN" };
    expect(ok(await admin.user("createUser", input)).user.role).toBe("ADMIN");
  });

  test("answers a creator who sees only their own with the new user, and with the first answer again", async ({
    world,
  }) => {
    const { tenant, admin } = await world.tenant();
    const permissions = ["TENANTS_READ", "USERS_READ", "USERS_CREATE"];
    const role = await world.role(tenant.id, { permissions, base: "DEVELOPER" });
    const creator = await world.user(tenant.id, { customRoleId: role.id });
    const person = await world.userCaller(creator, "ADMIN", { permissions });
    expect(await person.can("USERS_CREATE", tenant.id)).toMatchObject({ allowed: true });
    const email = `${world.unique()}@example.com`;
    const input = { tenantId: tenant.id, email, name: "Ada", role: "GUEST", idempotencyKey: world.unique() };
    const { user } = ok(await person.user("createUser", input));
    expect(user).toMatchObject({ email, role: "GUEST" });
    expect(ok(await person.user("createUser", input)).user).toEqual(user);
    expect(await readPage(person, "users")).toMatchObject({ nodes: [{ id: creator.id }] });
    expect(await readPage(admin, "users")).toMatchObject({ totalCount: 2 });
  });

  test("needs the permission, without which no rule is told; nobody unknown may", async ({ world }) => {
    const { tenant } = await world.tenant();
    const input = { tenantId: tenant.id, email: "", name: "" };
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("GUEST", { tenantId: tenant.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_UPDATE"] }),
    ]) {
      expect(await caller.user("createUser", input)).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("users:create"),
      });
    }
    await expect(world.anonymous.user("createUser", input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

promisesOfRetries("createUser", async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: admin,
    colleague: await world.caller("ADMIN", { tenantId: tenant.id }),
    input: () => ({ tenantId: tenant.id, email: `${world.unique()}@example.com`, name: "Ada" }),
    reworded: ({ email, idempotencyKey }) => ({
      role: "DEVELOPER",
      externalId: null,
      name: "Ada ",
      idempotencyKey,
      email: ` ${String(email).toUpperCase()}`,
      tenantId: tenant.id,
    }),
    send: (caller, input) => caller.user("createUser", input),
    count: async () => (await readPage(admin, "users")).totalCount,
  };
});

describe("createUser: retries", () => {
  test("do not meet the same idempotencyKey of another mutation", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const idempotencyKey = world.unique();
    ok(await admin.createToken({ name: "token", role: "GUEST", idempotencyKey }));
    ok(await admin.user("createUser", { tenantId: tenant.id, email: "ada@example.com", name: "Ada", idempotencyKey }));
  });

  test("answer with the user as it is now", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, email: "ada@example.com", name: "Ada", idempotencyKey: world.unique() };
    const { user } = ok(await admin.user("createUser", input));
    ok(await admin.user("deleteUser", { id: user.id }));
    expect(ok(await admin.user("createUser", input)).user).toMatchObject({ id: user.id, status: "DELETED" });
  });
});
