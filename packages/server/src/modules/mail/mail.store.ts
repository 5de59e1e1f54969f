import type { Db, OutgoingMail, Prisma, Transaction } from "../../platform/database/index.js";

export async function insertMail(tx: Transaction, data: Prisma.OutgoingMailUncheckedCreateInput): Promise<void> {
  await tx.outgoingMail.create({ data });
}

/**
 * Takes mails that are due: until `leaseUntil` no other process sends them. Not a lock that is held while sending: the embedded
 * database has one connection, and a mail server may take long.
 */
export function takeDueMails(db: Db, now: Date, leaseUntil: Date, limit: number): Promise<OutgoingMail[]> {
  return db.$queryRaw<OutgoingMail[]>`
    UPDATE "OutgoingMail" SET "nextAttemptAt" = ${leaseUntil}, "attempts" = "attempts" + 1
    WHERE "id" IN (
      SELECT "id" FROM "OutgoingMail" WHERE "nextAttemptAt" <= ${now}
      ORDER BY "nextAttemptAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING *`;
}

export async function postponeMail(db: Db, id: string, nextAttemptAt: Date): Promise<void> {
  await db.outgoingMail.updateMany({ where: { id }, data: { nextAttemptAt } });
}

export async function deleteMail(db: Db, id: string): Promise<void> {
  await db.outgoingMail.deleteMany({ where: { id } });
}
