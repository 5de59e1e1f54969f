import { kindOfId } from "@keyplane/schema";
import type { Db, Prisma, RefreshToken, Session, Tenant, Transaction, User } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

/** A user with what a sign-in must know. */
export interface Account {
  readonly user: User;
  readonly tenant: Tenant;
  /** null: none was set yet. */
  readonly passwordHash: string | null;
}

/**
 * The accounts of an e-mail address, deleted ones left out.
 *
 * @param tenant the slug or id of a tenant; undefined: any.
 */
export async function findAccounts(
  db: Db,
  email: string,
  tenant: string | undefined,
  limit: number,
): Promise<Account[]> {
  const users = await db.user.findMany({
    where: {
      activeEmail: email,
      ...(tenant === undefined ? {} : { tenant: { OR: [{ id: tenant }, { slug: tenant }] } }),
    },
    include: { tenant: true },
    orderBy: { id: "asc" },
    take: limit,
  });
  // Asked for nobody, too: an address without an account takes as many questions.
  const passwords = await db.userPassword.findMany({ where: { userId: { in: users.map(({ id }) => id) } } });
  const hashes = new Map(passwords.map(({ userId, hash }) => [userId, hash]));
  return users.map(({ tenant: of, ...user }) => ({ user, tenant: of, passwordHash: hashes.get(user.id) ?? null }));
}

/** The users of an e-mail address, of every tenant, deleted ones left out. */
export async function findUserIds(db: Db, email: string): Promise<string[]> {
  const users = await db.user.findMany({ where: { activeEmail: email }, select: { id: true } });
  return users.map(({ id }) => id);
}

export async function findAccount(db: Db, userId: string): Promise<Account | null> {
  const found = await db.user.findUnique({ where: { id: userId }, include: { tenant: true } });
  if (!found) return null;
  const { tenant, ...user } = found;
  const password = await db.userPassword.findUnique({ where: { userId } });
  return { user, tenant, passwordHash: password?.hash ?? null };
}

/** Reads an account for a change and holds its user until the transaction ends. */
export async function lockAccount(tx: Transaction, userId: string): Promise<Account | null> {
  await tx.$queryRaw`SELECT 1 FROM "User" WHERE "id" = ${userId} FOR UPDATE`;
  return findAccount(tx, userId);
}

export async function writePassword(tx: Transaction, userId: string, hash: string, changedAt: Date): Promise<void> {
  await tx.userPassword.upsert({ where: { userId }, create: { userId, hash, changedAt }, update: { hash, changedAt } });
}

/** Keeps a hash of the same password that costs more, unless the password was changed meanwhile. */
export async function replaceHash(tx: Transaction, userId: string, before: string, after: string): Promise<void> {
  await tx.userPassword.updateMany({ where: { userId, hash: before }, data: { hash: after } });
}

/** The addresses from which somebody has signed in to an account since a time. */
export async function findAddressesOf(db: Db, userId: string, since: Date): Promise<string[]> {
  const sessions = await db.session.findMany({
    where: { userId, createdAt: { gte: since }, address: { not: null } },
    select: { address: true },
    distinct: ["address"],
    take: 200,
  });
  return sessions.map(({ address }) => address ?? "");
}

export function insertSession(tx: Transaction, data: Prisma.SessionUncheckedCreateInput): Promise<Session> {
  return tx.session.create({ data });
}

export function updateSession(tx: Transaction, id: string, data: Prisma.SessionUncheckedUpdateInput): Promise<Session> {
  return tx.session.update({ where: { id }, data });
}

export function findSession(db: Db, id: string): Promise<Session | null> {
  return db.session.findUnique({ where: { id } });
}

/** Reads a session for a change and holds it: two uses of refresh tokens follow each other. */
export async function lockSession(tx: Transaction, id: string): Promise<Session | null> {
  if (kindOfId(id) !== "Session") return null;
  await tx.$queryRaw`SELECT 1 FROM "Session" WHERE "id" = ${id} FOR UPDATE`;
  return findSession(tx, id);
}

const live = (now: Date): Prisma.SessionWhereInput => ({ endedAt: null, expiresAt: { gt: now } });

/** The sessions of a user that have not ended, oldest first. */
export function findLiveSessionsOf(db: Db, userId: string, now: Date): Promise<Session[]> {
  return db.session.findMany({
    where: { AND: [{ userId }, live(now)] },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
}

function listed(visibility: Visibility, userId: string | undefined, now: Date): Prisma.SessionWhereInput {
  return {
    AND: [
      live(now),
      visibility.tenantId === undefined ? {} : { tenantId: visibility.tenantId },
      visibility.userId === undefined ? {} : { userId: visibility.userId },
      userId === undefined ? {} : { userId },
    ],
  };
}

export function listSessions(
  db: Db,
  visibility: Visibility,
  query: { userId: string | undefined; now: Date; after: Place | null; take: number },
): Promise<Session[]> {
  const page = afterPlace("createdAt", "desc", query.after) as Prisma.SessionWhereInput;
  return db.session.findMany({
    where: { AND: [listed(visibility, query.userId, query.now), page] },
    orderBy: orderBy("createdAt", "desc"),
    take: query.take,
  });
}

export function countSessions(db: Db, visibility: Visibility, userId: string | undefined, now: Date): Promise<number> {
  return db.session.count({ where: listed(visibility, userId, now) });
}

export function findRefreshToken(db: Db, hash: string): Promise<RefreshToken | null> {
  return db.refreshToken.findUnique({ where: { hash } });
}

export async function insertRefreshToken(
  tx: Transaction,
  data: Prisma.RefreshTokenUncheckedCreateInput,
): Promise<void> {
  await tx.refreshToken.create({ data });
}

/** A token was used, and this one takes its place. What was kept for retries of the one before goes. */
export async function supersedeRefreshToken(
  tx: Transaction,
  hash: string,
  data: { usedAt: Date; successorHash: string; sealedSuccessor: Uint8Array<ArrayBuffer> },
): Promise<void> {
  await tx.refreshToken.updateMany({ where: { successorHash: hash }, data: { sealedSuccessor: null } });
  await tx.refreshToken.update({ where: { hash }, data });
}

/** Removes sealed successors for which no retry can come any more. */
export async function wipeSuccessors(db: Db, usedBefore: Date): Promise<void> {
  await db.refreshToken.updateMany({
    where: { usedAt: { lt: usedBefore }, sealedSuccessor: { not: null } },
    data: { sealedSuccessor: null },
  });
}

/** Removes sessions whose time was over by then, with their tokens; the audit log keeps what happened. */
export async function deleteOldSessions(db: Db, expiredBefore: Date): Promise<void> {
  const old = await db.session.findMany({
    where: { expiresAt: { lte: expiredBefore } },
    select: { id: true },
    take: 500,
  });
  const ids = old.map(({ id }) => id);
  await db.refreshToken.deleteMany({ where: { sessionId: { in: ids } } });
  await db.session.deleteMany({ where: { id: { in: ids } } });
}
