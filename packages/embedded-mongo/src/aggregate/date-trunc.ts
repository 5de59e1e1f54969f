import { fault } from "../errors.js";
import { fromLocal, type Offset } from "./time-zones.js";

const DAY_MS = 86_400_000;
const weekDays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const fixedUnits: Readonly<Record<string, number>> = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000 };
const monthUnits: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };
/** MongoDB counts bins from here, in the zone's own time. It was a Saturday. */
const REFERENCE = Date.UTC(2000, 0, 1);

/** What a date is cut to. */
export interface TruncSpec {
  readonly unit: string;
  readonly binSize: number;
  readonly startOfWeek: string;
  readonly offset: Offset;
}

/**
 * `$dateTrunc`: the beginning of the bin that a date is in. Days, weeks, months and longer follow the zone's calendar, whose days
 * have 23 or 25 hours when clocks change; hours and shorter are counted as they pass.
 *
 * Decision: ours, because mingo 7.2.7 ignores the zone for hours and is a day late for days.
 */
export function dateTrunc(date: number, { unit, binSize, startOfWeek, offset }: TruncSpec): number {
  if (!Number.isInteger(binSize) || binSize < 1)
    throw fault(5439017, "$dateTrunc requires 'binSize' to be greater than 0");
  const fixed = fixedUnits[unit];
  if (fixed !== undefined) {
    const reference = fromLocal(REFERENCE, offset);
    return reference + floorTo(date - reference, fixed * binSize);
  }
  const local = date + offset(date);
  if (unit === "day") return fromLocal(REFERENCE + floorTo(local - REFERENCE, DAY_MS * binSize), offset);
  if (unit === "week") {
    const first = REFERENCE + ((firstDay(startOfWeek) + 2) % 7) * DAY_MS; // Monday was two days later
    return fromLocal(first + floorTo(local - first, 7 * DAY_MS * binSize), offset);
  }
  const months = monthUnits[unit];
  if (months === undefined)
    throw fault(9, `$dateTrunc parameter 'unit' value cannot be recognized as a time unit: ${unit}`);
  const shown = new Date(local);
  const count = (shown.getUTCFullYear() - 2000) * 12 + shown.getUTCMonth();
  const start = floorTo(count, months * binSize);
  return fromLocal(Date.UTC(2000, start, 1), offset);
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function firstDay(name: string): number {
  const short = name.toLowerCase();
  const day = weekDays.findIndex((full) => full === short || full.slice(0, 3) === short);
  if (day < 0)
    throw fault(9, `$dateTrunc parameter 'startOfWeek' value cannot be recognized as a day of a week: ${name}`);
  return day;
}
