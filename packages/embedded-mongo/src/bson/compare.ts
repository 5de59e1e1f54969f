import { type Binary, BSONRegExp, type Code, Decimal128, type ObjectId, type Timestamp } from "bson";
import { compareDecimals } from "./decimals.js";
import { type Doc, TypeClass, toNumber, typeClass, type Value } from "./values.js";

/**
 * Compares two values in MongoDB's order across types; index keys sort by the same rules, which a property test holds together.
 *
 * Decision: not mingo's own comparison. It orders by JavaScript's types, so int64, Decimal128 and binary values, and strings
 * beyond the basic plane, would sort in another order than the bytes of an index, and a query's result would depend on its plan.
 *
 * @returns less than, equal to or greater than zero.
 */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const classOfA = typeClass(a);
  const classOfB = typeClass(b);
  if (classOfA !== classOfB) return classOfA - classOfB;
  switch (classOfA) {
    case TypeClass.number:
      return compareNumeric(a, b);
    case TypeClass.string:
      return compareStrings(String(a), String(b));
    case TypeClass.object:
      return compareDocuments(a as Doc, b as Doc);
    case TypeClass.array:
      return compareArrays(a as Value[], b as Value[]);
    case TypeClass.binary:
      return compareBinaries(a as Binary, b as Binary);
    case TypeClass.objectId:
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case TypeClass.boolean:
      return Number(a) - Number(b);
    case TypeClass.date:
      return (a as Date).getTime() - (b as Date).getTime();
    case TypeClass.timestamp: {
      const difference = (a as Timestamp).toBigInt() - (b as Timestamp).toBigInt();
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    }
    case TypeClass.regex:
      return compareRegexes(a, b);
    case TypeClass.code:
      return compareStrings((a as Code).code, (b as Code).code);
    default:
      return 0;
  }
}

/** Whether two values are equal as MongoDB sees it: 1, 1.0 and int64 1 are. */
export function equalValues(a: Value, b: Value): boolean {
  return a === b || compareValues(a, b) === 0;
}

/** NaN equals itself and sorts before every other number. */
export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  return 1;
}

function compareNumeric(a: Value, b: Value): number {
  if (typeof a === "bigint" && typeof b === "bigint") return a < b ? -1 : a > b ? 1 : 0;
  if (a instanceof Decimal128 || b instanceof Decimal128) return compareDecimals(a, b);
  if (typeof a === "bigint") return -compareDoubleWithLong(toNumber(b), a);
  if (typeof b === "bigint") return compareDoubleWithLong(toNumber(a), b);
  return compareNumbers(toNumber(a), toNumber(b));
}

function compareDoubleWithLong(a: number, b: bigint): number {
  if (Number.isNaN(a)) return -1;
  return a < b ? -1 : a > b ? 1 : 0; // JavaScript compares these two exactly
}

/** By the order of UTF-8 bytes, which is that of code points; JavaScript's own order is that of UTF-16 units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) return aboveSurrogates(x) - aboveSurrogates(y);
    return x - y;
  }
  return a.length - b.length;
}

const aboveSurrogates = (unit: number): number => (unit < 0xe000 ? unit + 0x10000 : unit);

function compareDocuments(a: Doc, b: Doc): number {
  const namesOfA = Object.keys(a);
  const namesOfB = Object.keys(b);
  const length = Math.min(namesOfA.length, namesOfB.length);
  for (let i = 0; i < length; i++) {
    const nameOfA = namesOfA[i] as string;
    const nameOfB = namesOfB[i] as string;
    const byClass = typeClass(a[nameOfA]) - typeClass(b[nameOfB]);
    if (byClass !== 0) return byClass;
    const byName = compareStrings(nameOfA, nameOfB);
    if (byName !== 0) return byName;
    const byValue = compareValues(a[nameOfA], b[nameOfB]);
    if (byValue !== 0) return byValue;
  }
  return namesOfA.length - namesOfB.length;
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBinaries(a: Binary, b: Binary): number {
  const bytesOfA = a.value();
  const bytesOfB = b.value();
  return bytesOfA.length - bytesOfB.length || a.sub_type - b.sub_type || Buffer.compare(bytesOfA, bytesOfB);
}

function compareRegexes(a: Value, b: Value): number {
  const [patternOfA, flagsOfA] = partsOfRegex(a);
  const [patternOfB, flagsOfB] = partsOfRegex(b);
  return compareStrings(patternOfA, patternOfB) || compareStrings(flagsOfA, flagsOfB);
}

/** Pattern and flags of a regular expression of either kind. */
export function partsOfRegex(value: Value): [pattern: string, flags: string] {
  if (value instanceof BSONRegExp) return [value.pattern, value.options];
  return value instanceof RegExp ? [value.source, value.flags] : ["", ""];
}
