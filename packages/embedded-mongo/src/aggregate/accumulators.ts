import { encodedSize } from "../bson/encode.js";
import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compareInExpression } from "./cured-operators.js";
import { compileExpression, type Expression, type Scope } from "./expressions.js";
import { keyOfValue } from "./group-key.js";
import { checkMethod, percentiles, ranksOf } from "./percentile.js";

/** What one accumulator keeps for one group. */
export interface Accumulation {
  add(doc: Doc): void;
  result(): Value;
  /** Bytes it has taken since it was last asked, as far as they grow with the documents. */
  grown?(): number;
}

/** Makes an accumulation for a new group. */
export type Accumulator = () => Accumulation;

type Make = (operand: Value, scope: Scope) => Accumulator;

const byExpression =
  (make: (compute: Expression) => Accumulation): Make =>
  (operand, scope) => {
    const compute = compileExpression(operand, scope);
    return () => make(compute);
  };

/** Accumulators that work document by document. The others need all documents of a group. */
const makers: Readonly<Record<string, Make>> = {
  $sum(operand, scope) {
    if (typeof operand === "number") return () => constantSum(operand);
    return byExpression(sum)(operand, scope);
  },
  $count(operand) {
    if (!isDocument(operand) || Object.keys(operand).length > 0)
      throw fault(9, "$count takes no arguments, i.e. $count:{}");
    return () => constantSum(1);
  },
  $avg: byExpression(average),
  $min: byExpression((compute) => extreme(compute, -1)),
  $max: byExpression((compute) => extreme(compute, 1)),
  $first: byExpression(first),
  $last: byExpression(last),
  $push: byExpression(push),
  $addToSet: byExpression(addToSet),
  $percentile: quantile,
  $median: quantile,
};

/** Compiles one accumulator; null when it is one of those that need all documents at once. */
export function compileAccumulator(name: string, operand: Value, scope: Scope): Accumulator | null {
  return Object.hasOwn(makers, name) ? (makers[name] as Make)(operand, scope) : null;
}

function constantSum(by: number): Accumulation {
  let total = 0;
  return {
    add() {
      total += by;
    },
    result: () => total,
  };
}

/** Exact for int64 beyond 2^53 too; a double makes a double. */
function sum(compute: Expression): Accumulation {
  let total = 0;
  let big = 0n;
  return {
    add(doc) {
      const value = compute(doc);
      if (typeof value === "number") total += value;
      else if (typeof value === "bigint") big += value;
      else if (isNumeric(value)) total += toNumber(value);
    },
    result() {
      if (big === 0n) return total;
      return Number.isSafeInteger(total) ? big + BigInt(total) : total + Number(big);
    },
  };
}

function average(compute: Expression): Accumulation {
  let total = 0;
  let count = 0;
  return {
    add(doc) {
      const value = compute(doc);
      if (!isNumeric(value)) return;
      total += toNumber(value);
      count += 1;
    },
    result: () => (count === 0 ? null : total / count),
  };
}

function extreme(compute: Expression, direction: 1 | -1): Accumulation {
  let best: Value = null;
  return {
    add(doc) {
      const value = compute(doc);
      if (value === null || value === undefined) return;
      if (best === null || compareInExpression(value, best) * direction > 0) best = value;
    },
    result: () => best,
  };
}

function first(compute: Expression): Accumulation {
  let found: Value;
  let any = false;
  return {
    add(doc) {
      if (!any) found = compute(doc) ?? null;
      any = true;
    },
    result: () => found,
  };
}

function last(compute: Expression): Accumulation {
  let found: Value = null;
  return {
    add(doc) {
      found = compute(doc) ?? null;
    },
    result: () => found,
  };
}

function push(compute: Expression): Accumulation {
  const values: Value[] = [];
  let grown = 0;
  return {
    add(doc) {
      const value = compute(doc);
      if (value === undefined) return;
      values.push(value);
      grown += sizeOf(value);
    },
    result: () => values,
    grown: () =>
      take(grown, () => {
        grown = 0;
      }),
  };
}

function addToSet(compute: Expression): Accumulation {
  const values = new Map<string, Value>();
  let grown = 0;
  return {
    add(doc) {
      const value = compute(doc);
      if (value === undefined) return;
      const key = keyOfValue(value);
      if (values.has(key)) return;
      values.set(key, value);
      grown += 2 * sizeOf(value);
    },
    result: () => [...values.values()],
    grown: () =>
      take(grown, () => {
        grown = 0;
      }),
  };
}

function quantile(operand: Value, scope: Scope): Accumulator {
  if (!isDocument(operand)) throw fault(7436100, "specification must be an object");
  checkMethod(operand["method"]);
  const ranks = operand["p"] === undefined ? null : ranksOf(operand["p"]);
  const compute = compileExpression(operand["input"], scope);
  return () => {
    const values: number[] = [];
    let asked = 0;
    return {
      add(doc) {
        const value = compute(doc);
        if (isNumeric(value)) values.push(toNumber(value));
      },
      result: () => (ranks === null ? (percentiles(values, [0.5])[0] ?? null) : percentiles(values, ranks)),
      grown() {
        const more = (values.length - asked) * 8;
        asked = values.length;
        return more;
      },
    };
  };
}

function take(grown: number, reset: () => void): number {
  reset();
  return grown;
}

function sizeOf(value: Value): number {
  if (typeof value === "string") return 32 + value.length * 2;
  return typeof value === "object" && value !== null ? 32 + encodedSize({ value }) : 16;
}
