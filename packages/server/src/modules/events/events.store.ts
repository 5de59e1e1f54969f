import { keyEventTypes } from "@keyplane/schema";
import { type Db, Prisma } from "../../platform/database/index.js";
import type { PlacedEvent, StoredEvent } from "./event.js";
import type { EventFilter } from "./lib/event-filter.js";
import type { Anchor, Position } from "./lib/position.js";

export async function insertEvent(db: Db, event: StoredEvent): Promise<void> {
  await db.event.create({ data: { ...event, teamIds: [...event.teamIds] } });
}

/** In the order of the list. As one value, because a statement with thousands of them takes Prisma longer to write than PostgreSQL to run. */
export async function insertEvents(db: Db, events: readonly StoredEvent[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "Event" ("id", "type", "tenantId", "keyId", "userId", "formerUserId", "tokenId", "subjectId", "sessionId", "roleId",
      "teamIds", "reason", "occurredAt")
    SELECT "id", "type", "tenantId", "keyId", "userId", "formerUserId", "tokenId", "subjectId", "sessionId", "roleId",
      "teamIds", "reason", "occurredAt"
    FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS (
      "id" text, "type" text, "tenantId" text, "keyId" text, "userId" text, "formerUserId" text, "tokenId" text, "subjectId" text,
      "sessionId" text, "roleId" text, "teamIds" text[], "reason" text, "occurredAt" timestamptz)) WITH ORDINALITY
    ORDER BY "ordinality"`;
}

const columns = Prisma.sql`"id", "type", "tenantId", "keyId", "userId", "formerUserId", "tokenId", "subjectId", "sessionId",
  "roleId", "teamIds", "reason", "occurredAt",
  "transactionId", "sequence", "transactionId" < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS "isFinal"`;

/**
 * The events from a position on, oldest first: the one that stands there, too. The order is final up to the first transaction that still runs: a reader that
 * must not skip one goes on from there, because what that transaction commits will stand before what follows now.
 */
export function readLog(db: Db, from: Position, limit: number): Promise<PlacedEvent[]> {
  return db.$queryRaw<PlacedEvent[]>`
    SELECT ${columns} FROM "Event"
    WHERE ("transactionId", "sequence") >= (${from.transactionId}, ${from.sequence})
      -- Events of another server, brought here by a dump, have places that this one has not reached: they would never be final.
      AND "transactionId" < (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint
    ORDER BY "transactionId", "sequence"
    LIMIT ${limit}`;
}

/** The newest event whose place is final; null when there is none. */
export async function findEndOfLog(db: Db): Promise<Anchor | null> {
  const [row] = await db.$queryRaw<Anchor[]>`
    SELECT "id", "transactionId", "sequence" FROM "Event"
    WHERE "transactionId" < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    ORDER BY "transactionId" DESC, "sequence" DESC
    LIMIT 1`;
  return row ?? null;
}

/** The event at a place, whatever its type; null when there is none. */
export function findAnchor(db: Db, { transactionId, sequence }: Position): Promise<Anchor | null> {
  return db.event.findFirst({
    where: { transactionId, sequence },
    select: { id: true, transactionId: true, sequence: true },
  });
}

/** Events that pass a filter, after one place and up to another, oldest first. */
export async function findEvents(
  db: Db,
  filter: EventFilter,
  range: { readonly after: Position; readonly upTo?: Position | undefined; readonly take: number },
): Promise<PlacedEvent[]> {
  if (filter.nothing) return [];
  const { after, upTo, take } = range;
  const end = upTo
    ? Prisma.sql`AND ("transactionId", "sequence") <= (${upTo.transactionId}, ${upTo.sequence})`
    : Prisma.empty;
  return db.$queryRaw<PlacedEvent[]>`
    SELECT ${columns} FROM "Event"
    WHERE ("transactionId", "sequence") > (${after.transactionId}, ${after.sequence}) ${end} AND ${whereOf(filter)}
    ORDER BY "transactionId", "sequence"
    LIMIT ${take}`;
}

export async function countEvents(db: Db, filter: EventFilter): Promise<number> {
  if (filter.nothing) return 0;
  const [row] = await db.$queryRaw<{ count: bigint }[]>`
    SELECT count(*) AS "count" FROM "Event" WHERE ${whereOf(filter)}`;
  return Number(row?.count ?? 0);
}

/** `createMatcher` says the same of an event in memory. */
function whereOf({ tenantId, userId, teamIds, types, keyIds }: EventFilter): Prisma.Sql {
  const conditions = [Prisma.sql`"type" = ANY(${[...(types ?? publicTypes)]}::text[])`];
  if (tenantId !== undefined) conditions.push(Prisma.sql`"tenantId" = ${tenantId}`);
  if (keyIds) conditions.push(Prisma.sql`"keyId" = ANY(${[...keyIds]}::text[])`);
  if (userId !== undefined) {
    conditions.push(
      Prisma.sql`(("keyId" IS NULL AND "userId" IS NULL) OR "userId" = ${userId} OR "formerUserId" = ${userId}
        OR "teamIds" && ${[...teamIds]}::text[])`,
    );
  }
  return Prisma.join(conditions, " AND ");
}

const publicTypes = Object.keys(keyEventTypes);
