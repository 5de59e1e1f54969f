import { fault } from "../errors.js";

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. */
export type Offset = (instant: number) => number;

const zones = new Map<string, Offset>();
/** Clocks change at quarters of an hour only, so an offset holds for a quarter. */
const QUARTER_MS = 900_000;
const MAX_KEPT = 50_000;

/** The offsets of a zone, by its Olson name or as `+02`, `-0330` or `+05:45`. @throws code 40485 when there is none such. */
export function zoneOffset(zone: string): Offset {
  let offset = zones.get(zone);
  if (offset === undefined) {
    offset = make(zone);
    zones.set(zone, offset);
  }
  return offset;
}

function make(zone: string): Offset {
  if (zone === "UTC" || zone === "GMT" || zone === "Z") return () => 0;
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (fixed) {
    const ms = (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * 60_000 * (fixed[1] === "-" ? -1 : 1);
    return () => ms;
  }
  const format = formatOf(zone);
  const kept = new Map<number, number>();
  return (instant) => {
    const quarter = Math.floor(instant / QUARTER_MS);
    let offset = kept.get(quarter);
    if (offset === undefined) {
      if (kept.size >= MAX_KEPT) kept.clear();
      offset = measure(format, quarter * QUARTER_MS);
      kept.set(quarter, offset);
    }
    return offset;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw fault(40485, `unrecognized time zone identifier: "${timeZone}"`);
  }
}

function measure(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get("era") === "BC" ? 1 - read("year") : read("year");
  const local = Date.UTC(2000, read("month") - 1, read("day"), read("hour"), read("minute"), read("second"));
  const shown = new Date(local).setUTCFullYear(year, read("month") - 1, read("day"));
  return shown - Math.floor(instant / 1000) * 1000;
}

/** The instant at which a zone's clocks show this time; of a time that is skipped, the first instant after it. */
export function fromLocal(local: number, offset: Offset): number {
  const before = offset(local - 86_400_000);
  const early = local - before;
  if (offset(early) === before) return early; // of a time that comes twice, the first
  const after = offset(local + 86_400_000);
  const late = local - after;
  if (offset(late) === after) return late;
  // Skipped: clocks jump from `before` to `after` between the two.
  let [low, high] = [Math.min(early, late), Math.max(early, late)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
