import { kindOfId, restoreWindowMs } from "@keyplane/schema";
import type { Db, Prisma, Team } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

/** Which teams; absent means any. */
export interface TeamFilter {
  readonly tenantId?: string | null | undefined;
  /** Those that this user is a member of. */
  readonly memberId?: string | null | undefined;
  readonly search?: string | null | undefined;
}

export function insertTeam(db: Db, data: Prisma.TeamUncheckedCreateInput): Promise<Team> {
  return db.team.create({ data });
}

/** Reads a team for a change and holds it until the transaction ends: it gets no key and no member meanwhile. */
export function lockTeam(db: Db, visibility: Visibility, id: string): Promise<Team | null> {
  return held(db, visibility, id, "update");
}

/** Keeps a team as it is until the transaction ends; others may do the same. */
export function shareTeam(db: Db, visibility: Visibility, id: string): Promise<Team | null> {
  return held(db, visibility, id, "share");
}

async function held(db: Db, visibility: Visibility, id: string, how: "update" | "share"): Promise<Team | null> {
  // Within the bounds already here: whoever may not see a team must not wait for it either, or make others wait.
  if (!(await findTeam(db, visibility, id))) return null;
  if (how === "update") await db.$queryRaw`SELECT 1 FROM "Team" WHERE "id" = ${id} FOR UPDATE`;
  else await db.$queryRaw`SELECT 1 FROM "Team" WHERE "id" = ${id} FOR SHARE`;
  return findTeam(db, visibility, id);
}

export async function findTeam(db: Db, visibility: Visibility, id: string): Promise<Team | null> {
  if (kindOfId(id) !== "Team") return null;
  return db.team.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function findTeamsByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<Team[]> {
  return db.team.findMany({ where: { AND: [{ id: { in: [...ids] } }, visible(visibility)] } });
}

export function updateTeamRow(db: Db, id: string, data: Prisma.TeamUncheckedUpdateInput): Promise<Team> {
  return db.team.update({ where: { id }, data });
}

export async function deleteTeamRow(db: Db, id: string): Promise<void> {
  await db.team.delete({ where: { id } });
}

export function countTeamsOfTenant(db: Db, tenantId: string): Promise<number> {
  return db.team.count({ where: { tenantId } });
}

/** How many keys of a team could be accepted again: those that are not revoked, and not deleted for good. */
export async function countLivingKeys(db: Db, teamId: string, now: Date): Promise<{ keys: number; deleted: number }> {
  const since = new Date(now.getTime() - restoreWindowMs);
  return {
    keys: await db.key.count({ where: { teamId, revokedAt: null, deletedAt: null } }),
    deleted: await db.key.count({ where: { teamId, revokedAt: null, deletedAt: { gt: since } } }),
  };
}

export async function isMember(db: Db, teamId: string, userId: string): Promise<boolean> {
  return (await db.teamMember.findUnique({ where: { teamId_userId: { teamId, userId } } })) !== null;
}

export async function insertMember(db: Db, data: Prisma.TeamMemberUncheckedCreateInput): Promise<void> {
  await db.teamMember.create({ data });
}

export async function deleteMember(db: Db, teamId: string, userId: string): Promise<void> {
  await db.teamMember.delete({ where: { teamId_userId: { teamId, userId } } });
}

export function countMembers(db: Db, teamId: string): Promise<number> {
  return db.teamMember.count({ where: { teamId } });
}

export function countMemberships(db: Db, userId: string): Promise<number> {
  return db.teamMember.count({ where: { userId } });
}

export function findTeams(
  db: Db,
  visibility: Visibility,
  query: { filter: TeamFilter; field: "createdAt" | "name"; direction: Direction; after: Place | null; take: number },
): Promise<Team[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.TeamWhereInput;
  return db.team.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countTeams(db: Db, visibility: Visibility, filter: TeamFilter): Promise<number> {
  return db.team.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, { tenantId, memberId, search }: TeamFilter): Prisma.TeamWhereInput {
  const contains = search == null ? null : { contains: search, mode: "insensitive" as const };
  return {
    AND: [
      visible(visibility),
      tenantId == null ? {} : { tenantId },
      memberId == null ? {} : { members: { some: { userId: memberId } } },
      contains === null ? {} : { OR: [{ name: contains }, { description: contains }] },
    ],
  };
}

/** Whoever is confined to one user sees that user's teams. */
function visible({ tenantId, userId, teamIds }: Visibility): Prisma.TeamWhereInput {
  return {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(userId === undefined ? {} : { id: { in: [...teamIds] } }),
  };
}
