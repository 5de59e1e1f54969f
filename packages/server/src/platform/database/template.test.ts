import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "./database.js";
import { readMigrations } from "./migration-files.js";
import { loadTemplate, templatePath } from "./template.js";
import { untar } from "./untar.js";

describe("the database template", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keyplane-template-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("has another name when a migration is added or changed", () => {
    const migrations = readMigrations();
    const [first] = migrations;
    if (!first) throw new Error("there are no migrations");
    const names = [
      templatePath(migrations),
      templatePath([...migrations, { ...first, name: "99990101000000_next" }]),
      templatePath([{ ...first, checksum: "other" }, ...migrations.slice(1)]),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  test("was made by set-up, and holds every migration", async () => {
    const template = loadTemplate();
    expect(template).not.toBeNull();
    const applied: unknown[] = [];
    const database = await openDatabase({
      databaseUrl: null,
      dataDir: null,
      template,
      logger: { info: (fields: unknown) => void applied.push(fields), warn: () => {} } as never,
    });
    await database.close();
    expect(applied).toEqual([]);
  });

  test("unpacks to what a data folder is, readable for its owner only", () => {
    untar(template(), join(folder, "postgres"));
    expect(readdirSync(join(folder, "postgres"))).toEqual(
      expect.arrayContaining(["PG_VERSION", "base", "global", "pg_wal"]),
    );
    expect(readFileSync(join(folder, "postgres/PG_VERSION"), "utf8")).toBe("18\n");
    expect(statSync(join(folder, "postgres")).mode & 0o077).toBe(0);
    expect(statSync(join(folder, "postgres/PG_VERSION")).mode & 0o077).toBe(0);
  });

  test("that is cut off is refused", () => {
    const whole = template();
    expect(() => untar(whole.subarray(0, 100_000), folder)).toThrow("the archive is cut off");
    expect(() => untar(whole.subarray(0, 0), folder)).toThrow("the archive is cut off");
  });

  test.each([
    ["a path that leads out of the folder", "../outside", "0", "leads out"],
    ["a link", "link", "2", "entry of type 2"],
  ])("with %s is refused", (_, name, type, message) => {
    const header = Buffer.alloc(1024);
    header.write(name);
    header.write("00000000000\0", 124);
    header.write(type, 156);
    expect(() => untar(header, folder)).toThrow(message);
  });
});

function template(): Uint8Array {
  const bytes = loadTemplate();
  if (!bytes) throw new Error("run `node scripts/setup.mjs` first");
  return bytes;
}
