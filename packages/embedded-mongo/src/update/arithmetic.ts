import { Decimal128, Double } from "bson";
import { isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";

/** Adds or multiplies as MongoDB does: int32 grows into int64, int64 does not overflow, a double makes a double. */
export function calculate(operator: "$inc" | "$mul", a: Value, b: Value): Value {
  if (a instanceof Decimal128 || b instanceof Decimal128) throw notSupported(`${operator} with Decimal128`);
  const apply = operator === "$inc" ? (x: number, y: number) => x + y : (x: number, y: number) => x * y;
  if (isInt(a) && isInt(b)) {
    const result = apply(a, b);
    if ((result | 0) === result) return result === 0 ? 0 : result;
  }
  if (isLongOrInt(a) && isLongOrInt(b)) {
    const [x, y] = [BigInt(a), BigInt(b)];
    const exact = operator === "$inc" ? x + y : x * y;
    if (BigInt.asIntN(64, exact) !== exact) {
      throw fault(
        2,
        `Failed to apply ${operator} operations to current value ((NumberLong)${a}) for document: integer overflow`,
      );
    }
    return exact;
  }
  return double(apply(toNumber(a), toNumber(b)));
}

/** A double that stays one when it is stored. */
export function double(value: number): Value {
  return (value | 0) === value && !Object.is(value, -0) ? new Double(value) : value;
}

/** Whether the value is an int32 as it is held here. */
export function isInt(value: Value): value is number {
  return typeof value === "number" && (value | 0) === value && !Object.is(value, -0);
}

function isLongOrInt(value: Value): value is number | bigint {
  return typeof value === "bigint" || isInt(value);
}

/** Zero of the type of a number, for `$mul` of a missing field. */
export function zeroLike(value: Value): Value {
  if (!isNumeric(value)) return 0;
  if (typeof value === "bigint") return 0n;
  return isInt(value) ? 0 : new Double(0);
}
