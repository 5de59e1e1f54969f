import { Decimal128 } from "bson";
import { toNumber, type Value } from "./values.js";

/** A finite number as digits times a power of ten. */
interface Exact {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Compares two numbers of which at least one is a Decimal128, exactly. NaN sorts first. */
export function compareDecimals(a: Value, b: Value): number {
  const approximateA = toNumber(a);
  const approximateB = toNumber(b);
  if (Number.isNaN(approximateA)) return Number.isNaN(approximateB) ? 0 : -1;
  if (Number.isNaN(approximateB)) return 1;
  const exactA = exactOf(a);
  const exactB = exactOf(b);
  if (exactA === null || exactB === null) return approximateA < approximateB ? -1 : approximateA > approximateB ? 1 : 0;
  const exponent = Math.min(exactA.exponent, exactB.exponent);
  // Far apart: the powers of ten alone would be thousands of digits long.
  if (Math.abs(exactA.exponent - exactB.exponent) > 800 && approximateA !== approximateB) {
    return approximateA < approximateB ? -1 : 1;
  }
  const left = exactA.digits * 10n ** BigInt(exactA.exponent - exponent);
  const right = exactB.digits * 10n ** BigInt(exactB.exponent - exponent);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a Decimal128 has exactly the value of a double or of an int64; only then can an index hold it. */
export function isExactlyNumber(value: Decimal128): boolean {
  const number = toNumber(value);
  return !Number.isFinite(number) || compareDecimals(value, number) === 0;
}

function exactOf(value: Value): Exact | null {
  if (typeof value === "bigint") return { digits: value, exponent: 0 };
  if (value instanceof Decimal128) return parse(value.toString());
  const number = toNumber(value);
  return Number.isFinite(number) ? exactDouble(number) : null;
}

function parse(text: string): Exact | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/i.exec(text);
  if (match === null) return null; // infinite
  const fraction = match[3] ?? "";
  const digits = BigInt(`${match[2]}${fraction}`);
  return { digits: match[1] ? -digits : digits, exponent: Number(match[4] ?? 0) - fraction.length };
}

/** Every finite double is a finite decimal: m * 2^-k equals m * 5^k * 10^-k. */
function exactDouble(value: number): Exact {
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings += 1;
  }
  return { digits: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings };
}
