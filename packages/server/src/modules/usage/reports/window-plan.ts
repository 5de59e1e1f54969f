import { BadUserInputError } from "../../../platform/errors.js";
import { type Retention, type TierName, tiers } from "../storage/tiers.js";
import { maxAheadMs } from "../usage-event.js";

/** Where a piece of a window is read from: the rows of a tier, or the raw events. */
export type Source = TierName | "raw";

/** A stretch [from, to) of the window and what to read it from, epoch milliseconds. */
export interface Piece {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

/** What is asked for is older than what is kept, or finer than what is kept of that time. */
export class NotKeptError extends BadUserInputError {}

/** Coarsest first: the fewer numbers there are to read, the better. */
const coarsestFirst: readonly TierName[] = ["days", "hours", "minutes"];

/**
 * Since when each source has everything, epoch milliseconds. Rows are kept for a span longer than promised, events for a day
 * longer: see `rawKeptMs`.
 */
export function keptSince(retention: Retention, now: number): Readonly<Record<Source, number>> {
  return {
    // They are kept a day longer than this; so whoever asks for exactly what is promised does not come a moment too late.
    raw: now - retention.rawMs - maxAheadMs,
    minutes: roundUp(now - retention.minutesMs, tiers.minutes.slotMs),
    hours: roundUp(now - retention.hoursMs, tiers.hours.slotMs),
    days: roundUp(now - retention.daysMs, tiers.days.slotMs),
  };
}

/**
 * Cuts a window into the pieces that it is read in: whole UTC days where a bucket contains them, then quarters of an hour, then minutes,
 * then raw events; each only where it is kept. Every instant of the window is in exactly one piece, and no slot of a piece
 * belongs to two buckets.
 *
 * @param bounds the boundaries of the buckets, see `bucketBounds`.
 * @throws NotKeptError where nothing that is kept is fine enough; it says what to ask instead.
 */
export function planWindow(bounds: Float64Array, retention: Retention, now: number): Piece[] {
  const since = keptSince(retention, now);
  const pieces: Piece[] = [];
  const add = (source: Source, from: number, to: number) => {
    const last = pieces.at(-1);
    if (last?.source === source && last.to === from) pieces[pieces.length - 1] = { source, from: last.from, to };
    else pieces.push({ source, from, to });
  };
  const cut = (from: number, to: number, level: number) => {
    if (from >= to) return;
    const tier = coarsestFirst[level];
    if (tier === undefined) {
      if (from < since.raw) throw notKept(from, to, since);
      add("raw", from, to);
      return;
    }
    const first = Math.max(roundUp(from, tiers[tier].slotMs), since[tier]);
    const last = roundDown(to, tiers[tier].slotMs);
    if (first >= last) {
      cut(from, to, level + 1);
      return;
    }
    cut(from, first, level + 1);
    add(tier, first, last);
    cut(last, to, level + 1);
  };
  for (let bucket = 0; bucket + 1 < bounds.length; bucket += 1) {
    cut(bounds[bucket] as number, bounds[bucket + 1] as number, 0);
  }
  return pieces;
}

/**
 * Refuses a question about single events that goes back further than they are kept: an answer that lacks some would look whole.
 *
 * @param window one that has no beginning asks for what there is.
 */
export function checkEventsKept(
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
  retention: Retention,
  now: number,
): void {
  const since = keptSince(retention, now).raw;
  const bound = from !== undefined && from < since ? "from" : to !== undefined && to <= since ? "to" : null;
  if (bound !== null) throw new NotKeptError(`${bound}: Single events are kept since ${iso(since)}. Ask from then on.`);
}

/** What the sources can tell apart, and how a question keeps to that. */
const precisions: Readonly<Record<Source, { readonly name: string; readonly advice: string }>> = {
  raw: { name: "single events", advice: "" },
  minutes: { name: "minutes", advice: "let from and to be full minutes" },
  hours: {
    name: "quarters of an hour",
    advice: "ask for the bucket HOUR or a wider one, from and to at full quarters of an hour",
  },
  days: {
    name: "days of UTC",
    advice: 'ask with timeZone "UTC" for the bucket DAY, MONTH or TOTAL, from and to at 00:00',
  },
};

/** The refusal of a piece that is too fine for its age, or older than everything. */
function notKept(from: number, to: number, since: Readonly<Record<Source, number>>): NotKeptError {
  const oldest = Math.min(...Object.values(since));
  if (from < oldest) return new NotKeptError(`from: Nothing is kept from before ${iso(oldest)}. Ask from then on.`);
  // There is one: events as old as the piece are not kept, but something as old is.
  const finest = coarsestFirst.findLast((tier) => since[tier] <= from) ?? "days";
  const { slotMs } = tiers[finest];
  const edge = from % slotMs === 0 ? to : from;
  const kept = Object.entries(since).map(([source, time]) => `${precisions[source as Source].name} since ${iso(time)}`);
  return new NotKeptError(
    `from: A bucket begins or ends at ${iso(edge)}, but of that time only ${precisions[finest].name} are kept. ` +
      `Either ${precisions[finest].advice}, e.g. ${iso(roundDown(edge, slotMs))} or ${iso(roundUp(edge, slotMs))}, ` +
      `or ask for a later window. What is kept: ${kept.join(", ")}.`,
  );
}

function roundUp(time: number, step: number): number {
  return Math.ceil(time / step) * step;
}

function roundDown(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
