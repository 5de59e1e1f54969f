import type { TestServer } from "./server.js";

/** The plans of what is done in the background. */
const plans = ["KeyRotation", "QuotaLease"];
/** Columns that the background writes. */
const inBackground: Readonly<Record<string, readonly string[]>> = {
  Quota: ["used"],
  Webhook: ["failingSince"],
  WebhookDelivery: ["attempts", "nextAttemptAt", "lastAttemptAt", "responseStatus", "problem"],
};

/**
 * Every row of every table, as text and in a fixed order: what a dump of the database would hold. But for what is saved in the
 * background, at times of its own: when keys were last used, when a tenant's keys are looked at again, when rotations are due, how much of a
 * quota servers hold, and what became of attempts to reach webhooks.
 */
export async function everyRow(server: TestServer): Promise<string[]> {
  const { prisma } = server.keyplane.database;
  const tables = await prisma.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`;
  const kept = tables.filter(({ name }) => !plans.includes(name));
  const rows = await Promise.all(
    kept.map(async ({ name }) => {
      const found = await prisma.$queryRawUnsafe<{ row: string }[]>(
        `SELECT (to_jsonb(t) - $1::text[])::text AS row FROM "${name}" t`,
        ["lastUsedAt", "nextSweepAt", ...(inBackground[name] ?? [])],
      );
      return found.map(({ row }) => `${name} ${row}`);
    }),
  );
  return rows.flat().sort();
}
