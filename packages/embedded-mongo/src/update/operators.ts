import { Timestamp } from "bson";
import { compareValues, equalValues } from "../bson/compare.js";
import { clone } from "../bson/encode.js";
import { isDocument, isNumeric, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { showValue } from "../storage/show-value.js";
import { calculate, isInt, zeroLike } from "./arithmetic.js";
import { type ArrayOperator, addToSet, pop, pull, pullAll, push } from "./array-operators.js";
import type { Target } from "./target.js";
import { typeNameOf } from "./type-names.js";

/** What an operator may need to know. */
export interface OperatorContext {
  readonly path: string;
  readonly now: Date;
  /** The document's `_id`, for messages. */
  readonly id: Value;
}

/** Changes one place. @returns whether anything changed. */
export type Operator = (target: Target, operand: Value, context: OperatorContext) => boolean;

/**
 * The update operators, by name.
 *
 * Decision: our own instead of mingo's updater, which knows JavaScript's numbers only: `$inc` of an int64 would make it a double, and
 * a document with a double 5.0 would come back with an int32. It also takes a conflict of two operators and unknown modifiers silently.
 */
export const operators: Readonly<Record<string, Operator>> = {
  $set: (target, operand) => change(target, operand),
  $unset: (target) => {
    if (target.exists) target.unset();
    return target.exists;
  },
  $inc: (target, operand, context) => arithmetic("$inc", target, operand, context),
  $mul: (target, operand, context) => arithmetic("$mul", target, operand, context),
  $min: (target, operand) => (!target.exists || compareValues(operand, target.value) < 0) && change(target, operand),
  $max: (target, operand) => (!target.exists || compareValues(operand, target.value) > 0) && change(target, operand),
  $currentDate: (target, operand, { now }) => change(target, currentDate(operand, now)),
  $bit: (target, operand, context) => bit(target, operand, context),
  $push: array("$push", push),
  $addToSet: array("$addToSet", addToSet),
  $pop: array("$pop", pop),
  $pull: array("$pull", pull),
  $pullAll: array("$pullAll", pullAll),
};

/** The value with its type: 1 becomes 1.0 when it is set to that, although both are equal. */
function change(target: Target, value: Value): boolean {
  if (
    target.exists &&
    equalValues(target.value, value) &&
    typeNameOf(target.value) === typeNameOf(value) &&
    !isDocument(value)
  )
    return false;
  target.set(clone(value));
  return true;
}

function arithmetic(operator: "$inc" | "$mul", target: Target, operand: Value, context: OperatorContext): boolean {
  const verb = operator === "$inc" ? "increment" : "multiply";
  if (!isNumeric(operand))
    throw fault(14, `Cannot ${verb} with non-numeric argument: {${context.path}: ${showValue(operand)}}`);
  if (!target.exists) {
    target.set(operator === "$inc" ? operand : zeroLike(operand));
    return true;
  }
  if (!isNumeric(target.value)) {
    const name = context.path.split(".").at(-1);
    throw fault(
      14,
      `Cannot apply ${operator} to a value of non-numeric type. {_id: ${showValue(context.id)}} has the field '${name}' of non-numeric type ${typeNameOf(target.value)}`,
    );
  }
  const result = calculate(operator, target.value, operand);
  if (equalValues(result, target.value) && typeNameOf(result) === typeNameOf(target.value)) return false;
  target.set(result);
  return true;
}

function currentDate(operand: Value, now: Date): Value {
  if (typeof operand === "boolean") return now;
  const type = isDocument(operand) ? operand["$type"] : undefined;
  if (type === "date") return now;
  if (type === "timestamp") return new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
  throw fault(
    2,
    `${typeNameOf(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  );
}

function bit(target: Target, operand: Value, { id, path }: OperatorContext): boolean {
  if (!isDocument(operand))
    throw fault(
      2,
      `The $bit modifier is not compatible with a ${typeNameOf(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  if (Object.keys(operand).length === 0)
    throw fault(2, `You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}`);
  let value = target.exists ? target.value : 0;
  if (!isInt(value) && typeof value !== "bigint") {
    throw fault(
      2,
      `Cannot apply $bit to a value of non-integral type._id: ${showValue(id)} has the field ${path} of non-integer type ${typeNameOf(value)}`,
    );
  }
  for (const name of Object.keys(operand)) {
    const by = operand[name];
    if (!isInt(by) && typeof by !== "bigint")
      throw fault(
        2,
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeNameOf(by)}' is not supported here: {${name}: ${showValue(by)}}`,
      );
    const long = typeof value === "bigint" || typeof by === "bigint";
    const [a, b] = [BigInt(value as number), BigInt(by)];
    const result: bigint | null = name === "and" ? a & b : name === "or" ? a | b : name === "xor" ? a ^ b : null;
    if (result === null)
      throw fault(
        2,
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${showValue(by)}}`,
      );
    value = long ? result : Number(result);
  }
  return change(target, value);
}

function array(name: string, operator: ArrayOperator): Operator {
  return (target, operand, { path, id }) => {
    if (target.exists && !Array.isArray(target.value)) {
      if (name === "$push")
        throw fault(
          2,
          `The field '${path}' must be an array but is of type ${typeNameOf(target.value)} in document {_id: ${showValue(id)}}`,
        );
      if (name === "$addToSet")
        throw fault(
          2,
          `Cannot apply $addToSet to non-array field. Field named '${path}' has non-array type ${typeNameOf(target.value)}`,
        );
      if (name === "$pop")
        throw fault(14, `Path '${path}' contains an element of non-array type '${typeNameOf(target.value)}'`);
      throw fault(2, `Cannot apply ${name} to a non-array value`);
    }
    const result = operator(path, target.exists ? (target.value as Value[]) : undefined, operand, id);
    if (result === undefined) return false;
    target.set(result);
    return true;
  };
}
