import { Temporal } from "temporal-polyfill";
import { BadUserInputError } from "../../../platform/errors.js";
import type { UsageBucket } from "./questions.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A stretch of time [from, to) to cut into buckets, epoch milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** About how long a bucket is: enough to refuse too many before making them. */
const usualMs = { MINUTE: minuteMs, HOUR: hourMs, DAY: dayMs, MONTH: 30 * dayMs } as const;

/**
 * The boundaries of the buckets of a window, strictly ascending: the first is `from`, the last is `to`, and every other one is
 * where the clock of the time zone shows the beginning of a minute, an hour, a day or a month. The first and the last bucket
 * may therefore be shorter than the rest.
 *
 * - HOUR: an hour ends, too, where the clock is changed: the hour that comes twice in autumn makes two buckets, and on Lord
 *   Howe Island, whose clock moves by half an hour, the second of them lasts 30 minutes.
 * - DAY and MONTH begin with the first moment that has the date: at 01:00 where the clock skips midnight.
 * - MINUTE: offsets from UTC are whole minutes since 1972, so minutes are the same everywhere.
 *
 * @param timeZone an IANA name, e.g. `Europe/Berlin`.
 * @param maxBuckets how many buckets there may be.
 * @throws BadUserInputError for an unknown zone, an empty window, or too many buckets.
 */
export function bucketBounds(window: Window, bucket: UsageBucket, timeZone: string, maxBuckets: number): Float64Array {
  checkTimeZone(timeZone);
  if (!(window.from < window.to))
    throw new BadUserInputError("from: Give a time before to; the window [from, to) is empty.");
  if (bucket === "TOTAL") return Float64Array.of(window.from, window.to);
  if ((window.to - window.from) / usualMs[bucket] > maxBuckets) throw tooManyBuckets(bucket, maxBuckets);
  const inner = new Set(boundaries(window, bucket, timeZone));
  if (inner.size >= maxBuckets) throw tooManyBuckets(bucket, maxBuckets);
  return Float64Array.of(window.from, ...inner, window.to);
}

/** Which bucket an instant within the window belongs to: the index of the last boundary that is not after it. */
export function bucketAt(bounds: Float64Array, at: number): number {
  let low = 0;
  let high = bounds.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((bounds[middle] as number) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** @throws BadUserInputError */
export function checkTimeZone(timeZone: string): void {
  try {
    // Offsets such as +01:00 pass in some versions of Node only, and they do not know summer time: nobody gets used to them.
    if (!/^[+-]/.test(timeZone) && new Intl.DateTimeFormat("en", { timeZone })) return;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new BadUserInputError(
    'timeZone: Give the IANA name of a time zone, e.g. "Europe/Berlin" or "UTC"; this one is unknown.',
  );
}

/** Boundaries strictly within the window, ascending; one may come twice where the calendar skips a day. */
function boundaries(window: Window, bucket: Exclude<UsageBucket, "TOTAL">, timeZone: string): Iterable<number> {
  switch (bucket) {
    case "MINUTE":
      return multiples(window, minuteMs, 0);
    case "HOUR":
      return hours(window, timeZone);
    case "DAY":
      return dates(window, timeZone, (date) => date, { days: 1 });
    case "MONTH":
      return dates(window, timeZone, (date) => date.with({ day: 1 }), { months: 1 });
  }
}

/** All instants strictly within the window at which `instant + shift` is a multiple of `step`. */
function* multiples({ from, to }: Window, step: number, shift: number): Generator<number> {
  for (let at = Math.floor((from + shift) / step) * step - shift; at < to; at += step) if (at > from) yield at;
}

/** Between two changes of the clock hours are an hour long: only the changes are looked up. */
function* hours({ from, to }: Window, timeZone: string): Generator<number> {
  let clock = Temporal.Instant.fromEpochMilliseconds(Math.floor(from)).toZonedDateTimeISO(timeZone);
  for (let start = from; start < to; ) {
    const change = clock.getTimeZoneTransition("next");
    const end = Math.min(change?.epochMilliseconds ?? to, to);
    yield* multiples({ from: start, to: end }, hourMs, clock.offsetNanoseconds / 1e6);
    if (!change || end === to) return;
    yield end;
    start = end;
    clock = change;
  }
}

function* dates(
  { from, to }: Window,
  timeZone: string,
  firstOf: (date: Temporal.PlainDate) => Temporal.PlainDate,
  step: Temporal.DurationLike,
): Generator<number> {
  let date = firstOf(
    Temporal.Instant.fromEpochMilliseconds(Math.floor(from)).toZonedDateTimeISO(timeZone).toPlainDate(),
  );
  for (;;) {
    const at = date.toZonedDateTime({ timeZone }).epochMilliseconds;
    if (at >= to) return;
    if (at > from) yield at;
    date = date.add(step);
  }
}

function tooManyBuckets(bucket: UsageBucket, maxBuckets: number): BadUserInputError {
  return new BadUserInputError(
    `bucket: The window has more than ${maxBuckets.toLocaleString("en")} buckets of one ${bucket}. Ask for wider buckets or a shorter window.`,
  );
}
