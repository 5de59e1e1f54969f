import { Aggregator } from "mingo/aggregator";
import { Context, evalExpr, ProcessingMode } from "mingo/core";
import * as accumulators from "mingo/operators/accumulator";
import * as expressions from "mingo/operators/expression";
import * as pipelines from "mingo/operators/pipeline";
import * as projections from "mingo/operators/projection";
import * as queries from "mingo/operators/query";
import * as windows from "mingo/operators/window";
import type { Options } from "mingo/types";
import { plain } from "../bson/encode.js";
import { type Doc, field, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { asFault, fault, MongoServerFault } from "../errors.js";
import type { Predicate } from "../query/filter.js";
import { curedExpressions } from "./cured-operators.js";
import { checkExpression } from "./known-operators.js";
import { percentiles } from "./percentile.js";

/** Computes a value from a document whose numbers are JavaScript's. `undefined` is a missing value. */
export type Expression = (doc: Doc) => Value;

/** What expressions may refer to. */
export interface Scope {
  readonly clock: () => Date;
  /** Values by name, as `$$name` refers to them. */
  readonly variables: Doc;
}

const cured = {
  accumulator: {
    ...accumulators,
    $percentile: (values: Value[], operand: Doc) => percentiles(values, operand["p"] as number[]),
    $median: (values: Value[]) => percentiles(values, [0.5])[0] ?? null,
  },
  expression: { ...expressions, ...curedExpressions },
  pipeline: { ...pipelines },
  projection: { ...projections },
  query: { ...queries },
  window: { ...windows },
};
const context = Context.init(cured as never);

/** What mingo needs to know; scripts never run. */
export function mingoOptions({ clock, variables }: Scope): Options {
  return {
    idKey: "_id",
    processingMode: ProcessingMode.CLONE_OFF,
    useStrictMode: true,
    scriptEnabled: false,
    failOnError: true,
    variables: { ...variables, NOW: clock() },
    context,
  };
}

/** Compiles an expression; paths and constants, by far the most, do not go through mingo. @throws for unknown operators. */
export function compileExpression(expression: Value, scope: Scope): Expression {
  checkExpression(expression);
  const prepared = plain(expression);
  if (typeof prepared === "string" && prepared.startsWith("$")) {
    if (prepared === "$$ROOT" || prepared === "$$CURRENT") return (doc) => doc;
    if (prepared === "$$REMOVE") return () => undefined;
    if (prepared === "$$NOW") return () => scope.clock();
    if (!prepared.startsWith("$$")) return pathExpression(prepared.slice(1));
  } else if (typeof prepared !== "object" || prepared === null || prepared instanceof Date) return () => prepared;
  else if (isDocument(prepared) && Object.keys(prepared).length === 1 && Object.hasOwn(prepared, "$literal"))
    return () => prepared["$literal"];
  const options = mingoOptions(scope);
  const usesNow = JSON.stringify(prepared).includes("$$NOW");
  const bound = usesNow ? replaceNow(prepared, scope.clock()) : prepared;
  return (doc) => {
    try {
      return evalExpr(doc, bound, options);
    } catch (error) {
      throw error instanceof MongoServerFault ? error : fault(2, asFault(error).message);
    }
  };
}

/** mingo has a clock of its own. */
function replaceNow(expression: Value, now: Date): Value {
  if (expression === "$$NOW") return now;
  if (Array.isArray(expression)) return expression.map((element) => replaceNow(element, now));
  if (!isDocument(expression)) return expression;
  return Object.fromEntries(Object.keys(expression).map((name) => [name, replaceNow(expression[name], now)]));
}

/** `"$a.b"`: below an array, the values of its elements. */
function pathExpression(dotted: string): Expression {
  if (dotted === "" || dotted.startsWith(".") || dotted.endsWith(".") || dotted.includes(".."))
    throw fault(40353, `FieldPath must not be empty or end with a '.': '$${dotted}'`);
  const path = dotted.split(".");
  if (path.length === 1) return (doc) => field(doc, dotted);
  return (doc) => valueAt(doc, path, 0);
}

function valueAt(value: Value, path: readonly string[], at: number): Value {
  if (at === path.length) return value;
  if (Array.isArray(value))
    return value.map((element) => valueAt(element, path, at)).filter((element) => element !== undefined);
  return isDocument(value) ? valueAt(field(value, path[at] as string), path, at + 1) : undefined;
}

/** Compiles the operand of `$expr`. */
export function compileExpressionTest(expression: Value, scope: Scope): Predicate {
  const compute = compileExpression(expression, scope);
  return (doc) => isTrue(compute(plain(doc) as Doc));
}

/** What counts as true in an expression. */
export function isTrue(value: Value): boolean {
  if (isNumeric(value)) return toNumber(value) !== 0;
  return value !== false && value !== null && value !== undefined;
}

/** Runs stages by mingo on documents that are in memory. */
export function runMingo(stages: Doc[], options: Options, docs: Doc[]): Doc[] {
  try {
    return new Aggregator(stages, options).run<Doc>(docs);
  } catch (error) {
    throw error instanceof MongoServerFault ? error : fault(2, asFault(error).message);
  }
}
