import { keyEventTypes } from "@keyplane/schema";
import { Client } from "pg";
import { decodeCursor, encodeCursor } from "../../../packages/server/src/modules/events/lib/cursor.js";
import { comparePositions, type Position } from "../../../packages/server/src/modules/events/lib/position.js";
import { expect } from "../../testkit/index.js";
import type { Reader, Stretch } from "./reader.js";
import type { Work } from "./writers.js";

/** What the database has in the end. */
export interface Truth {
  /** All public events, in their order. */
  readonly events: readonly (Position & {
    readonly cursor: string;
    readonly type: string;
    readonly keyId: string;
    readonly at: number;
  })[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** The keys' statuses. */
  readonly keys: ReadonlyMap<string, string>;
}

export async function readTruth(databaseUrl: string): Promise<Truth> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows: logs } = await client.query(`SELECT "storeId" FROM "EventLog"`);
  const { rows } = await client.query(
    `SELECT "id", "transactionId", "sequence", "type", "keyId", "occurredAt" FROM "Event" ORDER BY "transactionId", "sequence"`,
  );
  const { rows: keys } = await client.query(
    `SELECT "id", CASE WHEN "revokedAt" IS NOT NULL THEN 'REVOKED' WHEN "disabledAt" IS NULL THEN 'ACTIVE' ELSE 'DISABLED' END AS "status" FROM "Key"`,
  );
  await client.end();
  const events = rows
    .filter(({ type }) => Object.hasOwn(keyEventTypes, type))
    .map(({ id, type, keyId, ...row }) => {
      const place = { transactionId: BigInt(row.transactionId), sequence: BigInt(row.sequence) };
      return {
        ...place,
        type,
        keyId,
        at: row.occurredAt.getTime(),
        cursor: encodeCursor(logs[0].storeId, { ...place, id }),
      };
    });
  return {
    events,
    indexOf: new Map(events.map(({ cursor }, index) => [cursor, index])),
    keys: new Map(keys.map(({ id, status }) => [id, status])),
  };
}

/**
 * What a reader has is what the database has: no event twice, none missing between its places, and the same picture.
 *
 * @param lost why a stretch may end with events that the database has no more.
 */
export function expectEqual(reader: Reader, truth: Truth, lost: readonly string[] = []): void {
  for (const stretch of reader.stretches) {
    const fault = faultOf(stretch, truth, lost);
    expect(fault === null ? null : `${reader.transport} reader, ${describeStretches(reader)}: ${fault}`).toBeNull();
  }
  expect(sorted(reader.picture)).toEqual(sorted(truth.keys));
}

/** What is wrong with a stretch; null: it is just what the database has. */
export function faultOf(
  { after, openedAt, cursors, endedBy }: Stretch,
  truth: Truth,
  lost: readonly string[],
): string | null {
  const first = after === null ? truth.indexOf.get(cursors[0] ?? "") : indexAfter(after, truth);
  const mayLose = endedBy !== null && lost.includes(endedBy);
  let index = first ?? 0;
  for (const [at, cursor] of cursors.entries()) {
    const found = truth.indexOf.get(cursor);
    // Not always the last ones: of two transactions at once, the one with the earlier place may have been committed later.
    if (found === undefined && mayLose) continue;
    // Who begins now gets nothing that was committed by then, also where its place comes after one that was not.
    while (after === null && found !== undefined && index < found && (truth.events[index]?.at ?? 0) <= openedAt)
      index++;
    if (found === index++) continue;
    const expected = nameOf(truth.events[index - 1]?.cursor ?? "");
    return `event ${at} of ${cursors.length} is ${nameOf(cursor)}, in the log ${found}; expected ${index - 1}, ${expected}; ended by ${endedBy}`;
  }
  return null;
}

function indexAfter(cursor: string, { events }: Truth): number {
  const place = decodeCursor(cursor);
  if (!place) return 0;
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePositions(events[middle] as Position, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const nameOf = (cursor: string): string => Buffer.from(cursor, "base64url").toString();

function describeStretches({ stretches }: Reader): string {
  return stretches.map(({ cursors, endedBy }) => `${cursors.length} ${endedBy ?? ""}`.trim()).join(", ");
}

const sorted = (keys: ReadonlyMap<string, string>): string[] =>
  [...keys].map(([id, status]) => `${id} ${status}`).sort();

/** Everything that was acknowledged has happened, once, and nothing else has; and no key is enabled twice in a row. */
export function expectAllKept(work: Work, truth: Truth): void {
  const changes = changesOf(truth);
  for (const { id, changes: acknowledged } of work.own) {
    const found = changes.get(id) ?? [];
    // One by one only where they differ: the text of a difference between thousands is of no use.
    const at = acknowledged.findIndex((change, index) => found[index] !== change);
    expect({ id, at, count: found.length }).toEqual({ id, at: -1, count: acknowledged.length });
  }
  for (const id of work.shared) expectTurns(id, changes.get(id) ?? []);
}

/** A key is disabled and enabled by turns, whoever does it. */
function expectTurns(id: string, changes: readonly string[]): void {
  const at = changes.findIndex((change, index) => change !== (index % 2 === 0 ? "DISABLED" : "ENABLED"));
  expect({ id, at, around: changes.slice(Math.max(0, at - 2), at + 2) }).toEqual({
    id,
    at: -1,
    around: expect.anything(),
  });
}

function changesOf({ events }: Truth): Map<string, string[]> {
  const changes = new Map<string, string[]>();
  for (const { keyId, type } of events) {
    if (type === "CREATED") changes.set(keyId, []);
    else if (type === "REVOKED")
      continue; // the end
    else changes.get(keyId)?.push(type);
  }
  return changes;
}
