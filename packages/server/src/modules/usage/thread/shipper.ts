import type { VerdictCode } from "@keyplane/schema";
import { MongoBulkWriteError } from "mongodb";
import type { EventDocument, UsageCollections } from "../storage/documents.js";
import { applyRows, rowUpdates } from "../storage/rows.js";
import type { UsageEvent } from "../usage-event.js";
import type { CountsByTenant, SegmentName } from "./protocol.js";

/** How many events go into one insert: small enough that a question in between need not wait long. */
const insertSize = 1_000;

/** What shipping a segment came to. */
export interface Shipped {
  readonly duplicates: number;
  /** Reported events that could not be told from their copies any more, and so are not counted. */
  readonly tooOld: number;
  /** New events, by tenant and code. */
  readonly counts: CountsByTenant;
  /** The new events themselves. */
  readonly counted: readonly UsageEvent[];
}

/** The time of a shipment. */
export interface ShippingTime {
  readonly now: Date;
  /** Reported events from before this, epoch milliseconds, cannot be told from their copies any more: see `oldestTellable`. */
  readonly tellableSince: number;
}

/**
 * Counts the events of a segment, each once, whatever happened before and however often this is tried:
 *
 * 1. Raw events are inserted, each with the segment's name. `_id` is unique, so of all copies of an event one is inserted,
 *    and its `segment` says for good whose shipping counts it.
 * 2. The rows are raised by the events that bear this segment's name. A row remembers the last segment of each spool that it
 *    has counted, in the same update, so that a repetition changes nothing.
 *
 * A segment is immutable, and the segments of a spool are shipped in their order by one process: after a crash at any point,
 * the same segment is shipped again from its beginning and comes to the same. See docs/internals/usage.md.
 *
 * @param rest called between pieces of the work, so that it need not be done in one go.
 */
export async function shipSegment(
  collections: UsageCollections,
  segment: SegmentName,
  events: readonly UsageEvent[],
  { now, tellableSince }: ShippingTime,
  rest: () => Promise<void> = () => Promise.resolve(),
): Promise<Shipped> {
  const name = `${segment.spool}.${segment.number}`;
  const documents = toDocuments(events, name, now);
  const pending = [...documents.values()];
  const isTellable = ({ event: { id, at } }: Pending): boolean => id === undefined || at >= tellableSince;
  const owned: UsageEvent[] = [];
  /** When events of this segment were inserted: now, or by an attempt before this one. */
  const inserted = new Set<number>();
  let tooOld = 0;
  for (let start = 0; start < pending.length; start += insertSize) {
    const batch = pending.slice(start, start + insertSize);
    const [fresh, old] = [batch.filter(isTellable), batch.filter((event) => !isTellable(event))];
    if (fresh.length > 0) owned.push(...(await insertEvents(collections, name, fresh, inserted)));
    if (old.length > 0) {
      const stored = await storedEvents(collections, old);
      for (const { event, document } of old) {
        const found = stored.get(document._id);
        if (found?.segment !== name) continue;
        inserted.add(found.insertedAt.getTime());
        owned.push(event);
      }
      tooOld += old.length - stored.size;
    }
    await rest();
  }
  const counted = owned.filter((event) => event.tenantId !== undefined) as (UsageEvent & { tenantId: string })[];
  await applyRows(collections, rowUpdates(counted, segment.spool, segment.number));
  await rest();
  const duplicates = events.length - owned.length - tooOld;
  const shipped = { duplicates, counts: countByTenant(counted) };
  await collections.segments.updateOne(
    { _id: name },
    { $setOnInsert: { insertedAt: now, inserted: toDates(inserted), events: events.length, ...shipped } },
    { upsert: true },
  );
  return { ...shipped, tooOld, counted };
}

const toDates = (times: Iterable<number>): Date[] => Array.from(times, (time) => new Date(time));

interface Pending {
  readonly event: UsageEvent;
  readonly document: EventDocument;
}

/** By id, so that a copy within one segment is sent once: the first one counts, at every attempt. */
function toDocuments(events: readonly UsageEvent[], segment: string, insertedAt: Date): Map<string, Pending> {
  const documents = new Map<string, Pending>();
  events.forEach((event, line) => {
    const { id, at, ...rest } = event;
    const _id = id === undefined ? `${segment}:${line}` : `${event.tenantId ?? ""}:${id}`;
    if (!documents.has(_id))
      documents.set(_id, { event, document: { _id, at: new Date(at), ...rest, segment, insertedAt } as EventDocument });
  });
  return documents;
}

/** @returns the events that are this segment's to count: inserted now, or by an earlier attempt to ship it. */
async function insertEvents(
  { events }: UsageCollections,
  segment: string,
  batch: readonly Pending[],
  inserted: Set<number>,
): Promise<UsageEvent[]> {
  const refused = new Set<string>();
  try {
    await events.insertMany(
      batch.map(({ document }) => document),
      { ordered: false },
    );
  } catch (error) {
    // A write concern that was not met means that what was seen may yet be undone: all of it is tried again.
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    for (const { code, index } of [error.writeErrors].flat()) {
      if (code !== duplicateKey) throw error;
      refused.add((batch[index] as Pending).document._id);
    }
    if (refused.size === 0) throw error;
  }
  if (refused.size < batch.length) inserted.add((batch[0] as Pending).document.insertedAt.getTime());
  if (refused.size === 0) return batch.map(({ event }) => event);
  const ours = await events.find({ _id: { $in: [...refused] }, segment }, { projection: { insertedAt: 1 } }).toArray();
  for (const { _id, insertedAt } of ours) {
    refused.delete(_id);
    inserted.add(insertedAt.getTime());
  }
  return batch.filter(({ document }) => !refused.has(document._id)).map(({ event }) => event);
}

/** Those that are there, by id. */
async function storedEvents(
  { events }: UsageCollections,
  batch: readonly Pending[],
): Promise<ReadonlyMap<string, Pick<EventDocument, "segment" | "insertedAt">>> {
  const ids = batch.map(({ document }) => document._id);
  const found = await events.find({ _id: { $in: ids } }, { projection: { segment: 1, insertedAt: 1 } }).toArray();
  return new Map(found.map((document) => [document._id, document]));
}

/** MongoDB's code for a document whose `_id` exists. */
const duplicateKey = 11_000;

function countByTenant(events: readonly (UsageEvent & { tenantId: string })[]): CountsByTenant {
  // Without a prototype: a tenant's id is only a name here.
  const counts = Object.create(null) as Record<string, Partial<Record<VerdictCode, number>>>;
  for (const { tenantId, code } of events) {
    counts[tenantId] ??= {};
    const ofTenant = counts[tenantId];
    ofTenant[code] = (ofTenant[code] ?? 0) + 1;
  }
  return counts;
}
