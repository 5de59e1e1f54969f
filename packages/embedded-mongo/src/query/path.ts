import { type Doc, field, isDocument, type Value } from "../bson/values.js";

/** A dotted path, split once. */
export type Path = readonly string[];

/** Splits a dotted path. */
export function pathOf(dotted: string): Path {
  return dotted.split(".");
}

const isIndex = (part: string): boolean => /^(0|[1-9]\d*)$/.test(part);

/**
 * Whether any value at the path passes the test. Arrays on the way are searched element by element and by position, as MongoDB does;
 * the array at the end is given to the test as it is. A path that leads nowhere gives `undefined` once.
 */
export function someAt(doc: Doc, path: Path, test: (value: Value) => boolean, from = 0): boolean {
  let current: Value = doc;
  for (let i = from; i < path.length; i++) {
    const part = path[i] as string;
    if (Array.isArray(current)) return someInArray(current, path, test, i);
    if (!isDocument(current)) return test(undefined);
    current = field(current, part);
  }
  return test(current);
}

function someInArray(array: readonly Value[], path: Path, test: (value: Value) => boolean, at: number): boolean {
  const part = path[at] as string;
  if (isIndex(part) && Number(part) < array.length) {
    const element = array[Number(part)];
    if (at + 1 === path.length) {
      if (test(element)) return true;
    } else if (Array.isArray(element) || isDocument(element)) {
      if (someAt(element as Doc, path, test, at + 1)) return true;
    } else if (test(undefined)) return true;
  }
  for (const element of array) if (isDocument(element) && someAt(element, path, test, at)) return true;
  return false;
}
