import { openTestDatabase } from "../../testkit/database.js";
import { Caller, day, describe, expect, hour, ok, startServer, TestClock, test, World } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";

/** Servers one after another on one database, each with settings of its own, as after a restart. */
async function withRestarts(
  environment: Record<string, string>,
  work: (world: World, restart: (changed?: Record<string, string>) => Promise<string>) => Promise<void>,
) {
  const settings = { KEYPLANE_ROOT_TOKEN: "root-token-of-a-server-that-restarts", ...environment };
  const database = await openTestDatabase();
  const clock = new TestClock();
  let server = await startServer(settings, { database, clock });
  try {
    await work(new World(server), async (changed = {}) => {
      await server.stop();
      server = await startServer({ ...settings, ...changed }, { database, clock });
      return server.url;
    });
  } finally {
    await server.stop();
    await database.close();
  }
}

const types = ["EXPIRING", "EXPIRED"];

/** Everything that was told of expiries so far. */
async function told(caller: Caller): Promise<{ type: string; keyId: string }[]> {
  const query = "query ($types: [KeyEventType!]) { keyEvents(first: 100, types: $types) { nodes { type keyId } } }";
  return (await caller.query(query, { types })).keyEvents.nodes;
}

describe("a reminder of a key's expiry", () => {
  test("whose time comes while no server runs is told once after the restart, and by no later one", async () => {
    await withRestarts({}, async (world, restart) => {
      const { admin, key } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(8 * day) } });
      const { keyEvents } = await admin.query("{ keyEvents { nodes { cursor } } }");
      const after = keyEvents.nodes.at(-1).cursor;
      world.clock.advance(day + hour);
      const caller = new Caller(await restart(), admin.token);
      const stream = await EventFollower.open(caller, { after, types });
      expect(await stream.next()).toMatchObject({ type: "EXPIRING", keyId: key.id });
      stream.close();
      const again = new Caller(await restart(), admin.token);
      const following = await EventFollower.open(again, { after, types });
      expect((await following.next()).type).toBe("EXPIRING");
      // The next thing that comes is the next reminder, not the same one again.
      world.clock.advance(6 * day);
      expect((await following.next()).type).toBe("EXPIRING");
      // Of two whose time came while no server ran, the last one counts: the key has expired.
      following.close();
      world.clock.advance(day);
      const last = new Caller(await restart(), admin.token);
      const ending = await EventFollower.open(last, { after, types });
      expect((await ending.take(3)).map(({ type }) => type)).toEqual(["EXPIRING", "EXPIRING", "EXPIRED"]);
      ending.close();
      expect(await told(last)).toHaveLength(3);
    });
  });

  test("comes when KEYPLANE_EXPIRY_REMINDERS says, for what is set from then on, and with none never", async () => {
    await withRestarts({ KEYPLANE_EXPIRY_REMINDERS: "3h" }, async (world, restart) => {
      const { admin, tenant, owner, key } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(8 * day) } });
      const stream = await EventFollower.open(admin, { types });
      // Past a week and past a day before, of which nobody wants to hear.
      world.clock.advance(7 * day + 22 * hour);
      expect(await stream.next()).toMatchObject({ type: "EXPIRING", keyId: key.id });
      world.clock.advance(2 * hour);
      expect(await stream.next()).toMatchObject({ type: "EXPIRED", keyId: key.id });
      stream.close();
      const caller = new Caller(await restart({ KEYPLANE_EXPIRY_REMINDERS: "none" }), admin.token);
      const input = { tenantId: tenant.id, ownerId: owner.id, name: "k", expiresAt: world.clock.in(8 * day) };
      const silent = ok(await caller.keySecret("createKey", input)).key;
      const following = await EventFollower.open(caller, { types });
      world.clock.advance(8 * day);
      expect(await following.next()).toMatchObject({ type: "EXPIRED", keyId: silent.id });
      following.close();
    });
  });
});

describe("events", () => {
  test("are kept for as many days as KEYPLANE_EVENTS_DAYS says", async () => {
    const server = await startServer({ KEYPLANE_EVENTS_DAYS: "2" });
    const world = new World(server);
    const { admin, key } = await world.tenantWithKey();
    const kept = async (): Promise<string[]> => {
      const { keyEvents } = await admin.query("{ keyEvents(first: 100) { nodes { type } } }");
      return keyEvents.nodes.map(({ type }: { type: string }) => type);
    };
    world.clock.advance(day);
    ok(await admin.key("disableKey", { id: key.id }));
    await server.keyplane.eventLog.sweep();
    const all = await kept();
    expect(all).toContain("CREATED");
    world.clock.advance(day + hour);
    ok(await admin.key("enableKey", { id: key.id }));
    await server.keyplane.eventLog.sweep();
    expect(await kept()).toEqual(["DISABLED", "ENABLED"]);
    await server.stop();
  });
});
