import {
  type Caller,
  describe,
  expect,
  idsOf,
  ok,
  readPage,
  strangeIds,
  test,
  type World,
} from "../../testkit/index.js";
import { readRecords } from "../../testkit/records.js";

/** A key that a colleague owns and a team looks after, and somebody who is or is not a member. */
async function teamStory(world: World) {
  const story = await world.tenantWithKey({ key: { scopes: ["a"] } });
  const { tenant, admin, owner, key } = story;
  const member = await world.user(tenant.id);
  const team = await world.team(tenant.id, [owner.id]);
  ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
  ok(await admin.recordUsage([{ id: "call", keyId: key.id, code: "VALID" }]));
  return { ...story, team, member, caller: await world.userCaller(member) };
}

/** All ways by which a caller can see a key. */
async function waysToSee(
  world: World,
  caller: Caller,
  { tenant, key, secret, team, owner }: Awaited<ReturnType<typeof teamStory>>,
) {
  const document = `query ($id: ID!, $tenant: ID!, $team: ID!, $owner: ID!) {
    key(id: $id) { id team { id } owner { id } } node(id: $id) { id } keys { nodes { id } } user(id: $owner) { id }
    teams { nodes { id } } team(id: $team) { keys { nodes { id } } members { totalCount } } viewer { teams { id } }
    keyEvents(types: [CREATED, UPDATED]) { nodes { keyId key { id } } }
    usageEvents(tenantId: $tenant) { nodes { keyId key { id } } } }`;
  const seen = await caller.query(document, { id: key.id, tenant: tenant.id, team: team.id, owner: owner.id });
  const usage = await caller.usage({ ...world.around(tenant.id), groupBy: ["KEY"], bucket: "TOTAL" });
  const csv = await caller.export("usage-events", { tenantId: tenant.id });
  return {
    key: seen.key?.id,
    node: seen.node?.id,
    keys: seen.keys.nodes.length,
    owner: seen.user?.id,
    teams: seen.teams.nodes.map(({ id }: { id: string }) => id),
    team: seen.team && { keys: seen.team.keys.nodes.length, members: seen.team.members.totalCount },
    viewer: seen.viewer.teams.length,
    events: seen.keyEvents.nodes.filter(({ keyId }: { keyId: string }) => keyId === key.id).length > 0,
    calls: seen.usageEvents.nodes.length,
    usage: usage.totals.count,
    csv: csv.text.includes(key.id),
    verdict: (await caller.verify(secret)).code,
    records: (await readRecords(caller, { keyIds: [key.id] })).some(({ id }) => id === key.id),
  };
}

describe("members of a team", () => {
  test("see the team's keys by every way there is, from the next request on, and no longer than they are members", async ({
    world,
  }) => {
    const story = await teamStory(world);
    const { admin, team, member, caller, key, owner } = story;
    const nothing = {
      key: undefined,
      node: undefined,
      keys: 0,
      owner: undefined,
      teams: [],
      team: null,
      viewer: 0,
      events: false,
      calls: 0,
      usage: 0,
      csv: false,
      verdict: "NOT_FOUND",
      records: false,
    };
    expect(await waysToSee(world, caller, story)).toEqual(nothing);
    ok(await admin.team("addTeamMember", { teamId: team.id, userId: member.id }));
    const seen = await waysToSee(world, caller, story);
    expect(seen).toMatchObject({
      key: key.id,
      node: key.id,
      keys: 1,
      owner: owner.id,
      teams: [team.id],
      team: { keys: 1, members: 2 },
      viewer: 1,
      events: true,
      csv: true,
      verdict: "VALID",
      records: true,
    });
    expect(seen.calls).toBeGreaterThan(0);
    expect(seen.usage).toBeGreaterThan(0);
    // Of a colleague's other keys and their usage, nothing.
    const other = await world.key(story.tenant.id, owner.id);
    expect((await caller.query("query ($id: ID!) { key(id: $id) { id } }", { id: other.key.id })).key).toBeNull();
    ok(await admin.team("removeTeamMember", { teamId: team.id, userId: member.id }));
    expect(await waysToSee(world, caller, story)).toMatchObject({ ...nothing, calls: expect.any(Number) });
    expect(idsOf(await readPage(caller, "keys"))).toEqual([]);
  });

  test("report usage of the team's keys, and what they may do with a key they do with the team's", async ({
    world,
  }) => {
    const { tenant, admin, team, key } = await teamStory(world);
    const role = await world.role(tenant.id, {
      permissions: ["TENANTS_READ", "USERS_READ", "KEYS_READ", "KEYS_DISABLE", "USAGE_RECORD"],
    });
    const user = await world.user(tenant.id, { customRoleId: role.id });
    const permissions = ["TENANTS_READ", "USERS_READ", "KEYS_READ", "KEYS_DISABLE", "USAGE_RECORD"];
    const caller = await world.userCaller(user, "ADMIN", { permissions });
    expect(await caller.key("disableKey", { id: key.id })).toMatchObject({ code: "NOT_FOUND" });
    ok(await admin.team("addTeamMember", { teamId: team.id, userId: user.id }));
    ok(await caller.key("disableKey", { id: key.id }));
    expect(await caller.recordUsage([{ keyId: key.id, code: "VALID" }])).toMatchObject({ accepted: 1, rejected: [] });
  });

  test("hear when the owner of a team's key is disabled, and nothing of other colleagues", async ({ world }) => {
    const { tenant, admin, team, member, caller, owner } = await teamStory(world);
    const stranger = await world.user(tenant.id);
    ok(await admin.team("addTeamMember", { teamId: team.id, userId: member.id }));
    for (const { id } of [owner, stranger]) ok(await admin.user("disableUser", { id }));
    const { keyEvents } = await caller.query("{ keyEvents(types: [OWNER_DISABLED]) { nodes { userId } } }");
    expect(keyEvents.nodes).toEqual([{ userId: owner.id }]);
  });
});

describe("addTeamMember and removeTeamMember", () => {
  test("a second time change nothing", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [user, team] = [await world.user(tenant.id), await world.team(tenant.id)];
    const input = { teamId: team.id, userId: user.id };
    for (const name of ["addTeamMember", "addTeamMember", "removeTeamMember", "removeTeamMember"]) {
      expect(ok(await admin.team(name, input)).team).toEqual(team);
    }
    const document = "query ($id: ID) { auditLog(filter: { targetId: $id }) { nodes { action } } }";
    const { auditLog } = await admin.query(document, { id: team.id });
    expect(auditLog.nodes.map(({ action }: { action: string }) => action).sort()).toEqual([
      "team.created",
      "team.member_added",
      "team.member_removed",
    ]);
  });

  test("a deleted user is a conflict; a full team is a limit", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const [user, team] = [await world.user(tenant.id), await world.team(tenant.id)];
    ok(await admin.user("deleteUser", { id: user.id }));
    const input = { teamId: team.id, userId: user.id };
    expect(await admin.team("addTeamMember", input)).toMatchObject({ __typename: "ConflictError" });
    const { prisma } = world.server.keyplane.database;
    const at = new Date(world.clock.now());
    const email = world.unique();
    const users = Array.from({ length: 1_000 }, (_, index) => ({
      id: world.missingId("User"),
      email: `${email}${index}`,
    }));
    const rest = { tenantId: tenant.id, name: "User", createdAt: at, updatedAt: at };
    await prisma.user.createMany({ data: users.map((each) => ({ ...rest, ...each })) });
    await prisma.teamMember.createMany({
      data: users.map(({ id }) => ({ id: world.missingId("TeamMember"), teamId: team.id, userId: id, createdAt: at })),
    });
    const one = await world.user(tenant.id);
    expect(await admin.team("addTeamMember", { teamId: team.id, userId: one.id })).toMatchObject({
      __typename: "LimitReachedError",
      message: expect.stringContaining("1000 members"),
    });
  });

  test("a user is in a hundred teams at most", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const user = await world.user(tenant.id);
    const { prisma } = world.server.keyplane.database;
    const at = new Date(world.clock.now());
    const teams = Array.from({ length: 100 }, (_, index) => ({
      id: world.missingId("Team"),
      tenantId: tenant.id,
      name: `Team ${index}`,
      createdAt: at,
      updatedAt: at,
    }));
    await prisma.team.createMany({ data: teams });
    await prisma.teamMember.createMany({
      data: teams.map(({ id }) => ({ id: world.missingId("TeamMember"), teamId: id, userId: user.id, createdAt: at })),
    });
    const one = await world.team(tenant.id);
    const add = () => admin.team("addTeamMember", { teamId: one.id, userId: user.id });
    expect(await add()).toMatchObject({
      __typename: "LimitReachedError",
      message: expect.stringContaining("100 teams"),
    });
    ok(await admin.team("removeTeamMember", { teamId: teams[0]?.id, userId: user.id }));
    ok(await add());
  });

  test.for(["addTeamMember", "removeTeamMember"])(
    "%s: another tenant's team and user answer as missing ones; needs the permission",
    async (name, { world }) => {
      const [ours, theirs] = [await world.tenant(), await world.tenant()];
      const [team, user] = [await world.team(ours.tenant.id), await world.user(ours.tenant.id)];
      const foreign = { team: await world.team(theirs.tenant.id), user: await world.user(theirs.tenant.id) };
      const call = (teamId: string, userId: string) => ours.admin.team(name, { teamId, userId });
      const noTeam = await call(world.missingId("Team"), user.id);
      const noUser = await call(team.id, world.missingId("User"));
      for (const missing of [noTeam, noUser]) expect(missing).toMatchObject({ __typename: "NotFoundError" });
      for (const id of [foreign.team.id, ...strangeIds("Team")]) expect(await call(id, user.id)).toEqual(noTeam);
      for (const id of [foreign.user.id, ...strangeIds("User")]) expect(await call(team.id, id)).toEqual(noUser);
      // Also where the caller sees both: a team has users of its own tenant only.
      const across = await world.root.team(name, { teamId: foreign.team.id, userId: user.id });
      expect(across).toMatchObject({ __typename: "NotFoundError" });
      const input = { teamId: team.id, userId: user.id };
      const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
      expect(await developer.team(name, input)).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("teams:update"),
      });
      await expect(world.anonymous.team(name, input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    },
  );
});
