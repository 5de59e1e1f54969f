import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";

describe("updateTeam", () => {
  test("changes what is named, and what is so already changes nothing", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const team = await world.team(tenant.id, [], { keyScopes: ["a"] });
    world.clock.advance(1_000);
    const changes = { name: "Renamed", description: "why", keyScopes: null };
    const updated = ok(await admin.team("updateTeam", { id: team.id, ...changes })).team;
    expect(updated).toEqual({ ...team, ...changes, updatedAt: new Date(world.clock.now()).toISOString() });
    world.clock.advance(1_000);
    expect(ok(await admin.team("updateTeam", { id: team.id, ...changes })).team).toEqual(updated);
  });

  test("bounds what its keys can use from the next verification on, together with the owner's role", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b", "c"] } });
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    expect(await admin.verify(secret, { scopes: ["c"] })).toMatchObject({ valid: true });
    ok(await admin.team("updateTeam", { id: team.id, keyScopes: ["a", "b"] }));
    expect(await admin.verify(secret, { scopes: ["c"] })).toMatchObject({
      code: "INSUFFICIENT_SCOPE",
      scopes: ["a", "b"],
      missingScopes: ["c"],
      message: expect.stringContaining("its team does not allow"),
    });
    const role = await world.role(tenant.id, { keyScopes: ["b", "c"] });
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, scopes: ["b"] });
    expect(await admin.verify(secret, { scopes: ["a", "c", "z"] })).toMatchObject({
      missingScopes: ["a", "c", "z"],
      message: expect.stringMatching(/lacks the scope z.*role of its owner.*its team/s),
    });
    ok(await admin.key("updateKey", { id: key.id, teamId: null }));
    expect(await admin.verify(secret)).toMatchObject({ scopes: ["b", "c"] });
  });

  test("refuses what is invalid, taken, or more than the caller may give", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [team, taken] = [await world.team(tenant.id, [], { keyScopes: ["a"] }), await world.team(tenant.id)];
    const refused = await admin.team("updateTeam", { id: team.id, name: "" });
    expect(refused).toMatchObject({ __typename: "InvalidInputError" });
    expect(await admin.team("updateTeam", { id: team.id, name: taken.name })).toMatchObject({ code: "CONFLICT" });
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    for (const keyScopes of [null, ["b"]]) {
      expect(await some.team("updateTeam", { id: team.id, keyScopes })).toMatchObject({ code: "FORBIDDEN" });
    }
    ok(await some.team("updateTeam", { id: team.id, keyScopes: [] }));
  });

  test("another tenant's team and strange ids answer as a missing one; nobody unknown may", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const team = await world.team(theirs.tenant.id);
    const update = (id: string) => ours.admin.team("updateTeam", { id, name: "x" });
    const missing = await update(world.missingId("Team"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [team.id, ...strangeIds("Team")]) expect(await update(id)).toEqual(missing);
    const developer = await world.caller("DEVELOPER", { tenantId: theirs.tenant.id });
    expect(await developer.team("updateTeam", { id: team.id })).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.team("updateTeam", { id: team.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
