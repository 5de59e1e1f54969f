import { kindOfId } from "@keyplane/schema";
import { type Db, type Key, type KeySecret, Prisma } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";
import type { ScopeDifference } from "../roles/index.js";
import { type KeyFilter, keyFilterCondition } from "./keys.filter.js";
import type { KeySeal } from "./lib/key-seal.js";

export function insertKey(db: Db, data: Prisma.KeyUncheckedCreateInput): Promise<Key> {
  return db.key.create({ data });
}

/** Reads a key for a change and holds it until the transaction ends, so that changes of one key follow each other. */
export async function lockKey(db: Db, visibility: Visibility, id: string): Promise<Key | null> {
  if (kindOfId(id) !== "Key") return null;
  const { tenantId = null, userId = null, teamIds } = visibility;
  // Within the bounds already here: whoever may not see a key must not wait for it either, or make others wait.
  await db.$queryRaw`
    SELECT 1 FROM "Key"
    WHERE "id" = ${id}
      AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) AND (
        ${userId}::text IS NULL OR "ownerId" = ${userId} OR "teamId" = ANY(${[...teamIds]}::text[]))
    FOR UPDATE`;
  return findKey(db, visibility, id);
}

export async function findKey(db: Db, visibility: Visibility, id: string): Promise<Key | null> {
  if (kindOfId(id) !== "Key") return null;
  return db.key.findFirst({ where: { AND: [{ id }, visibleKeys(visibility)] } });
}

export function findKeysByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<Key[]> {
  return db.key.findMany({ where: { AND: [{ id: { in: [...ids] } }, visibleKeys(visibility)] } });
}

/** The keys that a change of scopes can concern: of one user, of the holders of a role, or of a team. */
export type KeysOf = { readonly ownerId: string } | { readonly roleId: string } | { readonly teamId: string };

/** Those of the keys that are not revoked or deleted, and carry a scope that the difference gives or takes. */
export function findKeysTouched(
  db: Db,
  of: KeysOf,
  difference: Exclude<ScopeDifference, { kind: "none" }>,
  take: number,
): Promise<Pick<Key, "id" | "tenantId" | "ownerId" | "teamId">[]> {
  const scopes = [...difference.scopes];
  const carries =
    difference.kind === "among"
      ? Prisma.sql`"scopes" && ${scopes}::text[]`
      : Prisma.sql`NOT ("scopes" <@ ${scopes}::text[])`;
  return db.$queryRaw`
    SELECT "id", "tenantId", "ownerId", "teamId" FROM "Key"
    WHERE ${among(of)} AND "revokedAt" IS NULL AND "deletedAt" IS NULL AND ${carries}
    ORDER BY "createdAt", "id"
    LIMIT ${take}`;
}

function among(of: KeysOf): Prisma.Sql {
  if ("ownerId" in of) return Prisma.sql`"ownerId" = ${of.ownerId}`;
  if ("teamId" in of) return Prisma.sql`"teamId" = ${of.teamId}`;
  return Prisma.sql`"ownerId" IN (SELECT "id" FROM "User" WHERE "customRoleId" = ${of.roleId})`;
}

/**
 * Keeps what bounds a key's scopes as it is until the transaction ends: which role its owner has, and what role and team allow.
 * Whoever changes one of those tells verifiers of all keys that it concerns; without this, it would miss a key that is being
 * made or changed at the same time.
 */
export async function holdBounds(db: Db, { ownerId, teamId }: Pick<Key, "ownerId" | "teamId">): Promise<void> {
  await db.$queryRaw`SELECT 1 FROM "User" WHERE "id" = ${ownerId} FOR NO KEY UPDATE`;
  await db.$queryRaw`
    SELECT 1 FROM "CustomRole" WHERE "id" = (SELECT "customRoleId" FROM "User" WHERE "id" = ${ownerId}) FOR SHARE`;
  if (teamId !== null) await db.$queryRaw`SELECT 1 FROM "Team" WHERE "id" = ${teamId} FOR SHARE`;
}

/** The ids of keys that belong to some of these teams. @param among only of these. */
export async function findKeyIdsOfTeams(
  db: Db,
  teamIds: readonly string[],
  among: readonly string[] | undefined,
  take: number,
): Promise<string[]> {
  const keys = await db.key.findMany({
    where: { teamId: { in: [...teamIds] }, ...(among ? { id: { in: [...among] } } : {}) },
    select: { id: true },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take,
  });
  return keys.map(({ id }) => id);
}

/** Raises `lastUsedAt` of many keys in one statement; an earlier time than what is there changes nothing. */
export async function raiseLastUsed(db: Db, lastUsed: ReadonlyMap<string, number>): Promise<void> {
  const ids = [...lastUsed.keys()];
  const times = [...lastUsed.values()].map((time) => new Date(time));
  await db.$executeRaw`
    UPDATE "Key" SET "lastUsedAt" = "used"."at"
    FROM unnest(${ids}::text[], ${times}::timestamptz[]) AS "used" ("id", "at")
    WHERE "Key"."id" = "used"."id" AND ("Key"."lastUsedAt" IS NULL OR "Key"."lastUsedAt" < "used"."at")`;
}

export function updateKeyRow(db: Db, id: string, data: Prisma.KeyUncheckedUpdateInput): Promise<Key> {
  return db.key.update({ where: { id }, data });
}

/** All secrets that a key ever had. */
export function findSecretsOfKey(db: Db, keyId: string): Promise<KeySecret[]> {
  return db.keySecret.findMany({ where: { keyId } });
}

/** Signs a key as it is now, secrets included. In the transaction of the change, as the last of it. */
export async function sealKeyRow(db: Db, seal: KeySeal, key: Key): Promise<void> {
  const checksum = seal.of(key, await findSecretsOfKey(db, key.id));
  await db.key.update({ where: { id: key.id }, data: { checksum }, select: { id: true } });
}

/** How many keys of a user could still be accepted: neither revoked, deleted nor expired. */
export function countLiveKeys(db: Db, tenantId: string, ownerId: string, now: Date): Promise<number> {
  return db.key.count({
    where: {
      tenantId,
      ownerId,
      revokedAt: null,
      deletedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
    },
  });
}

export async function insertSecret(
  db: Db,
  secret: Pick<KeySecret, "hash" | "keyId" | "start" | "createdAt"> & Partial<KeySecret>,
): Promise<void> {
  await db.keySecret.create({ data: secret });
}

/**
 * Supersedes every secret of a key: the current one from now on, and no older one goes on for longer than the new overlap.
 */
export async function supersedeSecrets(db: Db, keyId: string, now: Date, stopsAt: Date): Promise<void> {
  // One that nobody has used yet is not needed by anybody for longer.
  await supersedePending(db, keyId, now);
  await db.keySecret.updateMany({ where: { keyId, supersededAt: null }, data: { supersededAt: now, stopsAt } });
  await db.keySecret.updateMany({ where: { keyId, stopsAt: { gt: stopsAt } }, data: { stopsAt } });
}

/**
 * A secret with the version of its key's set of secrets, both of one instant: in one statement, because `include` makes two,
 * and a rotation between them would leave an old secret with the new version, as if it were current.
 */
export async function findSecret(db: Db, hash: string): Promise<(KeySecret & { secretVersion: number }) | null> {
  const [secret] = await db.$queryRaw<(KeySecret & { secretVersion: number })[]>`
    SELECT "KeySecret".*, "Key"."secretVersion"
    FROM "KeySecret" JOIN "Key" ON "Key"."id" = "KeySecret"."keyId"
    WHERE "KeySecret"."hash" = ${hash}`;
  return secret ?? null;
}

/** As findSecret, those that there are of many. */
export function findSecrets(db: Db, hashes: readonly string[]): Promise<(KeySecret & { secretVersion: number })[]> {
  return db.$queryRaw`
    SELECT "KeySecret".*, "Key"."secretVersion"
    FROM "KeySecret" JOIN "Key" ON "Key"."id" = "KeySecret"."keyId"
    WHERE "KeySecret"."hash" = ANY(${hashes}::text[])`;
}

/** As findSecrets, those of these keys that have not stopped. */
export function findUsableSecretsOf(
  db: Db,
  keyIds: readonly string[],
  now: Date,
): Promise<(KeySecret & { secretVersion: number })[]> {
  return db.$queryRaw`
    SELECT "KeySecret".*, "Key"."secretVersion"
    FROM "KeySecret" JOIN "Key" ON "Key"."id" = "KeySecret"."keyId"
    WHERE "KeySecret"."keyId" = ANY(${keyIds}::text[])
      AND ("KeySecret"."supersededAt" IS NULL OR "KeySecret"."stopsAt" > ${now}::timestamptz)`;
}

/**
 * Keys that could still be accepted, with their secrets, a page at a time in the order of their ids. The secrets are read
 * after the keys: of a key that is rotated meanwhile they are newer than its version, which is the safe side.
 */
export function findLiveKeysWithSecrets(
  db: Db,
  now: Date,
  afterId: string,
  take: number,
): Promise<(Key & { secrets: KeySecret[] })[]> {
  return db.key.findMany({
    where: { id: { gt: afterId }, revokedAt: null, deletedAt: null },
    // Secrets that stopped are for history; they would push the useful ones out of memory.
    include: { secrets: { where: { OR: [{ supersededAt: null }, { stopsAt: { gt: now } }] } } },
    orderBy: { id: "asc" },
    take,
  });
}

export function findKeys(
  db: Db,
  visibility: Visibility,
  query: {
    filter: KeyFilter;
    now: Date;
    field: string;
    nullable: boolean;
    direction: Direction;
    after: Place | null;
    take: number;
  },
): Promise<Key[]> {
  const { field, direction, nullable } = query;
  const page = afterPlace(field, direction, query.after, nullable) as Prisma.KeyWhereInput;
  return db.key.findMany({
    where: { AND: [visibleKeys(visibility), keyFilterCondition(query.filter, query.now), page] },
    orderBy: orderBy(field, direction, nullable),
    take: query.take,
  });
}

export function countKeys(db: Db, visibility: Visibility, filter: KeyFilter, now: Date): Promise<number> {
  return db.key.count({ where: { AND: [visibleKeys(visibility), keyFilterCondition(filter, now)] } });
}

/** The keys within these bounds. */
export function visibleKeys({ tenantId, userId, teamIds }: Visibility): Prisma.KeyWhereInput {
  const within = tenantId === undefined ? {} : { tenantId };
  if (userId === undefined) return within;
  if (teamIds.length === 0) return { ...within, ownerId: userId };
  return { ...within, OR: [{ ownerId: userId }, { teamId: { in: [...teamIds] } }] };
}

/** Whether a secret of a key waits for its first use. */
export async function hasPendingSecret(db: Db, keyId: string): Promise<boolean> {
  return (await db.keySecret.count({ where: { keyId, isPending: true } })) > 0;
}

/** A secret that waits for its first use. */
export type PendingSecret = Pick<KeySecret, "keyId" | "start" | "createdAt" | "overlapMs">;

/** The secrets of keys that wait for their first use; a key has one at most. */
export function findPendingSecrets(db: Db, keyIds: readonly string[]): Promise<PendingSecret[]> {
  return db.keySecret.findMany({
    where: { keyId: { in: [...keyIds] }, isPending: true },
    select: { keyId: true, start: true, createdAt: true, overlapMs: true },
  });
}

/** Stops a secret that waits for its first use. */
export async function supersedePending(db: Db, keyId: string, now: Date): Promise<void> {
  const data = { supersededAt: now, stopsAt: now, isPending: false };
  await db.keySecret.updateMany({ where: { keyId, isPending: true }, data });
}

/** Makes a secret that waits for its first use the present one. */
export async function activateSecret(db: Db, hash: string): Promise<void> {
  await db.keySecret.update({ where: { hash }, data: { isPending: false } });
}

/** Supersedes every secret of a key but one; no older one goes on for longer than the new overlap. */
export async function supersedeOthers(db: Db, keyId: string, hash: string, now: Date, stopsAt: Date): Promise<void> {
  const others = { keyId, hash: { not: hash } };
  await db.keySecret.updateMany({ where: { ...others, supersededAt: null }, data: { supersededAt: now, stopsAt } });
  await db.keySecret.updateMany({ where: { ...others, stopsAt: { gt: stopsAt } }, data: { stopsAt } });
}
