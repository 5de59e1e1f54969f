import type { TestServer } from "./server.js";

/** The plans of what is done in the background. */
const plans = ["KeyRotation", "QuotaHolder", "QuotaLease"];
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
  // One statement for all: the database is asked once, and as it is at one moment. Their texts have no line breaks in them.
  const parts = kept.map(({ name }) => {
    const left = ["lastUsedAt", "nextSweepAt", ...(inBackground[name] ?? [])];
    return `SELECT '${name} ' || (to_jsonb(t) - ARRAY['${left.join("','")}'])::text AS row FROM "${name}" t`;
  });
  const [found] = await prisma.$queryRawUnsafe<{ rows: string | null }[]>(
    `SELECT string_agg(row, E'\\n') AS rows FROM (${parts.join(" UNION ALL ")}) AS found`,
  );
  return found?.rows?.split("\n").sort() ?? [];
}
