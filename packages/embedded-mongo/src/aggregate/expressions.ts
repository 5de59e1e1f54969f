import { Context, evalExpr, ProcessingMode } from "mingo/core";
import * as accumulators from "mingo/operators/accumulator";
import * as expressions from "mingo/operators/expression";
import * as pipelines from "mingo/operators/pipeline";
import * as projections from "mingo/operators/projection";
import * as queries from "mingo/operators/query";
import * as windows from "mingo/operators/window";
import type { Options } from "mingo/types";
import { plain } from "../bson/encode.js";
import { type Doc, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Predicate } from "../query/filter.js";

/** Computes a value from a document. `undefined` is a missing value. */
export type Expression = (doc: Doc) => Value;

/** mingo's operators; where mingo is wrong, its own are replaced here. */
export const operators = Context.init({
  accumulator: { ...accumulators },
  expression: { ...expressions },
  pipeline: { ...pipelines },
  projection: { ...projections },
  query: { ...queries },
  window: { ...windows },
} as never);

/** What mingo needs to know; scripts never run. */
export function mingoOptions(clock: () => Date, variables: Doc = {}): Options {
  void clock;
  return {
    idKey: "_id",
    processingMode: ProcessingMode.CLONE_OFF,
    useStrictMode: true,
    scriptEnabled: false,
    failOnError: true,
    variables: plain(variables) as Doc,
    context: operators,
  };
}

/** Compiles an expression; paths and constants do not go through mingo. */
export function compileExpression(expression: Value, clock: () => Date, variables: Doc = {}): Expression {
  const options = mingoOptions(clock, variables);
  const prepared = plain(expression);
  return (doc) => {
    try {
      return evalExpr(doc, prepared, options);
    } catch (error) {
      throw fault(2, error instanceof Error ? error.message : String(error));
    }
  };
}

/** Compiles the operand of `$expr`. */
export function compileExpressionTest(expression: Value, clock: () => Date, variables: Doc = {}): Predicate {
  const compute = compileExpression(expression, clock, variables);
  return (doc) => isTrue(compute(plain(doc) as Doc));
}

/** What counts as true in an expression. */
export function isTrue(value: Value): boolean {
  if (isNumeric(value)) return toNumber(value) !== 0;
  return value !== false && value !== null && value !== undefined;
}
