import { describe, expect, idsOf, ok, readPage, strangeIds, test } from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";

promisesOfRetries("createTeam", async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: admin,
    colleague: await world.caller("ADMIN", { tenantId: tenant.id }),
    input: () => ({ tenantId: tenant.id, name: world.unique("team") }),
    reworded: ({ name, ...rest }) => ({ keyScopes: null, description: " ", ...rest, name: ` ${name} ` }),
    send: (caller, input) => caller.team("createTeam", input),
    count: async () => (await readPage(admin, "teams")).totalCount,
  };
});

describe("createTeam", () => {
  test("answers with the team, which has nobody yet, and leaves a record and an event", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, name: " Payments ", description: "Cards", keyScopes: ["pay", "pay"] };
    const { team } = ok(await admin.team("createTeam", input));
    const now = new Date(world.clock.now()).toISOString();
    expect(team).toEqual({
      ...input,
      id: expect.stringMatching(/^tea_[0-9A-Za-z]{24}$/),
      name: "Payments",
      keyScopes: ["pay"],
      createdAt: now,
      updatedAt: now,
    });
    const document = `query ($id: ID!) {
      team(id: $id) { members { totalCount } keys { totalCount } tenant { id } } node(id: $id) { id }
      auditLog(filter: { targetId: $id }) { nodes { action targetType before } } }`;
    expect(await admin.query(document, { id: team.id })).toEqual({
      team: { members: { totalCount: 0 }, keys: { totalCount: 0 }, tenant: { id: tenant.id } },
      node: { id: team.id },
      auditLog: { nodes: [{ action: "team.created", targetType: "Team", before: null }] },
    });
    const where = { type: "TEAM_CREATED", teamIds: { has: team.id } };
    expect(await world.server.keyplane.database.prisma.event.count({ where })).toBe(1);
  });

  test.for([
    ["name", { name: "" }],
    ["description", { description: "x".repeat(501) }],
    ["keyScopes", { keyScopes: [""] }],
  ] as const)("an invalid %s is refused with its place", async ([place, wrong], { world }) => {
    const { tenant, admin } = await world.tenant();
    const refused = await admin.team("createTeam", { tenantId: tenant.id, name: "team", ...wrong });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues[0].path[0]).toBe(place);
  });

  test("a name that is taken in the tenant is a conflict; scopes beyond the caller's own are forbidden", async ({
    world,
  }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, name: "Payments" };
    ok(await admin.team("createTeam", input));
    expect(await admin.team("createTeam", input)).toMatchObject({ __typename: "ConflictError" });
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    const beyond = await some.team("createTeam", { tenantId: tenant.id, name: "b", keyScopes: ["b"] });
    expect(beyond).toMatchObject({ code: "FORBIDDEN" });
  });

  test("another tenant answers as a missing one; needs the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const create = (tenantId: string) => ours.admin.team("createTeam", { tenantId, name: "x" });
    const missing = await create(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await create(id)).toEqual(missing);
    expect(idsOf(await readPage(theirs.admin, "teams"))).toEqual([]);
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    const input = { tenantId: ours.tenant.id, name: "x" };
    expect(await developer.team("createTeam", input)).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("teams:create"),
    });
    await expect(world.anonymous.team("createTeam", input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("a tenant has at most 1000 teams", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const at = new Date(world.clock.now());
    const teams = Array.from({ length: 1_000 }, (_, index) => ({ id: world.missingId("Team"), name: `team ${index}` }));
    const data = teams.map((team) => ({ ...team, tenantId: tenant.id, createdAt: at, updatedAt: at }));
    await world.server.keyplane.database.prisma.team.createMany({ data });
    expect(await admin.team("createTeam", { tenantId: tenant.id, name: "one more" })).toMatchObject({
      __typename: "LimitReachedError",
      message: expect.stringContaining("1000 teams"),
    });
  });
});
