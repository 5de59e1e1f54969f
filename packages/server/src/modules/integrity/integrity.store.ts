import type { Db, IntegrityFinding, IntegrityRun, Key, Prisma } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import { lostAfterMs } from "../limits/index.js";
import type { FindingOutcome } from "./finding-kinds.js";
import type { ExaminedKey } from "./key-checks.js";

export function insertRun(db: Db, data: Prisma.IntegrityRunUncheckedCreateInput): Promise<IntegrityRun> {
  return db.integrityRun.create({ data });
}

export function updateRun(db: Db, id: string, data: Prisma.IntegrityRunUncheckedUpdateInput): Promise<IntegrityRun> {
  return db.integrityRun.update({ where: { id }, data });
}

/** Ends runs of processes that were ended: nobody has heard of them for long. @returns how many. */
export async function endLostRuns(db: Db, before: Date, now: Date): Promise<number> {
  const { count } = await db.integrityRun.updateMany({
    where: { slot: { not: null }, heardAt: { lt: before } },
    data: { slot: null, status: "FAILED", finishedAt: now },
  });
  return count;
}

export function findLatestRun(db: Db, status?: "DONE"): Promise<IntegrityRun | null> {
  return db.integrityRun.findFirst({
    where: status === undefined ? {} : { status },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
  });
}

export function findRun(db: Db, id: string): Promise<IntegrityRun | null> {
  return db.integrityRun.findUnique({ where: { id } });
}

export function findRuns(db: Db, after: Place | null, take: number): Promise<IntegrityRun[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.IntegrityRunWhereInput;
  return db.integrityRun.findMany({ where: page, orderBy: orderBy("createdAt", "desc"), take });
}

export function countRuns(db: Db): Promise<number> {
  return db.integrityRun.count();
}

/**
 * Only the newest runs are kept, with their findings, and the last one that was done: without it, keys that nobody has signed would be taken for
 * those of before there were checksums.
 */
export async function forgetOldRuns(db: Db, keep: number): Promise<void> {
  const done = await findLatestRun(db, "DONE");
  const old = await db.integrityRun.findMany({
    where: { slot: null, ...(done && { id: { not: done.id } }) },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: keep,
    select: { id: true },
    take: 100,
  });
  const ids = old.map(({ id }) => id);
  if (ids.length === 0) return;
  await db.integrityFinding.deleteMany({ where: { runId: { in: ids } } });
  await db.integrityRun.deleteMany({ where: { id: { in: ids } } });
}

/** Counts something that was found. @returns how much that is by now. */
export async function countFound(db: Db, runId: string, outcome: FindingOutcome): Promise<number> {
  const { found } = await db.integrityRun.update({
    where: { id: runId },
    data: {
      found: { increment: 1 },
      ...(outcome === "REPAIRED" ? { repaired: { increment: 1 } } : {}),
      ...(outcome === "QUARANTINED" ? { quarantined: { increment: 1 } } : {}),
    },
    select: { found: true },
  });
  return found;
}

export async function insertFinding(db: Db, data: Prisma.IntegrityFindingUncheckedCreateInput): Promise<void> {
  await db.integrityFinding.create({ data });
}

/** Which findings; absent means any. */
export interface FindingFilter {
  readonly runId?: string | null | undefined;
  readonly tenantId?: string | null | undefined;
  readonly keyId?: string | null | undefined;
}

export function findFindings(
  db: Db,
  filter: FindingFilter,
  after: Place | null,
  take: number,
): Promise<IntegrityFinding[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.IntegrityFindingWhereInput;
  return db.integrityFinding.findMany({
    where: { AND: [whereFindings(filter), page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countFindings(db: Db, filter: FindingFilter): Promise<number> {
  return db.integrityFinding.count({ where: whereFindings(filter) });
}

function whereFindings({ runId, tenantId, keyId }: FindingFilter): Prisma.IntegrityFindingWhereInput {
  return {
    ...(runId == null ? {} : { runId }),
    ...(tenantId == null ? {} : { tenantId }),
    ...(keyId == null ? {} : { keyId }),
  };
}

/** Keys that could still be accepted, a page at a time in the order of their ids, with what they name. */
export async function findKeysToExamine(db: Db, afterId: string, take: number): Promise<ExaminedKey[]> {
  return examined(
    db,
    await db.key.findMany({
      where: { id: { gt: afterId }, revokedAt: null, deletedAt: null },
      orderBy: { id: "asc" },
      take,
    }),
  );
}

/** How many keys there are to examine. */
export function countKeysToExamine(db: Db): Promise<number> {
  return db.key.count({ where: { revokedAt: null, deletedAt: null } });
}

/** One key, held until the transaction ends: what two readings saw of a key that is being changed says nothing. */
export async function holdKeyToExamine(db: Db, id: string): Promise<ExaminedKey | null> {
  await db.$queryRaw`SELECT 1 FROM "Key" WHERE "id" = ${id} FOR UPDATE`;
  const [found] = await examined(db, await db.key.findMany({ where: { id, revokedAt: null, deletedAt: null } }));
  return found ?? null;
}

/** Without relations: those promise that what they lead to exists. */
async function examined(db: Db, keys: readonly Key[]): Promise<ExaminedKey[]> {
  const teamIds = keys.flatMap(({ teamId }) => teamId ?? []);
  const [secrets, owners, teams] = [
    await db.keySecret.findMany({ where: { keyId: { in: keys.map(({ id }) => id) } } }),
    await db.user.findMany({
      where: { id: { in: keys.map(({ ownerId }) => ownerId) } },
      select: { id: true, tenantId: true },
    }),
    teamIds.length === 0
      ? []
      : await db.team.findMany({ where: { id: { in: teamIds } }, select: { id: true, tenantId: true } }),
  ];
  const tenantOf = (rows: readonly { id: string; tenantId: string }[]) =>
    new Map(rows.map((row) => [row.id, row.tenantId]));
  const [ownerTenants, teamTenants] = [tenantOf(owners), tenantOf(teams)];
  return keys.map((key) => ({
    key,
    secrets: secrets.filter(({ keyId }) => keyId === key.id),
    ownerTenantId: ownerTenants.get(key.ownerId) ?? null,
    teamTenantId: key.teamId === null ? null : (teamTenants.get(key.teamId) ?? null),
  }));
}

/** Access to APIs across tenants that is not taken away yet. */
export function findForeignGrants(
  db: Db,
  take: number,
): Promise<{ id: string; tenantId: string; keyId: string; apiId: string }[]> {
  return db.$queryRaw`
    SELECT "ApiGrant"."id", "Key"."tenantId", "ApiGrant"."keyId", "ApiGrant"."apiId"
    FROM "ApiGrant" JOIN "Key" ON "Key"."id" = "ApiGrant"."keyId" JOIN "Api" ON "Api"."id" = "ApiGrant"."apiId"
    WHERE ("Api"."tenantId" <> "Key"."tenantId" OR "ApiGrant"."tenantId" <> "Key"."tenantId")
      AND "ApiGrant"."status" <> 'REVOKED'
    LIMIT ${take}`;
}

/** Keys that expire, and of which no event is planned. */
export function findUnplannedExpiries(
  db: Db,
  now: Date,
  take: number,
): Promise<{ id: string; tenantId: string; expiresAt: Date }[]> {
  return db.$queryRaw`
    SELECT "id", "tenantId", "expiresAt" FROM "Key"
    WHERE "expiresAt" > ${now}::timestamptz AND "revokedAt" IS NULL AND "deletedAt" IS NULL
      AND NOT EXISTS (SELECT 1 FROM "KeyExpiry" WHERE "KeyExpiry"."keyId" = "Key"."id")
    LIMIT ${take}`;
}

/** Keys that have to be rotated, of which no event is planned, and whose secret was not told to be overdue. */
export function findUnplannedRotations(db: Db, now: Date, take: number): Promise<{ id: string; tenantId: string }[]> {
  return db.$queryRaw`
    SELECT "Key"."id", "Key"."tenantId" FROM "Key" JOIN "Tenant" ON "Tenant"."id" = "Key"."tenantId"
    WHERE COALESCE("Key"."rotateEveryMs", "Tenant"."rotateEveryMs") IS NOT NULL
      AND "Key"."revokedAt" IS NULL AND "Key"."deletedAt" IS NULL
      AND ("Key"."expiresAt" IS NULL OR "Key"."expiresAt" > ${now}::timestamptz)
      AND NOT EXISTS (
        SELECT 1 FROM "KeyRotation" WHERE "KeyRotation"."keyId" = "Key"."id" AND ("KeyRotation"."dueAt" IS NOT NULL
          OR "KeyRotation"."overdueToldFor" = COALESCE("Key"."rotatedAt", "Key"."createdAt")))
    LIMIT ${take}`;
}

/** Deleted users who keep an e-mail address from others. */
export function findHeldAddresses(db: Db, take: number): Promise<{ id: string; tenantId: string }[]> {
  return db.user.findMany({
    where: { status: "DELETED", activeEmail: { not: null } },
    select: { id: true, tenantId: true },
    take,
  });
}

/** What a lost server holds of the quotas of one tenant. */
export interface LostLeases {
  readonly tenantId: string;
  readonly holder: string;
  readonly heardAt: Date | null;
  /** Of how many quotas it holds a part, and how much in all. */
  readonly quotas: number;
  readonly amount: number;
  /** Whose quota it is; null: there are several. */
  readonly targetId: string | null;
}

/**
 * What servers hold of which nobody has heard for long, in the present periods of quotas that can be reset: not of what is revoked or deleted.
 * One of each server and tenant, because a server that is gone leaves a lease of each quota that it used.
 */
export function findLostLeases(db: Db, now: Date, take: number): Promise<LostLeases[]> {
  return db.$queryRaw`
    SELECT "Quota"."tenantId", "holder", "heardAt", count(DISTINCT "Quota"."id")::int AS "quotas",
      sum("amount")::float8 AS "amount",
      CASE WHEN count(DISTINCT "Quota"."id") = 1 THEN min("Quota"."targetId") END AS "targetId"
    FROM "QuotaLease" JOIN "Quota" ON "Quota"."id" = "quotaId" AND "Quota"."period" = "QuotaLease"."period"
      LEFT JOIN "QuotaHolder" ON "QuotaHolder"."id" = "holder"
    WHERE ("periodEnd" IS NULL OR "periodEnd" > ${now})
      AND ("heardAt" IS NULL OR "heardAt" <= now() - ${lostAfterMs}::float8 * interval '1 millisecond')
      AND NOT EXISTS (SELECT 1 FROM "Key" WHERE "Key"."id" = "targetId" AND ("revokedAt" IS NOT NULL OR "deletedAt" IS NOT NULL))
      AND NOT EXISTS (SELECT 1 FROM "User" WHERE "User"."id" = "targetId" AND "status" = 'DELETED')
    GROUP BY "Quota"."tenantId", "holder", "heardAt"
    ORDER BY "heardAt" NULLS FIRST, "holder", "Quota"."tenantId" LIMIT ${take}`;
}

/** Keys, users and tenants that can still be used, and name a quota that is not theirs. `targetId`: whose it is; null: there is none. */
export function findForeignQuotas(
  db: Db,
  take: number,
): Promise<{ id: string; tenantId: string; quotaId: string; targetId: string | null }[]> {
  return db.$queryRaw`
    SELECT "named"."id", "named"."tenantId", "named"."quotaId", "Quota"."targetId" FROM (
      SELECT "id", "tenantId", "quotaId" FROM "Key" WHERE "revokedAt" IS NULL AND "deletedAt" IS NULL
      UNION ALL SELECT "id", "tenantId", "quotaId" FROM "User" WHERE "status" <> 'DELETED'
      UNION ALL SELECT "id", "id", "quotaId" FROM "Tenant") AS "named"
    LEFT JOIN "Quota" ON "Quota"."id" = "named"."quotaId"
    WHERE "named"."quotaId" IS NOT NULL AND "Quota"."targetId" IS DISTINCT FROM "named"."id"
    ORDER BY "named"."id" LIMIT ${take}`;
}

/** Which of these keys there are. */
export async function existingKeyIds(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.key.findMany({ where: { id: { in: [...ids] } }, select: { id: true } });
  return new Set(rows.map(({ id }) => id));
}
