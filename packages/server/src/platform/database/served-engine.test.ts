import { createServer } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedPostgres, startServedPostgres } from "../../../prisma/served-postgres.js";
import { type Database, openDatabase } from "./database.js";
import { readMigrations } from "./migration-files.js";

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

  test("times come back as they went in, whatever the server's time zone", async () => {
    const database = await open(await server.createDatabase("zones"));
    const createdAt = new Date("2026-03-29T01:30:00.123Z");
    await database.prisma.idempotencyRecord.create({ data: record("zones", createdAt) });
    const found = await database.prisma.idempotencyRecord.findUniqueOrThrow({ where: { id: "zones" } });
    expect(found.createdAt).toEqual(createdAt);
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

  test("connections that the server ends are replaced, and the process lives on", async () => {
    const url = await server.createDatabase("broken");
    const database = await open(url);
    await database.ping();
    const other = new pg.Client(url);
    await other.connect();
    await other.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keyplane'");
    await other.end();
    await expect.poll(() => database.ping().then(() => "answers", String)).toBe("answers");
    await database.close();
  });

  test.each([
    ["a wrong password", (url: string) => url.replace(":postgres@", ":wr0ng-secret@"), /refuses the user "postgres"/],
    ["a database that does not exist", (url: string) => url.replace(/\w+$/, "nothing"), /has no database "nothing"/],
  ])("%s is one clear sentence without the password", async (_, change, sentence) => {
    const error = await open(change(server.url)).then(() => null, String);
    expect(error).toMatch(sentence);
    expect(error).not.toContain("wr0ng-secret");
  });
});

describe("a PostgreSQL that cannot be reached", () => {
  const open = (databaseUrl: string): Promise<unknown> =>
    openDatabase({ databaseUrl, dataDir: null }).then(
      () => null,
      (error: Error) => `${error.name}: ${error.message}`,
    );

  test("nobody listens: the sentence names host and port, never the password", async () => {
    const port = await closedPort();
    const message = await open(`postgresql://ada:s3cret@127.0.0.1:${port}/keyplane`);
    expect(message).toMatch(
      new RegExp(`^StartupError: PostgreSQL at 127\\.0\\.0\\.1:${port} cannot be reached \\(.*ECONNREFUSED`),
    );
    expect(message).not.toContain("s3cret");
  });

  test.each(["mysql://ada:s3cret@host/db", "ada:s3cret@host", "postgresql://ada:s3cret@ho st/db"])(
    "%s is refused as an address, without repeating it",
    async (url) => {
      const message = await open(url);
      expect(message).toMatch(/^StartupError: DATABASE_URL is not an address/);
      expect(message).not.toContain("s3cret");
    },
  );

  test("a schema of its own is refused rather than ignored", async () => {
    expect(await open("postgresql://localhost/db?schema=mine")).toMatch(/names the schema "mine"/);
  });
});

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
