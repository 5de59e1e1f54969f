import { describe, expect, ok, readPage, sendGraphql, test } from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";
import { invalidTenants, mistypedTenants } from "./invalid-tenants.js";

describe("createTenant", () => {
  test("a new tenant is active, has the rules of everyone, and is found by its id", async ({ world }) => {
    const slug = world.unique("acme");
    const { tenant } = ok(await world.root.tenant("createTenant", { slug, name: "Acme Inc." }));
    expect(tenant).toEqual({
      id: expect.stringMatching(/^ten_[0-9A-Za-z]{24}$/),
      slug,
      name: "Acme Inc.",
      status: "ACTIVE",
      statusReason: null,
      createdAt: new Date(world.clock.now()).toISOString(),
      policy: { prefix: "kp", defaultLifetimeMs: null, maxLifetimeMs: null, maxKeysPerUser: null, allowedScopes: null },
    });
    const document = "query ($id: ID!) { tenant(id: $id) { slug updatedAt statusChangedAt } }";
    expect((await world.root.query(document, { id: tenant.id })).tenant).toEqual({
      slug,
      updatedAt: tenant.createdAt,
      statusChangedAt: null,
    });
  });

  test("keeps the policy that it is given", async ({ world }) => {
    const policy = {
      prefix: "acme",
      defaultLifetimeMs: 60_000,
      maxLifetimeMs: 100 * 365 * 24 * 60 * 60_000,
      maxKeysPerUser: 1_000_000,
      allowedScopes: ["orders:read", "orders:write"],
    };
    const input = { slug: world.unique(), name: "Tenant", policy };
    expect(ok(await world.root.tenant("createTenant", input)).tenant.policy).toEqual(policy);
  });

  test("a scope that is named twice is kept once, and an empty list of scopes allows none", async ({ world }) => {
    const withScopes = async (allowedScopes: string[]) => {
      const input = { slug: world.unique(), name: "Tenant", policy: { allowedScopes } };
      return ok(await world.root.tenant("createTenant", input)).tenant.policy.allowedScopes;
    };
    expect(await withScopes(["b", "a", "b"])).toEqual(["b", "a"]);
    expect(await withScopes([])).toEqual([]);
  });

  test("null says the same as leaving out", async ({ world }) => {
    const { tenant } = ok(await world.root.tenant("createTenant", { slug: world.unique(), name: "Tenant" }));
    const create = async (more: object) =>
      ok(await world.root.tenant("createTenant", { slug: world.unique(), name: "Tenant", ...more })).tenant;
    expect(await create({ policy: null, idempotencyKey: null })).toMatchObject({ policy: tenant.policy });
    const nulls = Object.fromEntries(Object.keys(tenant.policy).map((field) => [field, null]));
    expect(await create({ policy: nulls })).toMatchObject({ policy: tenant.policy });
  });

  test("names lose the spaces around them and keep what is in them", async ({ world }) => {
    for (const name of ["Ünïcødé 株式会社", "🔑".repeat(100), "a  b", "<b>&amp;'\"\\", "x"]) {
      const { tenant } = ok(await world.root.tenant("createTenant", { slug: world.unique(), name: ` ${name}\t` }));
      expect(tenant.name).toBe(name);
    }
  });

  test("takes a slug of 63 characters", async ({ world }) => {
    const slug = world.unique("s").padEnd(63, "0");
    expect(ok(await world.root.tenant("createTenant", { slug, name: "Tenant" })).tenant.slug).toBe(slug);
  });

  test.for(invalidTenants)("$what is refused with its place", async ({ input, path }, { world }) => {
    const refused = await world.root.tenant("createTenant", { slug: world.unique(), name: "Tenant", ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    for (const issue of refused.issues) expect(issue.path).toEqual(path);
    expect(refused.message).toContain(`${path.join(".")}: `);
  });

  test("everything that is wrong is named at once", async ({ world }) => {
    const input = { slug: "A", name: "", policy: { prefix: "A", maxKeysPerUser: 0 }, idempotencyKey: "" };
    const { issues } = await world.root.tenant("createTenant", input);
    const places = new Set(issues.map(({ path }: { path: string[] }) => path.join(".")));
    expect(places).toEqual(new Set(["slug", "name", "policy.prefix", "policy.maxKeysPerUser", "idempotencyKey"]));
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    for (const wrong of mistypedTenants) {
      const refused = world.root.tenant("createTenant", { slug: world.unique(), name: "Tenant", ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("a slug that is taken is refused, and says so", async ({ world }) => {
    const slug = world.unique();
    ok(await world.root.tenant("createTenant", { slug, name: "First" }));
    expect(await world.root.tenant("createTenant", { slug, name: "Second" })).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: "Another tenant has this slug. Choose another one.",
    });
    expect(await readPage(world.root, "tenants", { filter: { search: slug } })).toMatchObject({ totalCount: 1 });
  });

  test("of several who want the same slug at once, one gets it", async ({ world }) => {
    const slug = world.unique();
    const wishes = Array.from({ length: 5 }, () => world.root.tenant("createTenant", { slug, name: "Tenant" }));
    const answers = (await Promise.all(wishes)).map((answer) => answer.__typename).sort();
    expect(answers).toEqual([...Array(4).fill("ConflictError"), "CreateTenantPayload"]);
  });

  test("is for callers of the whole installation with the permission, who alone learn its rules", async ({ world }) => {
    const { admin } = await world.tenant();
    const callers = [
      admin,
      await world.caller("DEVELOPER"),
      await world.caller("GUEST"),
      await world.caller("ADMIN", { permissions: ["TENANTS_READ", "TENANTS_UPDATE"] }),
    ];
    for (const caller of callers) {
      expect(await caller.tenant("createTenant", { slug: "A", name: "" })).toMatchObject({
        __typename: "ForbiddenError",
        code: "FORBIDDEN",
        message: expect.stringContaining("tenants:create"),
      });
    }
    const narrowed = await world.caller("ADMIN", { permissions: ["TENANTS_CREATE"] });
    ok(await narrowed.tenant("createTenant", { slug: world.unique(), name: "Tenant" }));
  });

  test("is not for callers who are not known", async ({ world }) => {
    const document = 'mutation { createTenant(input: { slug: "x", name: "x" }) { __typename } }';
    const answer = await sendGraphql(world.url, null, document);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  });
});

promisesOfRetries("createTenant", async (world) => {
  const word = world.unique("retry");
  return {
    caller: world.root,
    colleague: await world.caller("ADMIN"),
    input: () => ({ slug: world.unique(), name: word }),
    reworded: ({ slug, name, idempotencyKey }) => ({ idempotencyKey, policy: null, name: ` ${name} `, slug }),
    send: (caller, input) => caller.tenant("createTenant", input),
    count: async () => (await readPage(world.root, "tenants", { filter: { search: word } })).totalCount,
  };
});
