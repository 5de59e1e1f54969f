import { describe, expect, ok, test, type World } from "../../testkit/index.js";

const signOut =
  "mutation { signOut { __typename ... on SignOutPayload { session { id endedAt } } ... on Error { code message } } }";
const viewer = "{ viewer { id } }";
const ended = expect.objectContaining({ code: "UNAUTHENTICATED" });
const sessions =
  "query ($userId: ID, $first: Int, $after: String) { sessions(userId: $userId, first: $first, after: $after) { totalCount nodes { id userId isCurrent } pageInfo { endCursor hasNextPage } } }";

async function twice(world: World) {
  const { tenant, admin } = await world.tenant();
  const user = await world.user(tenant.id);
  const first = await world.signIn(user);
  world.clock.advance(1);
  return { tenant, admin, user, first, second: await world.signIn(user) };
}

describe("signOut", () => {
  test("ends this session with the next request, and no other", async ({ world }) => {
    const { first, second } = await twice(world);
    const { signOut: answer } = await first.caller.query(signOut);
    expect(answer.session).toEqual({ id: first.session.id, endedAt: world.clock.in(0) });
    await expect(first.caller.query(viewer)).rejects.toEqual(ended);
    expect(await world.anonymous.account("refreshSession", { refreshToken: first.refreshToken })).toMatchObject({
      code: "INVALID_CREDENTIALS",
    });
    await second.caller.query(viewer);
  });

  test("is nothing for a management token", async ({ world }) => {
    expect((await world.root.query(signOut)).signOut).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("revokeManagementToken"),
    });
  });
});

describe("signOutEverywhere", () => {
  test("ends all sessions of the caller", async ({ world }) => {
    const { first, second } = await twice(world);
    expect(ok(await first.caller.account("signOutEverywhere", {})).endedSessions).toBe(2);
    for (const { caller } of [first, second]) await expect(caller.query(viewer)).rejects.toEqual(ended);
  });

  test("by an administrator ends those of another user of the tenant", async ({ world }) => {
    const { admin, user, first, tenant } = await twice(world);
    const other = await world.signIn(await world.user(tenant.id));
    expect(ok(await admin.account("signOutEverywhere", { userId: user.id })).endedSessions).toBe(2);
    await expect(first.caller.query(viewer)).rejects.toEqual(ended);
    await other.caller.query(viewer);
    expect(ok(await admin.account("signOutEverywhere", { userId: user.id })).endedSessions).toBe(0);
  });

  test("of another user needs sessions:revoke, and sees no other tenant", async ({ world }) => {
    const { user, first, admin, tenant } = await twice(world);
    const other = await world.user(tenant.id);
    const lacking = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_READ", "SESSIONS_READ"] });
    for (const caller of [lacking, first.caller]) {
      expect(await caller.account("signOutEverywhere", { userId: other.id })).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("sessions:revoke"),
      });
    }
    const { admin: stranger } = await world.tenant();
    const missing = await stranger.account("signOutEverywhere", { userId: world.missingId("User") });
    expect(missing).toMatchObject({ code: "NOT_FOUND" });
    expect(await stranger.account("signOutEverywhere", { userId: user.id })).toEqual(missing);
    expect(await admin.account("signOutEverywhere", {})).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("userId"),
    });
  });
});

describe("sessions", () => {
  test("shows people their own, newest first, a page at a time", async ({ world }) => {
    const { first, second, user } = await twice(world);
    const { sessions: page } = await first.caller.query(sessions, { first: 1 });
    expect(page).toMatchObject({
      totalCount: 2,
      nodes: [{ id: second.session.id, isCurrent: false }],
      pageInfo: { hasNextPage: true },
    });
    const { sessions: rest } = await first.caller.query(sessions, { userId: user.id, after: page.pageInfo.endCursor });
    expect(rest.nodes).toEqual([{ id: first.session.id, userId: user.id, isCurrent: true }]);
    await second.caller.query(signOut);
    expect((await first.caller.query(sessions)).sessions.totalCount).toBe(1);
  });

  test("shows administrators those of their tenant, and others none but their own", async ({ world }) => {
    const { admin, tenant, first, user } = await twice(world);
    const other = await world.user(tenant.id);
    const { session } = await world.signIn(other);
    expect((await admin.query(sessions)).sessions.totalCount).toBe(3);
    expect((await admin.query(sessions, { userId: other.id })).sessions.nodes).toMatchObject([{ id: session.id }]);
    await expect(first.caller.query(sessions, { userId: other.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const lacking = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["SESSIONS_REVOKE"] });
    await expect(lacking.query(sessions)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("sessions:read"),
    });
    const { admin: stranger } = await world.tenant();
    expect((await stranger.query(sessions, { userId: user.id })).sessions).toMatchObject({ totalCount: 0, nodes: [] });
    await expect(world.anonymous.query(sessions)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
