import { ObjectId } from "bson";
import { evalExpr } from "mingo/core";
import type { Options } from "mingo/types";
import { compareValues } from "../bson/compare.js";
import { isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { typeNameOf } from "../update/type-names.js";
import { dateOperators } from "./date-operators.js";
import { checkMethod, percentiles, ranksOf } from "./percentile.js";

type MingoOperator = (doc: Value, operand: Value, options: Options) => Value;

/** In expressions a missing value is less than null, which it equals in filters. */
export function compareInExpression(a: Value, b: Value): number {
  if (a === undefined || b === undefined) {
    if (a === b) return 0;
    const other = a === undefined ? b : a;
    const order = other === null ? -1 : compareValues(null, other) < 0 ? -1 : 1;
    return a === undefined ? order : -order;
  }
  return compareValues(a, b);
}

function comparison(name: string, result: (order: number) => Value): MingoOperator {
  return (doc, operand, options) => {
    const values = evalExpr(doc, operand, options);
    if (!Array.isArray(values) || values.length !== 2)
      throw fault(
        16020,
        `Expression ${name} takes exactly 2 arguments. ${Array.isArray(values) ? values.length : 1} were passed in.`,
      );
    return result(compareInExpression(values[0], values[1]));
  };
}

function computed(operator: (value: Value) => Value): MingoOperator {
  return (doc, operand, options) => {
    const value = evalExpr(doc, operand, options);
    return operator(Array.isArray(operand) && Array.isArray(value) && value.length === 1 ? value[0] : value);
  };
}

function quantile(read: (values: Value[], operand: { readonly [name: string]: Value }) => Value): MingoOperator {
  return (doc, operand, options) => {
    if (!isDocument(operand)) throw fault(7436200, "specification must be an object");
    checkMethod(operand["method"]);
    const input = evalExpr(doc, operand["input"], options);
    return read(Array.isArray(input) ? input : [input], { p: evalExpr(doc, operand["p"], options) });
  };
}

/** Expression operators that replace mingo's: those compare by JavaScript's types, or know BSON's types not at all. */
export const curedExpressions: Readonly<Record<string, MingoOperator>> = {
  $eq: comparison("$eq", (order) => order === 0),
  $ne: comparison("$ne", (order) => order !== 0),
  $gt: comparison("$gt", (order) => order > 0),
  $gte: comparison("$gte", (order) => order >= 0),
  $lt: comparison("$lt", (order) => order < 0),
  $lte: comparison("$lte", (order) => order <= 0),
  $cmp: comparison("$cmp", (order) => Math.sign(order)),
  $in: (doc, operand, options) => {
    const [wanted, list] = evalExpr(doc, operand, options) as [Value, Value];
    if (!Array.isArray(list))
      throw fault(40081, `$in requires an array as a second argument, found: ${typeNameOf(list)}`);
    return list.some((value) => compareInExpression(value, wanted) === 0);
  },
  $type: computed(typeNameOf),
  $toString: computed((value) => {
    if (value === null || value === undefined) return null;
    if (value instanceof ObjectId) return value.toHexString();
    if (value instanceof Date) return value.toISOString();
    if (typeof value === "object")
      throw fault(241, `Unsupported conversion from ${typeNameOf(value)} to string in $convert with no onError value`);
    return `${value as string | number | boolean | bigint}`;
  }),
  $percentile: quantile((values, { p }) => percentiles(values, ranksOf(p))),
  $median: quantile((values) => percentiles(values, [0.5])[0] ?? null),
  ...Object.fromEntries(
    Object.entries(dateOperators).map(([name, operator]): [string, MingoOperator] => [
      name,
      (doc, operand, options) => operator(operand, (expression) => evalExpr(doc, expression, options)),
    ]),
  ),
};
