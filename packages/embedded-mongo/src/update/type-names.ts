import type { Value } from "../bson/values.js";
import { typeCode } from "../query/leaf.js";

const names: Readonly<Record<number, string>> = {
  [-2]: "missing",
  [-1]: "minKey",
  1: "double",
  2: "string",
  3: "object",
  4: "array",
  5: "binData",
  6: "undefined",
  7: "objectId",
  8: "bool",
  9: "date",
  10: "null",
  11: "regex",
  12: "dbPointer",
  13: "javascript",
  14: "symbol",
  15: "javascriptWithScope",
  16: "int",
  17: "timestamp",
  18: "long",
  19: "decimal",
  127: "maxKey",
};

/** The name that MongoDB has for a value's type. */
export function typeNameOf(value: Value): string {
  return names[typeCode(value)] ?? "object";
}
