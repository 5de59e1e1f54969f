import type { Db, Prisma, SigningKey, Transaction } from "../../platform/database/index.js";

/** One at a time makes keys, in all processes: any number that nothing else locks. */
export async function lockSigningKeys(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(5219410873105)`;
}

/** Keys whose tokens may still be good: those that stopped to sign after `retiredAfter`, or sign, or will. */
export function findSigningKeys(db: Db, retiredAfter: Date): Promise<SigningKey[]> {
  return db.signingKey.findMany({
    where: { retiresAt: { gt: retiredAfter } },
    orderBy: [{ activatesAt: "desc" }, { id: "desc" }],
  });
}

export function insertSigningKey(db: Db, data: Prisma.SigningKeyUncheckedCreateInput): Promise<SigningKey> {
  return db.signingKey.create({ data });
}

/** Forgets the private halves of keys that sign no more. */
export async function wipeRetiredKeys(db: Db, now: Date): Promise<void> {
  await db.signingKey.updateMany({
    where: { retiresAt: { lte: now }, sealedPrivateJwk: { not: null } },
    data: { sealedPrivateJwk: null },
  });
}
