import { kindOfId } from "@keyplane/schema";
import type { Api, Db, Prisma } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";

/** Which APIs a caller may see. */
export interface ApiVisibility {
  /** undefined: of every tenant. */
  readonly tenantId: string | undefined;
  readonly onlyPublic: boolean;
}

/** Which APIs; absent means any. */
export interface ApiFilter {
  readonly tenantId?: string | null | undefined;
  readonly visibility?: "PUBLIC" | "PRIVATE" | null | undefined;
  readonly search?: string | null | undefined;
}

export function insertApi(db: Db, data: Prisma.ApiUncheckedCreateInput): Promise<Api> {
  return db.api.create({ data });
}

/** Reads an API for a change and holds it until the transaction ends. */
export async function lockApi(db: Db, visibility: ApiVisibility, id: string): Promise<Api | null> {
  // Within the bounds already here: whoever may not see an API must not wait for it either, or make others wait.
  if (!(await findApi(db, visibility, id))) return null;
  await db.$queryRaw`SELECT 1 FROM "Api" WHERE "id" = ${id} FOR UPDATE`;
  return findApi(db, visibility, id);
}

/** Keeps an API as it is until the transaction ends; others may do the same. */
export async function shareApi(db: Db, visibility: ApiVisibility, id: string): Promise<Api | null> {
  if (!(await findApi(db, visibility, id))) return null;
  await db.$queryRaw`SELECT 1 FROM "Api" WHERE "id" = ${id} FOR SHARE`;
  return findApi(db, visibility, id);
}

export async function findApi(db: Db, visibility: ApiVisibility, id: string): Promise<Api | null> {
  if (kindOfId(id) !== "Api") return null;
  return db.api.findFirst({ where: { AND: [{ id, deletedAt: null }, visible(visibility)] } });
}

export function findApisByIds(db: Db, visibility: ApiVisibility, ids: readonly string[]): Promise<Api[]> {
  return db.api.findMany({ where: { AND: [{ id: { in: [...ids] }, deletedAt: null }, visible(visibility)] } });
}

/** All that a tenant has ever had. */
export function findApisOfTenant(db: Db, tenantId: string): Promise<Api[]> {
  return findApisOfTenants(db, [tenantId]);
}

export function findApisOfTenants(db: Db, tenantIds: readonly string[]): Promise<Api[]> {
  return db.api.findMany({ where: { tenantId: { in: [...tenantIds] } }, orderBy: { id: "asc" } });
}

export function updateApiRow(db: Db, id: string, data: Prisma.ApiUncheckedUpdateInput): Promise<Api> {
  return db.api.update({ where: { id }, data });
}

export function countApisOfTenant(db: Db, tenantId: string): Promise<number> {
  return db.api.count({ where: { tenantId, deletedAt: null } });
}

/** Tombstones beyond what verification has to be told: one is enough to say that the tenant has had APIs. */
export async function forgetOldTombstones(db: Db, tenantId: string, keepId: string): Promise<void> {
  await db.apiGrant.deleteMany({ where: { tenantId, api: { deletedAt: { not: null } } } });
  await db.api.deleteMany({ where: { tenantId, deletedAt: { not: null }, id: { not: keepId } } });
}

export function findApis(
  db: Db,
  visibility: ApiVisibility,
  query: {
    filter: ApiFilter;
    field: "createdAt" | "name" | "slug";
    direction: Direction;
    after: Place | null;
    take: number;
  },
): Promise<Api[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.ApiWhereInput;
  return db.api.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countApis(db: Db, visibility: ApiVisibility, filter: ApiFilter): Promise<number> {
  return db.api.count({ where: where(visibility, filter) });
}

function where(bounds: ApiVisibility, { tenantId, visibility, search }: ApiFilter): Prisma.ApiWhereInput {
  const contains = search == null ? null : { contains: search, mode: "insensitive" as const };
  return {
    AND: [
      visible(bounds),
      { deletedAt: null },
      tenantId == null ? {} : { tenantId },
      visibility == null ? {} : { visibility },
      contains === null ? {} : { OR: [{ name: contains }, { slug: contains }, { description: contains }] },
    ],
  };
}

function visible({ tenantId, onlyPublic }: ApiVisibility): Prisma.ApiWhereInput {
  return { ...(tenantId === undefined ? {} : { tenantId }), ...(onlyPublic ? { visibility: "PUBLIC" as const } : {}) };
}
