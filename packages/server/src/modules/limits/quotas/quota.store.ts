import { createId } from "@keyplane/schema";
import type { Db, Prisma, Quota, QuotaEntry, QuotaEntryType, QuotaLease } from "../../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../../platform/pages.js";
import { lostAfterMs } from "../lib/lease-times.js";
import { periodAt } from "../lib/periods.js";

/**
 * The part of what is left that a server takes at once, so that it need not ask again for each call. Of what is left, not of the whole:
 * near its end, a quota is handed out call by call, and no server holds what another one needs.
 */
const sharePart = 32;

/** A lease as its holder knows it. */
export interface HeldLease {
  readonly id: string;
  readonly period: number;
}

const maxInt = 2_147_483_647;

/** What a server was given of a quota. */
export interface Grant {
  readonly lease: HeldLease;
  readonly granted: number;
  /** The quota after that. What is used includes all that servers hold. */
  readonly quota: Pick<Quota, "id" | "targetId" | "limit" | "toppedUp" | "used" | "period" | "periodEnd">;
}

/**
 * Takes for a server what its calls need, and more of a large quota.
 *
 * @param asked.costs what each call costs that waits for it, in their order.
 * @param asked.free what the server has left of its present lease.
 * @param asked.lease the server's present lease; another one is begun when that is of an earlier period.
 * @returns null when there is no such quota any more.
 */
export async function acquire(
  tx: Db,
  asked: {
    readonly quotaId: string;
    readonly holder: string;
    readonly lease: (HeldLease & { readonly used: number }) | null;
    readonly newLeaseId: string;
    readonly costs: readonly number[];
    readonly free: number;
    readonly now: number;
  },
): Promise<Grant | null> {
  const quota = await lockQuota(tx, asked.quotaId, asked.now);
  if (!quota) return null;
  const available = Math.max(0, quota.limit + quota.toppedUp - quota.used);
  const { lease, holder } = asked;
  const free = lease?.period === quota.period ? asked.free : 0;
  const granted = shareOf(available, asked.costs, free);
  const begun = { id: asked.newLeaseId, period: quota.period };
  if (granted === 0) return { lease: lease ? { id: lease.id, period: lease.period } : begun, granted, quota };
  await tx.quota.update({ where: { id: quota.id }, data: { used: { increment: granted }, dueAt: quota.periodEnd } });
  const after = { ...quota, used: quota.used + granted };
  if (lease) {
    // Not one that was given back meanwhile, nor of another period.
    const where = { id: lease.id, quotaId: quota.id, period: quota.period };
    const data = { amount: { increment: granted }, used: lease.used };
    const { count } = await tx.quotaLease.updateMany({ where, data });
    if (count > 0) return { lease: { id: lease.id, period: lease.period }, granted, quota: after };
  }
  const row = { ...begun, quotaId: quota.id, holder, amount: granted, createdAt: new Date(asked.now) };
  await tx.quotaLease.create({ data: row });
  return { lease: begun, granted, quota: after };
}

/** How much of what is left a server gets: nothing for calls that would be refused with all of it, because others may need it. */
function shareOf(available: number, costs: readonly number[], free: number): number {
  let admitted = 0;
  let needed = 0;
  for (const cost of costs) {
    if (needed + cost > available + free) continue;
    needed += cost;
    admitted += 1;
  }
  if (admitted === 0) return 0;
  return Math.min(available, Math.max(needed - free, Math.floor(available / sharePart)));
}

/** A lease that ends, and how much of it was used; null: not known, so that all of it counts as used. */
export interface EndingLease {
  readonly id: string;
  readonly used: number | null;
}

/**
 * Ends leases: what was not used of them comes back, to their quotas or, where the period is over, to its entry in the history. Ending one
 * that has ended changes nothing, so that it can be tried again when nobody knows whether it was committed.
 */
export async function settle(tx: Db, leases: readonly EndingLease[]): Promise<void> {
  const ids = leases.map(({ id }) => id);
  const used = leases.map((lease) => lease.used ?? maxInt);
  // First the quotas in one order, as everywhere, or two of these could wait for each other.
  await tx.$queryRaw`
    SELECT 1 FROM "Quota" WHERE "id" IN (SELECT "quotaId" FROM "QuotaLease" WHERE "id" = ANY(${ids}::text[]))
    ORDER BY "id" FOR UPDATE`;
  await tx.$executeRaw`
    WITH "gone" AS (
        DELETE FROM "QuotaLease" WHERE "id" = ANY(${ids}::text[]) RETURNING "id", "quotaId", "period", "amount"),
      "back" AS (
        SELECT "gone"."quotaId", "gone"."period",
          sum(greatest(0, least("gone"."amount", "gone"."amount" - "ending"."used")))::int AS "returned"
        FROM "gone" JOIN unnest(${ids}::text[], ${used}::int[]) AS "ending" ("id", "used") ON "ending"."id" = "gone"."id"
        GROUP BY "gone"."quotaId", "gone"."period"),
      "history" AS (
        UPDATE "QuotaEntry" SET "used" = "QuotaEntry"."used" - "back"."returned" FROM "back"
        WHERE "QuotaEntry"."quotaId" = "back"."quotaId" AND "QuotaEntry"."period" = "back"."period"
          AND "QuotaEntry"."type" = 'PERIOD_ENDED')
    UPDATE "Quota" SET "used" = "Quota"."used" - "back"."returned" FROM "back"
    WHERE "Quota"."id" = "back"."quotaId" AND "Quota"."period" = "back"."period"`;
}

/** Reads a quota for a change, as it is in the present period, and holds it until the transaction ends. */
export async function lockQuota(tx: Db, id: string, now: number): Promise<Quota | null> {
  await tx.$queryRaw`SELECT 1 FROM "Quota" WHERE "id" = ${id} FOR UPDATE`;
  const quota = await tx.quota.findUnique({ where: { id } });
  if (!quota || !hasEnded(quota, now)) return quota;
  await insertEntry(tx, quota, { type: "PERIOD_ENDED", at: quota.periodEnd });
  // Whoever holds these is gone for good: they count as used in a period that nobody takes from any more.
  await tx.quotaLease.deleteMany({ where: { quotaId: id, period: { lt: quota.period } } });
  return tx.quota.update({ where: { id }, data: periodOf(quota, now) });
}

/** Whether a quota is still kept as it was in a period that is over. */
export function hasEnded<Of extends Pick<Quota, "periodEnd">>(
  quota: Of,
  now: number,
): quota is Of & { periodEnd: Date } {
  return quota.periodEnd !== null && now >= quota.periodEnd.getTime();
}

/** Whether a period has ended in which somebody took something, and the history does not have it yet. */
export async function isAnyDue(db: Db, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT 1 FROM "Quota" WHERE "dueAt" <= ${now} LIMIT 1`;
  return rows.length > 0;
}

/** Ends the period of one of these. Another process takes another one; one that is being taken from is ended by whoever does that. */
export async function endOneDue(tx: Db, now: number): Promise<boolean> {
  const [due] = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Quota" WHERE "dueAt" <= ${new Date(now)} ORDER BY "dueAt", "id" LIMIT 1 FOR UPDATE SKIP LOCKED`;
  if (!due) return false;
  await lockQuota(tx, due.id, now);
  return true;
}

/** A quota as it would be now if somebody took from it, without changing it. */
export function asOfNow(quota: Quota, now: number): Quota {
  if (!hasEnded(quota, now)) return quota;
  return { ...quota, ...periodOf(quota, now) };
}

function periodOf(quota: Quota, now: number) {
  const { start, end } = periodAt(quota, now);
  return {
    period: quota.period + 1,
    periodStart: new Date(start),
    periodEnd: end === null ? null : new Date(end),
    toppedUp: 0,
    used: 0,
    dueAt: null,
  };
}

export async function insertEntry(
  tx: Db,
  quota: Quota,
  entry: {
    readonly type: QuotaEntryType;
    readonly at: Date;
    readonly amount?: number;
    readonly reason?: string | undefined;
  },
): Promise<void> {
  const { id: quotaId, tenantId, targetId, limit, toppedUp, used, period, periodStart, periodEnd } = quota;
  await tx.quotaEntry.create({
    data: {
      id: createId("QuotaEntry"),
      quotaId,
      tenantId,
      targetId,
      type: entry.type,
      limit,
      toppedUp,
      used,
      amount: entry.amount ?? null,
      period,
      periodStart,
      periodEnd,
      reason: entry.reason ?? null,
      createdAt: entry.at,
    },
  });
}

export function findLeases(db: Db, holder: string): Promise<QuotaLease[]> {
  return db.quotaLease.findMany({ where: { holder } });
}

/**
 * The leases of a server that is lost, so that it uses none of these any more, whether it comes back or not; null: it is not lost.
 */
export async function findLeasesOfLost(db: Db, holder: string): Promise<QuotaLease[] | null> {
  // First the leases: one that it takes when it comes back is used again, and comes after it was heard.
  const leases = await findLeases(db, holder);
  const heard = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM "QuotaHolder" WHERE "id" = ${holder}
      AND "heardAt" > now() - ${lostAfterMs}::float8 * interval '1 millisecond'`;
  return heard.length > 0 ? null : leases;
}

/**
 * Keeps how much servers have used of leases, so that a reset knows: see `unusedOfLeases`. Whoever changes one of them at this moment is not
 * waited for; it is said again.
 */
export async function tellUsed(
  db: Db,
  leases: readonly { readonly id: string; readonly used: number }[],
): Promise<void> {
  const ids = leases.map(({ id }) => id);
  const used = leases.map((lease) => lease.used);
  await db.$executeRaw`
    WITH "free" AS (SELECT "id" FROM "QuotaLease" WHERE "id" = ANY(${ids}::text[]) FOR UPDATE SKIP LOCKED)
    UPDATE "QuotaLease" SET "used" = "told"."used" FROM "free", unnest(${ids}::text[], ${used}::int[]) AS "told" ("id", "used")
    WHERE "QuotaLease"."id" = "free"."id" AND "told"."id" = "free"."id" AND "QuotaLease"."used" < "told"."used"`;
}

export function findQuotas(db: Db, ids: readonly string[]): Promise<Quota[]> {
  return db.quota.findMany({ where: { id: { in: [...ids] } } });
}

/**
 * Keeps when a server that holds leases was last heard of, by the clock of the database, which all of them have in common.
 *
 * @returns whether it was known; if not, what it held may have been settled.
 */
export async function sayThatHolderLives(db: Db, holder: string): Promise<boolean> {
  if ((await db.$executeRaw`UPDATE "QuotaHolder" SET "heardAt" = now() WHERE "id" = ${holder}`) > 0) return true;
  await db.$executeRaw`
    INSERT INTO "QuotaHolder" ("id", "heardAt") VALUES (${holder}, now())
    ON CONFLICT ("id") DO UPDATE SET "heardAt" = now()`;
  return false;
}

/** Of a server that holds no lease any more, and will hold none. */
export async function forgetHolder(db: Db, holder: string): Promise<void> {
  await db.quotaHolder.deleteMany({ where: { id: holder } });
}

/** Forgets servers that are lost and of which no lease is left. */
export async function forgetLostHolders(db: Db): Promise<void> {
  await db.$executeRaw`
    DELETE FROM "QuotaHolder" WHERE "heardAt" <= now() - ${lostAfterMs}::float8 * interval '1 millisecond'
      AND NOT EXISTS (SELECT 1 FROM "QuotaLease" WHERE "QuotaLease"."holder" = "QuotaHolder"."id")`;
}

/** A lease, and what is known of the server that holds it. */
export interface LeaseOfQuota extends Pick<QuotaLease, "quotaId" | "holder" | "period" | "amount" | "createdAt"> {
  /** When the server was last heard of, by the clock of the database; null: never. */
  readonly heardAt: Date | null;
  /** Whether it was not heard of for so long that it uses none of its leases any more. */
  readonly isLost: boolean;
}

/** The quota of a key, user or tenant, whatever its row names. */
export function findQuotaOf(db: Db, targetId: string): Promise<Quota | null> {
  return db.quota.findUnique({ where: { targetId } });
}

/** Who holds parts of these quotas in the periods that their rows are in, those first that were heard of longest ago. @param most of each. */
export function findHolders(db: Db, quotaIds: readonly string[], most: number): Promise<LeaseOfQuota[]> {
  return db.$queryRaw`
    SELECT "quotaId", "holder", "period", "amount", "createdAt", "heardAt", "isLost" FROM (
      SELECT "QuotaLease".*, "QuotaHolder"."heardAt",
        coalesce("QuotaHolder"."heardAt" <= now() - ${lostAfterMs}::float8 * interval '1 millisecond', true) AS "isLost",
        row_number() OVER (PARTITION BY "quotaId"
          ORDER BY "QuotaHolder"."heardAt" NULLS FIRST, "QuotaLease"."createdAt", "QuotaLease"."id") AS "place"
      FROM "QuotaLease" JOIN "Quota" ON "Quota"."id" = "quotaId" AND "Quota"."period" = "QuotaLease"."period"
        LEFT JOIN "QuotaHolder" ON "QuotaHolder"."id" = "QuotaLease"."holder"
      WHERE "quotaId" = ANY(${[...quotaIds]}::text[])) AS "leases"
    WHERE "place" <= ${most} ORDER BY "quotaId", "place"`;
}

/**
 * Drops what lost servers hold of a quota in its present period. To be called with the quota locked, so that a server that is heard of again
 * begins another lease only afterwards; those of before it does not use.
 */
export async function dropLostLeases(tx: Db, { id, period }: Pick<Quota, "id" | "period">): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM "QuotaLease" WHERE "quotaId" = ${id} AND "period" = ${period} AND NOT EXISTS (
      SELECT 1 FROM "QuotaHolder" WHERE "QuotaHolder"."id" = "QuotaLease"."holder"
        AND "heardAt" > now() - ${lostAfterMs}::float8 * interval '1 millisecond')`;
}

/**
 * How much of a quota servers may still use of what they hold in its present period: as much as they have not said to have used. What they have used
 * since they last said so makes it less, never more. Settling a lease gives back what was not used of it, whatever was reset meanwhile.
 */
export async function unusedOfLeases(db: Db, { id, period }: Pick<Quota, "id" | "period">): Promise<number> {
  const { _sum } = await db.quotaLease.aggregate({
    where: { quotaId: id, period },
    _sum: { amount: true, used: true },
  });
  return (_sum.amount ?? 0) - (_sum.used ?? 0);
}

export function findEntries(db: Db, targetId: string, after: Place | null, take: number): Promise<QuotaEntry[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.QuotaEntryWhereInput;
  return db.quotaEntry.findMany({ where: { AND: [{ targetId }, page] }, orderBy: orderBy("createdAt", "desc"), take });
}

export function countEntries(db: Db, targetId: string): Promise<number> {
  return db.quotaEntry.count({ where: { targetId } });
}
