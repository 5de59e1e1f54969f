import { kindOfId } from "@keyplane/schema";
import type { Db, ManagementToken, Prisma } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";
import type { ManagementTokenStatus } from "./token-status.js";
import type { TokenFilter } from "./tokens.input.js";

export function insertToken(db: Db, data: Prisma.ManagementTokenUncheckedCreateInput): Promise<ManagementToken> {
  return db.managementToken.create({ data });
}

export async function lockToken(db: Db, visibility: Visibility, id: string): Promise<ManagementToken | null> {
  if (kindOfId(id) !== "ManagementToken") return null;
  const { tenantId = null, userId = null } = visibility;
  // Within the bounds already here: whoever may not see a token must not wait for it either, or make others wait.
  await db.$queryRaw`
    SELECT 1 FROM "ManagementToken"
    WHERE "id" = ${id}
      AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) AND (${userId}::text IS NULL OR "userId" = ${userId})
    FOR UPDATE`;
  return db.managementToken.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** The token that has this secret, or had it before its last rotation. */
export function findTokenByHash(db: Db, hash: string): Promise<ManagementToken | null> {
  return db.managementToken.findFirst({ where: { OR: [{ hash }, { previousHash: hash }] } });
}

/** Raises `lastUsedAt` of many tokens in one statement; an earlier time than what is there changes nothing. */
export async function raiseTokensLastUsed(db: Db, lastUsed: ReadonlyMap<string, number>): Promise<void> {
  const ids = [...lastUsed.keys()];
  const times = [...lastUsed.values()].map((time) => new Date(time));
  await db.$executeRaw`
    UPDATE "ManagementToken" SET "lastUsedAt" = "used"."at"
    FROM unnest(${ids}::text[], ${times}::timestamptz[]) AS "used" ("id", "at")
    WHERE "ManagementToken"."id" = "used"."id"
      AND ("ManagementToken"."lastUsedAt" IS NULL OR "ManagementToken"."lastUsedAt" < "used"."at")`;
}

export async function findToken(db: Db, visibility: Visibility, id: string): Promise<ManagementToken | null> {
  if (kindOfId(id) !== "ManagementToken") return null;
  return db.managementToken.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** Of their secrets, and of those before a rotation. Newest first: those are the ones that are used. */
export async function findHashesOfLiveTokens(db: Db, take: number): Promise<string[]> {
  const rows = await db.managementToken.findMany({
    where: { revokedAt: null },
    select: { hash: true, previousHash: true },
    orderBy: { createdAt: "desc" },
    take,
  });
  return rows.flatMap(({ hash, previousHash }) => (previousHash === null ? [hash] : [hash, previousHash]));
}

export function updateTokenRow(
  db: Db,
  id: string,
  data: Prisma.ManagementTokenUncheckedUpdateInput,
): Promise<ManagementToken> {
  return db.managementToken.update({ where: { id }, data });
}

/** Tokens that work or will tell why they do not; newest first. */
export function findTokens(
  db: Db,
  visibility: Visibility,
  filter: TokenFilter,
  { now, after, take }: { readonly now: Date; readonly after: Place | null; readonly take: number },
): Promise<ManagementToken[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.ManagementTokenWhereInput;
  return db.managementToken.findMany({
    where: { AND: [where(visibility, filter, now), page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countTokens(db: Db, visibility: Visibility, filter: TokenFilter, now: Date): Promise<number> {
  return db.managementToken.count({ where: where(visibility, filter, now) });
}

function where(visibility: Visibility, filter: TokenFilter, now: Date): Prisma.ManagementTokenWhereInput {
  const contains = filter.search == null ? null : { contains: filter.search, mode: "insensitive" as const };
  return {
    AND: [
      visible(visibility),
      filter.tenantId == null ? {} : { tenantId: filter.tenantId },
      filter.userId == null ? {} : { userId: filter.userId },
      filter.customRoleId == null ? {} : { customRoleId: filter.customRoleId },
      filter.role == null ? {} : { role: filter.role },
      filter.status == null ? {} : statusConditions[filter.status](now),
      contains === null ? {} : { OR: [{ name: contains }, { start: contains }] },
    ],
  };
}

/** The same rules as `tokenStatusAt`, as conditions of the store. */
const statusConditions: Record<ManagementTokenStatus, (now: Date) => Prisma.ManagementTokenWhereInput> = {
  REVOKED: () => ({ revokedAt: { not: null } }),
  EXPIRED: (now) => ({ revokedAt: null, expiresAt: { lte: now } }),
  ACTIVE: (now) => ({ revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }),
};

function visible(visibility: Visibility): Prisma.ManagementTokenWhereInput {
  return {
    ...(visibility.tenantId === undefined ? {} : { tenantId: visibility.tenantId }),
    ...(visibility.userId === undefined ? {} : { userId: visibility.userId }),
  };
}
