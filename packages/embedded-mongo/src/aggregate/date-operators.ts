import { ObjectId, Timestamp } from "bson";
import { type Doc, isDocument, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { typeNameOf } from "../update/type-names.js";
import { dateTrunc } from "./date-trunc.js";
import { zoneOffset } from "./time-zones.js";

/** An operator of mingo's: gets the document, the operator's own operand, and a way to compute expressions. */
export type Compute = (operand: Value) => Value;

/** The parts of a date as a zone's clocks and calendar show it. */
interface Shown {
  readonly date: Date;
  readonly dayOfYear: number;
  readonly offset: number;
}

type Part = (shown: Shown) => number;

const DAY_MS = 86_400_000;

const parts: Readonly<Record<string, Part>> = {
  $year: ({ date }) => date.getUTCFullYear(),
  $month: ({ date }) => date.getUTCMonth() + 1,
  $dayOfMonth: ({ date }) => date.getUTCDate(),
  $hour: ({ date }) => date.getUTCHours(),
  $minute: ({ date }) => date.getUTCMinutes(),
  $second: ({ date }) => date.getUTCSeconds(),
  $millisecond: ({ date }) => date.getUTCMilliseconds(),
  $dayOfWeek: ({ date }) => date.getUTCDay() + 1,
  $isoDayOfWeek: ({ date }) => date.getUTCDay() || 7,
  $dayOfYear: ({ dayOfYear }) => dayOfYear,
  $week: ({ date, dayOfYear }) => Math.floor((dayOfYear + 6 - date.getUTCDay()) / 7),
  $isoWeek: ({ date }) => Math.ceil(dayOfYearOf(thursday(date)) / 7),
  $isoWeekYear: ({ date }) => thursday(date).getUTCFullYear(),
};

/** The operators on dates that know time zones, by name. mingo's own are wrong near changes of the clocks. */
export const dateOperators: Readonly<Record<string, (operand: Value, compute: Compute) => Value>> = {
  ...Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      (operand: Value, compute: Compute) => partOf(part, operand, compute),
    ]),
  ),
  $dateTrunc: truncated,
  $dateToString: formatted,
};

function thursday(date: Date): Date {
  return new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS);
}

function dayOfYearOf(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
}

function partOf(part: Part, operand: Value, compute: Compute): Value {
  const single = Array.isArray(operand) && operand.length === 1 ? (operand[0] as Value) : operand;
  const withZone = isDocument(single) && Object.hasOwn(single, "date");
  const date = instantOf(compute(withZone ? single["date"] : single));
  const zone = withZone ? zoneOf(compute(single["timezone"])) : "UTC";
  return date === null || zone === null ? null : part(shownAt(date, zone));
}

function shownAt(instant: number, zone: string): Shown {
  const offset = zoneOffset(zone)(instant);
  const date = new Date(instant + offset);
  return { date, offset, dayOfYear: dayOfYearOf(date) };
}

/** A date's milliseconds; null for null and missing. */
function instantOf(value: Value): number | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.getTime();
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  if (value instanceof Timestamp) return value.t * 1000;
  throw fault(16006, `can't convert from BSON type ${typeNameOf(value)} to Date`);
}

function zoneOf(value: Value): string | null {
  if (value === undefined) return "UTC";
  if (value === null) return null;
  if (typeof value !== "string") throw fault(40517, `timezone must evaluate to a string, found ${typeNameOf(value)}`);
  return value;
}

function truncated(operand: Value, compute: Compute): Value {
  const { date, unit, binSize, timezone, startOfWeek } = named("$dateTrunc", operand, [
    "date",
    "unit",
    "binSize",
    "timezone",
    "startOfWeek",
  ]);
  const instant = instantOf(compute(date));
  const zone = zoneOf(timezone === undefined ? undefined : compute(timezone));
  const size = binSize === undefined ? 1 : compute(binSize);
  const [cutTo, first] = [compute(unit), startOfWeek === undefined ? "sunday" : compute(startOfWeek)];
  if (instant === null || zone === null || size == null || cutTo == null || first == null) return null;
  return new Date(
    dateTrunc(instant, {
      unit: textOf(cutTo),
      binSize: toNumber(size),
      startOfWeek: textOf(first),
      offset: zoneOffset(zone),
    }),
  );
}

function textOf(value: Value): string {
  if (typeof value !== "string") throw fault(9, `requires a string, but got ${typeNameOf(value)}`);
  return value;
}

function named(operator: string, operand: Value, fields: readonly string[]): Doc {
  if (!isDocument(operand)) throw fault(5439007, `${operator} only supports an object as its argument`);
  for (const field of Object.keys(operand))
    if (!fields.includes(field)) throw fault(5439008, `Unrecognized argument to ${operator}: ${field}`);
  return operand;
}

const DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%S.%L";

function formatted(operand: Value, compute: Compute): Value {
  const { date, format, timezone, onNull } = named("$dateToString", operand, ["date", "format", "timezone", "onNull"]);
  const instant = instantOf(compute(date));
  const zone = zoneOf(timezone === undefined ? undefined : compute(timezone));
  if (instant === null) return onNull === undefined ? null : compute(onNull);
  if (zone === null) return null;
  const pattern = format === undefined ? DEFAULT_FORMAT + (timezone === undefined ? "Z" : "") : compute(format);
  if (pattern === null || pattern === undefined) return null;
  const shown = shownAt(instant, zone);
  return textOf(pattern).replace(/%(.?)/g, (_, letter: string) => specifier(letter, shown));
}

const pad = (value: number, width: number): string => String(value).padStart(width, "0");

function specifier(letter: string, shown: Shown): string {
  const part = (name: string): number => (parts[name] as Part)(shown);
  const minutes = shown.offset / 60_000;
  switch (letter) {
    case "Y":
      return pad(part("$year"), 4);
    case "m":
      return pad(part("$month"), 2);
    case "d":
      return pad(part("$dayOfMonth"), 2);
    case "H":
      return pad(part("$hour"), 2);
    case "M":
      return pad(part("$minute"), 2);
    case "S":
      return pad(part("$second"), 2);
    case "L":
      return pad(part("$millisecond"), 3);
    case "j":
      return pad(part("$dayOfYear"), 3);
    case "w":
      return String(part("$dayOfWeek"));
    case "u":
      return String(part("$isoDayOfWeek"));
    case "U":
      return pad(part("$week"), 2);
    case "V":
      return pad(part("$isoWeek"), 2);
    case "G":
      return pad(part("$isoWeekYear"), 4);
    case "z": {
      const absolute = Math.abs(minutes);
      return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(absolute / 60), 2)}${pad(absolute % 60, 2)}`;
    }
    case "Z":
      return String(minutes);
    case "%":
      return "%";
    default:
      throw fault(18536, `Invalid format character '%${letter}' in format string`);
  }
}

/** Operators on dates whose time zones mingo gets wrong, and which are rare: refused with any zone but UTC. */
const utcOnly = ["$dateAdd", "$dateSubtract", "$dateDiff", "$dateFromParts", "$dateFromString", "$dateToParts"];

/** @throws code 238 when the operator is given a time zone that it cannot handle. */
export function checkZone(operator: string, operand: Value): void {
  if (!utcOnly.includes(operator) || !isDocument(operand)) return;
  const zone = operand["timezone"];
  if (zone !== undefined && !["UTC", "GMT", "Z", "+00:00"].includes(zone as string))
    throw notSupported(`${operator} with a time zone other than UTC`);
}
