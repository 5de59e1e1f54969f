import { describe, expect, idsOf, readPage, test } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

promisesOfList("teams", ["CREATED_AT_DESC", "CREATED_AT_ASC", "NAME_ASC", "NAME_DESC"], async (world) => {
  const { tenant, admin } = await world.tenant();
  return { caller: admin, args: { tenantId: tenant.id }, add: () => world.team(tenant.id) };
});

describe("teams", () => {
  test("are found by member and text; whoever is no administrator sees their own", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const user = await world.user(ours.tenant.id);
    const payments = await world.team(ours.tenant.id, [user.id], { name: "Payments" });
    const search = await world.team(ours.tenant.id, [], { name: "Search", description: "finds things" });
    await world.team(theirs.tenant.id, [], { name: "Payments" });
    const { admin } = ours;
    expect(idsOf(await readPage(admin, "teams", { orderBy: "NAME_ASC" }))).toEqual([payments.id, search.id]);
    expect(idsOf(await readPage(admin, "teams", { filter: { memberId: user.id } }))).toEqual([payments.id]);
    expect(idsOf(await readPage(admin, "teams", { filter: { search: "FINDS" } }))).toEqual([search.id]);
    expect(idsOf(await readPage(admin, "teams", { tenantId: theirs.tenant.id }))).toEqual([]);
    const person = await world.userCaller(user);
    expect(idsOf(await readPage(person, "teams"))).toEqual([payments.id]);
    const document = "query ($id: ID!) { user(id: $id) { teams { nodes { id } } } team(id: $id) { id } }";
    expect(await person.query(document, { id: user.id })).toEqual({
      user: { teams: { nodes: [{ id: payments.id }] } },
      team: null,
    });
    const guest = await world.caller("GUEST", { tenantId: ours.tenant.id });
    await expect(readPage(guest, "teams")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(readPage(world.anonymous, "teams")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("members and keys of one are not those of another that a filter names", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [one, other] = [await world.user(tenant.id), await world.user(tenant.id)];
    const [ours, theirs] = [await world.team(tenant.id, [one.id]), await world.team(tenant.id, [other.id])];
    const { key } = await world.key(tenant.id, one.id, { teamId: ours.id });
    const read = async (field: "members" | "keys", filter: string, teamId: string | null) => {
      const document = `query ($id: ID!, $filter: ${filter}) { team(id: $id) { ${field}(first: 9, filter: $filter) { nodes { id } totalCount } } }`;
      return (await admin.query(document, { id: ours.id, filter: { teamId } })).team[field];
    };
    for (const same of [null, ours.id]) {
      expect(await read("members", "UserFilter", same)).toEqual({ nodes: [{ id: one.id }], totalCount: 1 });
      expect(await read("keys", "KeyFilter", same)).toEqual({ nodes: [{ id: key.id }], totalCount: 1 });
    }
    for (const another of [theirs.id, world.missingId("Team"), "x"]) {
      await expect(read("members", "UserFilter", another)).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining("filter.teamId"),
      });
      expect(await read("keys", "KeyFilter", another)).toEqual({ nodes: [], totalCount: 0 });
    }
  });
});
