import { decode } from "../bson/decode.js";
import type { Doc } from "../bson/values.js";
import type { Predicate } from "../query/filter.js";
import type { Collection } from "../storage/collection.js";
import type { RangeScan } from "../storage/range-scan.js";
import type { Plan } from "./plan.js";

/** A stored document. */
export interface Found {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

/** Gives documents one by one; `null` at the end, `undefined` when a look led to none, so that the caller can look at the time. */
export interface Finder {
  /** Whether a change of a document can bring it before the finder again: then it walks an index that may change. */
  readonly mayRepeat?: boolean;
  next(): Found | null | undefined;
}

/** Walks the intervals of a plan and applies the filter. */
export function finderOf(collection: Collection, plan: Plan, test: Test): Finder {
  const records = plan.index.id === 0;
  const intervals = plan.reverse ? [...plan.intervals].reverse() : plan.intervals;
  const seen = plan.index.multikey ? new Set<string>() : null;
  let position = 0;
  let scan: RangeScan | null = null;

  return {
    mayRepeat: !records,
    next() {
      if (scan === null) {
        const interval = intervals[position++];
        if (interval === undefined) return null;
        if (plan.points) {
          const bytes = collection.get(interval.low);
          return bytes !== null && test.accepts(bytes) ? { key: interval.low, bytes } : undefined;
        }
        scan = records ? collection.scan(interval, plan.reverse) : collection.scanEntries(interval, plan.reverse);
      }
      const entry = scan.next();
      if (entry === null) {
        scan = null;
        return undefined;
      }
      if (records) return test.accepts(entry.value) ? { key: entry.key, bytes: entry.value } : undefined;
      const key = collection.recordKeyOf(plan.index, entry.key, entry.value);
      if (seen !== null) {
        const name = key.toString("latin1");
        if (seen.has(name)) return undefined;
        seen.add(name);
      }
      const bytes = collection.get(key);
      return bytes !== null && test.accepts(bytes) ? { key, bytes } : undefined;
    },
  };
}

/** A filter on undecoded documents; decodes only the fields that it looks at. */
export class Test {
  readonly predicate: Predicate;
  private readonly fields: ReadonlySet<string> | undefined;
  private readonly always: boolean;

  constructor(predicate: Predicate, filter: Doc) {
    this.predicate = predicate;
    this.fields = fieldsOf(filter);
    this.always = Object.keys(filter).length === 0;
  }

  accepts(bytes: Buffer): boolean {
    return this.always || this.predicate(decode(bytes, this.fields));
  }
}

/** The top-level fields that a filter looks at; undefined when it may look at any. */
function fieldsOf(filter: Doc, into = new Set<string>()): Set<string> | undefined {
  for (const name of Object.keys(filter)) {
    const operand = filter[name];
    if (name === "$and" || name === "$or" || name === "$nor") {
      for (const part of operand as Doc[]) if (fieldsOf(part, into) === undefined) return undefined;
    } else if (name.startsWith("$")) {
      if (name !== "$comment") return undefined;
    } else into.add(name.split(".", 1)[0] as string);
  }
  return into;
}
