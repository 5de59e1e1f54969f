import { kindOfId } from "@keyplane/schema";
import type { Db, ManagementToken, Prisma } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

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

export function findTokenByHash(db: Db, hash: string): Promise<ManagementToken | null> {
  return db.managementToken.findUnique({ where: { hash } });
}

/** Newest first: those are the ones that are used. */
export async function findHashesOfLiveTokens(db: Db, take: number): Promise<string[]> {
  const rows = await db.managementToken.findMany({
    where: { revokedAt: null },
    select: { hash: true },
    orderBy: { createdAt: "desc" },
    take,
  });
  return rows.map(({ hash }) => hash);
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
  tenantId: string | undefined,
  after: Place | null,
  take: number,
): Promise<ManagementToken[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.ManagementTokenWhereInput;
  return db.managementToken.findMany({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }, page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countTokens(db: Db, visibility: Visibility, tenantId: string | undefined): Promise<number> {
  return db.managementToken.count({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }] },
  });
}

function visible(visibility: Visibility): Prisma.ManagementTokenWhereInput {
  return {
    ...(visibility.tenantId === undefined ? {} : { tenantId: visibility.tenantId }),
    ...(visibility.userId === undefined ? {} : { userId: visibility.userId }),
  };
}
