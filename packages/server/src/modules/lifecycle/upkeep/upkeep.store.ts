import type { UpkeepAction } from "@keyplane/schema";
import { type Db, type LifecyclePolicy as PolicyRow, Prisma } from "../../../platform/database/index.js";
import type { LifecyclePolicy } from "../policy/policy.js";

const dayMs = 24 * 60 * 60_000;

/** What a policy does not want of keys. */
export interface Unwanted {
  readonly kind: "IDLE" | "NEVER_EXPIRES";
  readonly action: UpkeepAction;
  /** Of a key, as `k`. */
  readonly condition: Prisma.Sql;
  /** For people and events. */
  readonly reason: string;
}

/** Whether any tenant's keys are due to be looked at. */
export async function isAnyDue(db: Db, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT 1 FROM "LifecyclePolicy" WHERE "nextSweepAt" <= ${now} LIMIT 1`;
  return rows.length > 0;
}

/** Takes one tenant whose keys are due, until `nextAt`. Another process takes another one. */
export async function takeDue(db: Db, now: Date, nextAt: Date): Promise<PolicyRow | null> {
  const [row] = await db.$queryRaw<PolicyRow[]>`
    UPDATE "LifecyclePolicy" SET "nextSweepAt" = ${nextAt}
    WHERE "tenantId" IN (
      SELECT "tenantId" FROM "LifecyclePolicy" WHERE "nextSweepAt" <= ${now}
      ORDER BY "nextSweepAt" LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *`;
  return row ?? null;
}

/** @param expected what was set when it was taken: a policy that changed meanwhile has its own look to come. */
export async function setNext(db: Db, tenantId: string, expected: Date, nextSweepAt: Date | null): Promise<void> {
  await db.lifecyclePolicy.updateMany({ where: { tenantId, nextSweepAt: expected }, data: { nextSweepAt } });
}

/** What a policy does not want, at an instant. */
export function unwantedBy(policy: LifecyclePolicy, now: number): Unwanted[] {
  const { idleAfterDays, idleAction, neverExpiringAction } = policy;
  const since = new Date(now - (idleAfterDays ?? 0) * dayMs);
  const isIdle = Prisma.sql`COALESCE(k."lastUsedAt", k."createdAt") <= ${since}::timestamptz`;
  return [
    {
      kind: "IDLE",
      action: idleAfterDays === null ? "IGNORE" : idleAction,
      condition: idleAfterDays === null ? Prisma.sql`FALSE` : isIdle,
      reason: `unused for ${idleAfterDays} days`,
    },
    {
      kind: "NEVER_EXPIRES",
      action: neverExpiringAction,
      condition: Prisma.sql`k."expiresAt" IS NULL`,
      reason: "it never expires, which the tenant's policy does not want",
    },
  ];
}

const isInUse = (now: Date) => Prisma.sql`
  k."revokedAt" IS NULL AND k."deletedAt" IS NULL AND k."disabledAt" IS NULL
  AND (k."expiresAt" IS NULL OR k."expiresAt" > ${now}::timestamptz)`;

const openFinding = (kind: string) => Prisma.sql`
  f."keyId" = k."id" AND f."kind" = ${kind} AND f."resolvedAt" IS NULL`;

/** Keys in use that are unwanted, and of which nobody was reminded. */
export function findToRemind(db: Db, tenantId: string, { kind, condition }: Unwanted, now: Date, take: number) {
  return ids(
    db,
    Prisma.sql`
      SELECT k."id" FROM "Key" k
      WHERE k."tenantId" = ${tenantId} AND ${isInUse(now)} AND ${condition}
        AND NOT EXISTS (SELECT 1 FROM "KeyFinding" f WHERE ${openFinding(kind)})
      ORDER BY k."createdAt", k."id" LIMIT ${take}`,
  );
}

/** Keys in use that are still unwanted, and of which the reminder is as old as `remindedBefore`. @param only this one key. */
export function findToDisable(
  db: Db,
  tenantId: string,
  { kind, condition }: Unwanted,
  now: Date,
  remindedBefore: Date,
  take: number,
  only: string | null = null,
) {
  return ids(
    db,
    Prisma.sql`
      SELECT k."id" FROM "Key" k JOIN "KeyFinding" f ON ${openFinding(kind)} AND f."action" = 'NONE'
      WHERE k."tenantId" = ${tenantId} AND f."firstAt" <= ${remindedBefore}::timestamptz
        AND ${isInUse(now)} AND ${condition} AND (${only}::text IS NULL OR k."id" = ${only})
      ORDER BY k."createdAt", k."id" LIMIT ${take}`,
  );
}

/** Keys of which somebody was reminded, and that are not unwanted any more: used, changed, or gone. */
export function findToClose(db: Db, tenantId: string, { kind, condition }: Unwanted, take: number) {
  return ids(
    db,
    Prisma.sql`
      SELECT k."id" FROM "Key" k JOIN "KeyFinding" f ON ${openFinding(kind)}
      WHERE k."tenantId" = ${tenantId}
        AND (k."revokedAt" IS NOT NULL OR k."deletedAt" IS NOT NULL OR NOT (${condition}))
      ORDER BY k."createdAt", k."id" LIMIT ${take}`,
  );
}

async function ids(db: Db, query: Prisma.Sql): Promise<string[]> {
  return (await db.$queryRaw<{ id: string }[]>(query)).map(({ id }) => id);
}
