import { Decimal128 } from "bson";
import { KeyWriter } from "../bson/key-encoding.js";
import type { Value } from "../bson/values.js";

const writer = new KeyWriter();

/** A text that equal values share and others do not. */
export function keyOfValue(value: Value): string {
  if (typeof value === "string") return `s${value}`;
  if (typeof value === "number") return `n${value + 0}`;
  if (value === undefined) return "u";
  if (value instanceof Decimal128) return `d${value.toString()}`;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? `n${value}` : `b${value}`;
  return `k${writer.reset().value(value).bytes().toString("latin1")}`;
}
