import { compareValues } from "../bson/compare.js";
import { type Doc, isDocument, typeClass, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault } from "../errors.js";
import { compileExpression, type Scope } from "./expressions.js";
import { groupStage } from "./group.js";
import { collect, lateRows, type Rows } from "./rows.js";

/** `$bucket`: groups by the lower boundary of the range that a value is in. */
export function bucketStage(call: Call, spec: Value, scope: Scope): (rows: Rows) => Rows {
  if (!isDocument(spec)) throw fault(40201, "Argument to $bucket stage must be an object");
  for (const name of Object.keys(spec))
    if (!["groupBy", "boundaries", "default", "output"].includes(name))
      throw fault(40197, `Unrecognized option to $bucket: ${name}.`);
  const { groupBy, output = { count: { $sum: 1 } } } = spec;
  const boundaries = boundariesOf(spec["boundaries"], scope);
  const value = compileExpression(groupBy, scope);
  const hasDefault = Object.hasOwn(spec, "default");
  const fallback = spec["default"];
  const [lowest, highest] = [boundaries[0], boundaries.at(-1)];
  if (
    hasDefault &&
    typeClass(fallback) === typeClass(lowest) &&
    compareValues(fallback, lowest) >= 0 &&
    compareValues(fallback, highest) < 0
  ) {
    throw fault(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  }
  const idOf = (doc: Doc): Value => {
    const by = value(doc);
    if (typeClass(by) === typeClass(lowest)) {
      const above = boundaries.findIndex((boundary) => compareValues(by, boundary) < 0);
      if (above > 0) return boundaries[above - 1];
    }
    if (!hasDefault)
      throw fault(40066, "$switch could not find a matching branch for an input, and no default was specified.");
    return fallback;
  };
  const group = groupStage(call, { _id: null, ...(output as Doc) }, scope, idOf);
  return (rows) =>
    lateRows(async () =>
      (await collect(call, group(rows), "$bucket")).sort((a, b) => compareValues(a["_id"], b["_id"])),
    );
}

function boundariesOf(given: Value, scope: Scope): Value[] {
  if (!Array.isArray(given))
    throw fault(40200, "The $bucket 'boundaries' field must be an array, but found type: object.");
  if (given.length < 2)
    throw fault(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${given.length} value(s).`,
    );
  const boundaries = given.map((boundary: Value) => compileExpression(boundary, scope)({}));
  for (let i = 1; i < boundaries.length; i++) {
    if (typeClass(boundaries[i]) !== typeClass(boundaries[0]))
      throw fault(40193, "All values in the 'boundaries' option to $bucket must have the same type.");
    if (compareValues(boundaries[i - 1], boundaries[i]) >= 0)
      throw fault(40194, "The 'boundaries' option to $bucket must be sorted.");
  }
  return boundaries;
}
