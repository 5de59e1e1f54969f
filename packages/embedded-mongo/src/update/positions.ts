import { type Doc, field, isDocument, setField, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compileFilter, type Predicate } from "../query/filter.js";

/** `arrayFilters`, by the identifier that each is about. */
export type ArrayFilters = ReadonlyMap<string, Predicate>;

/** Compiles `arrayFilters`. */
export function compileArrayFilters(filters: readonly Doc[]): ArrayFilters {
  const compiled = new Map<string, Predicate>();
  for (const filter of filters) {
    const identifiers = new Set(identifiersOf(filter));
    const [identifier] = identifiers;
    if (identifier === undefined)
      throw fault(9, "Cannot use an expression without a top-level field name in arrayFilters");
    if (identifiers.size > 1)
      throw fault(
        9,
        `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...identifiers].join("' and '")}'`,
      );
    if (!/^[a-z][a-zA-Z0-9]*$/.test(identifier))
      throw fault(
        2,
        `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${identifier}'`,
      );
    if (compiled.has(identifier))
      throw fault(9, `Found multiple array filters with the same top-level field name ${identifier}`);
    const predicate = compileFilter(filter);
    compiled.set(identifier, (element) => predicate({ [identifier]: element }));
  }
  return compiled;
}

function identifiersOf(filter: Doc): string[] {
  return Object.keys(filter).flatMap((name) => {
    if (!name.startsWith("$")) return [name.split(".", 1)[0] as string];
    const parts = filter[name];
    return Array.isArray(parts) ? (parts as Doc[]).flatMap(identifiersOf) : [];
  });
}

/** What is needed to find the elements that `$`, `$[]` and `$[name]` stand for. */
export interface PositionContext {
  readonly filters: ArrayFilters;
  readonly filter: Doc;
}

/** The real paths that a path with positional parts stands for in a document. */
export function resolvePositions(doc: Doc, path: readonly string[], context: PositionContext): string[][] {
  if (!path.some((part) => part.startsWith("$"))) return [[...path]];
  let places: { done: string[]; value: Value }[] = [{ done: [], value: doc }];
  for (const part of path) {
    places = places.flatMap(({ done, value }) =>
      childrenOf(doc, value, part, done, context).map((name) => ({ done: [...done, name], value: child(value, name) })),
    );
  }
  return places.map(({ done }) => done);
}

function child(value: Value, name: string): Value {
  if (Array.isArray(value)) return value[Number(name)];
  return isDocument(value) ? field(value, name) : undefined;
}

function childrenOf(doc: Doc, value: Value, part: string, done: readonly string[], context: PositionContext): string[] {
  if (!part.startsWith("$")) return [part];
  const where = done.join(".");
  if (part === "$") {
    const position = matchedPosition(doc, done, context.filter);
    if (position < 0) throw fault(2, "The positional operator did not find the match needed from the query.");
    return [String(position)];
  }
  const named = /^\$\[(.*)\]$/.exec(part);
  if (named === null)
    throw fault(
      52,
      `The dollar ($) prefixed field '${part}' in '${[...done, part].join(".")}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  if (value === undefined)
    throw fault(2, `The path '${where}' must exist in the document in order to apply array updates.`);
  if (!Array.isArray(value)) throw fault(2, `Cannot apply array updates to non-array element ${done.at(-1) ?? ""}`);
  const identifier = named[1] as string;
  if (identifier === "") return value.map((_, i) => String(i));
  const test = context.filters.get(identifier);
  if (test === undefined)
    throw fault(2, `No array filter found for identifier '${identifier}' in path '${where}.${part}'`);
  return value.flatMap((element: Value, i) => (test(element as Doc) ? [String(i)] : []));
}

/** The first element with which alone the document still passes what the filter says about this array. */
function matchedPosition(doc: Doc, path: readonly string[], filter: Doc): number {
  const dotted = path.join(".");
  const about = Object.keys(filter).filter(
    (name) => name === dotted || name.startsWith(`${dotted}.`) || name.startsWith("$"),
  );
  if (about.length === 0) return -1;
  const array = path.reduce<Value>(child, doc);
  if (!Array.isArray(array)) return -1;
  const predicate = compileFilter(Object.fromEntries(about.map((name) => [name, filter[name]])));
  return array.findIndex((element: Value) => predicate(withOnly(doc, path, element)));
}

function withOnly(doc: Doc, path: readonly string[], element: Value): Doc {
  const [name, ...rest] = path as [string, ...string[]];
  const copy = { ...doc };
  const inner = field(doc, name);
  setField(copy, name, rest.length === 0 ? [element] : isDocument(inner) ? withOnly(inner, rest, element) : inner);
  return copy;
}
