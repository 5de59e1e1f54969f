import { type HygieneCheck, hygieneChecks } from "@keyplane/schema";
import { type Db, Prisma } from "../../../platform/database/index.js";
import type { Visibility } from "../../auth/index.js";

const names = Object.keys(hygieneChecks) as HygieneCheck[];

/** What the checks compare with. */
export interface HygieneLimits {
  readonly now: Date;
  /** Keys that were not used since are idle. */
  readonly unusedSince: Date;
  /** How old a secret may be where neither key nor tenant say so, in milliseconds. */
  readonly usualSecretMs: number;
}

function conditions({ now, unusedSince, usualSecretMs }: HygieneLimits): Readonly<Record<HygieneCheck, Prisma.Sql>> {
  return {
    LEAKED: Prisma.sql`EXISTS (
      SELECT 1 FROM "KeyFinding" f WHERE f."keyId" = k."id" AND f."kind" = 'LEAKED' AND f."resolvedAt" IS NULL)`,
    SHARED: Prisma.sql`EXISTS (
      SELECT 1 FROM "KeyFinding" f WHERE f."keyId" = k."id" AND f."kind" = 'SHARED' AND f."resolvedAt" IS NULL)`,
    IDLE: Prisma.sql`COALESCE(k."lastUsedAt", k."createdAt") <= ${unusedSince}::timestamptz`,
    NEVER_EXPIRES: Prisma.sql`k."expiresAt" IS NULL`,
    OLD_SECRET: Prisma.sql`extract(epoch FROM ${now}::timestamptz - COALESCE(k."rotatedAt", k."createdAt")) * 1000
      >= COALESCE(LEAST(k."rotateEveryMs", t."rotateEveryMs"), ${usualSecretMs}::bigint)`,
    OWNER_GONE: Prisma.sql`u."status" <> 'ACTIVE'`,
  };
}

/** Keys that could be accepted as far as they go by themselves, with their owners. */
function inUse(tenantId: string, visibility: Visibility, now: Date): Prisma.Sql {
  return Prisma.sql`${alive(tenantId, visibility, now)} AND k."disabledAt" IS NULL`;
}

/** The same and those that are disabled. */
function alive(tenantId: string, { userId, teamIds }: Visibility, now: Date): Prisma.Sql {
  const own =
    userId === undefined
      ? Prisma.sql`TRUE`
      : Prisma.sql`(k."ownerId" = ${userId} OR k."teamId" = ANY(${[...teamIds]}::text[]))`;
  return Prisma.sql`"Key" k JOIN "User" u ON u."id" = k."ownerId" JOIN "Tenant" t ON t."id" = k."tenantId"
    WHERE k."tenantId" = ${tenantId} AND ${own}
      AND k."revokedAt" IS NULL AND k."deletedAt" IS NULL
      AND (k."expiresAt" IS NULL OR k."expiresAt" > ${now}::timestamptz)`;
}

/** How many keys are in use, and how many of them each check concerns: in one statement, so that all are of one moment. */
export async function countHygiene(
  db: Db,
  tenantId: string,
  visibility: Visibility,
  limits: HygieneLimits,
): Promise<{ readonly keys: number; readonly affected: Readonly<Record<HygieneCheck, number>> }> {
  const of = conditions(limits);
  const counts = names.map(
    (name) => Prisma.sql`count(*) FILTER (WHERE ${of[name]})::int AS ${Prisma.raw(`"${name}"`)}`,
  );
  const [row] = await db.$queryRaw<({ keys: number } & Record<HygieneCheck, number>)[]>`
    SELECT count(*)::int AS "keys", ${Prisma.join(counts)} FROM ${inUse(tenantId, visibility, limits.now)}`;
  if (!row) throw new Error("an aggregate has a row");
  const { keys, ...affected } = row;
  return { keys, affected };
}

/** How many keys are disabled and have a leak that nobody has resolved. */
export async function countDisabledLeaks(
  db: Db,
  tenantId: string,
  visibility: Visibility,
  limits: HygieneLimits,
): Promise<number> {
  const [row] = await db.$queryRaw<{ keys: number }[]>`
    SELECT count(*)::int AS "keys" FROM ${alive(tenantId, visibility, limits.now)}
      AND k."disabledAt" IS NOT NULL AND ${conditions(limits).LEAKED}`;
  return row?.keys ?? 0;
}

/** Some of the keys that a check concerns, the longest-lived first. */
export async function findSamples(
  db: Db,
  tenantId: string,
  visibility: Visibility,
  limits: HygieneLimits,
  check: HygieneCheck,
  take: number,
): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT k."id" FROM ${inUse(tenantId, visibility, limits.now)} AND ${conditions(limits)[check]}
    ORDER BY k."createdAt", k."id" LIMIT ${take}`;
  return rows.map(({ id }) => id);
}
