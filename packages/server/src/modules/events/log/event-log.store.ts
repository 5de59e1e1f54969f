import type { Db, Transaction } from "../../../platform/database/index.js";
import { type Anchor, comparePositions, type Position } from "../lib/position.js";

/** What is known of the log as a whole. */
export interface EventLogRow {
  readonly storeId: string;
  readonly origin: string;
  readonly floorTransactionId: bigint;
  readonly floorSequence: bigint;
  readonly floorEventId: string;
}

const id = "log";

export function findLog(db: Db): Promise<EventLogRow | null> {
  return db.eventLog.findUnique({ where: { id } });
}

/** Makes the row unless there is one, and holds it until the transaction ends. */
export async function lockLog(tx: Transaction, fresh: { storeId: string; origin: string }): Promise<EventLogRow> {
  await tx.$executeRaw`
    INSERT INTO "EventLog" ("id", "storeId", "origin", "floorTransactionId", "floorSequence", "floorEventId")
    VALUES (${id}, ${fresh.storeId}, ${fresh.origin}, 0, 0, '') ON CONFLICT ("id") DO NOTHING`;
  await tx.$queryRaw`SELECT 1 FROM "EventLog" WHERE "id" = ${id} FOR UPDATE`;
  const row = await findLog(tx);
  if (!row) throw new Error("the row of the event log was not made");
  return row;
}

/**
 * Takes over a log that a dump brought from elsewhere: its numbers of transactions mean nothing here, and would stand
 * between or after those of this server. All it has is put before what comes, in the order of its sequence.
 */
export async function adoptLog(tx: Transaction, fresh: { storeId: string; origin: string }): Promise<void> {
  await tx.$executeRaw`UPDATE "Event" SET "transactionId" = 0`;
  await tx.eventLog.update({
    where: { id },
    data: { ...fresh, floorTransactionId: 0n, floorSequence: 0n, floorEventId: "" },
  });
}

/** Which PostgreSQL server and database this is; the same after a restart, another one after a dump and restore. */
export async function readOrigin(db: Db): Promise<string> {
  try {
    const [row] = await db.$queryRaw<{ origin: string }[]>`
      SELECT concat((SELECT "system_identifier" FROM pg_control_system()), '/',
        (SELECT "oid" FROM "pg_database" WHERE "datname" = current_database())) AS "origin"`;
    return row?.origin ?? "";
  } catch {
    // Some hosts keep the function for themselves. The event that each cursor names still tells most restores.
    return "";
  }
}

/** Where the log begins: nothing after it was removed. */
export function floorOf(row: EventLogRow): Anchor {
  return { transactionId: row.floorTransactionId, sequence: row.floorSequence, id: row.floorEventId };
}

/** Removes the oldest events up to one of them, and remembers it as the oldest place to go on from. */
export async function removeUpTo(tx: Transaction, row: EventLogRow, last: Anchor): Promise<void> {
  if (comparePositions(last, floorOf(row)) <= 0) return;
  const { transactionId, sequence } = last;
  await tx.$executeRaw`
    DELETE FROM "Event" WHERE ("transactionId", "sequence") <= (${transactionId}, ${sequence})`;
  await tx.eventLog.update({
    where: { id },
    data: { floorTransactionId: transactionId, floorSequence: sequence, floorEventId: last.id },
  });
}

/** The oldest events, with their times. */
export function findOldest(db: Db, after: Position, take: number): Promise<(Anchor & { occurredAt: Date })[]> {
  return db.$queryRaw`
    SELECT "id", "transactionId", "sequence", "occurredAt" FROM "Event"
    WHERE ("transactionId", "sequence") > (${after.transactionId}, ${after.sequence})
      AND "transactionId" < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    ORDER BY "transactionId", "sequence"
    LIMIT ${take}`;
}
