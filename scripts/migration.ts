/**
 * `pnpm migration new <name>` writes the migration that leads from prisma/migrations to schema.prisma;
 * `pnpm migration check` exits with 1 when the two disagree. Neither needs a database server.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { diffMigrations } from "../packages/server/prisma/schema-engine.js";
import { migrationsFolder, readMigrations } from "../packages/server/src/platform/database/migration-files.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const schemaPath = join(root, "packages/server/prisma/schema.prisma");

const LOCK_FILE = `# Read by Prisma: which kind of database the migrations are for. Do not edit.
provider = "postgresql"
`;

async function diff(): Promise<string | null> {
  const schema = { path: schemaPath, content: readFileSync(schemaPath, "utf8") };
  mkdirSync(migrationsFolder, { recursive: true });
  return diffMigrations({ schema, migrationsFolder, migrations: readMigrations() });
}

async function check(): Promise<number> {
  const sql = await diff();
  if (sql === null) {
    console.log("The migrations lead to schema.prisma.");
    return 0;
  }
  console.error(
    `The migrations do not lead to schema.prisma; run \`pnpm migration new <name>\`. What is missing:\n\n${sql}`,
  );
  return 1;
}

async function create(name: string): Promise<number> {
  const sql = await diff();
  if (sql === null) {
    console.log("Nothing to do: the migrations lead to schema.prisma already.");
    return 0;
  }
  const timestamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const newest = readMigrations().at(-1)?.name ?? "";
  if (`${timestamp}_` <= newest) {
    console.error(
      `The newest migration, ${newest}, is dated in the future: a new one would run before it. Set the clock.`,
    );
    return 1;
  }
  const file = join(migrationsFolder, `${timestamp}_${name}`, "migration.sql");
  mkdirSync(join(file, ".."));
  writeFileSync(file, sql);
  writeFileSync(join(migrationsFolder, "migration_lock.toml"), LOCK_FILE);
  console.log(
    `Wrote ${relative(root, file)}. Read it before you commit it: a rename, for example, shows as drop and add.`,
  );
  return 0;
}

const [command, name] = process.argv.slice(2);
if (command === "check") process.exitCode = await check();
else if (command === "new" && name && /^[a-z0-9_]+$/.test(name)) process.exitCode = await create(name);
else {
  console.error("Usage: pnpm migration new <name of a-z0-9_> | pnpm migration check");
  process.exitCode = 2;
}
