import { randomUUID } from "node:crypto";
import { hasChecksum, type MigrationFile } from "./migration-files.js";
import { codeOf, messageOf, StartupError } from "./startup-error.js";

/**
 * One connection that nobody else uses. Not the Prisma adapters: pglite-prisma-adapter does not await a script, so that a
 * failing migration would be recorded as applied, and adapter-pg cuts scripts at every semicolon.
 */
export interface MigrationConnection {
  /** Runs a script of any number of statements. */
  exec(sql: string): Promise<void>;
  /** Runs one statement and answers its rows. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** The key of Prisma's own lock: whoever migrates, this server or `prisma migrate deploy`, waits for the other. */
const LOCK_KEY = 72707369;

/** Long enough for another process's migration; short enough that a forgotten one is noticed. */
const LOCK_TIMEOUT_MS = 60_000;

/** Prisma's table, column for column, so that `prisma migrate deploy` and `status` go on where we stopped. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Brings a database to this build's schema. Each migration and its record commit together, under a lock that lets any
 * number of processes start at once; running again changes nothing.
 *
 * @returns the names of the migrations that this call applied.
 * @throws StartupError when the database is of a newer version, when an applied migration was changed, or when one fails;
 *   a failed one leaves nothing behind.
 */
export async function migrate(connection: MigrationConnection, files: readonly MigrationFile[]): Promise<string[]> {
  const applied: string[] = [];
  for (;;) {
    const name = await inTransaction(connection, () => applyNext(connection, files));
    if (name === null) return applied;
    applied.push(name);
  }
}

/** The lock is the transaction's, not the session's: it cannot be left behind and works through connection poolers. */
async function applyNext(connection: MigrationConnection, files: readonly MigrationFile[]): Promise<string | null> {
  await lock(connection);
  const applied = await readApplied(connection);
  check(applied, files);
  const names = new Set(applied.map((row) => row.migration_name));
  const next = files.find((file) => !names.has(file.name));
  if (!next) return null;

  try {
    await connection.exec(next.sql);
  } catch (cause) {
    throw new StartupError(
      `Migration ${next.name} failed and was rolled back: ${messageOf(cause)}. ` +
        "The database is as it was before; start the previous version, or repair what the message names and start again.",
      { cause },
    );
  }
  await connection.query(
    `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
     VALUES ($1, $2, $3, clock_timestamp(), 1)`,
    [randomUUID(), next.checksum, next.name],
  );
  return next.name;
}

async function lock(connection: MigrationConnection): Promise<void> {
  try {
    await connection.exec(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    await connection.exec("SET LOCAL lock_timeout = DEFAULT");
  } catch (cause) {
    if (codeOf(cause) !== "55P03") throw cause; // lock_not_available
    throw new StartupError(
      `Another process has been migrating this database for more than ${LOCK_TIMEOUT_MS / 1000} seconds; ` +
        "wait until it has finished, or end it, and start again.",
      { cause },
    );
  }
}

async function readApplied(connection: MigrationConnection): Promise<AppliedRow[]> {
  // Looked up first, because CREATE asks for a right that the role of an up-to-date database need not have.
  const [table] = await connection.query<{ present: boolean }>(
    `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS present`,
  );
  if (!table?.present) await connection.exec(CREATE_TABLE);
  return connection.query<AppliedRow>(
    `SELECT "migration_name", "checksum", "finished_at" IS NOT NULL AS finished
     FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL ORDER BY "migration_name"`,
  );
}

function check(applied: readonly AppliedRow[], files: readonly MigrationFile[]): void {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const row of applied) {
    if (!row.finished) {
      throw new StartupError(
        `Migration ${row.migration_name} was begun by another tool and did not finish; repair the database and run ` +
          `\`prisma migrate resolve --rolled-back ${row.migration_name}\`, then start again.`,
      );
    }
    const file = byName.get(row.migration_name);
    if (!file) {
      throw new StartupError(
        `The database is of a newer version: it has migration ${row.migration_name}, which this build does not know; ` +
          "start the version that made it, or a newer one.",
      );
    }
    if (!hasChecksum(file, row.checksum)) {
      throw new StartupError(
        `Migration ${row.migration_name} was changed after it had been applied to this database; ` +
          "put the original file back and make the change in a new migration.",
      );
    }
  }
}

async function inTransaction<T>(connection: MigrationConnection, work: () => Promise<T>): Promise<T> {
  await connection.exec("BEGIN");
  try {
    const result = await work();
    await connection.exec("COMMIT");
    return result;
  } catch (error) {
    // A connection that broke has rolled back by itself, and its own error would hide the one that counts.
    await connection.exec("ROLLBACK").catch(() => {});
    throw error;
  }
}
