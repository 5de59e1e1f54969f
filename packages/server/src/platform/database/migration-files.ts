import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the migrations are. `src/` and the compiled `dist/` lie equally deep, so that one path serves both. */
export const migrationsFolder: string = fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));

/** One folder of `prisma/migrations`. */
export interface MigrationFile {
  /** The folder's name, which begins with a timestamp and so gives the order. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, as Prisma computes it, so that `prisma migrate` accepts what we applied. */
  readonly checksum: string;
}

/** Reads every migration of a folder, in the order in which they apply. */
export function readMigrations(folder: string = migrationsFolder): MigrationFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: checksumOf(sql) };
    });
}

/** Whether a migration is the one that was applied. Line ends do not count: git may have changed them on the way. */
export function hasChecksum(file: MigrationFile, checksum: string): boolean {
  const unix = file.sql.replaceAll("\r\n", "\n");
  return [file.sql, unix, unix.replaceAll("\n", "\r\n")].some((sql) => checksumOf(sql) === checksum);
}

function checksumOf(sql: string): string {
  return createHash("sha256").update(sql).digest("hex");
}
