import { openDatabase } from "@keyplane/server";
import { Client } from "pg";
import { afterEach } from "vitest";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { Caller, day, describe, expect, mutate, ok, startServer, TestClock, test, World } from "../testkit/index.js";
import { EventFollower, type Message } from "../testkit/key-events.js";
import { newHome, type ServerProcess, startProcess } from "../testkit/server-process.js";

// The embedded database has one process only: these promises are about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;
const reason = "needs PostgreSQL: TEST_DATABASE=postgresql";
/** How many events the larger stories make. */
const rounds = Number(process.env["TEST_EVENTS"] ?? 200);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two servers on one database, each with its own memory. */
async function twoServers() {
  const database = await openTestDatabase();
  cleanups.push(() => database.close());
  const environment = { KEYPLANE_ROOT_TOKEN: "root-token-of-both-servers-of-a-test" };
  const clock = new TestClock();
  const first = await startServer(environment, { database, clock });
  cleanups.push(() => first.stop());
  const other = await openDatabase({ databaseUrl: database.url, dataDir: null });
  cleanups.push(() => other.close());
  const second = await startServer(environment, { database: { ...database, database: other }, clock });
  cleanups.push(() => second.stop());
  return { world: new World(first), elsewhere: second, url: database.url ?? "", clock };
}

async function follow(caller: Caller, args: Record<string, unknown> = {}): Promise<EventFollower> {
  const stream = await EventFollower.open(caller, args);
  cleanups.push(() => stream.close());
  return stream;
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  cleanups.push(() => client.end());
  return client;
}

describe("events of one server process at the readers of another", () => {
  // How soon, `pnpm bench revocation` says.
  test("come one after another, each after its answer", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { world, elsewhere } = await twoServers();
    const { admin, tenant, owner } = await world.tenantWithKey();
    const stream = await follow(new Caller(elsewhere.url, admin.token), { types: ["REVOKED"] });
    for (let count = 0; count < 100; count++) {
      const { key } = await world.key(tenant.id, owner.id);
      ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
      expect((await stream.next()).keyId).toBe(key.id);
    }
  });

  test("are never skipped, doubled or out of order, however transactions overlap and readers come back", async ({
    skip,
  }) => {
    skip(withoutPostgres, reason);
    const { world, elsewhere, url } = await twoServers();
    const { admin, tenant } = await world.tenantWithKey();
    const there = new Caller(elsewhere.url, admin.token);
    const [here, away] = [await follow(admin), await follow(there)];
    const writers = await Promise.all(Array.from({ length: 6 }, () => connected(url)));
    const seen: string[] = [];
    let count = 0;
    const write = async (client: Client): Promise<void> => {
      while (count < rounds) {
        await client.query("BEGIN");
        for (let left = 1 + Math.floor(Math.random() * 3); left > 0; left--) {
          count += 1;
          const id = `evt_${String(count).padStart(24, "0")}`;
          const sql = `INSERT INTO "Event" ("id", "type", "tenantId", "occurredAt") VALUES ($1, 'TENANT_RESUMED', $2, now())`;
          await client.query(sql, [id, tenant.id]);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        await client.query(Math.random() < 0.1 ? "ROLLBACK" : "COMMIT");
      }
    };
    /** Comes back again and again, now here and now there, with the last cursor that it has. */
    const wander = async (isDone: () => boolean): Promise<void> => {
      let after = "";
      for (let turn = 0; ; turn++) {
        const isLast = isDone();
        const stream = await EventFollower.open(turn % 2 ? admin : there, { after });
        if (after === "") after = (await stream.next()).cursor;
        else {
          if (isLast) await stream.current();
          else await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
          const got = stream.messages.slice();
          for (const message of got) seen.push(message.cursor);
          after = got.at(-1)?.cursor ?? after;
        }
        stream.close();
        if (isLast) return;
      }
    };
    let isDone = false;
    const wandering = wander(() => isDone);
    await Promise.all(writers.map(write));
    isDone = true;
    await wandering;
    const { rows } = await (await connected(url)).query(
      `SELECT count(*)::int AS "count" FROM "Event" WHERE "type" = 'TENANT_RESUMED'`,
    );
    const expected: string[] = [];
    for (let after: string | null = null; ; ) {
      const { keyEvents }: Message = await admin.query(
        `query ($after: String) { keyEvents(types: [TENANT_RESUMED], first: 100, after: $after) { nodes { cursor } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      expected.push(...keyEvents.nodes.map(({ cursor }: Message) => cursor));
      after = keyEvents.pageInfo.endCursor;
      if (!keyEvents.pageInfo.hasNextPage) break;
    }
    expect(expected).toHaveLength(rows[0].count);
    for (const stream of [here, away]) {
      await stream.take(expected.length);
      expect(stream.messages.map(({ cursor }) => cursor)).toEqual(expected);
    }
    expect(seen).toEqual(expected.slice(expected.length - seen.length));
    expect(seen.length).toBeGreaterThan(0);
  });

  test("of expiry are told once, whichever process tells them", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { world, elsewhere, clock } = await twoServers();
    const { admin, tenant, owner } = await world.tenantWithKey();
    const stream = await follow(new Caller(elsewhere.url, admin.token), { types: ["EXPIRING", "EXPIRED"] });
    for (let count = 0; count < 20; count++) await world.key(tenant.id, owner.id, { expiresAt: clock.in(2 * day) });
    clock.advance(day + 60_000);
    const reminders = await stream.take(20);
    clock.advance(day);
    const ends = await stream.take(20);
    for (const [events, type] of [
      [reminders, "EXPIRING"],
      [ends, "EXPIRED"],
    ] as const) {
      expect(new Set(events.map((event) => event.type))).toEqual(new Set([type]));
      expect(new Set(events.map(({ keyId }) => keyId)).size).toBe(20);
    }
    await stream.current();
    expect(stream.messages).toHaveLength(40);
  });

  test("of one key come in the order of its changes", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { world, elsewhere } = await twoServers();
    const { admin, key } = await world.tenantWithKey();
    const there = new Caller(elsewhere.url, admin.token);
    const stream = await follow(there, { keyIds: [key.id] });
    const change = async (caller: Caller, name: string) => {
      for (let count = 0; count < 15; count++) ok(await caller.key(name, { id: key.id }));
    };
    await Promise.all([
      change(admin, "disableKey"),
      change(there, "enableKey"),
      change(there, "disableKey"),
      change(admin, "enableKey"),
    ]);
    await stream.current();
    const types = stream.messages.map(({ type }) => type as string);
    expect(types).toEqual(types.map((_, index) => (index % 2 === 0 ? "DISABLED" : "ENABLED")));
    const { status } = (await admin.query("query ($id: ID!) { key(id: $id) { status } }", { id: key.id })).key;
    expect(status).toBe(types.at(-1) === "DISABLED" ? "DISABLED" : "ACTIVE");
  });
});

describe("a server process that is killed", () => {
  test("leaves every reader with what the database has", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const rootToken = "root-token-of-the-killed-server-01";
    const home = await newHome();
    cleanups.push(() => home.remove());
    const other = await newHome();
    cleanups.push(() => other.remove());
    const environment = { ...home.environment, KEYPLANE_ROOT_TOKEN: rootToken };
    const start = (dataDir: string): Promise<ServerProcess> =>
      startProcess({ ...environment, KEYPLANE_DATA_DIR: dataDir });
    let killed = await start(home.dataDir);
    const steady = await start(other.dataDir);
    cleanups.push(() => steady.end("SIGKILL"));
    cleanups.push(() => killed.end("SIGKILL"));
    const root = new Caller(steady.url, rootToken);
    const { tenant } = ok(await root.tenant("createTenant", { slug: "killed", name: "T" }));
    const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email: "a@example.com", name: "U" }));
    const atSteady = await follow(root);
    const states = new Map<string, string>();
    const apply = ({ type, keyId }: Message): void => {
      if (keyId) states.set(keyId, type === "CREATED" || type === "ENABLED" ? "ACTIVE" : type);
    };
    const ofKilled = new Caller(killed.url, rootToken);
    let atKilled = await follow(ofKilled, { after: "" });
    let cursor = (await atKilled.next()).cursor;

    const work = async (url: string): Promise<void> => {
      const caller = new Caller(url, rootToken);
      for (let count = 0; count < rounds / 10; count++) {
        const { key } = ok(await caller.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "K" }));
        for (const name of ["disableKey", "enableKey", "revokeKey"].slice(0, count % 4)) {
          ok(await mutate(url, rootToken, name, { id: key.id, reason: "x" }, "key { id }"));
        }
      }
    };
    const working = [killed.url, killed.url, steady.url, steady.url].map((url) => work(url).catch(() => {}));
    await atSteady.take(Math.floor(rounds / 20));
    await killed.end("SIGKILL");
    await Promise.all(working);
    await atKilled.ended();
    for (const message of atKilled.messages.slice(1)) apply(message);
    cursor = atKilled.messages.at(-1)?.cursor ?? cursor;

    killed = await start(home.dataDir);
    atKilled = await follow(new Caller(killed.url, rootToken), { after: cursor });
    await atKilled.current();
    for (const message of atKilled.messages) apply(message);
    await atSteady.current();
    const all: string[] = [];
    const bySteady = new Map<string, string>();
    for (const { type, keyId } of atSteady.messages) {
      if (keyId) bySteady.set(keyId, type === "CREATED" || type === "ENABLED" ? "ACTIVE" : type);
    }
    for (let after: string | null = null; ; ) {
      const document =
        "query ($after: String) { keys(first: 100, after: $after) { nodes { id status } pageInfo { hasNextPage endCursor } } }";
      const { keys }: Message = await root.query(document, { after });
      for (const { id, status } of keys.nodes) all.push(`${id} ${status}`);
      after = keys.pageInfo.endCursor;
      if (!keys.pageInfo.hasNextPage) break;
    }
    const lines = (known: Map<string, string>) => [...known].map(([id, state]) => `${id} ${state}`).sort();
    expect(lines(bySteady)).toEqual(all.sort());
    expect(lines(states)).toEqual(all.sort());
  });
});
