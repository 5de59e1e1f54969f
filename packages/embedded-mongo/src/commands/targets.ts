import { compileExpressionTest } from "../aggregate/expressions.js";
import { equalValues } from "../bson/compare.js";
import { decode } from "../bson/decode.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { type Finder, type Found, finderOf, Test } from "../plan/finder.js";
import { choosePlan, type SortSpec } from "../plan/plan.js";
import { compileFilter } from "../query/filter.js";
import { type SortKey, sorterOf } from "../query/sort.js";
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
  finder(collection: Collection): Finder;
  /** The first document in the order asked for. Works through all that match when no index gives the order. */
  first(collection: Collection): Found | null;
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
    first(collection) {
      const chosen = plan(collection, sort);
      const finder = finderOf(collection, chosen, test);
      return chosen.sorted ? firstOf(finder) : smallestOf(finder, sort);
    },
  };
}

function firstOf(finder: Finder): Found | null {
  for (let found = finder.next(); found !== null; found = finder.next()) if (found !== undefined) return found;
  return null;
}

function smallestOf(finder: Finder, sort: SortSpec): Found | null {
  const sorter = sorterOf(sort);
  let best: { found: Found; key: SortKey } | null = null;
  for (let found = finder.next(); found !== null; found = finder.next()) {
    if (found === undefined) continue;
    const key = sorter.keyOf(decode(found.bytes));
    if (best === null || sorter.compare(key, best.key) < 0) best = { found, key };
  }
  return best?.found ?? null;
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
