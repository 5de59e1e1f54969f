import type { TestServer } from "./server.js";

/**
 * Every row of every table, as text and in a fixed order: what a dump of the database would hold. But for when keys were last
 * used, and for when a tenant's keys are looked at again: both are saved in the background, at times of their own.
 */
export async function everyRow(server: TestServer): Promise<string[]> {
  const { prisma } = server.keyplane.database;
  const tables = await prisma.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`;
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const found = await prisma.$queryRawUnsafe<{ row: string }[]>(
        `SELECT (to_jsonb(t) - 'lastUsedAt' - 'nextSweepAt')::text AS row FROM "${name}" t`,
      );
      return found.map(({ row }) => `${name} ${row}`);
    }),
  );
  return rows.flat().sort();
}
