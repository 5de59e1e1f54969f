import { createHash } from "node:crypto";
import { type Collection, type Filter, MongoBulkWriteError, type UpdateFilter } from "mongodb";
import type { UsageEvent } from "../usage-event.js";
import type { RowDocument, UsageCollections } from "./documents.js";
import { fieldName } from "./field-names.js";
import { latencyIndex } from "./latency-histogram.js";
import { type Tier, type TierName, tiers } from "./tiers.js";

/** A write that counts some events in one row. */
export interface RowUpdate {
  readonly updateOne: {
    /** The row's id, and the guard. */
    readonly filter: { readonly _id: string } & Filter<RowDocument>;
    readonly update: UpdateFilter<RowDocument>;
    readonly upsert: boolean;
  };
}

/** For each tier the writes that count some events. */
export type RowUpdates = Readonly<Record<TierName, readonly RowUpdate[]>>;

/** What a segment adds to one row. */
interface Addition {
  readonly event: UsageEvent & { readonly tenantId: string };
  readonly start: number;
  /** By path, e.g. `count.7`. */
  readonly numbers: Record<string, number>;
}

/** Longer ids are hashed: an index should not carry every tag of every row. */
const maxIdLength = 240;

/**
 * The writes that count the events of one segment, each event in one row of every tier. Events without a tenant are counted nowhere.
 *
 * Each write is guarded by the segment's number, so that applying a segment again, after a crash between any two writes or after a
 * lost answer, changes nothing. For that the segments of a spool must be applied in the order of their numbers, and a segment
 * always with the same events.
 *
 * @param spool the spool's id; letters, digits, `_` and `-`, because it names a field.
 * @param segment the segment's number within the spool, from 1 upwards.
 */
export function rowUpdates(events: readonly UsageEvent[], spool: string, segment: number): RowUpdates {
  if (!/^[\w-]+$/.test(spool)) throw new Error(`Not the id of a spool: ${spool}`);
  const counted = events.filter((event) => event.tenantId !== undefined) as Addition["event"][];
  // Once for all tiers: an id is made for each row then, and not for each event.
  const series = [...bySeries(counted)];
  const updatesOf = (tier: Tier) =>
    series.flatMap((ofSeries) => additions(ofSeries, tier).map((addition) => guarded(addition, spool, segment)));
  return { minutes: updatesOf(tiers.minutes), hours: updatesOf(tiers.hours), days: updatesOf(tiers.days) };
}

function bySeries(events: readonly Addition["event"][]): Iterable<readonly Addition["event"][]> {
  const series = new Map<string, Addition["event"][]>();
  for (const event of events) {
    const name = JSON.stringify(seriesOf(event));
    const ofSeries = series.get(name);
    if (ofSeries) ofSeries.push(event);
    else series.set(name, [event]);
  }
  return series.values();
}

/** What all events of a row have in common, apart from their time: two series must never make the id of one row. */
function seriesOf({ tenantId, keyId, userId, api, code, tags = [] }: UsageEvent): unknown[] {
  return [tenantId, keyId ?? null, userId ?? null, api ?? null, code, ...tags];
}

/** The id of the row that counts an event: the same for the same dimensions and span, and for no others. */
export function rowId(event: UsageEvent, start: number): string {
  const { tenantId } = event;
  // JSON, because it quotes: no text in it can end one part and begin the next.
  const id = JSON.stringify([tenantId, dayAndHour(start), ...seriesOf(event).slice(1)]);
  if (id.length <= maxIdLength) return id;
  return JSON.stringify([tenantId, dayAndHour(start), createHash("sha256").update(id).digest("base64url")]);
}

function dayAndHour(start: number): string {
  return new Date(start).toISOString().slice(0, -":00:00.000Z".length);
}

/** The additions of the events of one series: one for each span that they fall into. */
function additions(events: readonly Addition["event"][], tier: Tier): Addition[] {
  const byStart = new Map<number, Addition>();
  for (const event of events) {
    const start = Math.floor(event.at / tier.spanMs) * tier.spanMs;
    let addition = byStart.get(start);
    if (!addition) {
      addition = { event, start, numbers: {} };
      byStart.set(start, addition);
    }
    addEvent(addition.numbers, event, Math.floor((event.at - start) / tier.slotMs));
  }
  return [...byStart.values()];
}

function addEvent(numbers: Record<string, number>, event: UsageEvent, slot: number): void {
  const add = (path: string, value: number) => {
    if (value !== 0) numbers[path] = (numbers[path] ?? 0) + value;
  };
  add(`count.${slot}`, 1);
  add(`cost.${slot}`, event.cost);
  if (event.latencyMs !== undefined) add(`latency.${slot}.${latencyIndex(event.latencyMs)}`, 1);
  for (const [name, value] of Object.entries(event.meters ?? {})) add(`meters.${fieldName(name)}.${slot}`, value);
}

/** An upsert that changes nothing where the segment is counted already: then it tries to insert an id that exists and fails. */
function guarded({ event, start, numbers }: Addition, spool: string, segment: number): RowUpdate {
  const { tenantId, keyId, userId, api, code, tags } = event;
  const dimensions = {
    tenantId,
    start: new Date(start),
    ...(keyId === undefined ? {} : { keyId }),
    ...(userId === undefined ? {} : { userId }),
    ...(api === undefined ? {} : { api }),
    code,
    ...(tags === undefined || tags.length === 0 ? {} : { tags }),
  };
  const update: UpdateFilter<RowDocument> = {
    $setOnInsert: dimensions,
    $inc: numbers,
    $set: { [`applied.${spool}`]: segment },
  };
  // "not at least" and not "below": a row that this spool never wrote to has no such field.
  const filter = { _id: rowId(event, start), [`applied.${spool}`]: { $not: { $gte: segment } } };
  return { updateOne: { filter, update, upsert: true } };
}

/**
 * Writes what `rowUpdates` made. When this resolves, every event of the segment is counted exactly once in each tier; after
 * an error call it again with the same updates.
 *
 * @throws whatever the driver throws, duplicate keys excepted.
 */
export async function applyRows(collections: UsageCollections, updates: RowUpdates): Promise<void> {
  const { minutes, hours, days } = collections.rows;
  const written = await Promise.allSettled([
    applyTier(minutes, updates.minutes),
    applyTier(hours, updates.hours),
    applyTier(days, updates.days),
  ]);
  // Waits for all of them: a retry must not meet writes of the attempt before it.
  for (const result of written) if (result.status === "rejected") throw result.reason;
}

async function applyTier(rows: Collection<RowDocument>, updates: readonly RowUpdate[]): Promise<void> {
  const { existing, full } = await writeTier(rows, updates);
  // A row that exists was counted before, or another server created it at the same moment, between our looking and our inserting.
  // Without the upsert the same write tells the two apart: it finds the row and the guard holds, or it changes nothing.
  const again = await writeTier(rows, existing.map(withoutUpsert));
  if (again.existing.length > 0)
    throw new Error(`${rows.collectionName}: an update without upsert met a duplicate key`);
  // Rows only grow: what a row has no room for now, it had no room for at any attempt before, and a repetition ends here, too.
  const overflow = [...full, ...again.full].map(toNextRow);
  if (overflow.length > 0) await applyTier(rows, overflow);
}

interface Failures {
  /** Writes whose row exists. */
  readonly existing: readonly RowUpdate[];
  /** Writes that would have made a document larger than MongoDB's 16 MB, e.g. of ever new names of meters. */
  readonly full: readonly RowUpdate[];
}

const noFailures: Failures = { existing: [], full: [] };

/** MongoDB's codes for an `_id` that exists, and for a document that would be too large. */
const duplicateKey = 11_000;
const tooLarge: readonly unknown[] = [10_334, 17_419, 17_420];

async function writeTier(rows: Collection<RowDocument>, updates: readonly RowUpdate[]): Promise<Failures> {
  if (updates.length === 0) return noFailures;
  try {
    await rows.bulkWrite([...updates], { ordered: false });
    return noFailures;
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    const failures = [error.writeErrors].flat();
    const failed = (isMeant: (code: unknown) => boolean) => {
      return failures.filter(({ code }) => isMeant(code)).map(({ index }) => updates[index] as RowUpdate);
    };
    const existing = failed((code) => code === duplicateKey);
    const full = failed((code) => tooLarge.includes(code));
    if (failures.length === 0 || existing.length + full.length < failures.length) throw error;
    return { existing, full };
  }
}

/** The same addition for a row beside the full one, of the same dimensions: a report adds all of them up. */
function toNextRow({ updateOne }: RowUpdate): RowUpdate {
  const { _id, ...guard } = updateOne.filter;
  return { updateOne: { ...updateOne, filter: { _id: `${_id}+`, ...guard }, upsert: true } };
}

function withoutUpsert({ updateOne }: RowUpdate): RowUpdate {
  return { updateOne: { ...updateOne, upsert: false } };
}
