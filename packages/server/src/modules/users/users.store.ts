import { kindOfId } from "@keyplane/schema";
import type { Db, Prisma, User } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";
import type { UserFilter } from "./users.input.js";

export function insertUser(db: Db, data: Prisma.UserUncheckedCreateInput): Promise<User> {
  return db.user.create({ data });
}

/** Reads a user for a change and holds it until the transaction ends: changes of one user, and new keys of it, follow each other. */
export async function lockUser(db: Db, visibility: Visibility, id: string): Promise<User | null> {
  if (kindOfId(id) !== "User") return null;
  const { tenantId = null, userId = null } = visibility;
  // Fellow members of a team are seen, not changed: those bounds are narrower.
  const own = { ...visibility, teamIds: [] };
  // Within the bounds already here: whoever may not see a user must not wait for it either, or make others wait.
  await db.$queryRaw`
    SELECT 1 FROM "User"
    WHERE "id" = ${id}
      AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) AND (${userId}::text IS NULL OR "id" = ${userId})
    FOR UPDATE`;
  return findUser(db, own, id);
}

/** Whether a tenant has an active administrator besides a user: somebody with the role ADMIN and no custom role instead. */
export async function hasOtherAdministrator(db: Db, tenantId: string, userId: string): Promise<boolean> {
  const administrator = { tenantId, role: "ADMIN", customRoleId: null, status: "ACTIVE" } as const;
  return (await db.user.findFirst({ where: { ...administrator, id: { not: userId } }, select: { id: true } })) !== null;
}

/** The teams that keys of a user belong to. */
export async function teamsOfKeys(db: Db, userId: string): Promise<string[]> {
  const keys = await db.key.findMany({
    where: { ownerId: userId, teamId: { not: null } },
    distinct: ["teamId"],
    select: { teamId: true },
  });
  return keys.flatMap(({ teamId }) => (teamId === null ? [] : [teamId]));
}

/** Users with the ids of their teams. */
export function findUsersWithTeams(db: Db, ids: readonly string[]): Promise<(User & { memberships: TeamOf[] })[]> {
  return db.user.findMany({
    where: { id: { in: [...ids] } },
    include: { memberships: { select: { teamId: true }, orderBy: { teamId: "asc" } } },
  });
}

interface TeamOf {
  readonly teamId: string;
}

export async function findUser(db: Db, visibility: Visibility, id: string): Promise<User | null> {
  if (kindOfId(id) !== "User") return null;
  return db.user.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

/** The id of a user who is not deleted; null when there is none. */
export async function findUserIdBy(
  db: Db,
  tenantId: string,
  by: { readonly externalId: string } | { readonly email: string },
): Promise<string | null> {
  const where = "email" in by ? { activeEmail: by.email } : { externalId: by.externalId };
  const found = await db.user.findFirst({ where: { tenantId, ...where }, select: { id: true } });
  return found?.id ?? null;
}

export function findUsersByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<User[]> {
  return db.user.findMany({ where: { AND: [{ id: { in: [...ids] } }, visible(visibility)] } });
}

export function updateUserRow(db: Db, id: string, data: Prisma.UserUncheckedUpdateInput): Promise<User> {
  return db.user.update({ where: { id }, data });
}

export function findUsers(
  db: Db,
  visibility: Visibility,
  query: {
    filter: UserFilter;
    field: "createdAt" | "name" | "email";
    direction: Direction;
    after: Place | null;
    take: number;
  },
): Promise<User[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.UserWhereInput;
  return db.user.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countUsers(db: Db, visibility: Visibility, filter: UserFilter): Promise<number> {
  return db.user.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, filter: UserFilter): Prisma.UserWhereInput {
  const contains = filter.search == null ? null : { contains: filter.search, mode: "insensitive" as const };
  return {
    AND: [
      visible(visibility),
      filter.tenantId == null ? {} : { tenantId: filter.tenantId },
      // Deleted users are history: they are listed only when somebody asks for them.
      { status: filter.status ?? { not: "DELETED" } },
      filter.role == null ? {} : { role: filter.role },
      filter.customRoleId == null ? {} : { customRoleId: filter.customRoleId },
      filter.teamId == null ? {} : { memberships: { some: { teamId: filter.teamId } } },
      filter.externalId == null ? {} : { externalId: filter.externalId },
      contains === null ? {} : { OR: [{ name: contains }, { email: contains }, { externalId: contains }] },
    ],
  };
}

/** Whoever is confined to one user also sees the members of that user's teams, and who owns the keys of those. */
function visible({ tenantId, userId, teamIds }: Visibility): Prisma.UserWhereInput {
  const within = tenantId === undefined ? {} : { tenantId };
  if (userId === undefined) return within;
  if (teamIds.length === 0) return { ...within, id: userId };
  const some = { some: { teamId: { in: [...teamIds] } } };
  return { ...within, OR: [{ id: userId }, { memberships: some }, { keys: some }] };
}
