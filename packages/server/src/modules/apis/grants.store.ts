import { type ApiGrantRecord, kindOfId } from "@keyplane/schema";
import type { ApiGrant, Db, Prisma } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

/** Which grants; absent means any. */
export interface ApiGrantFilter {
  readonly tenantId?: string | null | undefined;
  readonly apiId?: string | null | undefined;
  readonly keyId?: string | null | undefined;
  readonly status?: ApiGrantRecord["status"] | null | undefined;
}

export function insertGrant(db: Db, data: Prisma.ApiGrantUncheckedCreateInput): Promise<ApiGrant> {
  return db.apiGrant.create({ data });
}

export function updateGrantRow(db: Db, id: string, data: Prisma.ApiGrantUncheckedUpdateInput): Promise<ApiGrant> {
  return db.apiGrant.update({ where: { id }, data });
}

export async function findGrant(db: Db, visibility: Visibility, id: string): Promise<ApiGrant | null> {
  if (kindOfId(id) !== "ApiGrant") return null;
  return db.apiGrant.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** The access of a key to an API, of which there is at most one. */
export function findGrantOf(db: Db, keyId: string, apiId: string): Promise<ApiGrant | null> {
  return db.apiGrant.findUnique({ where: { keyId_apiId: { keyId, apiId } } });
}

/** How keys stand to all APIs. */
export function findGrantsOfKeys(db: Db, keyIds: readonly string[]): Promise<(ApiGrantRecord & { keyId: string })[]> {
  return db.apiGrant.findMany({
    where: { keyId: { in: [...keyIds] } },
    select: { keyId: true, apiId: true, status: true },
    orderBy: { apiId: "asc" },
  });
}

export function findGrants(
  db: Db,
  visibility: Visibility,
  query: {
    filter: ApiGrantFilter;
    field: "createdAt" | "updatedAt";
    direction: Direction;
    after: Place | null;
    take: number;
  },
): Promise<ApiGrant[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.ApiGrantWhereInput;
  return db.apiGrant.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countGrants(db: Db, visibility: Visibility, filter: ApiGrantFilter): Promise<number> {
  return db.apiGrant.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, filter: ApiGrantFilter): Prisma.ApiGrantWhereInput {
  const { tenantId, apiId, keyId, status } = filter;
  return {
    AND: [
      visible(visibility),
      { api: { deletedAt: null } },
      tenantId == null ? {} : { tenantId },
      apiId == null ? {} : { apiId },
      keyId == null ? {} : { keyId },
      status == null ? {} : { status },
    ],
  };
}

/** Whoever sees a key sees what it may call. */
function visible({ tenantId, userId, teamIds }: Visibility): Prisma.ApiGrantWhereInput {
  const within = tenantId === undefined ? {} : { tenantId };
  if (userId === undefined) return within;
  return { ...within, key: { OR: [{ ownerId: userId }, { teamId: { in: [...teamIds] } }] } };
}
