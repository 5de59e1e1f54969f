import { type Db, Prisma, type User } from "../../../platform/database/index.js";

/** Tenants whose keys are looked at, after one of them in the order of their ids. */
export async function findTenants(db: Db, after: string, take: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT t."id" FROM "Tenant" t LEFT JOIN "LifecyclePolicy" p ON p."tenantId" = t."id"
    WHERE t."id" > ${after} AND COALESCE(p."sharedAction", 'REMIND') <> 'IGNORE'
    ORDER BY t."id" LIMIT ${take}`;
  return rows.map(({ id }) => id);
}

/** When a key was last said to be as it should be: what was before does not count any more. */
export async function lastResolvedAt(db: Db, keyId: string): Promise<Date | null> {
  const { _max } = await db.keyFinding.aggregate({ where: { keyId, kind: "SHARED" }, _max: { resolvedAt: true } });
  return _max.resolvedAt;
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

export function findOwner(db: Db, id: string): Promise<User | null> {
  return db.user.findUnique({ where: { id } });
}
