import { Binary, BSONRegExp, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from "bson";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { typeNameOf } from "../update/type-names.js";

/** A value as MongoDB writes it in messages, such as `{ _id: "x" }`. */
export function showValue(value: Value): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number")
    return Number.isInteger(value) && Math.abs(value) > 2 ** 31 ? `${value}.0` : String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Double) return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Decimal128) return `NumberDecimal('${value.toString()}')`;
  if (value instanceof Binary)
    return value.sub_type === 4
      ? `UUID("${value.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}")`
      : `BinData(${value.sub_type}, ${Buffer.from(value.value()).toString("hex").toUpperCase()})`;
  if (value instanceof Timestamp) return `Timestamp(${value.t}, ${value.i})`;
  if (value instanceof BSONRegExp) return `/${value.pattern}/${value.options}`;
  if (value instanceof MinKey) return "MinKey";
  if (value instanceof MaxKey) return "MaxKey";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[ ${value.map(showValue).join(", ")} ]`;
  if (isDocument(value)) return showDocument(value);
  return typeof value === "boolean" ? String(value) : typeNameOf(value);
}

/** A document as MongoDB writes it in messages. */
export function showDocument(doc: Doc): string {
  const fields = Object.keys(doc).map((name) => `${name}: ${showValue(doc[name])}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
