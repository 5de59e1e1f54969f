import { type Doc, field, isDocument, setField, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compileProjection } from "../query/projection.js";
import { showValue } from "../storage/show-value.js";
import { typeNameOf } from "../update/type-names.js";
import { compileExpression, type Scope } from "./expressions.js";

/** Makes a document from a document. */
type Change = (doc: Doc) => Doc;

/** The stages that make one document from one, which updates may use too; null for other stages. */
export function documentStage(name: string, operand: Value, scope: Scope): Change | null {
  switch (name) {
    case "$project":
      return project(operand, scope);
    case "$set":
    case "$addFields":
      return set(name, operand, scope);
    case "$unset":
      return unset(operand, scope);
    case "$replaceWith":
      return replaceRoot(operand, scope);
    case "$replaceRoot": {
      if (!isDocument(operand) || !Object.hasOwn(operand, "newRoot"))
        throw fault(40231, "no newRoot specified for the $replaceRoot stage");
      for (const option of Object.keys(operand))
        if (option !== "newRoot")
          throw fault(40229, `unrecognized option to $replaceRoot stage: ${option}, only valid option is 'newRoot'.`);
      return replaceRoot(operand["newRoot"], scope);
    }
    default:
      return null;
  }
}

function project(operand: Value, scope: Scope): Change {
  if (!isDocument(operand)) throw fault(15969, "$project specification must be an object");
  if (Object.keys(operand).length === 0)
    throw fault(51272, "Invalid $project :: caused by :: projection specification must have at least one field");
  return compileProjection(operand, { ...scope, stage: true }) ?? ((doc) => doc);
}

function unset(operand: Value, scope: Scope): Change {
  const names = Array.isArray(operand) ? operand : [operand];
  if (names.length === 0 || !names.every((name) => typeof name === "string" && name !== ""))
    throw fault(31002, "$unset specification must be a string or an array containing only string values");
  return project(Object.fromEntries(names.map((name) => [name, 0])), scope);
}

/** `$set` and `$addFields`. */
function set(name: string, operand: Value, scope: Scope): Change {
  if (!isDocument(operand) || Object.keys(operand).length === 0)
    throw fault(40272, `${name} specification stage must be an object with at least one field`);
  const setters = settersOf("", operand, scope);
  return (doc) => {
    let result = doc;
    for (const { path, compute } of setters) result = withValue(result, path, 0, compute(doc)) as Doc;
    return result;
  };
}

function settersOf(prefix: string, fields: Doc, scope: Scope): { path: string[]; compute: (doc: Doc) => Value }[] {
  return Object.keys(fields).flatMap((name) => {
    if (name.startsWith("$") || name === "")
      throw fault(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField: '${name}'`,
      );
    const value = fields[name];
    const dotted = prefix + name;
    if (isDocument(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]?.startsWith("$"))
      return settersOf(`${dotted}.`, value, scope);
    return [{ path: dotted.split("."), compute: compileExpression(value, scope) }];
  });
}

/** A copy with another value at the path; an array on the way gets it in each of its elements. */
export function withValue(target: Value, path: readonly string[], at: number, value: Value): Value {
  if (at === path.length) return value;
  if (Array.isArray(target)) return target.map((element) => withValue(element, path, at, value));
  const copy: Doc = isDocument(target) ? { ...target } : {};
  const name = path[at] as string;
  const inner = withValue(field(copy, name), path, at + 1, value);
  if (inner === undefined) delete copy[name];
  else setField(copy, name, inner);
  return copy;
}

/** `$replaceRoot` and `$replaceWith`. */
function replaceRoot(expression: Value, scope: Scope): Change {
  const compute = compileExpression(expression, scope);
  return (doc) => {
    const root = compute(doc);
    if (!isDocument(root))
      throw fault(
        40228,
        `'newRoot' expression must evaluate to an object, but resulting value was: ${root === undefined ? "MISSING" : showValue(root)}. Type of resulting value: '${typeNameOf(root)}'. Input document: ${showValue(doc)}`,
      );
    return root;
  };
}
