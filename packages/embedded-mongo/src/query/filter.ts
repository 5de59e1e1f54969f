import { BSONRegExp } from "bson";
import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { bitTest } from "./bits.js";
import { equals, hasType, matchesRegex, modulo, opened, ordered, type Test } from "./leaf.js";
import { pathOf, someAt } from "./path.js";

/** Whether a document passes a filter. */
export type Predicate = (doc: Doc) => boolean;

/** What a filter may need from outside. */
export interface FilterContext {
  /** Compiles the operand of `$expr`. */
  readonly expression?: (operand: Value) => Predicate;
}

/**
 * Compiles a filter.
 *
 * Decision: not mingo's Query. It compares by JavaScript's types (int64, Decimal128 and binary values differ from what an index
 * orders), takes unknown operators within a value for a value, and needs the whole document decoded. Expressions are mingo's.
 *
 * @throws code 2 for an operator that does not exist.
 */
export function compileFilter(filter: Doc, context: FilterContext = {}): Predicate {
  const predicates = Object.keys(filter).map((name) => compileTop(name, filter[name], context));
  if (predicates.length === 0) return () => true;
  if (predicates.length === 1) return predicates[0] as Predicate;
  return (doc) => predicates.every((predicate) => predicate(doc));
}

function compileTop(name: string, operand: Value, context: FilterContext): Predicate {
  if (!name.startsWith("$")) return compileField(name, operand, context);
  switch (name) {
    case "$and": {
      const parts = branches(name, operand, context);
      return (doc) => parts.every((part) => part(doc));
    }
    case "$or": {
      const parts = branches(name, operand, context);
      return (doc) => parts.some((part) => part(doc));
    }
    case "$nor": {
      const parts = branches(name, operand, context);
      return (doc) => !parts.some((part) => part(doc));
    }
    case "$comment":
      return () => true;
    case "$expr":
      if (context.expression === undefined) throw fault(224, "$expr is not allowed in this context");
      return context.expression(operand);
    case "$alwaysTrue":
      return () => true;
    case "$alwaysFalse":
      return () => false;
    case "$where":
      throw fault(2, "no globalScriptEngine in $where parsing");
    case "$text":
      throw fault(27, "text index required for $text query");
    case "$jsonSchema":
      throw notSupported("$jsonSchema");
    default:
      throw fault(
        2,
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function branches(name: string, operand: Value, context: FilterContext): Predicate[] {
  if (!Array.isArray(operand)) throw fault(2, `${name} must be an array`);
  if (operand.length === 0) throw fault(2, "$and/$or/$nor must be a nonempty array");
  return operand.map((part: Value) => {
    if (!isDocument(part)) throw fault(2, "$or/$and/$nor entries need to be full objects");
    return compileFilter(part, context);
  });
}

function compileField(dotted: string, operand: Value, context: FilterContext): Predicate {
  const path = pathOf(dotted);
  if (operand instanceof BSONRegExp) return at(path, opened(matchesRegex(operand)));
  if (!isOperators(operand)) return at(path, opened(equals(operand)));
  return allOf(compileOperators(dotted, operand, context));
}

/** Whether the document is made of operators; `{ $ref: … }` is a value. */
export function isOperators(value: Value): value is Doc {
  if (!isDocument(value)) return false;
  const [first] = Object.keys(value);
  return first?.startsWith("$") === true && first !== "$ref" && first !== "$id" && first !== "$db";
}

function allOf(predicates: Predicate[]): Predicate {
  if (predicates.length === 1) return predicates[0] as Predicate;
  return (doc) => predicates.every((predicate) => predicate(doc));
}

function at(path: readonly string[], test: Test): Predicate {
  if (path.length === 1) {
    const [name] = path as [string];
    return (doc) => test(Object.hasOwn(doc, name) ? doc[name] : undefined);
  }
  return (doc) => someAt(doc, path, test);
}

function compileOperators(dotted: string, operators: Doc, context: FilterContext): Predicate[] {
  const path = pathOf(dotted);
  const predicates: Predicate[] = [];
  for (const name of Object.keys(operators)) {
    const operand = operators[name];
    if (name === "$ne" || name === "$nin" || name === "$not") {
      const inner = negated(name, dotted, operand, context);
      predicates.push((doc) => !inner(doc));
    } else if (name === "$options") {
      if (!("$regex" in operators)) throw fault(2, "$options needs a $regex");
    } else if (name === "$comment") {
      // Carries no meaning.
    } else if (name === "$exists") {
      const exists = at(path, (value) => value !== undefined);
      predicates.push(isTruthy(operand) ? exists : (doc) => !exists(doc));
    } else if (name === "$all") predicates.push(...all(dotted, operand, context));
    else predicates.push(at(path, compileOperator(name, operand, operators, context)));
  }
  return predicates.length === 0 ? [() => true] : predicates;
}

function negated(name: string, dotted: string, operand: Value, context: FilterContext): Predicate {
  if (name === "$ne") {
    if (operand instanceof BSONRegExp) throw fault(2, "Can't have regex as arg to $ne.");
    return at(pathOf(dotted), opened(equals(operand)));
  }
  if (name === "$nin") return at(pathOf(dotted), oneOf(name, operand));
  if (operand instanceof BSONRegExp) return at(pathOf(dotted), opened(matchesRegex(operand)));
  if (!isDocument(operand)) throw fault(2, "$not needs a regex or a document");
  if (Object.keys(operand).length === 0) throw fault(2, "$not cannot be empty");
  if (!isOperators(operand)) throw fault(2, `unknown operator: ${Object.keys(operand)[0]}`);
  return allOf(compileOperators(dotted, operand, context));
}

/** What one operator asks of the value at the path; arrays are opened here, where the operator wants it. */
function compileOperator(name: string, operand: Value, all: Doc, context: FilterContext): Test {
  switch (name) {
    case "$eq":
      return opened(equals(operand));
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return opened(ordered(name, operand));
    case "$in":
      return oneOf(name, operand);
    case "$type":
      return opened(hasType(operand));
    case "$mod":
      return opened(modulo(operand));
    case "$regex": {
      if (typeof operand !== "string" && !(operand instanceof BSONRegExp)) throw fault(2, "$regex has to be a string");
      const options = all["$options"];
      if (options !== undefined && typeof options !== "string") throw fault(2, "$options has to be a string");
      return opened(matchesRegex(operand, options));
    }
    case "$size": {
      if (!isNumeric(operand)) throw fault(2, `Failed to parse $size. Expected a number in: $size: ${String(operand)}`);
      const size = toNumber(operand);
      if (!Number.isInteger(size)) throw fault(2, `Failed to parse $size. Expected an integer: $size: ${size}`);
      if (size < 0) throw fault(2, `Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
      return (value) => Array.isArray(value) && value.length === size;
    }
    case "$elemMatch":
      return elementTest(operand, context);
    case "$bitsAllSet":
    case "$bitsAllClear":
    case "$bitsAnySet":
    case "$bitsAnyClear":
      return opened(bitTest(name, operand));
    case "$near":
    case "$nearSphere":
      throw fault(291, "unable to find index for $geoNear query");
    case "$geoWithin":
    case "$geoIntersects":
    case "$within":
      throw notSupported(name);
    default:
      throw fault(2, `unknown operator: ${name}`);
  }
}

function oneOf(name: string, operand: Value): Test {
  if (!Array.isArray(operand)) throw fault(2, `${name} needs an array`);
  if (operand.some(isOperators)) throw fault(2, `cannot nest $ under ${name}`);
  const strings = new Set(operand.filter((value) => typeof value === "string"));
  const others = operand
    .filter((value) => typeof value !== "string")
    .map((value: Value) => (value instanceof BSONRegExp ? matchesRegex(value) : equals(value)));
  return opened((value) => (typeof value === "string" && strings.has(value)) || others.some((test) => test(value)));
}

function all(dotted: string, operand: Value, context: FilterContext): Predicate[] {
  if (!Array.isArray(operand)) throw fault(2, "$all needs an array");
  if (operand.length === 0) return [() => false];
  return operand.map((value: Value) => {
    if (isDocument(value) && Object.keys(value)[0] === "$elemMatch") return compileField(dotted, value, context);
    if (isOperators(value)) throw fault(2, "no $ expressions in $all");
    return at(pathOf(dotted), opened(value instanceof BSONRegExp ? matchesRegex(value) : equals(value)));
  });
}

/** `$elemMatch`: by a filter on documents, or by operators on the elements themselves. */
export function elementTest(operand: Value, context: FilterContext = {}): Test {
  if (!isDocument(operand)) throw fault(2, "$elemMatch needs an Object");
  const [first] = Object.keys(operand);
  const onValues = isOperators(operand) && !["$and", "$or", "$nor", "$expr", "$where"].includes(first as string);
  if (onValues) {
    const predicates = compileOperators("v", operand, context);
    return (value) =>
      Array.isArray(value) && value.some((v: Value) => predicates.every((predicate) => predicate({ v })));
  }
  const predicate = compileFilter(operand, context);
  return (value) =>
    Array.isArray(value) &&
    value.some((element: Value) => (isDocument(element) || Array.isArray(element)) && predicate(element as Doc));
}

function isTruthy(value: Value): boolean {
  if (isNumeric(value)) return toNumber(value) !== 0;
  return value !== false && value !== null && value !== undefined;
}
