import { BadUserInputError } from "../../../platform/errors.js";
import type { EventDocument, UsageCollections } from "../storage/documents.js";
import { bucketAt, bucketBounds } from "./calendar.js";
import { matchingEvents, ofTenant } from "./filters.js";
import { byValues } from "./group-order.js";
import { type ReportLimits, reportLimits } from "./limits.js";
import {
  type AttemptDimension,
  type AttemptGroup,
  type AttemptSeries,
  type AttemptsAnswer,
  type AttemptsQuestion,
  attemptGroupFields,
} from "./questions.js";
import { readBatches } from "./reading.js";
import type { ReportOptions } from "./report.js";
import { checkEventsKept } from "./window-plan.js";

/**
 * Counts refused verifications by cause, address, start of the key or API, and over time; most attempts first, ties by the
 * group's values. From raw events, because rows know neither addresses nor unknown keys.
 *
 * The answer can be sent to another thread.
 *
 * @throws BadUserInputError for a window before the oldest raw event that is kept, an unknown time zone, or a question beyond
 * the limits.
 */
export async function invalidAttempts(
  collections: UsageCollections,
  question: AttemptsQuestion,
  options: ReportOptions,
): Promise<AttemptsAnswer> {
  const limits = options.limits ?? reportLimits;
  const { from, to, bucket, timeZone, groupBy } = question;
  const bounds = bucketBounds({ from, to }, bucket, timeZone, limits.buckets);
  checkEventsKept(question, options.retention, options.now);
  const tallies = new Map<string, Tally>();
  let total = 0;
  let distinct = 0;
  for await (const batch of readRefused(collections, question, limits, options.signal)) {
    for (const event of batch) {
      const values = groupBy.map((dimension) => event[attemptGroupFields[dimension]] ?? null);
      const name = JSON.stringify(values);
      let tally = tallies.get(name);
      if (!tally) {
        checkRoom(tallies.size + 1, bounds.length - 1, limits);
        tally = newTally(values, bounds.length - 1);
        tallies.set(name, tally);
      }
      distinct += count(tally, event, bounds);
      if (distinct > limits.distinct) throw tooManyDistinct(limits);
      total += 1;
    }
  }
  const ranked = [...tallies.values()].sort((a, b) => b.count - a.count || byValues(a, b));
  return {
    starts: bounds.slice(0, -1),
    series: ranked.slice(0, question.limit).map((tally) => seriesOf(groupBy, tally)),
    totalSeries: tallies.size,
    total,
  };
}

/** A series while it is counted. */
interface Tally {
  readonly values: readonly (string | null)[];
  count: number;
  firstAt: number;
  lastAt: number;
  readonly keys: Set<string>;
  readonly addresses: Set<string>;
  readonly counts: Float64Array;
}

type Refused = Pick<EventDocument, "at" | "keyId" | "code" | "ip" | "start" | "api">;

function readRefused(
  { events }: UsageCollections,
  { tenantId, from, to, filter, groupBy }: AttemptsQuestion,
  limits: ReportLimits,
  signal: AbortSignal | undefined,
): AsyncGenerator<Refused[]> {
  // The narrower of the two windows: a filter may have one of its own.
  const begin = new Date(Math.max(from, filter.from ?? from));
  const end = new Date(Math.min(to, filter.to ?? to));
  return readBatches<Refused, EventDocument>(events, {
    condition: {
      ...ofTenant(tenantId),
      ...matchingEvents(filter),
      at: { $gte: begin, $lt: end },
      // Beside a condition on the code that the filter may have.
      $and: [{ code: { $ne: "VALID" } }],
    },
    fields: ["at", "keyId", "ip", ...groupBy.map((dimension) => attemptGroupFields[dimension])],
    budget: { what: "raw events", max: limits.events, left: limits.events },
    maxTimeMs: limits.readMs,
    signal,
  });
}

function newTally(values: Tally["values"], buckets: number): Tally {
  return {
    values,
    count: 0,
    firstAt: Number.POSITIVE_INFINITY,
    lastAt: Number.NEGATIVE_INFINITY,
    keys: new Set(),
    addresses: new Set(),
    counts: new Float64Array(buckets),
  };
}

/** @returns how many keys and addresses are new to the tally. */
function count(tally: Tally, event: Refused, bounds: Float64Array): number {
  const before = tally.keys.size + tally.addresses.size;
  const at = event.at.getTime();
  tally.count += 1;
  tally.firstAt = Math.min(tally.firstAt, at);
  tally.lastAt = Math.max(tally.lastAt, at);
  if (event.keyId !== undefined) tally.keys.add(event.keyId);
  if (event.ip !== undefined) tally.addresses.add(event.ip);
  const bucket = bucketAt(bounds, at);
  tally.counts[bucket] = (tally.counts[bucket] as number) + 1;
  return tally.keys.size + tally.addresses.size - before;
}

function seriesOf(groupBy: readonly AttemptDimension[], tally: Tally): AttemptSeries {
  const group = groupBy.map((dimension, index) => [attemptGroupFields[dimension], tally.values[index]]);
  return {
    group: Object.fromEntries(group) as AttemptGroup,
    count: tally.count,
    firstAt: tally.firstAt,
    lastAt: tally.lastAt,
    keys: tally.keys.size,
    addresses: tally.addresses.size,
    counts: tally.counts,
  };
}

/** Whoever presents keys chooses their addresses and starts: without a bound, strangers would choose how much is remembered. */
function checkRoom(series: number, buckets: number, limits: ReportLimits): void {
  if (series > limits.series) throw tooMuch(`more than ${number(limits.series)} series`);
  if (series * buckets > limits.points)
    throw tooMuch(`more than ${number(limits.points)} numbers, series times buckets`);
}

function tooMuch(what: string): BadUserInputError {
  return new BadUserInputError(
    `groupBy: The answer would have ${what}. Group by less, ask for wider buckets or a shorter window, or narrow the filter.`,
  );
}

function tooManyDistinct({ distinct }: ReportLimits): BadUserInputError {
  return new BadUserInputError(
    `from: The refused calls came with more than ${number(distinct)} different keys and addresses. Ask for a shorter window, or narrow the filter.`,
  );
}

function number(value: number): string {
  return value.toLocaleString("en");
}
