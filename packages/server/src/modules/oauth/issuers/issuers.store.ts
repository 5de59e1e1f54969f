import { kindOfId } from "@keyplane/schema";
import type { Db, Prisma, TrustedIssuer } from "../../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../../platform/pages.js";
import type { Visibility } from "../../auth/index.js";

/** What no two issuers that are trusted may share: whose token it is must never be open. */
export function activeKeyOf(issuer: string, audience: string): string {
  // Neither has a line break.
  return `${issuer}\n${audience}`;
}

export function insertIssuer(db: Db, data: Prisma.TrustedIssuerUncheckedCreateInput): Promise<TrustedIssuer> {
  return db.trustedIssuer.create({ data });
}

/** Reads an issuer that is trusted for a change, and holds it until the transaction ends. */
export async function lockIssuer(db: Db, visibility: Visibility, id: string): Promise<TrustedIssuer | null> {
  if (kindOfId(id) !== "TrustedIssuer" || visibility.userId !== undefined) return null;
  const { tenantId = null } = visibility;
  await db.$queryRaw`
    SELECT 1 FROM "TrustedIssuer"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) FOR UPDATE`;
  return findIssuer(db, visibility, id);
}

export async function findIssuer(db: Db, visibility: Visibility, id: string): Promise<TrustedIssuer | null> {
  if (kindOfId(id) !== "TrustedIssuer") return null;
  return db.trustedIssuer.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function findIssuerByKey(db: Db, activeKey: string): Promise<TrustedIssuer | null> {
  return db.trustedIssuer.findUnique({ where: { activeKey } });
}

/** What the issuers are known by that are trusted now; the newest where there are too many. */
export async function findActiveKeys(db: Db, take: number): Promise<string[]> {
  const rows = await db.trustedIssuer.findMany({
    where: { activeKey: { not: null } },
    select: { activeKey: true },
    orderBy: { createdAt: "desc" },
    take,
  });
  return rows.flatMap(({ activeKey }) => (activeKey === null ? [] : [activeKey]));
}

export function updateIssuerRow(
  db: Db,
  id: string,
  data: Prisma.TrustedIssuerUncheckedUpdateInput,
): Promise<TrustedIssuer> {
  return db.trustedIssuer.update({ where: { id }, data });
}

/** Newest first. */
export function findIssuers(
  db: Db,
  visibility: Visibility,
  tenantId: string | undefined,
  after: Place | null,
  take: number,
): Promise<TrustedIssuer[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.TrustedIssuerWhereInput;
  return db.trustedIssuer.findMany({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }, page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countIssuers(db: Db, visibility: Visibility, tenantId: string | undefined): Promise<number> {
  return db.trustedIssuer.count({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }] },
  });
}

/** An issuer belongs to no user: whoever sees only one user's things sees none. */
function visible({ tenantId, userId }: Visibility): Prisma.TrustedIssuerWhereInput {
  return {
    deletedAt: null,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(userId === undefined ? {} : { id: "none" }),
  };
}
