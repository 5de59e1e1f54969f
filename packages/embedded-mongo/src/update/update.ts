import { equalValues } from "../bson/compare.js";
import { clone } from "../bson/encode.js";
import { type Doc, isDocument, setField, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { showValue } from "../storage/show-value.js";
import { operators } from "./operators.js";
import { compileArrayFilters, resolvePositions } from "./positions.js";
import { targetAt } from "./target.js";
import { typeNameOf } from "./type-names.js";

/** When and on what an update is applied. */
export interface UpdateContext {
  readonly now: Date;
  /** Whether the document is being inserted by an upsert; then `$setOnInsert` counts. */
  readonly inserting: boolean;
}

/** A compiled update: makes the new document from the old one, which it may change; null when nothing changes. */
export type Update = (doc: Doc, context: UpdateContext) => Doc | null;

/** What an update consists of, as the command has it. */
export interface UpdateInput {
  readonly update: Value;
  readonly filter: Doc;
  readonly arrayFilters?: readonly Doc[] | undefined;
  /** Runs an update that is an aggregation pipeline. */
  readonly pipeline: (stages: readonly Doc[], doc: Doc) => Doc;
}

/** Compiles operators, a replacement or a pipeline. @throws MongoDB's errors for what is none of them. */
export function compileUpdate(input: UpdateInput): Update {
  const { update } = input;
  if (Array.isArray(update)) return byPipeline(update as Doc[], input.pipeline);
  if (!isDocument(update)) throw fault(9, "Update argument must be either an object or an array");
  const first = Object.keys(update)[0];
  return first?.startsWith("$") ? byOperators(update, input) : byReplacement(update);
}

/** Whether an update replaces the whole document. */
export function isReplacement(update: Value): boolean {
  return isDocument(update) && !Object.keys(update)[0]?.startsWith("$");
}

function byReplacement(replacement: Doc): Update {
  for (const name of Object.keys(replacement)) {
    if (name.startsWith("$")) {
      throw fault(
        52,
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
    }
  }
  return (doc) => {
    const id = doc["_id"];
    if (Object.hasOwn(replacement, "_id") && id !== undefined && !equalValues(replacement["_id"], id))
      throw immutableId(replacement["_id"]);
    const result: Doc = id === undefined && !Object.hasOwn(doc, "_id") ? {} : { _id: id };
    for (const name of Object.keys(replacement))
      if (name !== "_id" || !Object.hasOwn(result, "_id")) setField(result, name, clone(replacement[name]));
    return result;
  };
}

function byPipeline(stages: readonly Doc[], run: UpdateInput["pipeline"]): Update {
  for (const stage of stages) {
    const name = Object.keys(stage)[0] ?? "";
    if (!["$set", "$addFields", "$unset", "$project", "$replaceRoot", "$replaceWith"].includes(name)) {
      throw fault(72, `${name} is not allowed to be used within an update`);
    }
  }
  return (doc) => {
    const before = clone(doc);
    const after = run(stages, doc);
    if (!Object.hasOwn(after, "_id") && Object.hasOwn(before, "_id")) return { _id: before["_id"], ...after };
    if (Object.hasOwn(before, "_id") && !equalValues(after["_id"], before["_id"])) throw immutableId(after["_id"]);
    return equalValues(before, after) ? null : after;
  };
}

interface Step {
  readonly operator: string;
  readonly path: readonly string[];
  readonly operand: Value;
}

function byOperators(update: Doc, input: UpdateInput): Update {
  const steps = parse(update);
  const filters = compileArrayFilters(input.arrayFilters ?? []);
  for (const identifier of filters.keys()) {
    if (!steps.some(({ path }) => path.includes(`$[${identifier}]`))) {
      throw fault(9, `The array filter for identifier '${identifier}' was not used in the update ${showValue(update)}`);
    }
  }
  const position = { filters, filter: input.filter };
  return (doc, context) => {
    const id = doc["_id"];
    const hasId = Object.hasOwn(doc, "_id");
    let changed = false;
    for (const step of steps) {
      if (step.operator === "$setOnInsert" && !context.inserting) continue;
      for (const path of resolvePositions(doc, step.path, position)) {
        if (apply(doc, { ...step, path }, context)) changed = true;
      }
    }
    if (hasId && !(Object.hasOwn(doc, "_id") && equalValues(doc["_id"], id))) throw immutableId(doc["_id"]);
    return changed ? doc : null;
  };
}

function parse(update: Doc): Step[] {
  const steps: Step[] = [];
  for (const operator of Object.keys(update)) {
    if (operator !== "$rename" && operator !== "$setOnInsert" && !Object.hasOwn(operators, operator)) {
      throw fault(
        9,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    const fields = update[operator];
    if (!isDocument(fields)) {
      throw fault(
        9,
        `Modifiers operate on fields but we found type ${typeNameOf(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${showValue(fields)}}`,
      );
    }
    for (const path of Object.keys(fields)) steps.push({ operator, path: checkedPath(path), operand: fields[path] });
  }
  checkConflicts(steps);
  // As MongoDB does: fields are changed in the order of their names, so that new ones appear in a known order.
  return steps.length < 2 ? steps : steps.toSorted((a, b) => comparePaths(a.path, b.path));
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as string, b[i] as string];
    if (x === y) continue;
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    return numbers ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function checkedPath(dotted: string): string[] {
  const path = dotted.split(".");
  if (dotted === "") throw fault(56, "An empty update path is not valid.");
  if (path.includes(""))
    throw fault(56, `The update path '${dotted}' contains an empty field name, which is not allowed.`);
  if (path[0]?.startsWith("$")) {
    throw path[0] === "$" || path[0].startsWith("$[")
      ? fault(2, `Cannot have positional (i.e. '$') element in the first position in path '${dotted}'`)
      : fault(
          52,
          `The dollar ($) prefixed field '${path[0]}' in '${dotted}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
        );
  }
  return path;
}

function checkConflicts(steps: readonly Step[]): void {
  const seen = new Set<string>();
  const above = new Map<string, string>();
  const add = (dotted: string): void => {
    const inside = above.get(dotted);
    if (seen.has(dotted) || inside !== undefined)
      throw conflict(seen.has(dotted) ? dotted : (inside as string), dotted);
    for (let dot = dotted.indexOf("."); dot >= 0; dot = dotted.indexOf(".", dot + 1)) {
      const prefix = dotted.slice(0, dot);
      if (seen.has(prefix)) throw conflict(dotted, prefix);
      above.set(prefix, dotted);
    }
    seen.add(dotted);
  };
  for (const { operator, path, operand } of steps) {
    add(path.join("."));
    if (operator === "$rename" && typeof operand === "string") add(operand);
  }
}

function conflict(path: string, at: string): Error {
  return fault(40, `Updating the path '${path}' would create a conflict at '${at}'`);
}

function apply(doc: Doc, { operator, path, operand }: Step, context: UpdateContext): boolean {
  if (operator === "$rename") return rename(doc, path, operand);
  const target = targetAt(
    doc,
    path,
    operator === "$unset" || operator === "$pull" || operator === "$pullAll" || operator === "$pop",
  );
  const run = operators[operator === "$setOnInsert" ? "$set" : operator] as (typeof operators)[string];
  if (run === undefined) throw fault(9, `Unknown modifier: ${operator}`);
  return run(target, operand, { path: path.join("."), now: context.now, id: doc["_id"] });
}

function rename(doc: Doc, path: readonly string[], to: Value): boolean {
  if (typeof to !== "string")
    throw fault(2, `The 'to' field for $rename must be a string: ${path.join(".")}: ${showValue(to)}`);
  if (to === path.join(".")) throw fault(2, `The source and target field for $rename must differ: ${to}: "${to}"`);
  const source = targetAt(doc, path, true);
  if (!source.exists) return false;
  const { value } = source;
  source.unset();
  targetAt(doc, checkedPath(to)).set(value);
  return true;
}

function immutableId(to: Value): Error {
  return fault(
    66,
    `Performing an update on the path '_id' would modify the immutable field '_id' (to ${showValue(to)})`,
  );
}
