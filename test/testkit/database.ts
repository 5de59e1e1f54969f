import { randomBytes } from "node:crypto";
import { type Database, openDatabase } from "@keyplane/server";
import { Client } from "pg";
import { inject } from "vitest";

const servers = inject("postgresUrls");

/** The PostgreSQL server that tests of this worker make their databases on; null: each uses an embedded database. */
export const postgresUrl: string | null = servers[Number(process.env.VITEST_POOL_ID) % servers.length] ?? null;

/** An opened database of a worker's own, with nothing in it. */
export interface TestDatabase {
  readonly database: Database;
  /** The address to give to a server in another process; null for the embedded database, which has one process only. */
  readonly url: string | null;
  close(): Promise<void>;
}

/**
 * Embedded in memory, or a new database on the PostgreSQL that the run was given: `TEST_DATABASE=postgresql` starts a
 * bundled one, `TEST_DATABASE_URL` names a served one.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const url = postgresUrl ? await createDatabase(postgresUrl) : null;
  const database = await openDatabase({ databaseUrl: url, dataDir: null });
  return {
    database,
    url,
    async close() {
      await database.close();
      if (postgresUrl && url) await dropDatabase(postgresUrl, url);
    },
  };
}

async function createDatabase(server: string): Promise<string> {
  const name = `keyplane_test_${randomBytes(8).toString("hex")}`;
  await run(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(server: string, url: string): Promise<void> {
  await run(server, `DROP DATABASE IF EXISTS ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}

async function run(server: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
