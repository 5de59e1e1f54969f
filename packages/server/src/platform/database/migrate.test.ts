import { createHash } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { diagnoseHistory } from "../../../prisma/schema-engine.js";
import { connectionOf } from "./embedded-engine.js";
import { migrate } from "./migrate.js";
import { type MigrationFile, migrationsFolder, readMigrations } from "./migration-files.js";
import { StartupError } from "./startup-error.js";
import { loadTemplate } from "./template.js";

const FIRST = migration(
  "20260101000000_first",
  `CREATE TABLE "A" ("id" TEXT); -- it's; here\nINSERT INTO "A" VALUES ('1;2');`,
);
const SECOND = migration("20260102000000_second", `CREATE TABLE "B" ("id" TEXT); CREATE TABLE "C" ("id" TEXT);`);

describe("migrate", () => {
  let pglite: PGlite;
  beforeEach(async () => {
    const template = loadTemplate(); // only because it opens sooner; the tables below are made from nothing
    pglite = await PGlite.create(template ? { loadDataDir: new Blob([template]) } : {});
    await pglite.exec("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  });
  afterEach(() => pglite.close());

  const run = (...files: MigrationFile[]): Promise<string[]> => migrate(connectionOf(pglite), files);
  const tables = async (): Promise<string[]> =>
    (await pglite.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")).rows
      .map(({ name }) => name)
      .sort();

  test("applies what is missing, in order, and records it as Prisma does", async () => {
    expect(await run(FIRST)).toEqual([FIRST.name]);
    expect(await run(FIRST, SECOND)).toEqual([SECOND.name]);
    const { rows } = await pglite.query(
      `SELECT "migration_name", "checksum", "applied_steps_count", "finished_at" >= "started_at" AS "finished", "rolled_back_at", "logs"
       FROM "_prisma_migrations" ORDER BY "migration_name"`,
    );
    const applied = { applied_steps_count: 1, finished: true, rolled_back_at: null, logs: null };
    expect(rows).toEqual([
      { ...applied, migration_name: FIRST.name, checksum: FIRST.checksum },
      { ...applied, migration_name: SECOND.name, checksum: SECOND.checksum },
    ]);
  });

  test("running again changes nothing", async () => {
    await run(FIRST, SECOND);
    const before = await pglite.query(`SELECT * FROM "_prisma_migrations"`);
    expect(await run(FIRST, SECOND)).toEqual([]);
    expect((await pglite.query(`SELECT * FROM "_prisma_migrations"`)).rows).toEqual(before.rows);
  });

  test("a failing migration leaves nothing behind, keeps those before it, and says which and why", async () => {
    const failing = migration(
      "20260103000000_failing",
      `CREATE TABLE "D" ("id" TEXT); INSERT INTO "Nowhere" VALUES (1);`,
    );
    const error = await run(FIRST, failing, SECOND).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StartupError);
    expect(String(error)).toMatch(
      /Migration 20260103000000_failing failed and was rolled back: .*"Nowhere" does not exist/,
    );
    expect(await tables()).toEqual(["A", "_prisma_migrations"]);
    expect(await run(FIRST, SECOND)).toEqual([SECOND.name]);
  });

  test("a migration that cannot be recorded leaves nothing behind either", async () => {
    await expect(run(migration("x".repeat(256), SECOND.sql))).rejects.toThrow("value too long");
    expect(await tables()).toEqual([]);
  });

  test("a database of a newer version is refused, by the name of what is unknown", async () => {
    await run(FIRST, SECOND);
    await expect(run(FIRST)).rejects.toThrow(/database is of a newer version: it has migration 20260102000000_second/);
  });

  test("a migration that was changed after it was applied is refused", async () => {
    await run(FIRST);
    const changed = migration(FIRST.name, `${FIRST.sql} `);
    await expect(run(changed)).rejects.toThrow(/20260101000000_first was changed after it had been applied/);
  });

  test("line ends that git has changed are no change", async () => {
    await run(FIRST);
    expect(await run(migration(FIRST.name, FIRST.sql.replaceAll("\n", "\r\n")))).toEqual([]);
  });

  test("a migration that another tool left unfinished is refused, one that it rolled back is applied again", async () => {
    await run(FIRST, SECOND);
    await pglite.exec(
      `DROP TABLE "B", "C"; UPDATE "_prisma_migrations" SET "finished_at" = NULL WHERE "checksum" = '${SECOND.checksum}'`,
    );
    await expect(run(FIRST, SECOND)).rejects.toThrow(/was begun by another tool and did not finish/);
    await pglite.exec(`UPDATE "_prisma_migrations" SET "rolled_back_at" = now() WHERE "finished_at" IS NULL`);
    expect(await run(FIRST, SECOND)).toEqual([SECOND.name]);
  });
});

describe("this build's migrations", () => {
  test("are applied in a way that Prisma's own tools accept", async () => {
    const template = loadTemplate();
    const pglite = await PGlite.create(template ? { loadDataDir: new Blob([template]) } : {});
    const migrations = readMigrations();
    await migrate(connectionOf(pglite), migrations);
    const schema = { path: "schema.prisma", content: 'datasource db {\n provider = "postgresql"\n}' };
    const history = await diagnoseHistory(pglite, { schema, migrationsFolder, migrations });
    expect(history).toEqual({
      editedMigrationNames: [],
      failedMigrationNames: [],
      hasMigrationsTable: true,
      history: null,
    });
    await pglite.close();
  });

  test("carry the checksum that Prisma computes", () => {
    for (const { sql, checksum } of readMigrations())
      expect(checksum).toBe(createHash("sha256").update(sql).digest("hex"));
  });

  test("never end the transaction that makes them atomic", () => {
    for (const { name, sql } of readMigrations()) expect.soft(sql, name).not.toMatch(/^\s*(BEGIN|COMMIT|ROLLBACK)\b/im);
  });
});

function migration(name: string, sql: string): MigrationFile {
  return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
}
