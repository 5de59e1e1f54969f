import { BSONRegExp, Decimal128 } from "bson";
import { isExactlyNumber } from "../bson/decimals.js";
import { type Doc, isDocument, isNumeric, TypeClass, toNumber, typeClass, type Value } from "../bson/values.js";
import { isOperators } from "../query/filter.js";

/** What a filter demands of one field, as far as an index can use it. The filter itself is applied to every document anyway. */
export interface Constraint {
  /** The field has one of these values. */
  points: Value[] | null;
  lower: { value: Value; inclusive: boolean } | null;
  upper: { value: Value; inclusive: boolean } | null;
}

/** More points than this are not worth single look-ups. */
const MAX_POINTS = 20_000;

/** Collects what the filter demands of each path; only what holds in every case (`$and`, not `$or`). */
export function constraintsOf(filter: Doc): Map<string, Constraint> {
  const constraints = new Map<string, Constraint>();
  collect(filter, constraints);
  return constraints;
}

function collect(filter: Doc, into: Map<string, Constraint>): void {
  for (const name of Object.keys(filter)) {
    const operand = filter[name];
    if (name === "$and" && Array.isArray(operand)) for (const part of operand) collect(part as Doc, into);
    else if (!name.startsWith("$")) collectField(name, operand, into);
  }
}

function collectField(path: string, operand: Value, into: Map<string, Constraint>): void {
  if (!isOperators(operand)) {
    if (isPoint(operand)) addPoints(path, [operand], into);
    return;
  }
  for (const operator of Object.keys(operand)) {
    const value = operand[operator];
    if (operator === "$eq" && isPoint(value)) addPoints(path, [value], into);
    else if (operator === "$in" && Array.isArray(value) && value.length <= MAX_POINTS && value.every(isPoint)) {
      addPoints(path, value, into);
    } else if (operator === "$gt" || operator === "$gte" || operator === "$lt" || operator === "$lte") {
      addBound(path, operator, value, into);
    }
  }
}

/** Whether all documents with this value lie at one place of the index: not so for patterns and arrays. */
function isPoint(value: Value): boolean {
  return !(value instanceof BSONRegExp) && !Array.isArray(value) && !(isDocument(value) && isOperators(value));
}

function at(path: string, into: Map<string, Constraint>): Constraint {
  let constraint = into.get(path);
  if (constraint === undefined) {
    constraint = { points: null, lower: null, upper: null };
    into.set(path, constraint);
  }
  return constraint;
}

/** Of two demands the first stays: the other one is checked on the documents. */
function addPoints(path: string, points: Value[], into: Map<string, Constraint>): void {
  const constraint = at(path, into);
  if (constraint.points === null || points.length < constraint.points.length) constraint.points = points;
}

function addBound(path: string, operator: string, value: Value, into: Map<string, Constraint>): void {
  const type = typeClass(value);
  if (type === TypeClass.null || type === TypeClass.array || type === TypeClass.minKey || type === TypeClass.maxKey)
    return;
  if (isNumeric(value) && Number.isNaN(toNumber(value))) return;
  if (value instanceof Decimal128 && !isExactlyNumber(value)) return;
  const constraint = at(path, into);
  const bound = { value, inclusive: operator.endsWith("e") };
  if (operator.startsWith("$g")) constraint.lower ??= bound;
  else constraint.upper ??= bound;
}
