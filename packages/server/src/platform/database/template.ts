import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { connectionOf, type Template } from "./embedded-engine.js";
import { migrate } from "./migrate.js";
import { type MigrationFile, readMigrations } from "./migration-files.js";
import { codeOf } from "./startup-error.js";

/**
 * The workspace's cache. A server that is installed elsewhere finds nothing there and starts the slow way.
 * `src/` and the compiled `dist/` lie equally deep, so that one path serves both.
 */
const cacheFolder = fileURLToPath(new URL("../../../../../node_modules/.cache/keyplane", import.meta.url));

/** Where the template of these migrations is, or would be. The name changes with all that goes into it. */
export function templatePath(migrations: readonly MigrationFile[] = readMigrations()): string {
  const hash = createHash("sha256").update(pgliteVersion());
  for (const { name, checksum } of migrations) hash.update(`\n${name} ${checksum}`);
  return join(cacheFolder, `template-${hash.digest("hex").slice(0, 16)}.tar`);
}

/** The template of this build's migrations; null when set-up has not made it. */
export function loadTemplate(): Template | null {
  try {
    return readFileSync(templatePath());
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Makes the template for this build's migrations unless it is there, and removes those of other builds. */
export async function prepareTemplate(): Promise<{ path: string; made: boolean }> {
  const migrations = readMigrations();
  const path = templatePath(migrations);
  if (loadTemplate()) return { path, made: false };

  const content = await buildTemplate(migrations);
  mkdirSync(cacheFolder, { recursive: true });
  // Written aside and renamed, so that a start beside us sees all of it or nothing.
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, content);
  renameSync(aside, path);
  for (const name of readdirSync(cacheFolder)) {
    const old = join(cacheFolder, name);
    if (/^template-.*\.tar$/.test(name) && old !== path) rmSync(old, { force: true });
  }
  return { path, made: true };
}

async function buildTemplate(migrations: readonly MigrationFile[]): Promise<Uint8Array> {
  const pglite = await PGlite.create();
  try {
    await migrate(connectionOf(pglite), migrations);
    await pglite.exec("CHECKPOINT"); // the copy then starts without a recovery
    return new Uint8Array(await (await pglite.dumpDataDir("none")).arrayBuffer());
  } finally {
    await pglite.close();
  }
}

function pgliteVersion(): string {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const file = readFileSync(join(dirname(entry), "../package.json"), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}
