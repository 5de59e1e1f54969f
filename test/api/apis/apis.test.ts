import { describe, expect, minute, ok, test } from "../../testkit/index.js";

const list =
  "query ($tenantId: ID) { apis(tenantId: $tenantId, first: 100) { totalCount nodes { id slug visibility } } }";

describe("createApi", () => {
  test("creates an API with its versions, private and for granted keys unless said otherwise", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [deprecatedAt, retiredAt] = [world.clock.in(-minute), world.clock.in(minute)];
    const versions = [{ name: "v1", deprecatedAt, retiredAt }, { name: "v2" }];
    const { api } = ok(await admin.api("createApi", { tenantId: tenant.id, slug: "orders", name: "Orders", versions }));
    expect(api).toMatchObject({
      id: expect.stringMatching(/^api_/),
      tenantId: tenant.id,
      slug: "orders",
      name: "Orders",
      description: "",
      visibility: "PRIVATE",
      access: "GRANTED",
      versions: [
        { name: "v1", status: "DEPRECATED", deprecatedAt, retiredAt },
        { name: "v2", status: "ACTIVE", deprecatedAt: null, retiredAt: null },
      ],
    });
    world.clock.advance(minute);
    const { api: read } = await admin.query("query ($id: ID!) { api(id: $id) { versions { status } } }", {
      id: api.id,
    });
    expect(read.versions).toEqual([{ status: "RETIRED" }, { status: "ACTIVE" }]);
    const { auditLog } = await admin.query("{ auditLog(first: 100) { nodes { action targetId } } }");
    expect(auditLog.nodes).toContainEqual({ action: "api.created", targetId: api.id });
  });

  test("a repetition with the same idempotencyKey creates none", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, slug: "orders", name: "Orders", idempotencyKey: world.unique() };
    const first = ok(await admin.api("createApi", input)).api;
    expect(ok(await admin.api("createApi", input)).api).toEqual(first);
  });

  test("a slug that an API of the tenant has is refused; another tenant may have it", async ({ world }) => {
    const [one, other] = [await world.tenant(), await world.tenant()];
    const input = { slug: "orders", name: "Orders" };
    const { api } = ok(await one.admin.api("createApi", { ...input, tenantId: one.tenant.id }));
    ok(await other.admin.api("createApi", { ...input, tenantId: other.tenant.id }));
    expect(await one.admin.api("createApi", { ...input, tenantId: one.tenant.id })).toMatchObject({ code: "CONFLICT" });
    ok(await one.admin.api("deleteApi", { id: api.id }));
    ok(await one.admin.api("createApi", { ...input, tenantId: one.tenant.id }));
  });

  test.for([
    [{ slug: "Orders" }, ["slug"]],
    [{ slug: "x".repeat(41) }, ["slug"]],
    [{ slug: "orders@v1" }, ["slug"]],
    [{ name: " " }, ["name"]],
    [{ description: "x".repeat(501) }, ["description"]],
    [{ versions: [{ name: "v 1" }] }, ["versions", "0", "name"]],
    [{ versions: [{ name: "v1" }, { name: "v1" }] }, ["versions"]],
    [{ versions: Array.from({ length: 51 }, (_, index) => ({ name: `v${index}` })) }, ["versions"]],
    [
      { versions: [{ name: "v1", deprecatedAt: "2026-02-01T00:00:00Z", retiredAt: "2026-01-01T00:00:00Z" }] },
      ["versions", "0", "retiredAt"],
    ],
  ] as const)("%j is refused with its place, also in updateApi", async ([input, path], { world }) => {
    const { tenant, admin } = await world.tenant();
    const refused = { code: "INVALID_INPUT", issues: [{ path }] };
    const usual = { tenantId: tenant.id, slug: "orders", name: "Orders" };
    expect(await admin.api("createApi", { ...usual, ...input })).toMatchObject(refused);
    expect(await admin.api("updateApi", { id: world.missingId("Api"), ...input })).toMatchObject(refused);
  });

  test("is for those who may, within their tenant", async ({ world }) => {
    const [{ tenant }, other] = [await world.tenant(), await world.tenant()];
    const input = { tenantId: tenant.id, slug: "orders", name: "Orders" };
    expect(await other.admin.api("createApi", input)).toMatchObject({ code: "NOT_FOUND" });
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await developer.api("createApi", input)).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.api("createApi", input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    // An open API is for every key, whatever scopes the caller may give.
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await narrow.api("createApi", { ...input, access: "OPEN" })).toMatchObject({ code: "FORBIDDEN" });
  });

  test("a tenant has at most 200", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const { prisma } = world.server.keyplane.database;
    const at = new Date(world.clock.now());
    const rows = Array.from({ length: 200 }, (_, index) => {
      const slug = `api-${index}`;
      const named = { id: world.missingId("Api"), tenantId: tenant.id, slug, activeSlug: slug, name: slug };
      return { ...named, createdAt: at, updatedAt: at };
    });
    await prisma.api.createMany({ data: rows });
    const input = { tenantId: tenant.id, slug: "orders", name: "Orders" };
    expect(await admin.api("createApi", input)).toMatchObject({ code: "LIMIT_REACHED" });
  });
});

describe("updateApi", () => {
  test("changes what the input names and nothing else; what is so already is no change", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    let expected = await world.api(tenant.id, { versions: [{ name: "v1" }] });
    for (const change of [
      { name: "New" },
      { slug: "new" },
      { description: "What it is for" },
      { visibility: "PUBLIC" },
      { access: "OPEN" },
      { versions: [] },
    ]) {
      expected = { ...expected, ...change };
      expect(ok(await admin.api("updateApi", { id: expected.id, ...change })).api).toEqual({
        ...expected,
        updatedAt: expect.any(String),
      });
    }
    world.clock.advance(1_000);
    const before = ok(await admin.api("updateApi", { id: expected.id })).api;
    expect(ok(await admin.api("updateApi", { id: expected.id, name: "New", versions: [] })).api).toEqual(before);
  });

  test("is for those who may, and another tenant's API is as one that does not exist", async ({ world }) => {
    const [{ tenant }, other] = [await world.tenant(), await world.tenant()];
    const { id } = await world.api(tenant.id);
    expect(await other.admin.api("updateApi", { id, name: "New" })).toMatchObject({ code: "NOT_FOUND" });
    expect(await other.admin.api("deleteApi", { id })).toMatchObject({ code: "NOT_FOUND" });
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await developer.api("updateApi", { id, name: "New" })).toMatchObject({ code: "FORBIDDEN" });
    expect(await developer.api("deleteApi", { id })).toMatchObject({ code: "FORBIDDEN" });
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await narrow.api("updateApi", { id, access: "OPEN" })).toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("deleteApi", () => {
  test("takes the API out of every list, for good, with what was granted", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const api = await world.api(tenant.id);
    ok(await admin.apiGrant("grantApiAccess", { apiId: api.id, keyId: key.id }));
    expect(ok(await admin.api("deleteApi", { id: api.id })).api).toEqual(api);
    expect(await admin.query(list)).toEqual({ apis: { totalCount: 0, nodes: [] } });
    const { apiGrants } = await admin.query("{ apiGrants(first: 1) { totalCount } }");
    expect(apiGrants.totalCount).toBe(0);
    expect(await admin.api("deleteApi", { id: api.id })).toMatchObject({ code: "NOT_FOUND" });
    expect(await admin.api("updateApi", { id: api.id, name: "New" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("api and apis", () => {
  test("show private APIs to those who may read them, and public ones to guests, too", async ({ world }) => {
    const [{ tenant, admin }, other] = [await world.tenant(), await world.tenant()];
    const hidden = await world.api(tenant.id);
    const shown = await world.api(tenant.id, { visibility: "PUBLIC" });
    const idsOf = async (caller: typeof admin) =>
      (await caller.query(list)).apis.nodes.map(({ id }: { id: string }) => id).sort();
    const find = async (caller: typeof admin, id: string) =>
      (await caller.query("query ($id: ID!) { api(id: $id) { id } }", { id })).api;
    const person = await world.userCaller(await world.user(tenant.id));
    for (const caller of [admin, await world.caller("DEVELOPER", { tenantId: tenant.id }), person]) {
      expect(await idsOf(caller)).toEqual([hidden.id, shown.id].sort());
    }
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    expect(await idsOf(guest)).toEqual([shown.id]);
    expect([await find(guest, hidden.id), await find(guest, shown.id)]).toEqual([null, { id: shown.id }]);
    expect(await idsOf(other.admin)).toEqual([]);
    expect(await find(other.admin, shown.id)).toBeNull();
    await expect(find(world.anonymous, shown.id)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("are found by text and visibility, a page at a time", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    for (const [slug, name] of [
      ["a", "Orders"],
      ["b", "Bills"],
      ["orders-old", "C"],
    ]) {
      await world.api(tenant.id, { slug, name, visibility: slug === "b" ? "PUBLIC" : "PRIVATE" });
    }
    const document = `query ($filter: ApiFilter, $after: String) {
      apis(first: 1, after: $after, filter: $filter, orderBy: NAME_ASC) { pageInfo { endCursor hasNextPage } nodes { slug } } }`;
    const slugs: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { apis } = await admin.query(document, { filter: { search: "ORDERS" }, after });
      slugs.push(...apis.nodes.map(({ slug }: { slug: string }) => slug));
      [after, more] = [apis.pageInfo.endCursor, apis.pageInfo.hasNextPage];
    }
    expect(slugs).toEqual(["orders-old", "a"]);
    const { apis } = await admin.query(document, { filter: { visibility: "PUBLIC" } });
    expect(apis.nodes).toEqual([{ slug: "b" }]);
  });
});
