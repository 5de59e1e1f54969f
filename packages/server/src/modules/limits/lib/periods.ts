import type { QuotaRefill } from "@keyplane/schema";
import { Temporal } from "temporal-polyfill";

/** What decides where the periods of a quota begin. */
export interface Calendar {
  readonly refill: QuotaRefill;
  readonly anchor: Date;
  readonly timeZone: string;
}

/** A period [start, end), epoch milliseconds; null: it never ends. */
export interface Period {
  readonly start: number;
  readonly end: number | null;
}

const hourMs = 3_600_000;
const steps = {
  DAILY: (count: number) => ({ days: count }),
  WEEKLY: (count: number) => ({ weeks: count }),
  MONTHLY: (count: number) => ({ months: count }),
  YEARLY: (count: number) => ({ years: count }),
} as const;
const units = { DAILY: "days", WEEKLY: "weeks", MONTHLY: "months", YEARLY: "years" } as const;

/**
 * The period that a moment lies in. Days and longer begin at the anchor's time of day by the clock of the time zone, whatever its summer
 * time does; a month that lacks the anchor's day begins with its last one, and the next has that day again. Hours are 60 minutes each.
 */
export function periodAt({ refill, anchor, timeZone }: Calendar, now: number): Period {
  const from = anchor.getTime();
  if (refill === "NEVER") return { start: from, end: null };
  if (refill === "HOURLY") {
    const start = from + Math.floor((now - from) / hourMs) * hourMs;
    return { start, end: start + hourMs };
  }
  const first = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone);
  const present = Temporal.Instant.fromEpochMilliseconds(Math.floor(now)).toZonedDateTimeISO(timeZone);
  // Always counted from the anchor: a step from the end of February would lose the 31st for good.
  const startOf = (count: number): number => first.add(steps[refill](count)).epochMilliseconds;
  let count = first.until(present, { largestUnit: units[refill] })[units[refill]];
  while (startOf(count) > now) count--;
  while (startOf(count + 1) <= now) count++;
  return { start: startOf(count), end: startOf(count + 1) };
}
