import { openTestDatabase } from "../../testkit/database.js";
import {
  Caller,
  day,
  describe,
  expect,
  ok,
  startServer,
  TestClock,
  type TestServer,
  test,
  World,
} from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";

/** A server of its own, whose events may be removed and whose buffer is small. */
async function withServer(work: (world: World, server: TestServer) => Promise<void>, eventBufferSize?: number) {
  const server = await startServer({}, eventBufferSize === undefined ? {} : { eventBufferSize });
  try {
    await work(new World(server), server);
  } finally {
    await server.stop();
  }
}

/** The same, and `restart`: another process on the same database, which remembers nothing. */
async function withRestart(work: (world: World, server: TestServer, restart: () => Promise<string>) => Promise<void>) {
  const environment = { KEYPLANE_ROOT_TOKEN: "root-token-of-a-server-that-restarts" };
  const database = await openTestDatabase();
  const clock = new TestClock();
  let server = await startServer(environment, { database, clock });
  try {
    await work(new World(server), server, async () => {
      await server.stop();
      server = await startServer(environment, { database, clock });
      return server.url;
    });
  } finally {
    await server.stop();
    await database.close();
  }
}

describe("a reader whose place is lost", () => {
  test.for([
    ["an empty one", ""],
    ["no cursor at all", "not a cursor"],
    ["one of another store", Buffer.from("e1.other.1.1.abcdefgh").toString("base64url")],
  ])("with %s is told to resynchronise, and goes on from there", async ([, after], { world }) => {
    const { admin, key } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin, { after });
    const resync = await stream.next();
    expect(resync).toMatchObject({ __typename: "ResyncRequired", code: "CURSOR_UNKNOWN", reason: expect.any(String) });
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await stream.next()).type).toBe("DISABLED");
    stream.close();
    // Its cursor is as good as that of an event.
    const again = await EventFollower.open(admin, { after: resync.cursor });
    expect((await again.next()).type).toBe("DISABLED");
    again.close();
  });

  test("with the cursor of another database is told so", async ({ world }) => {
    const { admin } = await world.tenantWithKey();
    const { keyEvents } = await admin.query("{ keyEvents { nodes { cursor } } }");
    await withServer(async (other) => {
      const stream = await EventFollower.open(other.root, { after: keyEvents.nodes[0].cursor });
      expect((await stream.next()).code).toBe("CURSOR_UNKNOWN");
      stream.close();
      const asked = other.root.query("query ($after: String) { keyEvents(after: $after) { totalCount } }", {
        after: keyEvents.nodes[0].cursor,
      });
      await expect(asked).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    });
  });

  test("with a cursor of before a restore is told so, although an event stands at its place again", async () => {
    await withRestart(async (world, server, restart) => {
      const { admin, key } = await world.tenantWithKey();
      ok(await admin.key("disableKey", { id: key.id }));
      const { keyEvents } = await admin.query("{ keyEvents { nodes { cursor } } }");
      const last = keyEvents.nodes.at(-1).cursor;
      const { prisma } = server.keyplane.database;
      await prisma.event.updateMany({
        where: { keyId: key.id, type: "DISABLED" },
        data: { id: "evt_anotherHistory0123456789" },
      });
      const stream = await EventFollower.open({ url: await restart(), token: admin.token }, { after: last });
      expect((await stream.next()).code).toBe("CURSOR_UNKNOWN");
      stream.close();
    });
  });

  test("because its events were removed is told so; the newest removed one is still a place to go on from", async () => {
    await withRestart(async (world, server, restart) => {
      const { admin, key } = await world.tenantWithKey();
      ok(await admin.key("disableKey", { id: key.id }));
      ok(await admin.key("enableKey", { id: key.id }));
      const list = "{ keyEvents(first: 100) { nodes { type cursor } } }";
      const old = (await admin.query(list)).keyEvents.nodes;
      world.clock.advance(8 * day);
      ok(await admin.key("disableKey", { id: key.id }));
      await server.keyplane.eventLog.sweep();
      const left = (await admin.query(list)).keyEvents.nodes;
      expect(left.map(({ type }: { type: string }) => type)).toEqual(["DISABLED"]);
      const page = "query ($after: String) { keyEvents(after: $after) { nodes { type } } }";
      // Also while the server itself still remembers them.
      await expect(admin.query(page, { after: old.at(-2).cursor })).rejects.toThrow("removed already");
      const restarted = new Caller(await restart(), admin.token);
      await expect(restarted.query(page, { after: old.at(-2).cursor })).rejects.toThrow("removed already");
      const tooOld = await EventFollower.open(restarted, { after: old.at(-2).cursor });
      expect((await tooOld.next()).code).toBe("CURSOR_TOO_OLD");
      tooOld.close();
      const kept = await EventFollower.open(restarted, { after: old.at(-1).cursor });
      expect(await kept.next()).toMatchObject({ type: "DISABLED", cursor: left[0].cursor });
      kept.close();
    });
  });

  test("because it reads too slowly is told so, goes on, and holds up nobody", async () => {
    await withServer(async (world) => {
      const { admin, key } = await world.tenantWithKey();
      const slow = await EventFollower.open(admin);
      const quick = await EventFollower.open(admin);
      await slow.current();
      slow.pause();
      let count = 0;
      const reason = "r".repeat(500);
      // Until what the network and its buffers take is full, and more than the server remembers came after it.
      while (!slow.messages.some(({ code }) => code === "READER_TOO_SLOW") && count < 30_000) {
        const many = Array.from({ length: 100 }, (_, index) => ({
          id: `evt_slow${String(count + index).padStart(20, "0")}`,
          type: "UPDATED",
          tenantId: key.tenant.id,
          keyId: key.id,
          userId: key.owner.id,
          reason,
          occurredAt: new Date(),
        }));
        await world.server.keyplane.database.prisma.event.createMany({ data: many });
        count += many.length;
        await quick.take(100);
        if (count % 10_000 === 0) {
          slow.resume();
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          slow.pause();
        }
      }
      slow.resume();
      ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
      expect((await quick.next()).type).toBe("REVOKED");
      let last = await slow.next();
      const seen = [last];
      while (last.type !== "REVOKED") {
        last = await slow.next();
        seen.push(last);
      }
      const resync = seen.findIndex(({ code }) => code === "READER_TOO_SLOW");
      expect(resync).toBeGreaterThan(0);
      expect(seen.length).toBeLessThan(count);
      for (const stream of [slow, quick]) stream.close();
    }, 200);
  });
});
