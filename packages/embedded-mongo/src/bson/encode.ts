import { calculateObjectSize, Double, serialize } from "bson";
import { fault } from "../errors.js";
import { MAX_DEPTH, tooDeep } from "./decode.js";
import { type Doc, setField, type Value } from "./values.js";

/** The largest document, as in MongoDB. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Encodes a document that is to be stored. @throws code 10334 when it is larger than 16 MB, 15 when it is too deep. */
export function encode(doc: Doc): Buffer {
  const bytes = encodeWithin(doc, MAX_DEPTH);
  if (bytes.length > MAX_DOCUMENT_BYTES) throw tooLarge(bytes.length);
  return bytes;
}

/** Encodes a document without a limit on its size. */
export function encodeAny(doc: Doc): Buffer {
  return encodeWithin(doc, MAX_DEPTH + 20);
}

function encodeWithin(doc: Doc, depth: number): Buffer {
  checkDepth(doc, depth);
  const bytes = serialize(doc, { ignoreUndefined: false });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** MongoDB's refusal of a document that is too large. */
export function tooLarge(size: number): Error {
  return fault(
    10334,
    `BSONObj size: ${size} (0x${size.toString(16).toUpperCase()}) is invalid. Size must be between 0 and 16793600(16MB)`,
  );
}

/** The size that a document has once encoded. */
export function encodedSize(doc: Doc): number {
  return calculateObjectSize(doc, { ignoreUndefined: false });
}

function checkDepth(value: Value, left: number): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    if (left === 0) throw tooDeep();
    for (const element of value) checkDepth(element, left - 1);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    if (left === 0) throw tooDeep();
    for (const key in value) checkDepth((value as Doc)[key], left - 1);
  }
}

/** A copy that shares nothing that can change. BSON's own types never change, so they are shared. */
export function clone<T extends Value>(value: T): T {
  if (Array.isArray(value)) return value.map((element: Value) => clone(element)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Doc = {};
  for (const key of Object.keys(value)) setField(copy, key, clone((value as Doc)[key]));
  return copy as T;
}

/** A value for mingo, which knows JavaScript's numbers only: types of numbers are dropped where the number stays the same. */
export function plain(value: Value): Value {
  if (typeof value !== "object" || value === null) {
    return typeof value === "bigint" && value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value;
  }
  if (value instanceof Double) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Doc = {};
  for (const key of Object.keys(value)) setField(copy, key, plain((value as Doc)[key]));
  return copy;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
