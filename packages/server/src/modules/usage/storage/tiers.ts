import { maxAheadMs, maxLatenessMs } from "../usage-event.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How finely counts are kept, and for how long. Spans and slots begin at UTC's, counted from 1970. */
export interface Tier {
  /** The collection that holds its rows. */
  readonly collection: "usage_minutes" | "usage_hours" | "usage_days";
  /** How much time one row covers, in milliseconds. */
  readonly spanMs: number;
  /** How much time one number in it covers, in milliseconds: the finest cut that this tier can make. */
  readonly slotMs: number;
}

/**
 * The tiers, finest first. A row has a number for each slot of its span, so that a question about a month reads thirty rows of a
 * key and not thousands. The hours are kept by quarters: the offset of every time zone in use is a multiple of one, so
 * days and hours of any zone can be cut out of them exactly. Ten days share a row: a year of a key is 37 rows, and a row with
 * latencies stays small enough to be rewritten with every segment.
 */
export const tiers = {
  minutes: { collection: "usage_minutes", spanMs: hourMs, slotMs: minuteMs },
  hours: { collection: "usage_hours", spanMs: dayMs, slotMs: hourMs / 4 },
  days: { collection: "usage_days", spanMs: 10 * dayMs, slotMs: dayMs },
} as const satisfies Record<string, Tier>;

export type TierName = keyof typeof tiers;

/** For how long each kind of document is kept, in milliseconds; enforced by MongoDB. */
export interface Retention {
  readonly rawMs: number;
  readonly minutesMs: number;
  readonly hoursMs: number;
  readonly daysMs: number;
}

export const defaultRetention: Retention = {
  rawMs: 30 * dayMs,
  minutesMs: 7 * dayMs,
  hoursMs: 90 * dayMs,
  daysMs: 5 * 365 * dayMs,
};

/**
 * How long MongoDB keeps a raw event after its insertion, in milliseconds: a day longer than promised, so that a report that
 * arrives a day late and then waits in the spool for as long as single calls are kept can still be told from its copies.
 */
export function rawKeptMs({ rawMs }: Retention): number {
  return rawMs + maxLatenessMs;
}

/** How far the clocks of servers may be apart, and more, in milliseconds. */
const clocksApartMs = hourMs;

/**
 * Since when a reported event must have happened for its copies to be still there, epoch milliseconds: the earliest of them
 * was taken when it happened, or as much earlier as its sender's clock runs ahead.
 */
export function oldestTellable(retention: Retention, now: number): number {
  return now - rawKeptMs(retention) + maxAheadMs + clocksApartMs;
}
