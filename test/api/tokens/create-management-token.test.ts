import { permissionsOf } from "@keyplane/schema";
import {
  Caller,
  day,
  describe,
  expect,
  idsOf,
  minute,
  ok,
  readPage,
  strangeIds,
  strangeTexts,
  test,
  type World,
} from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";

const whoAmI = "{ viewer { id role permissions tenant { id } user { id } } }";

describe("createManagementToken", () => {
  test("the secret of a new token opens the API at once", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const expiresAt = world.clock.in(day);
    const input = {
      tenantId: tenant.id,
      name: " Verifier 🔑 ",
      role: "DEVELOPER",
      permissions: ["KEYS_VERIFY"],
      expiresAt,
    };
    const { secret, managementToken } = ok(
      await world.root.createToken({ ...input, grantableScopes: ["a", "b", "a"] }),
    );
    expect(secret).toMatch(/^keyplane_live_[0-9A-Za-z]{49}$/);
    expect(managementToken).toEqual({
      id: expect.stringMatching(/^tok_[0-9A-Za-z]{24}$/),
      name: "Verifier 🔑",
      tenantId: tenant.id,
      userId: null,
      role: "DEVELOPER",
      permissions: ["KEYS_VERIFY"],
      grantableScopes: ["a", "b"],
      start: expect.stringMatching(/^keyplane_live_[0-9A-Za-z]{4}$/),
      createdBy: (await world.root.query("{ viewer { id } }")).viewer.id,
      expiresAt,
      revokedAt: null,
    });
    expect(secret.startsWith(managementToken.start)).toBe(true);
    const { viewer } = await new Caller(world.url, secret).query("{ viewer { id permissions } }");
    expect(viewer).toEqual({ id: managementToken.id, permissions: ["KEYS_VERIFY"] });
    expect(idsOf(await readPage(admin, "managementTokens"))).toContain(managementToken.id);
  });

  test("reaches as far as its creator when it names neither tenant nor user; null says the same", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const nulls = {
      tenantId: null,
      userId: null,
      permissions: null,
      grantableScopes: null,
      expiresAt: null,
      idempotencyKey: null,
    };
    for (const more of [{}, nulls]) {
      const ofTenant = ok(await admin.createToken({ name: "token", role: "ADMIN", ...more })).managementToken;
      expect(ofTenant).toMatchObject({ tenantId: tenant.id, userId: null, permissions: [], grantableScopes: null });
      const ofAll = ok(await world.root.createToken({ name: "token", role: "GUEST", ...more })).managementToken;
      expect(ofAll).toMatchObject({ tenantId: null, expiresAt: null });
    }
  });

  test("one for a user belongs to the user's tenant", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    for (const tenantId of [undefined, null, tenant.id]) {
      const input = { name: "token", role: "DEVELOPER", userId: owner.id, tenantId };
      const { secret, managementToken } = ok(await world.root.createToken(input));
      expect(managementToken).toMatchObject({ tenantId: tenant.id, userId: owner.id });
      const { viewer } = await new Caller(world.url, secret).query(whoAmI);
      expect(viewer).toMatchObject({ tenant: { id: tenant.id }, user: { id: owner.id } });
    }
  });

  test("does what its role or its permissions say, and nothing else", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    const narrowed = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["KEYS_READ", "KEYS_READ"] });
    expect((await narrowed.query("{ viewer { permissions } }")).viewer.permissions).toEqual(["KEYS_READ"]);
    await readPage(narrowed, "keys");
    for (const list of ["users", "tenants", "managementTokens", "auditLog"] as const) {
      await expect(readPage(narrowed, list)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    const ofTenant = await world.caller("ADMIN", { tenantId: tenant.id });
    const { permissions } = (await ofTenant.query("{ viewer { permissions } }")).viewer;
    const installationOnly = ["TENANTS_CREATE", "TENANTS_SUSPEND", "INTEGRITY_READ", "INTEGRITY_RUN", "METRICS_READ"];
    expect(permissions).toHaveLength(permissionsOf("ADMIN").length - installationOnly.length);
    for (const permission of installationOnly) expect(permissions).not.toContain(permission);
  });

  test.for([
    ...strangeTexts(100).map(({ what, text }) => ({
      what: `a name of ${what}`,
      input: { name: text },
      path: ["name"],
    })),
    ...["", "a b", 'a"b', "a\0", "é", "x".repeat(129)].map((scope) => ({
      what: `the scope ${JSON.stringify(scope).slice(0, 20)}`,
      input: { grantableScopes: ["orders:read", scope] },
      path: ["grantableScopes", "1"],
    })),
    {
      what: "a list of 101 scopes",
      input: { grantableScopes: Array.from({ length: 101 }, (_, index) => `s${index}`) },
      path: ["grantableScopes"],
    },
    { what: "a time that is over", input: { expiresAt: "2001-01-01T00:00:00Z" }, path: ["expiresAt"] },
    {
      what: "a permission that the role lacks",
      input: { permissions: ["KEYS_READ", "KEYS_CREATE"] },
      path: ["permissions"],
    },
  ])("$what is refused with its place", async ({ input, path }, { world }) => {
    const refused = await world.root.createToken({ name: "token", role: "DEVELOPER", ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues.length).toBeGreaterThan(0);
    for (const issue of refused.issues) expect(issue.path).toEqual(path);
  });

  test("a permission that no token of a tenant has is refused, and says so", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { role: "ADMIN" });
    for (const bounds of [{ tenantId: tenant.id }, { userId: user.id }]) {
      const input = { name: "token", role: "ADMIN", permissions: ["TENANTS_CREATE", "KEYS_READ"], ...bounds };
      expect(await world.root.createToken(input)).toMatchObject({
        code: "INVALID_INPUT",
        issues: [
          {
            path: ["permissions"],
            message:
              "A token with the role ADMIN in a tenant cannot have tenants:create. Leave it out, or choose another role.",
          },
        ],
      });
    }
  });

  test("this very moment is no time to expire; the next millisecond is", async ({ world }) => {
    const create = (expiresAt: string) => world.root.createToken({ name: "token", role: "GUEST", expiresAt });
    expect(await create(world.clock.in(0))).toMatchObject({ issues: [{ path: ["expiresAt"] }] });
    ok(await create(world.clock.in(1)));
    ok(await create("9999-12-31T23:59:59.999Z"));
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    for (const wrong of [
      { name: null },
      { role: null },
      { role: "OWNER" },
      { permissions: ["keys:read"] },
      { permissions: [null] },
      { grantableScopes: [5] },
      { expiresAt: "tomorrow" },
      { expiresAt: 5 },
      { expiresAt: "2030-02-30T00:00:00Z" },
      { expiresAt: "2030-01-01" },
      { expiresAt: "0000-01-01T00:00:00Z" },
      { expiresAt: "9999-12-31T23:59:59-01:00" },
      { expiresAt: "10000-01-01T00:00:00Z" },
      { secret: "mine" },
    ]) {
      const refused = world.root.createToken({ name: "token", role: "GUEST", ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("another tenant and strange ids answer as a missing tenant", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const create = (tenantId: string) => ours.admin.createToken({ tenantId, name: "token", role: "GUEST" });
    const missing = await create(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError", message: expect.stringContaining("No tenant") });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await create(id)).toEqual(missing);
    expect(await readPage(theirs.admin, "managementTokens")).toMatchObject({ totalCount: 1 });
  });

  test("another tenant's user and strange ids answer as a missing user", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const create = (caller: Caller, input: object) => caller.createToken({ name: "token", role: "GUEST", ...input });
    const missing = await create(ours.admin, { userId: world.missingId("User") });
    expect(missing).toMatchObject({ __typename: "NotFoundError", message: expect.stringContaining("No user") });
    for (const userId of [theirs.owner.id, ...strangeIds("User")]) {
      expect(await create(ours.admin, { userId })).toEqual(missing);
    }
    // Also for who sees both tenants: a token cannot act in one for a user of the other.
    expect(await create(world.root, { userId: theirs.owner.id, tenantId: ours.tenant.id })).toEqual(missing);
  });

  test("a user who is disabled or deleted gets no token, and the refusal says what to do", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    const create = () => admin.createToken({ name: "token", role: "DEVELOPER", userId: owner.id });
    ok(await admin.user("disableUser", { id: owner.id }));
    expect(await create()).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("Enable the user first"),
    });
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await create()).toMatchObject({
      __typename: "ConflictError",
      message: expect.stringContaining("another user"),
    });
  });

  test("needs the permission, without which no rule is told; nobody unknown may", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("DEVELOPER", { userId: owner.id }),
      await world.caller("GUEST"),
      await world.caller("ADMIN", { permissions: ["TOKENS_READ", "TOKENS_REVOKE"] }),
    ]) {
      expect(await caller.createToken({ name: "", role: "GUEST" })).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("tokens:create"),
      });
    }
    const unknown = world.anonymous.createToken({ name: "token", role: "GUEST" });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("createManagementToken: nobody gives more than they have", () => {
  test("no role with a permission that the caller lacks", async ({ world }) => {
    const { tenant } = await world.tenant();
    const permissions = ["TOKENS_CREATE", "KEYS_READ", "KEYS_CREATE"];
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const create = (role: string, more: object = {}) => caller.createToken({ name: "token", role, ...more });
    for (const role of ["ADMIN", "DEVELOPER"]) {
      expect(await create(role)).toMatchObject({
        __typename: "ForbiddenError",
        message: expect.stringMatching(/^You cannot give .*users:read/),
      });
    }
    ok(await create("GUEST"));
    // Named permissions narrow the role, so that the rest of it needs no covering.
    ok(await create("ADMIN", { permissions: ["KEYS_CREATE"] }));
    expect(await create("ADMIN", { permissions: ["KEYS_CREATE", "KEYS_REVOKE"] })).toMatchObject({
      __typename: "ForbiddenError",
      message: expect.stringContaining("keys:revoke"),
    });
  });

  test("an empty list of permissions is the whole role, which the caller must have", async ({ world }) => {
    const caller = await world.caller("ADMIN", { permissions: ["TOKENS_CREATE"] });
    const refused = await caller.createToken({ name: "token", role: "ADMIN", permissions: [] });
    expect(refused).toMatchObject({ code: "FORBIDDEN" });
  });

  test("no role above that of the user whom the token acts for", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    for (const [ofUser, allowed] of [
      ["ADMIN", ["ADMIN", "DEVELOPER", "GUEST"]],
      ["DEVELOPER", ["DEVELOPER", "GUEST"]],
      ["GUEST", ["GUEST"]],
    ] as const) {
      const { id: userId } = await world.user(tenant.id, { role: ofUser });
      for (const role of ["ADMIN", "DEVELOPER", "GUEST"]) {
        const answer = await admin.createToken({ name: "token", role, userId });
        if (allowed.some((one) => one === role)) ok(answer);
        else {
          const message = expect.stringContaining(`This user has the role ${ofUser}`);
          expect(answer).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["role"], message }] });
        }
      }
    }
  });

  test("a caller of a tenant gives nothing of the installation", async ({ world }) => {
    const { admin } = await world.tenant();
    const input = { name: "token", role: "ADMIN", permissions: ["TENANTS_CREATE"] };
    expect(await admin.createToken(input)).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("tenants:create"),
    });
  });

  test("no scopes beyond those that the caller may give; without a list, the caller's own", async ({ world }) => {
    const { tenant } = await world.tenant();
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a", "b"] });
    const create = (grantableScopes: string[] | null) =>
      caller.createToken({ name: "token", role: "ADMIN", grantableScopes });
    expect(await create(["b", "c"])).toMatchObject({
      __typename: "ForbiddenError",
      message: expect.stringContaining("may not give the scopes c"),
    });
    const scopesOf = async (list: string[] | null) => ok(await create(list)).managementToken.grantableScopes;
    expect(await scopesOf(["b"])).toEqual(["b"]);
    expect(await scopesOf([])).toEqual([]);
    expect(await scopesOf(null)).toEqual(["a", "b"]);
  });

  test("what a token may give holds for the keys that it creates", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    const input = { tenantId: tenant.id, ownerId: owner.id, name: "Key" };
    ok(await caller.keySecret("createKey", { ...input, scopes: ["a"] }));
    expect(await caller.keySecret("createKey", { ...input, scopes: ["a", "b"] })).toMatchObject({ code: "FORBIDDEN" });
  });
});

promisesOfRetries("createManagementToken", async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: admin,
    colleague: await world.caller("ADMIN", { tenantId: tenant.id }),
    input: () => ({ name: world.unique(), role: "DEVELOPER" }),
    reworded: ({ name, role, idempotencyKey }) => ({
      idempotencyKey,
      expiresAt: null,
      permissions: [],
      role,
      name: ` ${name} `,
      userId: null,
    }),
    send: (caller, input) => caller.createToken(input),
    count: async () => (await readPage(admin, "managementTokens")).totalCount,
  };
});

describe("createManagementToken: the secret of a retry", () => {
  test("is the first one for ten minutes, and no longer", async ({ world }) => {
    const { admin } = await world.tenant();
    const input = { name: "token", role: "GUEST", idempotencyKey: world.unique() };
    const { secret, managementToken } = ok(await admin.createToken(input));
    world.clock.advance(10 * minute - 1);
    expect(ok(await admin.createToken(input)).secret).toBe(secret);
    world.clock.advance(1);
    expect(await admin.createToken(input)).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: expect.stringContaining(`for ${managementToken.id}, and its secret is no longer kept`),
    });
  });

  test("is answered also when the token has expired in the meantime", async ({ world }) => {
    const { admin } = await world.tenant();
    const expiresAt = world.clock.in(minute);
    const input = { name: "token", role: "GUEST", idempotencyKey: world.unique(), expiresAt };
    const first = ok(await admin.createToken(input));
    world.clock.advance(2 * minute);
    expect(await admin.createToken(input)).toEqual(first);
  });

  test("stands nowhere in the database as it is, and nowhere in the log", async ({ world }) => {
    const { admin } = await world.tenant();
    const { secret } = ok(await admin.createToken({ name: "token", role: "GUEST", idempotencyKey: world.unique() }));
    await new Caller(world.url, secret).query("{ viewer { id } }");
    const dump = await everythingStored(world);
    expect(dump).toContain((await admin.query("{ viewer { id } }")).viewer.id);
    for (const encoding of ["utf8", "hex", "base64"] as const) {
      expect(dump).not.toContain(Buffer.from(secret).toString(encoding));
    }
    expect(world.server.logs.join("")).not.toContain(secret);
  });
});

/** All rows of all tables as text. */
async function everythingStored(world: World): Promise<string> {
  const { prisma } = world.server.keyplane.database;
  const tables = await prisma.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'`;
  const rows: { row: string }[] = [];
  for (const { name } of tables) {
    rows.push(...(await prisma.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM "${name}" t`)));
  }
  return rows.map(({ row }) => row).join("\n");
}
