import { describe, expect, idsOf, ok, readPage, test, type World } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

const orders = ["CREATED_AT_ASC", "CREATED_AT_DESC", "NAME_ASC", "NAME_DESC"];

promisesOfList("tenants", orders, async (world) => {
  const name = world.unique("list");
  return {
    caller: world.root,
    args: { filter: { search: name } },
    add: async () => ok(await world.root.tenant("createTenant", { slug: world.unique(), name })),
  };
});

/** Tenants of one story only, by their names. */
async function namedTenants(world: World, ...names: string[]) {
  const word = world.unique("w");
  const ids: string[] = [];
  for (const name of names) {
    world.clock.advance(1_000);
    const input = { slug: world.unique(), name: `${name} ${word}` };
    ids.push(ok(await world.root.tenant("createTenant", input)).tenant.id);
  }
  const find = async (filter: object = {}, more: object = {}) =>
    idsOf(await readPage(world.root, "tenants", { filter: { search: word, ...filter }, ...more }));
  return { word, ids, find };
}

describe("tenants", () => {
  test("come in the order that is asked for, newest first when none is", async ({ world }) => {
    const { ids, find } = await namedTenants(world, "b", "c", "a");
    const [b, c, a] = ids;
    expect(await find()).toEqual([a, c, b]);
    expect(await find({}, { orderBy: "CREATED_AT_DESC" })).toEqual([a, c, b]);
    expect(await find({}, { orderBy: "CREATED_AT_ASC" })).toEqual([b, c, a]);
    expect(await find({}, { orderBy: "NAME_ASC" })).toEqual([a, b, c]);
    expect(await find({}, { orderBy: "NAME_DESC" })).toEqual([c, b, a]);
  });

  test("are found by their status", async ({ world }) => {
    const { ids, find } = await namedTenants(world, "a", "b");
    ok(await world.root.tenant("suspendTenant", { id: ids[0] }));
    expect(await find({ status: "SUSPENDED" })).toEqual([ids[0]]);
    expect(await find({ status: "ACTIVE" })).toEqual([ids[1]]);
    expect(await find({ status: "DELETED" })).toEqual([]);
    expect(await find({ status: null })).toHaveLength(2);
  });

  test("are found by a part of name or slug, in any case", async ({ world }) => {
    const { word, ids } = await namedTenants(world, "Äpfel & Birnen");
    const slug = world.unique("slug");
    ok(await world.root.tenant("updateTenant", { id: ids[0], slug }));
    for (const search of [word, word.toUpperCase(), ` ${word} `, slug, slug.toUpperCase(), `äPFEL & birnen ${word}`]) {
      expect(idsOf(await readPage(world.root, "tenants", { filter: { search } })), search).toEqual(ids);
    }
  });

  test("signs that mean something to the database are looked for as they are", async ({ world }) => {
    const { word, ids } = await namedTenants(world, "100%", "a_b", "a\\b", "O'Hara");
    for (const [index, name] of ["100%", "a_b", "a\\b", "O'Hara"].entries()) {
      const found = await readPage(world.root, "tenants", { filter: { search: `${name} ${word}` } });
      expect(idsOf(found), name).toEqual([ids[index]]);
      expect(found.totalCount).toBe(1);
    }
    for (const search of [`% ${word}`, `_ ${word}`, `%${word}`, `\\ ${word}`]) {
      const expected = search === `% ${word}` ? [ids[0]] : [];
      expect(idsOf(await readPage(world.root, "tenants", { filter: { search } })), search).toEqual(expected);
    }
  });

  test.for([
    { what: "empty", search: "" },
    { what: "only spaces", search: "  " },
    { what: "of 101 characters", search: "x".repeat(101) },
    { what: "with a NUL", search: "a\0" },
    { what: "of half a character", search: "\ud800" },
  ])("a search that is $what is refused as the caller's mistake", async ({ search }, { world }) => {
    await expect(readPage(world.root, "tenants", { filter: { search } })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining("search: "),
    });
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    for (const args of [{ filter: { status: "GONE" } }, { filter: { x: 1 } }, { orderBy: "SLUG" }, { first: "2" }]) {
      await expect(readPage(world.root, "tenants", args)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("a caller of one tenant sees that one only", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const page = await readPage(ours.admin, "tenants");
    expect(page).toMatchObject({ totalCount: 1, pageInfo: { hasNextPage: false } });
    expect(idsOf(page)).toEqual([ours.tenant.id]);
    const other = await readPage(ours.admin, "tenants", { filter: { search: theirs.tenant.slug } });
    expect(other).toMatchObject({ totalCount: 0, nodes: [] });
  });

  test("need the permission to read tenants", async ({ world }) => {
    await readPage(await world.caller("DEVELOPER"), "tenants", { first: 1 });
    for (const caller of [await world.caller("GUEST"), await world.caller("ADMIN", { permissions: ["USERS_READ"] })]) {
      await expect(readPage(caller, "tenants")).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("tenants:read"),
      });
    }
    await expect(readPage(world.anonymous, "tenants")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
