import { compileExpressionTest } from "../aggregate/expressions.js";
import { equalValues } from "../bson/compare.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { type Finder, finderOf, Test } from "../plan/finder.js";
import { choosePlan, type SortSpec } from "../plan/plan.js";
import { compileFilter } from "../query/filter.js";
import type { Collection } from "../storage/collection.js";
import { type IndexSpec, keyPattern } from "../storage/index-spec.js";
import type { Call } from "./context.js";

/** Finds the documents that a statement is about. */
export interface Selection {
  readonly filter: Doc;
  readonly sort?: SortSpec;
  readonly hint?: Value;
  readonly variables?: Doc;
}

/** A compiled selection; it can be applied to documents that were read before. */
export interface Selector {
  readonly test: Test;
  readonly sort: SortSpec;
  finder(collection: Collection): Finder;
  /** A finder in the order asked for, or, where no index gives that, in any. */
  ordered(collection: Collection): { readonly finder: Finder; readonly sorted: boolean };
}

export function selectorOf(call: Call, { filter, sort = [], hint, variables }: Selection): Selector {
  const test = new Test(
    compileFilter(filter, {
      expression: (operand) => compileExpressionTest(operand, { clock: call.server.clock, variables: variables ?? {} }),
    }),
    filter,
  );
  const plan = (collection: Collection, order: SortSpec) =>
    choosePlan(collection, filter, order, hintOf(collection, hint));
  return {
    test,
    finder: (collection) => finderOf(collection, plan(collection, []), test),
    sort,
    ordered(collection) {
      const chosen = plan(collection, sort);
      return { finder: finderOf(collection, chosen, test), sorted: chosen.sorted };
    },
  };
}

/** The index that a command asks for. @throws code 2 when there is none such. */
export function hintOf(collection: Collection, hint: Value): IndexSpec | undefined {
  if (hint === undefined || hint === null) return undefined;
  if (isDocument(hint) && (Object.keys(hint).length === 0 || "$natural" in hint)) return undefined;
  const found = collection.state.indexes.find((index) =>
    typeof hint === "string" ? index.name === hint : equalValues(keyPattern(index), hint),
  );
  if (found === undefined)
    throw fault(2, "error processing query: hint provided does not correspond to an existing index");
  return found;
}
