import { describe, expect, idsOf, ok, readPage, test } from "../../testkit/index.js";

describe("a key's team", () => {
  test("is one that the owner is a member of, when the key is created, moved or reissued", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const [team, other] = [await world.team(tenant.id, [owner.id]), await world.team(tenant.id)];
    const foreign = await world.team((await world.tenant()).tenant.id);
    const create = (teamId: string) =>
      world.root.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "Key", teamId });
    const conflict = { __typename: "ConflictError", message: expect.stringContaining("addTeamMember") };
    expect(await create(other.id)).toMatchObject(conflict);
    const missing = await create(world.missingId("Team"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    expect(await create(foreign.id)).toEqual(missing);
    const { key } = ok(await create(team.id));
    expect(idsOf(await readPage(admin, "keys", { filter: { teamId: team.id } }))).toEqual([key.id]);
    expect(await admin.key("updateKey", { id: key.id, teamId: other.id })).toMatchObject(conflict);
    expect(await world.root.key("updateKey", { id: key.id, teamId: foreign.id })).toEqual(missing);
    expect(await admin.keySecret("reissueKey", { id: key.id, ownerId: colleague.id })).toMatchObject(conflict);
    ok(await admin.team("addTeamMember", { teamId: team.id, userId: colleague.id }));
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: colleague.id }));
    ok(await admin.key("updateKey", { id: key.id, teamId: null }));
    expect((await admin.query("query ($id: ID!) { key(id: $id) { team { id } teamId } }", { id: key.id })).key).toEqual(
      {
        team: null,
        teamId: null,
      },
    );
  });

  test("whoever may not give all of a key's scopes does not take it out of the team that bounds them", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const team = await world.team(tenant.id, [owner.id], { keyScopes: ["a"] });
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await some.key("updateKey", { id: key.id, teamId: null })).toMatchObject({ code: "FORBIDDEN" });
  });
});
