import { Binary } from "bson";
import { isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Test } from "./leaf.js";

/** `$bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear`. */
export function bitTest(operator: string, operand: Value): Test {
  const positions = positionsOf(operator, operand);
  const wantsSet = operator.endsWith("Set");
  const wantsAll = operator.startsWith("$bitsAll");
  return (value) => {
    const bits = bitsOf(value);
    if (bits === null) return false;
    const holds = (position: number): boolean => bits(position) === wantsSet;
    return wantsAll ? positions.every(holds) : positions.some(holds);
  };
}

function positionsOf(operator: string, operand: Value): number[] {
  if (Array.isArray(operand)) {
    return operand.map((position: Value) => {
      const number = isNumeric(position) ? toNumber(position) : Number.NaN;
      if (!Number.isInteger(number))
        throw fault(2, `Failed to parse bit position. Expected an integer: ${String(position)}`);
      if (number < 0) throw fault(2, `Failed to parse bit position. Expected a non-negative number in: ${number}`);
      return number;
    });
  }
  const isMask =
    operand instanceof Binary || (isNumeric(operand) && Number.isInteger(toNumber(operand)) && toNumber(operand) >= 0);
  const bits = isMask ? bitsOf(operand) : null;
  if (bits === null)
    throw fault(2, `${operator} takes an Array, a number, or a BinData but received: ${String(operand)}`);
  const length = operand instanceof Binary ? operand.length() * 8 : 64;
  return Array.from({ length }, (_, position) => position).filter(bits);
}

/** Reads single bits, least significant first; numbers are sign-extended. */
function bitsOf(value: Value): ((position: number) => boolean) | null {
  if (value instanceof Binary) {
    const bytes = value.value();
    return (position) => (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) === 1;
  }
  if (!isNumeric(value)) return null;
  const number = toNumber(value);
  if (!Number.isInteger(number) || Math.abs(number) > 2 ** 63) return null;
  const big = typeof value === "bigint" ? value : BigInt(number);
  return (position) => ((big >> BigInt(Math.min(position, 63))) & 1n) === 1n;
}
