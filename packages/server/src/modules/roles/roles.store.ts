import { kindOfId, type Role } from "@keyplane/schema";
import type { CustomRole, Db, Prisma } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

/** Which roles; absent means any. */
export interface RoleFilter {
  readonly tenantId?: string | null | undefined;
  readonly base?: Role | null | undefined;
  readonly search?: string | null | undefined;
}

export function insertRole(db: Db, data: Prisma.CustomRoleUncheckedCreateInput): Promise<CustomRole> {
  return db.customRole.create({ data });
}

/** Reads a role for a change and holds it until the transaction ends: nobody gets it, or makes a key under it, meanwhile. */
export async function lockRole(db: Db, visibility: Visibility, id: string): Promise<CustomRole | null> {
  if (kindOfId(id) !== "CustomRole") return null;
  const { tenantId = null } = visibility;
  // Within the bounds already here: whoever may not see a role must not wait for it either, or make others wait.
  await db.$queryRaw`
    SELECT 1 FROM "CustomRole"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId})
    FOR UPDATE`;
  return findRole(db, visibility, id);
}

/** Keeps a role as it is until the transaction ends; others may do the same. */
export async function shareRole(db: Db, visibility: Visibility, id: string): Promise<CustomRole | null> {
  if (kindOfId(id) !== "CustomRole") return null;
  const { tenantId = null } = visibility;
  await db.$queryRaw`
    SELECT 1 FROM "CustomRole"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId})
    FOR SHARE`;
  return findRole(db, visibility, id);
}

export async function findRole(db: Db, visibility: Visibility, id: string): Promise<CustomRole | null> {
  if (kindOfId(id) !== "CustomRole") return null;
  return db.customRole.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function findRolesByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<CustomRole[]> {
  return db.customRole.findMany({ where: { AND: [{ id: { in: [...ids] } }, visible(visibility)] } });
}

export function updateRoleRow(db: Db, id: string, data: Prisma.CustomRoleUncheckedUpdateInput): Promise<CustomRole> {
  return db.customRole.update({ where: { id }, data });
}

export async function deleteRoleRow(db: Db, id: string): Promise<void> {
  await db.customRole.delete({ where: { id } });
}

export function countRolesOfTenant(db: Db, tenantId: string): Promise<number> {
  return db.customRole.count({ where: { tenantId } });
}

/** Who has a role: users that are not deleted, and tokens that are not revoked. The others are let go of it. */
export async function countHolders(db: Db, roleId: string): Promise<{ users: number; tokens: number }> {
  return {
    users: await db.user.count({ where: { customRoleId: roleId, status: { not: "DELETED" } } }),
    tokens: await db.managementToken.count({ where: { customRoleId: roleId, revokedAt: null } }),
  };
}

/** Takes a role from those who will never act again, so that it can be deleted. */
export async function releaseDead(db: Db, roleId: string): Promise<void> {
  await db.user.updateMany({ where: { customRoleId: roleId, status: "DELETED" }, data: { customRoleId: null } });
  await db.managementToken.updateMany({
    where: { customRoleId: roleId, revokedAt: { not: null } },
    data: { customRoleId: null },
  });
}

export function findRoles(
  db: Db,
  visibility: Visibility,
  query: { filter: RoleFilter; field: "createdAt" | "name"; direction: Direction; after: Place | null; take: number },
): Promise<CustomRole[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.CustomRoleWhereInput;
  return db.customRole.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countRoles(db: Db, visibility: Visibility, filter: RoleFilter): Promise<number> {
  return db.customRole.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, { tenantId, base, search }: RoleFilter): Prisma.CustomRoleWhereInput {
  const contains = search == null ? null : { contains: search, mode: "insensitive" as const };
  return {
    AND: [
      visible(visibility),
      tenantId == null ? {} : { tenantId },
      base == null ? {} : { base },
      contains === null ? {} : { OR: [{ name: contains }, { description: contains }] },
    ],
  };
}

/** Roles are no secret within their tenant. */
function visible({ tenantId }: Visibility): Prisma.CustomRoleWhereInput {
  return tenantId === undefined ? {} : { tenantId };
}
