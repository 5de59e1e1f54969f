import { EMPTY_ARRAY } from "../bson/key-encoding.js";
import { type Doc, field, isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Path } from "../query/path.js";

/** One row of values, one for each field of the index. */
export type Row = Value[];

/** What an index holds for a document. */
export interface IndexRows {
  readonly rows: Row[];
  /** Whether an array was met, so that a document may have several entries. */
  readonly multikey: boolean;
}

interface Walk {
  readonly base: Value;
  readonly rest: Path;
}

/**
 * The rows that a document has in an index on these paths. An array gives a row for each of its elements; fields below one and the
 * same array get their values from the same element.
 *
 * @throws code 171 when two fields lead to different arrays.
 */
export function indexRows(doc: Doc, paths: readonly Path[]): IndexRows {
  const simple = simpleRow(doc, paths);
  if (simple !== null) return { rows: [simple], multikey: false };
  const rows: Row[] = [];
  const multikey = expand(
    paths.map((rest) => ({ base: doc, rest })),
    rows,
  );
  return { rows, multikey };
}

/** By far the most documents have no array in an indexed field. */
function simpleRow(doc: Doc, paths: readonly Path[]): Row | null {
  const row: Row = [];
  for (const path of paths) {
    let value: Value = doc;
    for (const part of path) {
      if (Array.isArray(value)) return null;
      value = isDocument(value) ? field(value, part) : undefined;
    }
    if (Array.isArray(value)) return null;
    row.push(value ?? null);
  }
  return row;
}

function expand(walks: readonly Walk[], rows: Row[]): boolean {
  const ends = walks.map(walkToArray);
  const arrays = ends.filter((end) => Array.isArray(end.base) && !isFinished(end));
  const first = arrays[0]?.base as Value[] | undefined;
  if (first === undefined) {
    rows.push(ends.map((end) => valueAt(end)));
    return false;
  }
  if (arrays.some((end) => end.base !== first)) throw fault(171, "cannot index parallel arrays");
  const elements = first.length === 0 ? [EMPTY_ARRAY] : first;
  for (const element of elements) {
    expand(
      ends.map((end) => (end.base === first ? below(element, end.rest) : end)),
      rows,
    );
  }
  return true;
}

/** A path that has come to its end within an array: a nested array is a value then, and is not opened again. */
const finished: Path = Object.freeze(["\0end"]);

const isFinished = (walk: Walk): boolean => walk.rest === finished;

function below(element: Value, rest: Path): Walk {
  if (rest.length === 0) return { base: element, rest: finished };
  if (isDocument(element)) return { base: element, rest };
  return { base: null, rest: finished };
}

function walkToArray(walk: Walk): Walk {
  if (isFinished(walk)) return walk;
  let { base } = walk;
  for (const [i, part] of walk.rest.entries()) {
    if (Array.isArray(base)) {
      const position = /^\d+$/.test(part) ? Number(part) : -1;
      if (position < 0 || position >= base.length) return { base, rest: walk.rest.slice(i) };
      base = base[position];
    } else if (isDocument(base)) base = field(base, part);
    else return { base: null, rest: finished };
  }
  return Array.isArray(base) ? { base, rest: [] } : { base, rest: finished };
}

function valueAt(walk: Walk): Value {
  return walk.base === undefined ? null : walk.base;
}
