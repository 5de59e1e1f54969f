import { describe, expect, idsOf, ok, readPage, strangeIds, test, type World } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

const orders = ["CREATED_AT_ASC", "CREATED_AT_DESC", "NAME_ASC", "NAME_DESC", "EMAIL_ASC", "EMAIL_DESC"];

promisesOfList("users", orders, async (world) => {
  const { tenant } = await world.tenant();
  return { caller: world.root, args: { tenantId: tenant.id }, add: () => world.user(tenant.id) };
});

/** A tenant with Ada, Bob and Cyd, created in the order Bob, Cyd, Ada; their addresses stand in another order. */
async function threeUsers(world: World) {
  const { tenant, admin } = await world.tenant();
  const add = async (name: string, email: string, more: object = {}) => {
    world.clock.advance(1_000);
    return (await world.user(tenant.id, { name, email, ...more })).id;
  };
  const bob = await add("Bob", "z@example.com", { role: "ADMIN", externalId: "crm_1" });
  const cyd = await add("Cyd", "m@example.org", { role: "GUEST", externalId: "CRM-1" });
  const ada = await add("Ada", "b@example.com");
  const find = async (filter: object | null, more: object = {}) =>
    idsOf(await readPage(admin, "users", { filter, ...more }));
  return { tenant, admin, ada, bob, cyd, find };
}

describe("users", () => {
  test("come in the order that is asked for, newest first when none is", async ({ world }) => {
    const { ada, bob, cyd, find } = await threeUsers(world);
    expect(await find(null)).toEqual([ada, cyd, bob]);
    expect(await find(null, { orderBy: "CREATED_AT_ASC" })).toEqual([bob, cyd, ada]);
    expect(await find(null, { orderBy: "CREATED_AT_DESC" })).toEqual([ada, cyd, bob]);
    expect(await find(null, { orderBy: "NAME_ASC" })).toEqual([ada, bob, cyd]);
    expect(await find(null, { orderBy: "NAME_DESC" })).toEqual([cyd, bob, ada]);
    expect(await find(null, { orderBy: "EMAIL_ASC" })).toEqual([ada, cyd, bob]);
    expect(await find(null, { orderBy: "EMAIL_DESC" })).toEqual([bob, cyd, ada]);
  });

  test("are found by status, deleted ones only by theirs", async ({ world }) => {
    const { admin, ada, bob, cyd, find } = await threeUsers(world);
    ok(await admin.user("disableUser", { id: bob }));
    ok(await admin.user("deleteUser", { id: cyd }));
    expect(await find({ status: "ACTIVE" })).toEqual([ada]);
    expect(await find({ status: "DISABLED" })).toEqual([bob]);
    expect(await find({ status: "DELETED" })).toEqual([cyd]);
    expect(await find({ status: null })).toEqual([ada, bob]);
    expect(await readPage(admin, "users")).toMatchObject({ totalCount: 2 });
  });

  test("are found by role and by the very external id", async ({ world }) => {
    const { ada, bob, cyd, find } = await threeUsers(world);
    expect(await find({ role: "ADMIN" })).toEqual([bob]);
    expect(await find({ role: "DEVELOPER" })).toEqual([ada]);
    expect(await find({ externalId: "crm_1" })).toEqual([bob]);
    expect(await find({ externalId: "CRM-1" })).toEqual([cyd]);
    expect(await find({ externalId: "crm" })).toEqual([]);
    expect(await find({ externalId: null, role: null, search: null })).toHaveLength(3);
  });

  test("are found by a part of name, e-mail address or external id, in any case", async ({ world }) => {
    const { ada, bob, cyd, find } = await threeUsers(world);
    expect(await find({ search: "aDA" })).toEqual([ada]);
    expect(await find({ search: "@EXAMPLE.com" })).toEqual([ada, bob]);
    expect(await find({ search: "crm-" })).toEqual([cyd]);
    expect(await find({ search: " crm_ " })).toEqual([bob]);
    expect(await find({ search: "%" })).toEqual([]);
    expect(await find({ search: "\\" })).toEqual([]);
    expect(await find({ search: "example", role: "GUEST", status: "ACTIVE" })).toEqual([cyd]);
  });

  test("a tenant's own list is the same list", async ({ world }) => {
    const { tenant, admin, ada, bob, cyd } = await threeUsers(world);
    const document = `query ($id: ID!, $after: String, $filter: UserFilter) { tenant(id: $id) {
      users(first: 2, after: $after, filter: $filter, orderBy: NAME_ASC) {
        totalCount nodes { id tenant { id } } pageInfo { hasNextPage endCursor } } } }`;
    const first = (await admin.query(document, { id: tenant.id })).tenant.users;
    expect(idsOf(first)).toEqual([ada, bob]);
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    expect(first.nodes[0].tenant).toEqual({ id: tenant.id });
    const after = first.pageInfo.endCursor;
    const second = (await admin.query(document, { id: tenant.id, after })).tenant.users;
    expect(idsOf(second)).toEqual([cyd]);
    const rest = await readPage(admin, "users", { after, orderBy: "NAME_ASC" });
    expect(idsOf(rest)).toEqual([cyd]);
    const found = (await admin.query(document, { id: tenant.id, filter: { role: "ADMIN" } })).tenant.users;
    expect(idsOf(found)).toEqual([bob]);
  });

  test("another tenant's users answer as those of a missing tenant", async ({ world }) => {
    const [ours, theirs] = [await threeUsers(world), await threeUsers(world)];
    expect(idsOf(await readPage(ours.admin, "users"))).toEqual([ours.ada, ours.cyd, ours.bob]);
    expect(idsOf(await readPage(ours.admin, "users", { tenantId: ours.tenant.id }))).toHaveLength(3);
    const missing = await readPage(ours.admin, "users", { tenantId: world.missingId("Tenant") });
    expect(missing).toMatchObject({ totalCount: 0, nodes: [] });
    for (const tenantId of [theirs.tenant.id, ...strangeIds("Tenant")]) {
      expect(await readPage(ours.admin, "users", { tenantId })).toEqual(missing);
    }
    const search = { filter: { search: theirs.ada } };
    expect(await readPage(ours.admin, "users", search)).toMatchObject({ totalCount: 0 });
  });

  test("a filter that cannot be is refused as the caller's mistake, with its place", async ({ world }) => {
    for (const filter of [{ search: "" }, { search: "x".repeat(101) }, { externalId: "a\0" }, { externalId: " " }]) {
      await expect(readPage(world.root, "users", { filter })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining(`${Object.keys(filter)[0]}: `),
      });
    }
    for (const filter of [{ status: "GONE" }, { role: 5 }, { email: "x" }, "x"]) {
      await expect(readPage(world.root, "users", { filter })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("need the permission to read users", async ({ world }) => {
    const { tenant } = await world.tenant();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    const narrowed = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["TENANTS_READ"] });
    const refusal = { code: "FORBIDDEN", message: expect.stringContaining("users:read") };
    for (const caller of [guest, narrowed]) await expect(readPage(caller, "users")).rejects.toMatchObject(refusal);
    const nested = "query ($id: ID!) { tenant(id: $id) { users { totalCount } } }";
    await expect(narrowed.query(nested, { id: tenant.id })).rejects.toMatchObject(refusal);
    await expect(readPage(world.anonymous, "users")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
