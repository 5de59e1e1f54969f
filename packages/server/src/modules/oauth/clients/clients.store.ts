import { kindOfId } from "@keyplane/schema";
import type { Db, OAuthClient, Prisma } from "../../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../../platform/pages.js";
import type { Visibility } from "../../auth/index.js";

export function insertClient(db: Db, data: Prisma.OAuthClientUncheckedCreateInput): Promise<OAuthClient> {
  return db.oAuthClient.create({ data });
}

/** Reads a client that is not deleted for a change, and holds it until the transaction ends. */
export async function lockClient(db: Db, visibility: Visibility, id: string): Promise<OAuthClient | null> {
  if (kindOfId(id) !== "OAuthClient" || visibility.userId !== undefined) return null;
  const { tenantId = null } = visibility;
  // Within the bounds already here: whoever may not see a client must not wait for it either, or make others wait.
  await db.$queryRaw`
    SELECT 1 FROM "OAuthClient"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) FOR UPDATE`;
  return db.oAuthClient.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** A client that the caller may see. */
export async function findVisibleClient(db: Db, visibility: Visibility, id: string): Promise<OAuthClient | null> {
  if (kindOfId(id) !== "OAuthClient") return null;
  return db.oAuthClient.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** A client that is not deleted. */
export async function findClient(db: Db, id: string): Promise<OAuthClient | null> {
  if (kindOfId(id) !== "OAuthClient") return null;
  return db.oAuthClient.findFirst({ where: { id, deletedAt: null } });
}

export function updateClientRow(
  db: Db,
  id: string,
  data: Prisma.OAuthClientUncheckedUpdateInput,
): Promise<OAuthClient> {
  return db.oAuthClient.update({ where: { id }, data });
}

/** Newest first. */
export function findClients(
  db: Db,
  visibility: Visibility,
  tenantId: string | undefined,
  after: Place | null,
  take: number,
): Promise<OAuthClient[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.OAuthClientWhereInput;
  return db.oAuthClient.findMany({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }, page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countClients(db: Db, visibility: Visibility, tenantId: string | undefined): Promise<number> {
  return db.oAuthClient.count({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }] },
  });
}

/** A client belongs to no user: whoever sees only one user's things sees none. */
function visible({ tenantId, userId }: Visibility): Prisma.OAuthClientWhereInput {
  return {
    deletedAt: null,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(userId === undefined ? {} : { id: "none" }),
  };
}
