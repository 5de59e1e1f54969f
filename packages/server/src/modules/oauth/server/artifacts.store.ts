import { hash } from "node:crypto";
import type { Db, OAuthArtifact, Prisma } from "../../../platform/database/index.js";

/** What is kept of an identifier: whoever reads the table can use none. */
export function artifactId(kind: string, id: string): string {
  return hash("sha256", `${kind}\n${id}`, "hex");
}

export async function upsertArtifact(db: Db, data: Prisma.OAuthArtifactUncheckedCreateInput): Promise<void> {
  const { id, createdAt: _, ...update } = data;
  await db.oAuthArtifact.upsert({ where: { id }, create: data, update });
}

/** One that has not expired. */
export function findArtifact(db: Db, id: string, now: Date): Promise<OAuthArtifact | null> {
  return db.oAuthArtifact.findFirst({ where: { id, expiresAt: { gt: now } } });
}

/** The newest of a kind in a group that has not expired. */
export function findArtifactOfGroup(db: Db, kind: string, groupId: string, now: Date): Promise<OAuthArtifact | null> {
  return db.oAuthArtifact.findFirst({
    where: { kind, groupId, expiresAt: { gt: now } },
    orderBy: { createdAt: "desc" },
  });
}

/** What a user has granted a client, and has not taken back. */
export function findGrantOf(db: Db, clientId: string, userId: string, now: Date): Promise<OAuthArtifact | null> {
  return db.oAuthArtifact.findFirst({
    where: { kind: "Grant", clientId, userId, expiresAt: { gt: now } },
    orderBy: { createdAt: "desc" },
  });
}

/** Marks one as used. @returns whether it was not used before: of two that try at once, one hears false. */
export async function consumeArtifact(db: Db, id: string, now: Date): Promise<boolean> {
  const { count } = await db.oAuthArtifact.updateMany({ where: { id, consumedAt: null }, data: { consumedAt: now } });
  return count === 1;
}

export async function deleteArtifact(db: Db, id: string): Promise<OAuthArtifact | null> {
  const found = await db.oAuthArtifact.findUnique({ where: { id } });
  if (found) await db.oAuthArtifact.deleteMany({ where: { id } });
  return found;
}

export async function deleteGroup(db: Db, groupId: string, kind?: string): Promise<void> {
  await db.oAuthArtifact.deleteMany({ where: { groupId, ...(kind === undefined ? {} : { kind }) } });
}

/** Deletes all that is kept of a user, but for one kind. @returns what it was. */
export async function deleteOfUser(db: Db, userId: string, except: string): Promise<OAuthArtifact[]> {
  const where = { userId, kind: { not: except } };
  const found = await db.oAuthArtifact.findMany({ where });
  // What belongs to a grant goes with it, also where a row does not name the user itself.
  const groupIds = found.filter(({ kind }) => kind === "Grant").map(({ id }) => id);
  await db.oAuthArtifact.deleteMany({ where: { OR: [where, { groupId: { in: groupIds } }] } });
  return found;
}

export async function deleteExpired(db: Db, now: Date): Promise<void> {
  await db.oAuthArtifact.deleteMany({ where: { expiresAt: { lte: now } } });
}
