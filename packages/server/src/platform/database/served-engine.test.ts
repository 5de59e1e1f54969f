import { createServer } from "node:net";
import { inspect } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type ServedPostgres, startServedPostgres } from "../../../prisma/served-postgres.js";
import { freezableProxy } from "../../testing/freezable-proxy.js";
import { PrismaClient } from "./_generated/client.js";
import { type Database, openDatabase } from "./database.js";
import { isDatabaseAway } from "./database-away.js";
import { readMigrations } from "./migration-files.js";
import { openServed } from "./served-engine.js";
import { StartupError } from "./startup-error.js";

describe("a served PostgreSQL", () => {
  let server: ServedPostgres;
  beforeAll(async () => {
    // Far from UTC, and with half an hour: what the driver would get wrong if we let it.
    server = await startServedPostgres({ timezone: "Asia/Kolkata" });
  });
  afterAll(() => server.stop());

  const open = (databaseUrl: string): Promise<Database> => openDatabase({ databaseUrl, dataDir: null });

  test("processes that start at once on an empty database all come up, and each migration is applied once", async () => {
    const url = await server.createDatabase("at_once");
    const databases = await Promise.all([open(url), open(url), open(url), open(url)]);
    expect(databases.map((database) => database.kind)).toEqual(Array(4).fill("postgresql"));
    const applied = databases.map(({ prisma }) => prisma.$queryRaw`SELECT "migration_name" FROM "_prisma_migrations"`);
    expect(await applied[0]).toEqual(readMigrations().map(({ name }) => ({ migration_name: name })));
    await Promise.all(databases.map((database) => database.close()));
  });

  test("a start waits for whoever holds Prisma's migration lock", async () => {
    const url = await server.createDatabase("locked");
    const other = new pg.Client(url);
    await other.connect();
    await other.query("SELECT pg_advisory_lock(72707369)"); // what `prisma migrate deploy` takes
    let opened = false;
    const opening = open(url).finally(() => {
      opened = true;
    });
    await untilWaiting(other);
    expect(opened).toBe(false);
    await other.query("SELECT pg_advisory_unlock(72707369)");
    await (await opening).close();
    await other.end();
  });

  test("times are stored and come back as they went in, whatever the server's time zone", async () => {
    const database = await open(await server.createDatabase("zones"));
    const createdAt = new Date("2026-03-29T01:30:00.123Z");
    await database.prisma.idempotencyRecord.create({ data: record("zones", createdAt) });
    const found = await database.prisma.idempotencyRecord.findUniqueOrThrow({ where: { id: "zones" } });
    expect(found.createdAt).toEqual(createdAt);
    // The driver errs the same way in both directions, so the round trip alone proves nothing.
    const stored = await database.prisma.$queryRaw`
      SELECT extract(epoch FROM "createdAt")::float8 * 1000 AS "ms" FROM "IdempotencyRecord"`;
    expect(stored).toEqual([{ ms: createdAt.getTime() }]);
    await database.close();
  });

  test("a rejected transaction leaves nothing, a resolved one everything", async () => {
    const database = await open(await server.createDatabase("transactions"));
    const write = (id: string, fail: boolean): Promise<void> =>
      database.transaction(async (tx) => {
        await tx.idempotencyRecord.create({ data: record(id, new Date()) });
        if (fail) throw new Error("changed my mind");
      });
    await expect(write("a", true)).rejects.toThrow("changed my mind");
    await write("b", false);
    expect((await database.prisma.idempotencyRecord.findMany()).map(({ id }) => id)).toEqual(["b"]);
    await database.close();
  });

  test("connections that the server ends are replaced, and the log tells it without the password", async () => {
    const url = await server.createDatabase("broken");
    const warn = vi.fn();
    const database = await openDatabase({ databaseUrl: url, dataDir: null, logger: { info: vi.fn(), warn } });
    const other = new pg.Client(url);
    await other.connect();
    await other.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyplane'");
    await other.end();
    await expect
      .poll(() => warn.mock.calls)
      .toEqual([
        [{ reason: "terminating connection due to administrator command" }, "connection to the database lost"],
      ]);
    await database.ping();
    await database.close();
  });

  test("the server ends by itself what a request would no longer wait for", async () => {
    const database = await open(await server.createDatabase("limits"));
    const settings = await database.prisma.$queryRaw`
      SELECT "name", "setting" FROM pg_settings WHERE "name" IN
        ('idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout') ORDER BY "name"`;
    expect(settings).toEqual([
      { name: "idle_in_transaction_session_timeout", setting: "20000" },
      { name: "lock_timeout", setting: "10000" },
      { name: "statement_timeout", setting: "18000" },
    ]);
    await database.close();
  });

  test("what it gives up because of others counts as a database that is away, which may be tried again", async () => {
    const url = await server.createDatabase("contended");
    const database = await open(url);
    for (const id of ["a", "b"]) await database.prisma.idempotencyRecord.create({ data: record(id, new Date()) });
    const touch = { data: { targetId: "touched" } };
    const other = new pg.Client(url);
    await other.connect();
    await other.query('BEGIN; LOCK TABLE "IdempotencyRecord" IN ACCESS EXCLUSIVE MODE');
    for (const limit of ["lock_timeout", "statement_timeout"]) {
      const waiting = database.transaction(async (tx) => {
        await tx.$executeRawUnsafe(`SET LOCAL ${limit} = '50ms'`);
        await tx.idempotencyRecord.update({ where: { id: "a" }, ...touch });
      });
      expect(await awayness(waiting)).toBe(true);
      const raw = database.transaction(async (tx) => {
        await tx.$executeRawUnsafe(`SET LOCAL ${limit} = '50ms'`);
        await tx.$queryRaw`SELECT "id" FROM "IdempotencyRecord"`;
      });
      expect(await awayness(raw)).toBe(true);
    }
    await other.query("ROLLBACK");
    await other.end();

    let first = (): void => {};
    const bothHold = new Promise<void>((resolve) => {
      first = resolve;
    });
    let held = 0;
    const cross = (mine: string, theirs: string): Promise<void> =>
      database.transaction(async (tx) => {
        await tx.idempotencyRecord.update({ where: { id: mine }, ...touch });
        held += 1;
        if (held === 2) first();
        await bothHold;
        await tx.idempotencyRecord.update({ where: { id: theirs }, ...touch });
      });
    const ends = await Promise.allSettled([cross("a", "b"), cross("b", "a")]);
    const deadlocks = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
    expect(deadlocks.map(isDatabaseAway)).toEqual([true]);
    expect(await awayness(database.prisma.$queryRaw`SELECT * FROM "Nothing"`)).toBe(false);
    await database.close();
  });

  test("one that is killed is away, whatever was asked of it, until it has recovered", async () => {
    const database = await open(await server.createDatabase("killed"));
    await server.kill();
    for (const ask of [() => database.prisma.$queryRaw`SELECT 1`, () => database.prisma.tenant.findFirst()]) {
      // First a broken connection, then none.
      for (let time = 0; time < 12; time++) expect(await awayness(ask())).toBe(true);
    }
    await server.restart();
    expect(await awayness(database.ping())).toBeNull();
    await database.close();
  });

  test("one that falls silent is away after a while, and what it interrupted is never gone on with", async () => {
    const url = await server.createDatabase("silent");
    await (await open(url)).close();
    const proxy = await freezableProxy(url);
    const engine = await openServed(proxy.url, () => {}, 3_000);
    const prisma = new PrismaClient({ adapter: engine.adapter });

    const interrupted = prisma.$transaction(async (tx) => {
      await tx.idempotencyRecord.create({ data: record("interrupted", new Date()) });
      proxy.freeze();
      await tx.idempotencyRecord.count();
    });
    expect(await awayness(interrupted)).toBe(true);
    proxy.thaw();
    await prisma.idempotencyRecord.create({ data: record("later", new Date()) });
    const other = await open(url);
    expect((await other.prisma.idempotencyRecord.findMany()).map(({ id }) => id)).toEqual(["later"]);
    await other.close();

    proxy.freeze();
    expect(await awayness(prisma.idempotencyRecord.count())).toBe(true);
    proxy.thaw();
    await prisma.$disconnect();
    await engine.close();
    await proxy.close();
  });

  test.each([
    ["a wrong password", (url: string) => url.replace(/:[^:@]+@/, ":wr0ng-secret@"), /refuses the user "postgres"/],
    ["a database that does not exist", (url: string) => url.replace(/\w+$/, "nothing"), /has no database "nothing"/],
  ])("%s is one clear sentence without the password", async (_, change, sentence) => {
    const url = change(server.url);
    const error = await failureOf(url);
    expect(error.message).toMatch(sentence);
    expect(everythingIn(error)).not.toContain(new URL(url).password);
  });
});

describe("a PostgreSQL that cannot be reached", () => {
  test("nobody listens: the sentence names host and port, never the password", async () => {
    const port = await closedPort();
    const error = await failureOf(`postgresql://ada:s3cret@127.0.0.1:${port}/keyplane`);
    expect(error).toBeInstanceOf(StartupError);
    expect(error.message).toMatch(
      new RegExp(`^PostgreSQL at 127\\.0\\.0\\.1:${port} cannot be reached \\(.*ECONNREFUSED`),
    );
    expect(everythingIn(error)).not.toContain("s3cret");
  });

  test.each(["mysql://ada:s3cret@host/db", "ada:s3cret@host", "postgresql://ada:s3cret@ho st/db"])(
    "%s is refused as an address, without repeating it",
    async (url) => {
      const error = await failureOf(url);
      expect(error.message).toMatch(/^DATABASE_URL is not an address/);
      expect(everythingIn(error)).not.toContain("s3cret");
    },
  );

  test("a schema of its own is refused rather than ignored", async () => {
    expect((await failureOf("postgresql://localhost/db?schema=mine")).message).toMatch(/names the schema "mine"/);
  });
});

/** Whether what fails does so because the database is away; null: it does not fail. */
function awayness(work: Promise<unknown>): Promise<boolean | null> {
  return work.then(() => null, isDatabaseAway);
}

async function failureOf(databaseUrl: string): Promise<Error> {
  const database = await openDatabase({ databaseUrl, dataDir: null }).catch((error: Error) => error);
  if (database instanceof Error) return database;
  throw new Error("it opened");
}

/** What a log would show of an error at worst: its causes and every property. */
function everythingIn(error: Error): string {
  return inspect(error, { depth: null, showHidden: true });
}

function record(
  id: string,
  createdAt: Date,
): { id: string; inputHash: string; targetId: string; hasSecret: boolean; createdAt: Date } {
  return { id, inputHash: "hash", targetId: "target", hasSecret: false, createdAt };
}

async function untilWaiting(client: pg.Client): Promise<void> {
  await expect
    .poll(
      async () => (await client.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount,
    )
    .toBe(1);
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
