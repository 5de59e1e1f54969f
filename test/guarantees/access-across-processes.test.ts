import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { describe, expect, ok, startServer, TestClock, test, World } from "../testkit/index.js";

// The embedded database has one process only: this promise is about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;

describe.skipIf(withoutPostgres)("two servers on one database", () => {
  test("a change of role, team, membership or token counts in the other one, too", async () => {
    const database = await openTestDatabase();
    const clock = new TestClock();
    const token = { KEYPLANE_ROOT_TOKEN: "root-token-of-two-servers-000000000000" };
    const servers = [await startServer(token, { database, clock }), await startServer(token, { database, clock })];
    try {
      const [here, there] = servers.map((server) => new World(server)) as [World, World];
      const { tenant, admin, owner, key, secret } = await here.tenantWithKey({ key: { scopes: ["a", "b"] } });
      const role = await here.role(tenant.id);
      const team = await here.team(tenant.id, [owner.id]);
      ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
      ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
      const member = await here.user(tenant.id);
      const made = ok(await admin.createToken({ name: "member", role: "DEVELOPER", userId: member.id }));
      const caller = there.as(made.secret);
      const seen = async () => (await caller.query("query ($id: ID!) { key(id: $id) { id } }", { id: key.id })).key?.id;
      const scopes = async () => (await there.root.verify(secret)).scopes;
      expect([await seen(), await scopes()]).toEqual([undefined, ["a", "b"]]);

      ok(await admin.role("updateRole", { id: role.id, keyScopes: ["a"] }));
      await expect.poll(scopes).toEqual(["a"]);
      ok(await admin.team("updateTeam", { id: team.id, keyScopes: ["b"] }));
      await expect.poll(scopes).toEqual([]);
      ok(await admin.team("addTeamMember", { teamId: team.id, userId: member.id }));
      await expect.poll(seen).toBe(key.id);
      ok(await admin.team("removeTeamMember", { teamId: team.id, userId: member.id }));
      await expect.poll(seen).toBeUndefined();
      ok(await admin.rotateToken({ id: made.managementToken.id }));
      await expect.poll(() => seen().catch(({ code }) => code)).toBe("UNAUTHENTICATED");
    } finally {
      for (const server of servers) await server.stop();
      await database.close();
    }
  });
});
