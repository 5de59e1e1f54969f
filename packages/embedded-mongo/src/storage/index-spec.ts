import type { Doc } from "../bson/values.js";
import { type Path, pathOf } from "../query/path.js";

/** An index as the catalogue keeps it. */
export interface IndexSpec {
  readonly id: number;
  readonly name: string;
  /** Fields with 1 or -1, in order. */
  readonly key: ReadonlyArray<readonly [path: string, direction: 1 | -1]>;
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly expireAfterSeconds: number | null;
  readonly partialFilter: Doc | null;
  /** Whether any document ever had an array in it: then a document may have several entries. Never goes back. */
  multikey: boolean;
  /** Whether documents from before the index may be missing in it: then no query uses it. */
  building: boolean;
}

const pathsOfSpecs = new WeakMap<IndexSpec, readonly Path[]>();

/** The index's paths, split once. */
export function pathsOf(spec: IndexSpec): readonly Path[] {
  let paths = pathsOfSpecs.get(spec);
  if (paths === undefined) {
    paths = spec.key.map(([path]) => pathOf(path));
    pathsOfSpecs.set(spec, paths);
  }
  return paths;
}

/** The index's fields as MongoDB shows them. */
export function keyPattern(spec: IndexSpec): Doc {
  return Object.fromEntries(spec.key);
}

/** The index on `_id`, which is the order of the records themselves. */
export const idIndex: IndexSpec = {
  id: 0,
  name: "_id_",
  key: [["_id", 1]],
  unique: true,
  sparse: false,
  expireAfterSeconds: null,
  partialFilter: null,
  multikey: false,
  building: false,
};
