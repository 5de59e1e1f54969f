import { hash } from "node:crypto";
import { parseKey } from "@keyplane/schema";
import { Caller, describe, expect, ok, readPage, test, type World } from "../../testkit/index.js";
import { everyRow } from "../../testkit/rows.js";
import { invalidKeys, mistypedKeys, nested } from "./invalid-keys.js";
import { allBut, readKey } from "./key-changes.js";

/** A tenant with a user, and how its administrator creates keys for the user. */
async function begin(world: World, policy?: Record<string, unknown>) {
  const { tenant, admin } = await world.tenant(policy);
  const owner = await world.user(tenant.id);
  const whole = { tenantId: tenant.id, ownerId: owner.id, name: "Key" };
  const create = (input: Record<string, unknown> = {}, caller = admin) =>
    caller.keySecret("createKey", { ...whole, ...input });
  const count = async () => (await readPage(admin, "keys", { tenantId: tenant.id })).totalCount;
  return { tenant, admin, owner, create, count };
}

describe("createKey", () => {
  test("a new key is live, without scopes, metadata, bounds or end, and is found by its id", async ({ world }) => {
    const { tenant, admin, owner, create } = await begin(world);
    const { key, secret } = ok(await create());
    expect(key).toEqual({
      id: expect.stringMatching(/^key_[0-9A-Za-z]{24}$/),
      name: "Key",
      environment: "LIVE",
      status: "ACTIVE",
      start: secret.slice(0, "kp_live_".length + 4),
      scopes: [],
      metadata: {},
      allowedIps: [],
      deniedIps: [],
      createdAt: new Date(world.clock.now()).toISOString(),
      expiresAt: null,
      lastUsedAt: null,
      rotatedAt: null,
      previousSecretExpiresAt: null,
      disabledAt: null,
      disabledReason: null,
      revokedAt: null,
      revokedReason: null,
      revokedBy: null,
      deletedAt: null,
      owner: { id: owner.id },
      tenant: { id: tenant.id },
    });
    const { lastUsedAt: _, ...rest } = key;
    expect(await readKey(admin, key.id)).toEqual({ ...rest, updatedAt: key.createdAt });
  });

  test("keeps all that it is given, and verdicts carry it", async ({ world }) => {
    const { admin, create } = await begin(world);
    const given = {
      name: "Ünïcødé 🔑",
      environment: "TEST",
      scopes: ["orders:read", "orders:write"],
      metadata: { plan: "pro", "nested 🔑": { list: [1, 1.5, true, null, "x"] }, constructor: "\\u0000" },
      allowedIps: ["203.0.113.0/24", "2001:db8::/32", "10.1.2.3/8"],
      deniedIps: ["203.0.113.7"],
      expiresAt: world.clock.in(60_000),
    };
    const { key, secret } = ok(await create(given));
    expect(key).toMatchObject(given);
    expect(await admin.verify(secret, { ip: "203.0.113.8" })).toMatchObject({
      valid: true,
      scopes: given.scopes,
      key: { name: given.name, environment: "TEST", metadata: given.metadata, expiresAt: given.expiresAt },
    });
  });

  test("the secret is a key of the tenant's prefix and the environment, and verifies", async ({ world }) => {
    const { admin, create } = await begin(world, { prefix: "acme2" });
    for (const environment of ["LIVE", "TEST"]) {
      const { key, secret } = ok(await create({ environment }));
      expect(parseKey(secret)).toEqual({ ok: true, prefix: "acme2", environment, start: key.start });
      expect(secret).toMatch(new RegExp(`^acme2_${environment.toLowerCase()}_[0-9A-Za-z]{49}$`));
      expect(await admin.verify(secret)).toMatchObject({ valid: true, key: { id: key.id, start: key.start } });
    }
  });

  test("two keys never have the same secret or id", async ({ world }) => {
    const { create } = await begin(world);
    const created = await Promise.all(Array.from({ length: 10 }, () => create()));
    expect(new Set(created.map(({ secret }) => secret)).size).toBe(10);
    expect(new Set(created.map(({ key }) => key.id)).size).toBe(10);
  });

  test("of the secret the database keeps its SHA-256 and its start, and the log nothing", async ({ world }) => {
    const { create } = await begin(world);
    const { key, secret } = ok(await create({ idempotencyKey: world.unique() }));
    const rows = await everyRow(world.server);
    const digest = hash("sha256", secret, "hex");
    expect(rows.filter((row) => row.includes(digest))).toEqual([
      expect.stringMatching(new RegExp(`^KeySecret .*${key.id}`)),
    ]);
    expect(rows.some((row) => row.includes(key.start))).toBe(true);
    // A dump shows bytes in hexadecimal.
    const parts = [secret, secret.slice(key.start.length), secret.slice(-20)];
    for (const part of parts.flatMap((text) => [text, Buffer.from(text).toString("hex")])) {
      expect(rows.filter((row) => row.includes(part))).toEqual([]);
    }
    expect(world.server.logs.some((line) => line.includes(secret.slice(key.start.length)))).toBe(false);
  });

  test("null says the same as leaving out", async ({ world }) => {
    const { create } = await begin(world, { defaultLifetimeMs: 60_000 });
    const fields = ["environment", "scopes", "metadata", "allowedIps", "deniedIps", "expiresAt", "idempotencyKey"];
    const [plain, nulls] = [
      ok(await create()).key,
      ok(await create(Object.fromEntries(fields.map((field) => [field, null])))).key,
    ];
    expect(nulls).toEqual({ ...plain, id: nulls.id, start: nulls.start });
  });

  test("names lose the spaces around them, scopes their doubles", async ({ world }) => {
    const { create } = await begin(world);
    const { key } = ok(await create({ name: " \ta  b ", scopes: ["b", "a", "b"] }));
    expect(key).toMatchObject({ name: "a  b", scopes: ["b", "a"] });
  });

  test("takes the most that is allowed", async ({ world }) => {
    const { create } = await begin(world);
    const most = {
      name: "🔑".repeat(100),
      scopes: Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(128, "x")),
      metadata: { a: "x".repeat(16_384 - '{"a":""}'.length) },
      allowedIps: Array.from({ length: 100 }, (_, index) => `203.0.113.${index}`),
      expiresAt: "9999-12-31T23:59:59.999Z",
    };
    expect(ok(await create(most)).key).toMatchObject(most);
    expect(ok(await create({ metadata: nested(8) })).key.metadata).toEqual(nested(8));
  });

  test("metadata may be written into the document, with variables within", async ({ world }) => {
    const { tenant, admin, owner } = await begin(world);
    const document = `mutation ($tenantId: ID!, $ownerId: ID!, $plan: String) {
      createKey(input: { tenantId: $tenantId, ownerId: $ownerId, name: "Key", metadata: { plan: $plan, list: [1, { deep: $plan }] } }) {
        ... on CreateKeyPayload { key { metadata } } } }`;
    for (const plan of ["pro", "free"]) {
      const { createKey } = await admin.query(document, { tenantId: tenant.id, ownerId: owner.id, plan });
      expect(createKey.key.metadata).toEqual({ plan, list: [1, { deep: plan }] });
    }
  });
});

describe("createKey: what is invalid", () => {
  test.for(invalidKeys)("$what is refused with its place", async ({ input, path }, { world }) => {
    const somewhere = { tenantId: world.missingId("Tenant"), ownerId: world.missingId("User"), name: "Key" };
    const refused = await world.root.keySecret("createKey", { ...somewhere, ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues.map((issue: { path: string[] }) => issue.path)).toEqual([path]);
    expect(refused.message).toContain(`${path.join(".")}: `);
  });

  test.for([
    {
      what: "a number larger than any",
      metadata: '{"a":1e400}',
      message: "Give the numbers in metadata that are larger than 1.8e308 as text.",
    },
    {
      what: "100000 levels",
      metadata: `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
      message: "Nest metadata at most 8 levels deep.",
    },
  ])("metadata of $what is refused with its place", async ({ metadata, message }, { world }) => {
    // Text, because no client could write it from a value.
    const answer = await fetch(`${world.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${world.root.token}` },
      body: `{"query":"mutation ($input: CreateKeyInput!) { createKey(input: $input) { ... on InvalidInputError { issues { path message } } } }",
        "variables":{"input":{"tenantId":"","ownerId":"","name":"Key","metadata":${metadata}}}}`,
    });
    expect((await answer.json()).data.createKey.issues).toEqual([{ path: ["metadata"], message }]);
  });

  test("everything that is wrong is named at once", async ({ world }) => {
    const { create, count } = await begin(world);
    const input = { name: "", scopes: [""], metadata: [], allowedIps: ["x"], deniedIps: ["y"], idempotencyKey: "" };
    const { issues } = await create(input);
    const places = issues.map(({ path }: { path: string[] }) => path.join("."));
    expect(places).toEqual(["name", "scopes.0", "metadata", "allowedIps.0", "deniedIps.0", "idempotencyKey"]);
    expect(await count()).toBe(0);
  });

  test("values of the wrong type are refused as the caller's mistake, whoever asks first or later", async ({
    world,
  }) => {
    const { create, count } = await begin(world);
    for (const wrong of [...mistypedKeys, { environment: "PROD" }, { tenantId: null }, { ownerId: {} }]) {
      await expect(create(wrong), JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
    await expect(create({ expiresAt: "tomorrow" })).rejects.toThrow(
      'at "input.expiresAt"; Give a time in RFC 3339 between the years 1 and 9999, such as 2027-01-31T12:00:00Z.',
    );
    expect(await count()).toBe(0);
  });

  test.for([0, -1, -60_000])("an expiry %d ms from now is refused", async (ms, { world }) => {
    const { create } = await begin(world);
    const expiresAt = new Date(world.clock.now() + ms).toISOString();
    expect(await create({ expiresAt })).toMatchObject({
      code: "INVALID_INPUT",
      issues: [
        { path: ["expiresAt"], message: "Give a time in the future; revoke or disable the key to stop it at once." },
      ],
    });
  });
});

describe("createKey: for whom", () => {
  test("another tenant's tenant and user answer exactly as missing ones", async ({ world }) => {
    const [ours, theirs] = [await begin(world), await begin(world)];
    const noTenant = await ours.create({ tenantId: world.missingId("Tenant") });
    expect(noTenant).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    expect(await ours.create({ tenantId: theirs.tenant.id, ownerId: theirs.owner.id })).toEqual(noTenant);
    const noUser = await ours.create({ ownerId: world.missingId("User") });
    expect(noUser).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    expect(await ours.create({ ownerId: theirs.owner.id })).toEqual(noUser);
    // A caller of the whole installation sees both, and still does not mix them.
    expect(await ours.create({ ownerId: theirs.owner.id }, world.root)).toEqual(noUser);
    expect([await ours.count(), await theirs.count()]).toEqual([0, 0]);
  });

  test("a disabled user gets none until enabled, a deleted one never", async ({ world }) => {
    const { admin, owner, create, count } = await begin(world);
    ok(await admin.user("disableUser", { id: owner.id }));
    expect(await create()).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: "This user is disabled, so the key would be refused. Enable the user first with enableUser.",
    });
    ok(await admin.user("enableUser", { id: owner.id }));
    ok(await create());
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await create()).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: "This user was deleted. Give the key to another user.",
    });
    expect(await count()).toBe(1);
  });

  test("is for those with the permission, who alone learn its rules", async ({ world }) => {
    const { tenant, owner, create } = await begin(world);
    const callers = [
      await allBut(world, tenant.id, "keys:create"),
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("DEVELOPER", { userId: owner.id }),
      await world.caller("GUEST"),
    ];
    for (const caller of callers) {
      expect(await create({ name: "" }, caller)).toMatchObject({
        __typename: "ForbiddenError",
        code: "FORBIDDEN",
        message: expect.stringContaining("keys:create"),
      });
    }
  });

  test("needs no other permission: who may only create keys gets its secret", async ({ world }) => {
    const { tenant, owner } = await begin(world);
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["KEYS_CREATE"] });
    const document = `mutation ($input: CreateKeyInput!) { createKey(input: $input) {
      ... on CreateKeyPayload { secret key { id name status } } } }`;
    const input = { tenantId: tenant.id, ownerId: owner.id, name: "Key" };
    expect(await caller.query(document, { input })).toMatchObject({ createKey: { secret: expect.any(String) } });
  });

  test("is not for callers who are not known", async ({ world }) => {
    const { create, count } = await begin(world);
    for (const caller of [world.anonymous, new Caller(world.url, "unknown")]) {
      await expect(create({}, caller)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    expect(await count()).toBe(0);
  });

  test("nobody gives a scope that its own token may not give", async ({ world }) => {
    const { tenant, create, count } = await begin(world);
    const grantableScopes = ["orders:read", "orders:write"];
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes });
    expect(await create({ scopes: ["orders:read", "admin", "orders:*"] }, caller)).toMatchObject({
      __typename: "ForbiddenError",
      code: "FORBIDDEN",
      message: expect.stringContaining("admin, orders:*. It may give: orders:read, orders:write."),
    });
    expect(await count()).toBe(0);
    ok(await create({ scopes: grantableScopes }, caller));
    ok(await create({}, caller));
    const none = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: [] });
    expect(await create({ scopes: ["orders:read"] }, none)).toMatchObject({ code: "FORBIDDEN" });
    ok(await create({ scopes: [] }, none));
  });
});
