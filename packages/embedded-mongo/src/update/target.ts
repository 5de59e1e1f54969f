import { type Doc, field, isDocument, setField, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Path } from "../query/path.js";
import { showValue } from "../storage/show-value.js";

/** A place in a document that an operator changes: reading, writing and removing it. */
export interface Target {
  readonly exists: boolean;
  readonly value: Value;
  set(value: Value): void;
  unset(): void;
}

/** MongoDB fills arrays up to a position that is not too far away. */
const MAX_FILL = 1_500_000;

/**
 * Finds the place at a path. Missing documents on the way are made when something is set, not before.
 *
 * @throws code 28 when the path leads through a value that has no fields.
 */
export function targetAt(doc: Doc, path: Path, forUnset = false): Target {
  let parent: Doc | Value[] = doc;
  for (let i = 0; i < path.length - 1; i++) {
    const part = path[i] as string;
    const next = childOf(parent, part);
    if (Array.isArray(next) || isDocument(next)) {
      parent = next;
      continue;
    }
    if (next !== undefined && !forUnset) throw notViable(path, i, part, next);
    return missing(parent, path.slice(i), path, forUnset || next !== undefined);
  }
  const last = path.at(-1) as string;
  const isArray = Array.isArray(parent);
  if (isArray && !isPosition(last)) {
    if (forUnset) return nowhere;
    throw fault(28, `Cannot create field '${last}' in element {${path.at(-2) ?? ""}: ${showValue(parent)}}`);
  }
  const value = childOf(parent, last);
  const exists = isArray ? Number(last) < (parent as Value[]).length : Object.hasOwn(parent, last);
  const place = parent;
  return {
    exists,
    value,
    set: (to) => assign(place, last, to),
    unset: () => {
      // In an array the others keep their positions.
      if (Array.isArray(place)) place[Number(last)] = null;
      else delete place[last];
    },
  };
}

const nowhere: Target = { exists: false, value: undefined, set: () => undefined, unset: () => undefined };

function missing(parent: Doc | Value[], rest: Path, whole: Path, inert: boolean): Target {
  if (inert) return nowhere;
  return {
    exists: false,
    value: undefined,
    unset: () => undefined,
    set: (value) => {
      let made: Value = value;
      for (const part of rest.slice(1).toReversed()) {
        const outer: Doc = {};
        setField(outer, part, made);
        made = outer;
      }
      const first = rest[0] as string;
      if (Array.isArray(parent) && !isPosition(first)) {
        throw fault(
          28,
          `Cannot create field '${first}' in element {${whole[whole.length - rest.length - 1] ?? ""}: ${showValue(parent)}}`,
        );
      }
      assign(parent, first, made);
    },
  };
}

function assign(parent: Doc | Value[], part: string, value: Value): void {
  if (!Array.isArray(parent)) {
    setField(parent, part, value);
    return;
  }
  const position = Number(part);
  if (position > parent.length + MAX_FILL) throw fault(2, `can't backfill more than ${MAX_FILL} elements`);
  while (parent.length < position) parent.push(null);
  parent[position] = value;
}

function childOf(parent: Doc | Value[], part: string): Value {
  if (Array.isArray(parent)) return isPosition(part) ? parent[Number(part)] : undefined;
  return field(parent, part);
}

function isPosition(part: string): boolean {
  return /^(0|[1-9]\d*)$/.test(part);
}

function notViable(path: Path, at: number, part: string, value: Value): Error {
  return fault(28, `Cannot create field '${path[at + 1]}' in element {${part}: ${showValue(value)}}`);
}
