import { openTestDatabase } from "../../testkit/database.js";
import {
  Caller,
  day,
  describe,
  expect,
  minute,
  ok,
  readPage,
  startServer,
  strangeIds,
  TestClock,
  test,
  World,
} from "../../testkit/index.js";

const viewer = "{ viewer { id } }";

describe("rotateManagementToken", () => {
  test("gives a new secret to the same token; the old one stops at once, or works on for the overlap", async ({
    world,
  }) => {
    const { tenant, admin } = await world.tenant();
    const created = ok(await admin.createToken({ name: "token", role: "DEVELOPER" }));
    const [id, first] = [created.managementToken.id, new Caller(world.url, created.secret)];
    expect((await first.query(viewer)).viewer).toEqual({ id });
    const rotated = ok(await admin.rotateToken({ id, overlapMs: minute }));
    const now = new Date(world.clock.now()).toISOString();
    expect(rotated.managementToken).toMatchObject({
      id,
      name: "token",
      role: "DEVELOPER",
      status: "ACTIVE",
      tenantId: tenant.id,
      rotatedAt: now,
      previousSecretExpiresAt: world.clock.in(minute),
    });
    expect(rotated.secret).toMatch(/^keyplane_live_/);
    const second = new Caller(world.url, rotated.secret);
    for (const caller of [first, second]) expect((await caller.query(viewer)).viewer).toEqual({ id });
    world.clock.advance(minute);
    await expect(first.query(viewer)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("new secret"),
    });
    // Its own, without an overlap; the one before it is gone for good.
    const own = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["TOKENS_ROTATE"] });
    const { viewer: self } = await own.query(viewer);
    const third = new Caller(world.url, ok(await own.rotateToken({ id: self.id })).secret);
    await expect(own.query(viewer)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await third.query(viewer)).viewer).toEqual(self);
    const { prisma } = world.server.keyplane.database;
    expect(await prisma.event.count({ where: { tokenId: id, type: "TOKEN_ROTATED" } })).toBe(1);
    const audit = await prisma.auditRecord.findFirstOrThrow({
      where: { targetId: id, action: "management_token.rotated" },
    });
    expect(JSON.stringify(audit)).not.toMatch(/[0-9a-f]{64}/);
  });

  test("a retry gets the same secret, until the token is rotated again", async ({ world }) => {
    const { admin } = await world.tenant();
    const { id } = ok(await admin.createToken({ name: "token", role: "GUEST" })).managementToken;
    const attempt = { id, idempotencyKey: world.unique() };
    const first = ok(await admin.rotateToken(attempt));
    expect(await admin.rotateToken(attempt)).toEqual(first);
    ok(await admin.rotateToken({ id }));
    expect(await admin.rotateToken(attempt)).toMatchObject({ __typename: "ConflictError" });
  });

  test("a revoked, expired or root token is a conflict; a negative overlap is invalid", async ({ world }) => {
    const { admin } = await world.tenant();
    const make = async (more = {}) =>
      ok(await admin.createToken({ name: "t", role: "GUEST", ...more })).managementToken.id;
    const [revoked, expired] = [await make(), await make({ expiresAt: world.clock.in(minute) })];
    ok(await admin.revokeToken({ id: revoked }));
    world.clock.advance(minute);
    for (const id of [revoked, expired]) expect(await admin.rotateToken({ id })).toMatchObject({ code: "CONFLICT" });
    const root = (await world.root.query(viewer)).viewer.id;
    expect(await world.root.rotateToken({ id: root })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("KEYPLANE_ROOT_TOKEN"),
    });
    expect(await admin.rotateToken({ id: revoked, overlapMs: -1 })).toMatchObject({
      __typename: "InvalidInputError",
      issues: [{ path: ["overlapMs"] }],
    });
  });

  test("nobody gets the secret of a token that can do more, give more or lasts longer than theirs", async ({
    world,
  }) => {
    const { tenant, admin } = await world.tenant();
    const make = async (more: Record<string, unknown>) =>
      ok(await admin.createToken({ name: "t", role: "ADMIN", ...more })).managementToken.id;
    const able = ["TOKENS_ROTATE", "KEYS_READ"];
    const [more, scopes, forever] = [
      await make({ permissions: ["KEYS_REVOKE"] }),
      await make({ permissions: able }),
      await make({ permissions: able, grantableScopes: ["a"] }),
    ];
    const ends = { expiresAt: world.clock.in(day) };
    const narrow = await world.caller("ADMIN", {
      tenantId: tenant.id,
      permissions: able,
      grantableScopes: ["a"],
      ...ends,
    });
    for (const id of [more, scopes, forever])
      expect(await narrow.rotateToken({ id })).toMatchObject({ code: "FORBIDDEN" });
    ok(await narrow.rotateToken({ id: await make({ permissions: able, grantableScopes: ["a"], ...ends }) }));
  });

  test("another tenant's token and strange ids answer as a missing one; needs the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const missing = await ours.admin.rotateToken({ id: world.missingId("ManagementToken") });
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    const foreign = (await theirs.admin.query(viewer)).viewer.id;
    for (const id of [foreign, ...strangeIds("ManagementToken")])
      expect(await ours.admin.rotateToken({ id })).toEqual(missing);
    await theirs.admin.query(viewer);
    const lacking = await world.caller("ADMIN", { tenantId: ours.tenant.id, permissions: ["TOKENS_CREATE"] });
    expect(await lacking.rotateToken({ id: foreign })).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("tokens:rotate"),
    });
    await expect(world.anonymous.rotateToken({ id: foreign })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("management tokens in the list", () => {
  test("are found by user, role, custom role, status and text", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const self = (await admin.query(viewer)).viewer.id;
    const role = await world.role(tenant.id, { permissions: [] });
    const user = await world.user(tenant.id);
    const make = async (more: Record<string, unknown>) =>
      ok(await admin.createToken({ name: "token", role: "GUEST", ...more })).managementToken.id;
    const ofUser = await make({ userId: user.id });
    const ofRole = await make({ customRoleId: role.id, tenantId: tenant.id });
    const expired = await make({ expiresAt: world.clock.in(minute), name: "Short" });
    const revoked = await make({});
    ok(await admin.revokeToken({ id: revoked }));
    world.clock.advance(minute);
    const found = async (filter: Record<string, unknown>) =>
      (await readPage(admin, "managementTokens", { first: 100, filter }, "status")).nodes.map(({ id, status }) => [
        id,
        status,
      ]);
    expect(await found({ userId: user.id })).toEqual([[ofUser, "ACTIVE"]]);
    expect(await found({ customRoleId: role.id })).toEqual([[ofRole, "ACTIVE"]]);
    expect(await found({ status: "EXPIRED" })).toEqual([[expired, "EXPIRED"]]);
    expect(await found({ status: "REVOKED" })).toEqual([[revoked, "REVOKED"]]);
    expect(await found({ role: "ADMIN" })).toEqual([[self, "ACTIVE"]]);
    expect(await found({ search: "shor" })).toEqual([[expired, "EXPIRED"]]);
    expect((await found({ status: "ACTIVE" })).map(([id]) => id).sort()).toEqual([self, ofUser, ofRole].sort());
  });

  test("tell when each was last used, before that is written, and a stop of the server writes it", async () => {
    const database = await openTestDatabase();
    const clock = new TestClock();
    try {
      const begin = async () => {
        const server = await startServer(
          { KEYPLANE_ROOT_TOKEN: "root-token-of-two-starts-0000000000000" },
          { database, clock },
        );
        return { server, world: new World(server) };
      };
      const first = await begin();
      const { managementToken, secret } = ok(await first.world.root.createToken({ name: "token", role: "DEVELOPER" }));
      const lastUsed = async (world: World) => {
        const { nodes } = await readPage(world.root, "managementTokens", { first: 100 }, "lastUsedAt");
        return nodes.find(({ id }) => id === managementToken.id)?.lastUsedAt;
      };
      expect(await lastUsed(first.world)).toBeNull();
      clock.advance(minute);
      const used = clock.in(0);
      await new Caller(first.world.url, secret).query(viewer);
      expect(await lastUsed(first.world)).toBe(used);
      await first.server.stop();
      clock.advance(minute);
      const second = await begin();
      expect(await lastUsed(second.world)).toBe(used);
      await second.server.stop();
    } finally {
      await database.close();
    }
  });
});

describe("createManagementToken with a custom role", () => {
  test("does what the role says, and no more than the user's", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const role = await world.role(tenant.id, { permissions: ["KEYS_READ", "USAGE_READ"] });
    const less = await world.role(tenant.id, { permissions: ["KEYS_READ"] });
    const user = await world.user(tenant.id, { customRoleId: less.id });
    const asked = { name: "t", role: "GUEST", tenantId: tenant.id };
    const { secret } = ok(await admin.createToken({ ...asked, customRoleId: role.id }));
    const program = new Caller(world.url, secret);
    expect((await program.query("{ viewer { role permissions } }")).viewer).toEqual({
      role: "DEVELOPER",
      permissions: ["KEYS_READ", "USAGE_READ"],
    });
    const beyond = await admin.createToken({ ...asked, userId: user.id, customRoleId: role.id });
    expect(beyond).toMatchObject({ __typename: "InvalidInputError", issues: [{ path: ["role"] }] });
    ok(await admin.createToken({ ...asked, userId: user.id, customRoleId: less.id }));
    const foreign = await world.role((await world.tenant()).tenant.id);
    expect(await admin.createToken({ ...asked, customRoleId: foreign.id })).toMatchObject({ code: "NOT_FOUND" });
    expect(await world.root.createToken({ name: "t", role: "GUEST", customRoleId: role.id })).toMatchObject({
      __typename: "InvalidInputError",
      issues: [{ path: ["customRoleId"] }],
    });
  });
});
