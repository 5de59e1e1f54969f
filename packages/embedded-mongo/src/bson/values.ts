import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";

/**
 * A value as the server holds it. It keeps the stored type, which JavaScript numbers alone would lose:
 * int32 is a number, int64 a bigint, a double a number unless it could be taken for an int32, then a `Double`.
 */
export type Value = unknown;

/** A document as the server holds it. */
export type Doc = Record<string, unknown>;

/** MongoDB's order of types: values of a lower class sort before those of a higher one. */
export const TypeClass = {
  minKey: 10,
  undefined: 15,
  null: 20,
  number: 30,
  string: 60,
  object: 70,
  array: 80,
  binary: 90,
  objectId: 100,
  boolean: 110,
  date: 120,
  timestamp: 130,
  regex: 140,
  code: 150,
  maxKey: 240,
} as const;

/** The class of a value in MongoDB's order of types. `undefined` counts as null: a missing field sorts as null. */
export function typeClass(value: Value): number {
  switch (typeof value) {
    case "string":
      return TypeClass.string;
    case "number":
    case "bigint":
      return TypeClass.number;
    case "boolean":
      return TypeClass.boolean;
    case "undefined":
      return TypeClass.null;
    default:
      break;
  }
  if (value === null) return TypeClass.null;
  if (Array.isArray(value)) return TypeClass.array;
  if (value instanceof Date) return TypeClass.date;
  if (value instanceof ObjectId) return TypeClass.objectId;
  if (value instanceof Double || value instanceof Decimal128) return TypeClass.number;
  if (value instanceof Binary) return TypeClass.binary;
  if (value instanceof Timestamp) return TypeClass.timestamp;
  if (value instanceof BSONRegExp || value instanceof RegExp) return TypeClass.regex;
  if (value instanceof Code) return TypeClass.code;
  if (value instanceof BSONSymbol) return TypeClass.string;
  if (value instanceof MinKey) return TypeClass.minKey;
  if (value instanceof MaxKey) return TypeClass.maxKey;
  return TypeClass.object;
}

/** Whether a value is an embedded document, not an array and none of BSON's own types. */
export function isDocument(value: Value): value is Doc {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a value is any of BSON's numbers. */
export function isNumeric(value: Value): value is number | bigint | Double | Decimal128 {
  return (
    typeof value === "number" || typeof value === "bigint" || value instanceof Double || value instanceof Decimal128
  );
}

/** A number as JavaScript's, possibly rounded. */
export function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Double) return value.value;
  if (value instanceof Decimal128) return Number(value.toString());
  return Number.NaN;
}

/** Reads an own field; never what Object.prototype has. */
export function field(doc: Doc, name: string): Value {
  return Object.hasOwn(doc, name) ? doc[name] : undefined;
}

/** Writes an own field, also one that is called `__proto__`. */
export function setField(doc: Doc, name: string, value: Value): void {
  if (name === "__proto__") {
    Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true });
  } else doc[name] = value;
}
