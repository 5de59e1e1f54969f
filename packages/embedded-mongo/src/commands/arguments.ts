import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { typeNameOf } from "../update/type-names.js";

/** Fields that every command takes. */
const common = new Set([
  "$db",
  "lsid",
  "txnNumber",
  "$clusterTime",
  "$readPreference",
  "readConcern",
  "writeConcern",
  "maxTimeMS",
  "comment",
  "apiVersion",
  "apiStrict",
  "apiDeprecationErrors",
  "startTransaction",
  "autocommit",
  "maxTimeMSOpOnly",
]);

/** Refuses what a command does not take: MongoDB's wording, so that nobody relies on something that is ignored. */
export function checkFields(name: string, body: Doc, fields: readonly string[]): void {
  for (const field of Object.keys(body)) {
    if (field === name || common.has(field) || fields.includes(field)) continue;
    throw fault(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
}

/** Refuses unknown fields of a part of a command. */
export function checkPart(name: string, part: Doc, fields: readonly string[]): void {
  for (const field of Object.keys(part)) {
    if (!fields.includes(field)) throw fault(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
}

/** A document; the default when it is missing or null. */
export function documentOf(name: string, value: Value, fallback: Doc = {}): Doc {
  if (value === undefined || value === null) return fallback;
  if (!isDocument(value)) throw wrongType(name, value, "object");
  return value;
}

/** A whole number that is not negative. */
export function countOf(name: string, value: Value, fallback: number): number {
  if (value === undefined || value === null) return fallback;
  if (!isNumeric(value))
    throw fault(
      14,
      `BSON field '${name}' is the wrong type '${typeNameOf(value)}', expected types '[long, int, decimal, double]'`,
    );
  const number = Math.trunc(toNumber(value));
  if (Number.isNaN(number)) return 0;
  if (number < 0) throw fault(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

/** A boolean; numbers count as in MongoDB. */
export function flagOf(name: string, value: Value, fallback = false): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === "boolean") return value;
  if (isNumeric(value)) return toNumber(value) !== 0;
  throw fault(
    14,
    `BSON field '${name}' is the wrong type '${typeNameOf(value)}', expected types '[bool, long, int, decimal, double]'`,
  );
}

/** A text. */
export function textOf(name: string, value: Value): string {
  if (value === undefined) throw fault(40414, `BSON field '${name}' is missing but a required field`);
  if (typeof value !== "string") throw wrongType(name, value, "string");
  return value;
}

/** An array. */
export function arrayOf(name: string, value: Value): Value[] {
  if (value === undefined) throw fault(40414, `BSON field '${name}' is missing but a required field`);
  if (!Array.isArray(value)) throw wrongType(name, value, "array");
  return value;
}

/** MongoDB's refusal of a value of another type. */
export function wrongType(name: string, value: Value, expected: string): Error {
  return fault(14, `BSON field '${name}' is the wrong type '${typeNameOf(value)}', expected type '${expected}'`);
}

/** The size of the first batch that a command asks for in `cursor`. */
export function batchSizeOf(body: Doc, fallback: number): number {
  const cursor = documentOf("cursor", body["cursor"]);
  checkPart("cursor", cursor, ["batchSize"]);
  return countOf("cursor.batchSize", cursor["batchSize"], fallback);
}
