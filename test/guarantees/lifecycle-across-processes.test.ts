import { vi } from "vitest";
import { openTestMongo } from "../../packages/server/src/testing/mongo.js";
import { withDatabase } from "../../packages/server/src/testing/mongo-url.js";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { day, describe, expect, hour, minute, ok, startServer, TestClock, test, World } from "../testkit/index.js";
import { callsFrom, findingMutation, policyMutation } from "../testkit/lifecycle.js";

// The embedded database has one process only: this promise is about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;

describe.skipIf(withoutPostgres)("two servers on one database", () => {
  test("remind, disable and begin an overlap once, and both refuse what one of them has stopped", async () => {
    const database = await openTestDatabase();
    const clock = new TestClock();
    const token = { KEYPLANE_ROOT_TOKEN: "root-token-of-two-servers-000000000000" };
    const servers = [await startServer(token, { database, clock }), await startServer(token, { database, clock })];
    try {
      const [here, there] = servers.map((server) => new World(server)) as [World, World];
      const { prisma } = database.database;
      const count = (type: string, tenantId: string) => prisma.event.count({ where: { type, tenantId } });

      // Reminders: of ten keys, each once.
      const { tenant, admin, owner } = await here.tenantWithKey({ policy: { rotateEveryMs: 40 * day } });
      for (let index = 0; index < 9; index++) await here.key(tenant.id, owner.id);
      ok(await policyMutation(admin, { tenantId: tenant.id, idleAfterDays: 5, idleAction: "DISABLE", graceDays: 1 }));
      clock.advance(10 * day + hour);
      await expect.poll(() => count("ROTATION_DUE", tenant.id)).toBe(10);
      await expect.poll(() => count("IDLE", tenant.id)).toBe(10);
      clock.advance(day);
      await expect.poll(() => count("DISABLED", tenant.id)).toBe(10);

      // A first use at both at once begins one overlap; a leak that one is told of, the other refuses.
      const story = await here.tenantWithKey();
      const rotated = ok(
        await story.admin.keySecret("rotateKey", { id: story.key.id, activateOnFirstUse: true, overlapMs: hour }),
      );
      const uses = await Promise.all([here, there, here, there].map((world) => world.verify(rotated.secret)));
      for (const { code } of uses) expect(code).toBe("VALID");
      await expect.poll(() => count("ROTATED", story.tenant.id)).toBe(1);
      clock.advance(hour);
      await expect.poll(async () => (await there.verify(story.secret)).code).toBe("SUPERSEDED");
      ok(await findingMutation(story.admin, "reportLeakedKey", { key: rotated.secret }));
      await expect.poll(async () => (await there.verify(rotated.secret)).code).toBe("DISABLED");
      expect([await count("ROTATED", story.tenant.id), await count("LEAKED", story.tenant.id)]).toEqual([1, 1]);
      expect([await count("ROTATION_DUE", tenant.id), await count("IDLE", tenant.id)]).toEqual([10, 10]);
    } finally {
      for (const server of servers) await server.stop();
      await database.close();
    }
  });

  test("look for shared keys in turns: once each quarter of an hour, whichever of them, and the other one when one is gone", async () => {
    const database = await openTestDatabase();
    const mongo = await openTestMongo();
    const usage = { MONGODB_URL: withDatabase(mongo.url, mongo.db("turns").databaseName) };
    const clock = new TestClock();
    const shared = { KEYPLANE_ROOT_TOKEN: "root-token-of-two-servers-000000000000", ...usage };
    const servers = [await startServer(shared, { database, clock }), await startServer(shared, { database, clock })];
    const running = new Set(servers);
    try {
      const [here, there] = servers.map((server) => new World(server)) as [World, World];
      // Whoever looks asks its store of usage about the tenant.
      const asked = servers.map(({ keyplane }) => vi.spyOn(keyplane.recording, "ask"));
      const { tenant, admin, key } = await here.tenantWithKey();
      const looks = () =>
        asked.map(
          ({ mock }) =>
            mock.calls.filter(
              ([what, about]) => what === "keysOfManyOrigins" && (about as { tenantId: string }).tenantId === tenant.id,
            ).length,
        );
      const total = () => looks().reduce((sum, count) => sum + count, 0);
      const { prisma } = database.database;
      const findings = () => prisma.keyFinding.count({ where: { keyId: key.id, kind: "SHARED" } });

      expect(ok(await admin.recordUsage(callsFrom(here, key.id, 40))).rejected).toEqual([]);
      await here.server.keyplane.recording.settle();
      await here.counted();
      const before = total();
      clock.advance(16 * minute);
      await expect.poll(findings).toBe(1);
      // Both have asked for the turn before one has it again.
      const asks = () => asked.map(({ mock }) => mock.calls.filter(([what]) => what === "takeTurn").length);
      const askedBefore = asks();
      clock.advance(2 * minute);
      await expect.poll(() => asks().every((count, index) => count > (askedBefore[index] ?? count))).toBe(true);
      expect(total()).toBe(before + 1);
      expect(await prisma.event.count({ where: { type: "SHARED", keyId: key.id } })).toBe(1);

      await here.server.stop();
      running.delete(here.server);
      const ofThere = looks()[1] ?? 0;
      clock.advance(16 * minute);
      await expect.poll(() => looks()[1]).toBe(ofThere + 1);
      expect(await findings()).toBe(1);
      expect((await there.root.query("{ viewer { role } }")).viewer.role).toBe("ADMIN");
    } finally {
      for (const server of running) await server.stop();
      await mongo.close();
      await database.close();
    }
  });
});
