import { type Db, Prisma } from "../../../platform/database/index.js";

/** Tenants whose keys are looked at, after one of them in the order of their ids. */
export async function findTenants(db: Db, after: string, take: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT t."id" FROM "Tenant" t LEFT JOIN "LifecyclePolicy" p ON p."tenantId" = t."id"
    WHERE t."id" > ${after} AND COALESCE(p."sharedAction", 'REMIND') <> 'IGNORE'
    ORDER BY t."id" LIMIT ${take}`;
  return rows.map(({ id }) => id);
}

/**
 * From when on the places of a key count, as epoch milliseconds: since it was last said to be as it should be, and since the secret that
 * was replaced last stopped to work. Whoever had that one cannot use the key any more, so it is mended. While an overlap runs, the old
 * secret is still in use. A secret that waited for its first use in vain (these have `overlapMs`) was never the one in use.
 */
export async function placesCountFrom(db: Db, keyId: string, now: Date): Promise<number> {
  const [row] = await db.$queryRaw<{ since: Date | null }[]>`
    SELECT GREATEST(
      (SELECT MAX("resolvedAt") FROM "KeyFinding" WHERE "keyId" = ${keyId} AND "kind" = 'SHARED'),
      (SELECT MAX("stopsAt") FROM "KeySecret" WHERE "keyId" = ${keyId} AND "overlapMs" IS NULL AND "stopsAt" <= ${now}::timestamptz),
      (SELECT "previousSecretExpiresAt" FROM "Key" WHERE "id" = ${keyId} AND "previousSecretExpiresAt" <= ${now}::timestamptz)
    ) AS "since"`;
  return row?.since?.getTime() ?? 0;
}

/** Keys of which such a finding is open, and that are gone for good. */
export async function findToClose(db: Db, take: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>(Prisma.sql`
    SELECT f."keyId" AS "id" FROM "KeyFinding" f JOIN "Key" k ON k."id" = f."keyId"
    WHERE f."kind" = 'SHARED' AND f."resolvedAt" IS NULL AND (k."revokedAt" IS NOT NULL OR k."deletedAt" IS NOT NULL)
    LIMIT ${take}`);
  return rows.map(({ id }) => id);
}

/** Takes people's addresses from findings that nobody has dealt with for long; their numbers stay. */
export async function clearSamples(db: Db, lastBefore: Date): Promise<void> {
  await db.keyFinding.updateMany({
    where: { kind: "SHARED", resolvedAt: null, lastAt: { lt: lastBefore }, samples: { not: Prisma.DbNull } },
    data: { samples: Prisma.DbNull },
  });
}
