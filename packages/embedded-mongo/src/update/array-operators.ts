import { BSONRegExp } from "bson";
import { compareValues, equalValues } from "../bson/compare.js";
import { clone } from "../bson/encode.js";
import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compileFilter, elementTest, isOperators } from "../query/filter.js";
import { matchesRegex } from "../query/leaf.js";
import { sorterOf, sortSpecOf } from "../query/sort.js";
import { typeNameOf } from "./type-names.js";

/** Computes what an array operator makes of an array; undefined leaves everything as it is. */
export type ArrayOperator = (
  path: string,
  array: Value[] | undefined,
  operand: Value,
  id: Value,
) => Value[] | undefined;

/** `$push`, with its modifiers. */
export const push: ArrayOperator = (_path, array, operand) => {
  if (!isDocument(operand) || !Object.hasOwn(operand, "$each")) return [...(array ?? []), clone(operand)];
  for (const name of Object.keys(operand)) {
    if (!["$each", "$position", "$slice", "$sort"].includes(name))
      throw fault(2, `Unrecognized clause in $push: ${name}`);
  }
  const added = eachOf("$push", operand["$each"]);
  const result = [...(array ?? [])];
  result.splice(position(operand["$position"], result.length), 0, ...added);
  if (operand["$sort"] !== undefined) sortArray(result, operand["$sort"]);
  return sliced(result, operand["$slice"]);
};

function eachOf(operator: string, each: Value): Value[] {
  if (!Array.isArray(each))
    throw fault(2, `The argument to $each in ${operator} must be an array but it was of type: ${typeNameOf(each)}`);
  return clone(each);
}

function position(at: Value, length: number): number {
  if (at === undefined) return length;
  const number = isNumeric(at) ? toNumber(at) : Number.NaN;
  if (!Number.isInteger(number))
    throw fault(2, `The value for $position must be an integer value, not of type: ${typeNameOf(at)}`);
  return number < 0 ? Math.max(0, length + number) : Math.min(number, length);
}

function sliced(array: Value[], slice: Value): Value[] {
  if (slice === undefined) return array;
  const number = isNumeric(slice) ? toNumber(slice) : Number.NaN;
  if (!Number.isInteger(number))
    throw fault(2, `The value for $slice must be an integer value but was given type: ${typeNameOf(slice)}`);
  if (number === 0) return [];
  return number < 0 ? array.slice(number) : array.slice(0, number);
}

function sortArray(array: Value[], sort: Value): void {
  if (isDocument(sort)) {
    const sorter = sorterOf(sortSpecOf(sort));
    array.sort((a, b) => sorter.compare(sorter.keyOf(asDocument(a)), sorter.keyOf(asDocument(b))));
    return;
  }
  const direction = isNumeric(sort) ? toNumber(sort) : 0;
  if (direction !== 1 && direction !== -1) throw fault(2, "The $sort element value must be either 1 or -1");
  array.sort((a, b) => direction * compareValues(a, b));
}

const asDocument = (value: Value): Doc => (isDocument(value) ? value : {});

/** `$addToSet`. */
export const addToSet: ArrayOperator = (_path, array, operand) => {
  const each = isDocument(operand) && Object.keys(operand)[0] === "$each";
  if (each && Object.keys(operand).length > 1) throw fault(2, "Found unexpected fields after $each in $addToSet");
  const added = each ? eachOf("$addToSet", operand["$each"]) : [clone(operand)];
  const result = [...(array ?? [])];
  for (const value of added) if (!result.some((present) => equalValues(present, value))) result.push(value);
  return array !== undefined && result.length === array.length ? undefined : result;
};

/** `$pop`. */
export const pop: ArrayOperator = (_path, array, operand) => {
  const end = isNumeric(operand) ? toNumber(operand) : 0;
  if (end !== 1 && end !== -1) throw fault(9, `$pop expects 1 or -1, found: ${String(operand)}`);
  if (array === undefined || array.length === 0) return undefined;
  return end === 1 ? array.slice(0, -1) : array.slice(1);
};

/** `$pull`. */
export const pull: ArrayOperator = (_path, array, operand) => {
  const matches = pullTest(operand);
  const result = array?.filter((value) => !matches(value));
  return result === undefined || result.length === array?.length ? undefined : result;
};

function pullTest(operand: Value): (value: Value) => boolean {
  if (operand instanceof BSONRegExp) return matchesRegex(operand);
  if (!isDocument(operand)) return (value) => equalValues(value, operand);
  if (isOperators(operand)) {
    const test = elementTest(operand);
    return (value) => test([value]);
  }
  const predicate = compileFilter(operand);
  return (value) => isDocument(value) && predicate(value);
}

/** `$pullAll`. */
export const pullAll: ArrayOperator = (_path, array, operand) => {
  if (!Array.isArray(operand))
    throw fault(2, `$pullAll requires an array argument but was given a ${typeNameOf(operand)}`);
  const result = array?.filter((value) => !operand.some((removed) => equalValues(value, removed)));
  return result === undefined || result.length === array?.length ? undefined : result;
};
