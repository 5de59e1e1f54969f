import { type KeyFindingKind, kindOfId } from "@keyplane/schema";
import type { Db, Key, KeyFinding, Prisma, User } from "../../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../../platform/pages.js";
import type { Visibility } from "../../auth/index.js";

/** Which findings; absent means any. */
export interface FindingFilter {
  readonly tenantId?: string | null | undefined;
  readonly keyId?: string | null | undefined;
  readonly kind?: KeyFindingKind | null | undefined;
  /** true: those that are not resolved; false: those that are. */
  readonly open?: boolean | null | undefined;
}

export function findByUniqueKey(db: Db, uniqueKey: string): Promise<KeyFinding | null> {
  return db.keyFinding.findUnique({ where: { uniqueKey } });
}

export function insertFinding(db: Db, data: Prisma.KeyFindingUncheckedCreateInput): Promise<KeyFinding> {
  return db.keyFinding.create({ data });
}

export function updateFinding(db: Db, id: string, data: Prisma.KeyFindingUncheckedUpdateInput): Promise<KeyFinding> {
  return db.keyFinding.update({ where: { id }, data });
}

/** Reads a finding for a change and holds it until the transaction ends. Whoever may not see it does not wait for it either. */
export async function lockFinding(db: Db, visibility: Visibility, id: string): Promise<KeyFinding | null> {
  if (kindOfId(id) !== "KeyFinding" || !(await findFinding(db, visibility, id))) return null;
  await db.$queryRaw`SELECT 1 FROM "KeyFinding" WHERE "id" = ${id} FOR UPDATE`;
  return findFinding(db, visibility, id);
}

function findFinding(db: Db, visibility: Visibility, id: string): Promise<KeyFinding | null> {
  return db.keyFinding.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function findFindings(
  db: Db,
  visibility: Visibility,
  query: { filter: FindingFilter; after: Place | null; take: number },
): Promise<KeyFinding[]> {
  const page = afterPlace("lastAt", "desc", query.after) as Prisma.KeyFindingWhereInput;
  return db.keyFinding.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy("lastAt", "desc"),
    take: query.take,
  });
}

/** The findings of a key that were open at a moment, the latest first. */
export function findOpenOfKey(db: Db, keyId: string, at: Date, take: number): Promise<KeyFinding[]> {
  return db.keyFinding.findMany({
    where: { keyId, firstAt: { lte: at }, OR: [{ resolvedAt: null }, { resolvedAt: { gt: at } }] },
    orderBy: orderBy("lastAt", "desc"),
    take,
  });
}

/** The owner of a key, who is one only within the key's tenant. */
export function findOwnerOf(db: Db, { ownerId, tenantId }: Pick<Key, "ownerId" | "tenantId">): Promise<User | null> {
  return db.user.findFirst({ where: { id: ownerId, tenantId } });
}

export function countFindings(db: Db, visibility: Visibility, filter: FindingFilter): Promise<number> {
  return db.keyFinding.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, filter: FindingFilter): Prisma.KeyFindingWhereInput {
  const { tenantId, keyId, kind, open } = filter;
  return {
    AND: [
      visible(visibility),
      tenantId == null ? {} : { tenantId },
      keyId == null ? {} : { keyId },
      kind == null ? {} : { kind },
      open == null ? {} : { resolvedAt: open ? null : { not: null } },
    ],
  };
}

/** A finding is seen by whoever sees its key. */
function visible({ tenantId, userId, teamIds }: Visibility): Prisma.KeyFindingWhereInput {
  const within = tenantId === undefined ? {} : { tenantId };
  if (userId === undefined) return within;
  return { ...within, key: { OR: [{ ownerId: userId }, { teamId: { in: [...teamIds] } }] } };
}
