import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";
import { compareValues, equalValues, partsOfRegex } from "../bson/compare.js";
import { isNumeric, TypeClass, toNumber, typeClass, type Value } from "../bson/values.js";
import { fault } from "../errors.js";

/** A test of one value; arrays are opened by the caller. */
export type Test = (value: Value) => boolean;

/** Opens the array at the end of a path: the test holds for the array or for one of its elements. */
export function opened(test: Test): Test {
  return (value) => test(value) || (Array.isArray(value) && value.some((element) => test(element ?? null)));
}

/** `$eq`. null also matches a missing field. */
export function equals(operand: Value): Test {
  if (operand === null || operand === undefined) return (value) => value === null || value === undefined;
  if (typeof operand === "string")
    return (value) => value === operand || (typeof value === "object" && equalValues(value, operand));
  return (value) => value !== undefined && equalValues(value, operand);
}

/** `$gt $gte $lt $lte`: only values of the operand's own class compare. */
export function ordered(operator: string, operand: Value): Test {
  if (operand instanceof BSONRegExp) throw fault(2, `Can't have RegEx as arg to predicate over field ''.`);
  const wanted = typeClass(operand);
  const accepts = orders[operator] as (order: number) => boolean;
  if (wanted === TypeClass.null) {
    const takesEqual = accepts(0);
    return (value) => takesEqual && (value === null || value === undefined);
  }
  if (wanted === TypeClass.minKey || wanted === TypeClass.maxKey)
    return (value) => accepts(compareValues(value, operand));
  if (isNaNValue(operand)) return (value) => accepts(0) && isNaNValue(value);
  return (value) =>
    value !== undefined && typeClass(value) === wanted && !isNaNValue(value) && accepts(compareValues(value, operand));
}

const orders: Readonly<Record<string, (order: number) => boolean>> = {
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
};

/** NaN equals itself, and is neither more nor less than any number. */
function isNaNValue(value: Value): boolean {
  return isNumeric(value) && Number.isNaN(toNumber(value));
}

/** `$regex`, or a regular expression in the place of a value. */
export function matchesRegex(operand: Value, extraFlags?: string): Test {
  const [pattern, flags] = typeof operand === "string" ? [operand, ""] : partsOfRegex(operand);
  const regex = compileRegex(pattern, extraFlags ?? flags);
  const same = operand instanceof BSONRegExp ? (value: Value) => equalValues(value, operand) : () => false;
  return (value) => {
    if (typeof value === "string") return regex.test(value);
    if (value instanceof BSONSymbol) return regex.test(value.value);
    return value !== null && typeof value === "object" && same(value);
  };
}

function compileRegex(pattern: string, flags: string): RegExp {
  for (const flag of flags) {
    if (!"imsxu".includes(flag)) throw fault(51108, `invalid flag in regex options: ${flag}`);
  }
  let source = pattern;
  if (flags.includes("x"))
    source = source.replace(/\\[\s\S]|\[(?:\\.|[^\]])*\]|\s+|#.*$/gm, (part) => (/^[\s#]/.test(part) ? "" : part));
  let inline = "";
  const leading = /^\(\?([ims]+)\)/.exec(source);
  if (leading) {
    inline = leading[1] as string;
    source = source.slice(leading[0].length);
  }
  const all = new Set([...flags, ...inline].filter((flag) => "ims".includes(flag)));
  try {
    return new RegExp(source, [...all, "u"].join(""));
  } catch {
    try {
      return new RegExp(source, [...all].join("")); // escapes that only the looser dialect takes
    } catch (error) {
      throw fault(51091, `Regular expression is invalid: ${(error as Error).message}`);
    }
  }
}

/** Names and numbers of types, for `$type`. */
const typeCodes: Readonly<Record<string, number>> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};

/** The number of a value's BSON type; -2 for a missing one. */
export function typeCode(value: Value): number {
  switch (typeof value) {
    case "undefined":
      return -2;
    case "string":
      return 2;
    case "boolean":
      return 8;
    case "bigint":
      return 18;
    case "number":
      return (value | 0) === value && !Object.is(value, -0) ? 16 : 1;
    default:
      break;
  }
  if (value === null) return 10;
  if (Array.isArray(value)) return 4;
  if (value instanceof Date) return 9;
  const known = classesWithCode.find(([type]) => value instanceof type);
  if (known) return known[1];
  return 3;
}

const classesWithCode: ReadonlyArray<readonly [new (...args: never[]) => unknown, number]> = [
  [ObjectId, 7],
  [Double, 1],
  [Decimal128, 19],
  [Binary, 5],
  [Timestamp, 17],
  [BSONRegExp, 11],
  [Code, 13],
  [BSONSymbol, 14],
  [MinKey, -1],
  [MaxKey, 127],
] as never;

/** `$type`. */
export function hasType(operand: Value): Test {
  const wanted = new Set<number>();
  for (const type of Array.isArray(operand) ? operand : [operand]) {
    if (type === "number") for (const code of [1, 16, 18, 19]) wanted.add(code);
    else if (typeof type === "string") {
      const code = typeCodes[type];
      if (code === undefined) throw fault(2, `Unknown type name alias: ${type}`);
      wanted.add(code);
    } else if (isNumeric(type)) {
      const code = toNumber(type);
      if (!Object.values(typeCodes).includes(code)) throw fault(2, `Invalid numerical type code: ${code}`);
      wanted.add(code);
    } else throw fault(14, "type must be represented as a number or a string");
  }
  if (wanted.size === 0) throw fault(9, "$type must match at least one type");
  return (value) => wanted.has(typeCode(value));
}

/** `$mod`. */
export function modulo(operand: Value): Test {
  if (!Array.isArray(operand)) throw fault(2, "malformed mod, needs to be an array");
  if (operand.length < 2) throw fault(2, "malformed mod, not enough elements");
  if (operand.length > 2) throw fault(2, "malformed mod, too many elements");
  const [divisor, remainder] = operand as [Value, Value];
  if (!isNumeric(divisor)) throw fault(2, "malformed mod, divisor not a number");
  if (!isNumeric(remainder)) throw fault(2, "malformed mod, remainder not a number");
  const by = Math.trunc(toNumber(divisor));
  const rest = Math.trunc(toNumber(remainder));
  if (by === 0) throw fault(2, "divisor cannot be 0");
  return (value) => isNumeric(value) && Number.isFinite(toNumber(value)) && Math.trunc(toNumber(value)) % by === rest;
}
