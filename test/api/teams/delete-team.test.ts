import { day, describe, expect, idsOf, ok, readPage, strangeIds, test } from "../../testkit/index.js";

describe("deleteTeam", () => {
  test("a team without keys is gone, its members stay users, and its name is free", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const user = await world.user(tenant.id);
    const team = await world.team(tenant.id, [user.id]);
    expect(ok(await admin.team("deleteTeam", { id: team.id })).team).toEqual(team);
    expect(idsOf(await readPage(admin, "teams"))).toEqual([]);
    expect(idsOf(await readPage(admin, "users"))).toEqual([user.id]);
    expect(await admin.team("deleteTeam", { id: team.id })).toMatchObject({ __typename: "NotFoundError" });
    await world.team(tenant.id, [user.id], { name: team.name });
  });

  test("a team stays for as long as a key of it works, or could again", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    const remove = () => admin.team("deleteTeam", { id: team.id });
    expect(await remove()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("has 1 key.") });
    ok(await admin.key("deleteKey", { id: key.id }));
    expect(await remove()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("can be restored") });
    world.clock.advance(30 * day);
    ok(await remove());
  });

  test("another tenant's team and strange ids answer as a missing one; needs the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const team = await world.team(theirs.tenant.id);
    const missing = await ours.admin.team("deleteTeam", { id: world.missingId("Team") });
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [team.id, ...strangeIds("Team")]) {
      expect(await ours.admin.team("deleteTeam", { id })).toEqual(missing);
    }
    const narrow = await world.caller("ADMIN", { tenantId: theirs.tenant.id, permissions: ["TEAMS_UPDATE"] });
    expect(await narrow.team("deleteTeam", { id: team.id })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("teams:delete"),
    });
    await expect(world.anonymous.team("deleteTeam", { id: team.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
