import type { Doc, Value } from "../bson/values.js";
import type { Collection } from "../storage/collection.js";
import { type IndexSpec, idIndex } from "../storage/index-spec.js";
import type { Interval } from "../storage/range-scan.js";
import { type Constraint, constraintsOf } from "./constraints.js";
import { boundsOf, type IndexBounds } from "./intervals.js";

/** A sort order: paths with 1 or -1. */
export type SortSpec = ReadonlyArray<readonly [path: string, direction: 1 | -1]>;

/** How documents are found. */
export interface Plan {
  readonly index: IndexSpec;
  readonly intervals: readonly Interval[];
  readonly reverse: boolean;
  /** Whether they come in the order that was asked for. */
  readonly sorted: boolean;
  /** Whether each interval is the key of one record: then it is looked up, not searched. */
  readonly points: boolean;
  /** Whether each interval alone comes in that order, so that merging them gives it. */
  readonly mergeable: boolean;
}

/** More intervals than this are not merged but sorted. */
const MAX_MERGE = 200;

/** Chooses the index that narrows the search most, and among equals one that gives the order. */
export function choosePlan(collection: Collection, filter: Doc, sort: SortSpec, hint?: IndexSpec): Plan {
  const constraints = constraintsOf(filter);
  const ids = constraints.get("_id")?.points;
  // Nothing finds a document faster, and one document is in any order.
  if (ids?.length === 1 && hint === undefined) return pointPlan(collection, ids[0]);
  const candidates = hint ? [hint] : collection.state.indexes.filter((index) => isUsable(index, constraints, filter));
  let best: { plan: Plan; score: number } | null = null;
  for (const index of candidates) {
    const bounds = boundsOf(index, index.id === 0 ? collection.state.id : index.id, constraints);
    const plan = planOf(index, bounds, sort);
    const score = scoreOf(plan, bounds, sort);
    if (best === null || score > best.score) best = { plan, score };
  }
  return (best as { plan: Plan }).plan;
}

function pointPlan(collection: Collection, id: Value): Plan {
  const low = collection.lookupKey(id);
  return {
    index: idIndex,
    intervals: low === null ? [] : [{ low, high: low }],
    reverse: false,
    sorted: true,
    points: true,
    mergeable: false,
  };
}

/** A sparse or partial index lacks documents: it is used only where the filter cannot match those. */
function isUsable(index: IndexSpec, constraints: ReadonlyMap<string, Constraint>, filter: Doc): boolean {
  if (index.building) return false;
  if (index.partialFilter !== null) return implies(filter, index.partialFilter);
  if (!index.sparse) return true;
  return index.key.some(([path]) => {
    const constraint = constraints.get(path);
    if (!constraint) return false;
    return (
      constraint.lower !== null ||
      constraint.upper !== null ||
      (constraint.points?.every((point) => point != null) ?? false)
    );
  });
}

/** Sure only where the filter repeats the condition literally; otherwise the index is not used. */
function implies(filter: Doc, condition: Doc): boolean {
  return Object.keys(condition).every(
    (name) => name in filter && JSON.stringify(filter[name]) === JSON.stringify(condition[name]),
  );
}

function planOf(index: IndexSpec, bounds: IndexBounds, sort: SortSpec): Plan {
  const { intervals } = bounds;
  const forward = { index, intervals, reverse: false, points: index.id === 0 && bounds.exact === 1 };
  if (sort.length === 0) return { ...forward, sorted: true, mergeable: false };
  // With several entries a document would come at the place of its first one, which depends on the direction.
  const order = index.multikey ? null : orderOf(index, bounds, sort);
  if (order === null) return { ...forward, sorted: false, mergeable: false };
  const sorted = bounds.single || intervals.length === 1 || order.includesPrefix;
  return {
    ...forward,
    reverse: order.reverse,
    sorted,
    mergeable: !sorted && intervals.length <= MAX_MERGE,
  };
}

function orderOf(
  index: IndexSpec,
  bounds: IndexBounds,
  sort: SortSpec,
): { reverse: boolean; includesPrefix: boolean } | null {
  const whole = follows(index, 0, sort);
  if (whole !== null && !bounds.single) return { reverse: whole, includesPrefix: true };
  // Fields with one value are in any order: they may be left out of the sort or appear anywhere in it.
  const fixed = new Set(index.key.slice(0, bounds.exact).map(([path]) => path));
  const rest = bounds.single ? sort.filter(([path]) => !fixed.has(path)) : sort;
  const reverse = follows(index, bounds.exact, rest);
  return reverse === null ? null : { reverse, includesPrefix: false };
}

/** Whether the index has this order from one of its fields on; true when backwards, null when not. */
function follows(index: IndexSpec, from: number, sort: SortSpec): boolean | null {
  let reverse: boolean | null = null;
  for (const [i, [path, direction]] of sort.entries()) {
    const part = index.key[from + i];
    if (part === undefined || part[0] !== path) return null;
    const backwards = part[1] !== direction;
    if (reverse !== null && reverse !== backwards) return null;
    reverse = backwards;
    // Nothing comes after the id: it has each value once.
    if (path === "_id") break;
  }
  return reverse ?? false;
}

function scoreOf(plan: Plan, bounds: IndexBounds, sort: SortSpec): number {
  const { index } = plan;
  const isWhole = bounds.exact === index.key.length && index.unique;
  let score = bounds.exact * 100 + (bounds.bounded - bounds.exact) * 50;
  if (isWhole) score += 10_000; // at most one document for each interval
  if (sort.length > 0 && (plan.sorted || plan.mergeable)) score += 30;
  if (index === idIndex || index.id === 0) score += 5; // its entries are the documents themselves
  return score;
}
