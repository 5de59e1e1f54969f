import { decode } from "../bson/decode.js";
import { type SortKey, sorterOf } from "../query/sort.js";
import type { Collection } from "../storage/collection.js";
import { type Finder, type Found, finderOf, type Test } from "./finder.js";
import type { Plan, SortSpec } from "./plan.js";

/** Merges the intervals of an index, each of which is in order (as for `$in` on a prefix), without sorting all. */
export function mergedFinder(collection: Collection, plan: Plan, test: Test, sort: SortSpec): Finder {
  const sorter = sorterOf(sort);
  const fields = new Set(sort.map(([path]) => path.split(".", 1)[0] as string));
  const sources = plan.intervals.map((interval) => ({
    finder: finderOf(collection, { ...plan, intervals: [interval] }, test),
    head: undefined as { found: Found; key: SortKey } | null | undefined,
  }));
  return {
    next() {
      let best: (typeof sources)[number] | null = null;
      for (const source of sources) {
        if (source.head === undefined) {
          const found = source.finder.next();
          if (found === undefined) return undefined;
          source.head = found === null ? null : { found, key: sorter.keyOf(decode(found.bytes, fields)) };
        }
        if (source.head === null) continue;
        if (best?.head == null || sorter.compare(source.head.key, best.head.key) < 0) best = source;
      }
      if (best?.head == null) return null;
      const { found } = best.head;
      best.head = undefined;
      return found;
    },
  };
}
