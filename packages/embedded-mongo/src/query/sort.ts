import { compareValues } from "../bson/compare.js";
import { EMPTY_ARRAY } from "../bson/key-encoding.js";
import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { SortSpec } from "../plan/plan.js";
import { indexRows } from "../storage/index-values.js";
import { pathOf } from "./path.js";

/** Reads a sort order. @throws code 2 and others for what is none. */
export function sortSpecOf(sort: Doc | undefined): SortSpec {
  return Object.keys(sort ?? {}).map((path) => {
    const direction = (sort as Doc)[path];
    if (isDocument(direction)) throw fault(238, "$meta in a sort is not supported by embedded-mongo");
    const number = isNumeric(direction) ? toNumber(direction) : Number.NaN;
    if (Number.isNaN(number)) throw fault(15974, `Illegal key in $sort specification: ${path}: ${String(direction)}`);
    if (number !== 1 && number !== -1)
      throw fault(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
    if (path === "" || path.startsWith("$"))
      throw fault(16410, "FieldPath field names may not start with '$'. Consider using $getField or $setField.");
    return [path, number];
  });
}

/** The values that a document is sorted by. */
export type SortKey = readonly Value[];

/** Takes sort keys from documents and compares them. */
export interface Sorter {
  keyOf(doc: Doc): SortKey;
  compare(a: SortKey, b: SortKey): number;
}

/** A sorter. Of an array the smallest element counts, or the largest when descending. */
export function sorterOf(spec: SortSpec): Sorter {
  const parts = spec.map(([path, direction]) => ({ path: [pathOf(path)], direction }));
  return {
    keyOf: (doc) => parts.map(({ path, direction }) => extreme(indexRows(doc, path).rows, direction)),
    compare(a, b) {
      for (let i = 0; i < parts.length; i++) {
        const order = compareKeys(a[i], b[i]);
        if (order !== 0) return order * (parts[i] as { direction: number }).direction;
      }
      return 0;
    },
  };
}

function extreme(rows: readonly Value[][], direction: number): Value {
  let best = rows[0]?.[0];
  for (const [value] of rows) if (compareKeys(value, best) * direction < 0) best = value;
  return best;
}

function compareKeys(a: Value, b: Value): number {
  if (a === EMPTY_ARRAY || b === EMPTY_ARRAY)
    return a === b ? 0 : a === EMPTY_ARRAY ? emptyAgainst(b) : -emptyAgainst(a);
  return compareValues(a, b);
}

/** An empty array sorts before null and after MinKey. */
function emptyAgainst(other: Value): number {
  return compareValues(other, null) < 0 ? 1 : -1;
}
