import type { Db } from "../../platform/database/index.js";
import type { EventType } from "./event.js";

/** An event as it is kept. */
export interface StoredEvent {
  readonly id: string;
  readonly type: EventType;
  readonly tenantId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly tokenId: string | null;
  readonly reason: string | null;
  readonly occurredAt: Date;
}

/** A place in the log: everything up to it has been seen. */
export interface Position {
  readonly transactionId: bigint;
  readonly sequence: bigint;
}

export async function insertEvent(db: Db, event: StoredEvent): Promise<void> {
  await db.event.create({ data: event });
}

/** The place after which events of transactions still running, and all later ones, will appear. */
export async function readEndOfLog(db: Db): Promise<Position> {
  const [row] = await db.$queryRaw<{ horizon: bigint }[]>`
    SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS horizon`;
  return { transactionId: (row?.horizon ?? 0n) - 1n, sequence: 2n ** 62n };
}

/** An event at its place in the log. */
export interface PlacedEvent extends StoredEvent, Position {
  /** Whether no event can appear before this one any more. */
  readonly isFinal: boolean;
}

/**
 * The events after a position, oldest first. The order is final up to the first transaction that still runs: a reader that
 * must not skip one goes on from there, because what that transaction commits will stand before what follows now.
 */
export function readEventsAfter(db: Db, after: Position, limit: number): Promise<PlacedEvent[]> {
  return db.$queryRaw<PlacedEvent[]>`
    SELECT "id", "type", "tenantId", "keyId", "userId", "tokenId", "reason", "occurredAt", "transactionId", "sequence",
      "transactionId" < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS "isFinal"
    FROM "Event"
    WHERE ("transactionId", "sequence") > (${after.transactionId}, ${after.sequence})
      -- Events of another server, brought here by a dump, have places that this one has not reached: they would never be final.
      AND "transactionId" < (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint
    ORDER BY "transactionId", "sequence"
    LIMIT ${limit}`;
}
