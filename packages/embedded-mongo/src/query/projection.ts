import { compileExpression, type Expression, isTrue, type Scope } from "../aggregate/expressions.js";
import { clone, plain } from "../bson/encode.js";
import { type Doc, isDocument, isNumeric, setField, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { elementTest } from "./filter.js";

/** Makes the document that a client gets from a stored one. */
export type Projection = (doc: Doc) => Doc;

/** What a projection may need beside itself. */
export interface ProjectionContext extends Scope {
  /** Whether it is the stage `$project`, which has no `$elemMatch` and whose `$slice` is an expression. */
  readonly stage?: boolean;
}

/** What happens to a field: it is kept, removed, computed, or its own fields are looked at. */
interface Node {
  readonly children: Map<string, Node>;
  keep: boolean | null;
  compute: Expression | null;
  transform: ((value: Value) => Value) | null;
}

const newNode = (): Node => ({ children: new Map(), keep: null, compute: null, transform: null });

/** Compiles a projection; null when it is empty. @throws code 31254 and others for a mixture of both kinds. */
export function compileProjection(projection: Doc, context: ProjectionContext): Projection | null {
  const names = Object.keys(projection);
  if (names.length === 0) return null;
  const root = newNode();
  let mode: "include" | "exclude" | null = null;
  let keepId: boolean | null = null;
  const turn = (to: "include" | "exclude", name: string): void => {
    if (mode !== null && mode !== to) {
      throw to === "include"
        ? fault(31253, `Cannot do inclusion on field ${name} in exclusion projection`)
        : fault(31254, `Cannot do exclusion on field ${name} in inclusion projection`);
    }
    mode = to;
  };
  const visit = (name: string, value: Value): void => {
    if (name === "" || name.startsWith("$") || name.includes("..") || name.endsWith("."))
      throw fault(16410, `FieldPath field names may not start with '$' or be empty: '${name}'.`);
    if (name.endsWith(".$")) throw notSupported("the positional projection ($)");
    const node = nodeAt(root, name);
    if (isNumeric(value) || typeof value === "boolean") {
      const keep = isTrue(value);
      node.keep = keep;
      if (name === "_id") keepId = keep;
      else turn(keep ? "include" : "exclude", name);
    } else if (context.stage !== true && isDocument(value) && Object.keys(value)[0] === "$slice")
      node.transform = slice(value["$slice"]);
    else if (context.stage !== true && isDocument(value) && Object.keys(value)[0] === "$elemMatch") {
      node.transform = firstMatch(value["$elemMatch"]);
      turn("include", name);
    } else if (isDocument(value) && Object.keys(value).length > 0 && !Object.keys(value)[0]?.startsWith("$")) {
      for (const inner of Object.keys(value)) visit(`${name}.${inner}`, value[inner]);
    } else {
      node.compute = compileExpression(value, context);
      turn("include", name);
    }
  };
  for (const name of names) visit(name, projection[name]);
  const including = mode === "include" || (mode === null && keepId === true);
  if (including && keepId === null) nodeAt(root, "_id").keep = true;
  const computes = hasComputed(root);
  return (doc) => {
    const whole = computes ? (plain(doc) as Doc) : doc;
    return including ? include(doc, root, whole) : exclude(doc, root, whole);
  };
}

function hasComputed(node: Node): boolean {
  return node.compute !== null || [...node.children.values()].some(hasComputed);
}

function nodeAt(root: Node, dotted: string): Node {
  let node = root;
  for (const part of dotted.split(".")) {
    if (node.keep !== null) throw fault(31249, `Path collision at ${dotted} remaining portion ${part}`);
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode();
      node.children.set(part, child);
    }
    node = child;
  }
  if (node.children.size > 0 || node.keep !== null || node.compute !== null)
    throw fault(31250, `Path collision at ${dotted}`);
  return node;
}

function include(doc: Doc, node: Node, whole: Doc): Doc {
  const result: Doc = {};
  for (const name of Object.keys(doc)) {
    const child = node.children.get(name);
    if (child === undefined || child.compute !== null || child.keep === false) continue;
    const value = child.transform
      ? child.transform(doc[name])
      : child.children.size > 0
        ? includeBelow(doc[name], child, whole)
        : doc[name];
    if (value !== undefined) setField(result, name, value);
  }
  computeFields(result, node, whole);
  return result;
}

function includeBelow(value: Value, node: Node, whole: Doc): Value {
  if (Array.isArray(value))
    return value.flatMap((element: Value) =>
      isDocument(element) || Array.isArray(element) ? [includeBelow(element, node, whole)] : [],
    );
  if (isDocument(value)) return include(value, node, whole);
  if (!hasComputed(node)) return undefined;
  return include({}, node, whole);
}

function computeFields(result: Doc, node: Node, whole: Doc): void {
  for (const [name, child] of node.children) {
    if (child.compute !== null) {
      const value = child.compute(whole);
      if (value !== undefined) setField(result, name, value);
    } else if (child.children.size > 0 && !Object.hasOwn(result, name) && hasComputed(child))
      setField(result, name, include({}, child, whole));
  }
}

function exclude(doc: Doc, node: Node, whole: Doc): Doc {
  const result: Doc = {};
  for (const name of Object.keys(doc)) {
    const child = node.children.get(name);
    if (child === undefined || child.keep === true) setField(result, name, doc[name]);
    else if (child.transform) setField(result, name, child.transform(doc[name]));
    else if (child.children.size > 0) setField(result, name, excludeBelow(doc[name], child, whole));
  }
  return result;
}

function excludeBelow(value: Value, node: Node, whole: Doc): Value {
  if (Array.isArray(value)) return value.map((element: Value) => excludeBelow(element, node, whole));
  return isDocument(value) ? exclude(value, node, whole) : value;
}

function slice(operand: Value): (value: Value) => Value {
  const [skip, limit] = Array.isArray(operand)
    ? [toNumber(operand[0]), toNumber(operand[1])]
    : [null, toNumber(operand)];
  if (Number.isNaN(limit) || (skip !== null && (Number.isNaN(skip) || limit <= 0)))
    throw fault(28667, "Invalid $slice syntax. The given syntax did not match the find() syntax.");
  return (value) => {
    if (!isArray(value)) return value;
    if (skip === null) return limit < 0 ? value.slice(limit) : value.slice(0, limit);
    const start = skip < 0 ? Math.max(0, value.length + skip) : skip;
    return value.slice(start, start + limit);
  };
}

function firstMatch(operand: Value): (value: Value) => Value {
  const test = elementTest(operand);
  return (value) => {
    if (!isArray(value)) return undefined;
    const found = value.find((element: Value) => test([element]));
    return found === undefined ? undefined : [clone(found)];
  };
}

/** As `Array.isArray`, but of elements that are not known. */
function isArray(value: Value): value is Value[] {
  return Array.isArray(value);
}
