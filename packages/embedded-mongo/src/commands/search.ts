import { decode } from "../bson/decode.js";
import type { Finder, Found } from "../plan/finder.js";
import type { SortSpec } from "../plan/plan.js";
import { type Sorter, type SortKey, sorterOf } from "../query/sort.js";
import type { Collection } from "../storage/collection.js";
import type { Call } from "./context.js";
import type { Selector } from "./targets.js";

/** The end of a search: what was found, as it is now. */
export interface SearchEnd {
  readonly collection: Collection | null;
  readonly found: Found | null;
}

/** Goes on with a search within a transaction; null when it has to go on in another one, because others wait. */
export type Search = () => SearchEnd | null;

/** Looks for the first document of a selection, in its order. Other writes may happen between two steps. */
export function searchFirst(call: Call, name: string, selector: Selector): Search {
  let pass: Pass | null = null;
  return () => {
    const collection = call.server.catalog.find(call.db, name);
    if (collection === null) return { collection, found: null };
    for (;;) {
      // The collection may have been dropped and made anew since the last step.
      if (pass?.collection !== collection) pass = newPass(collection, selector);
      if (!pass.run(call)) return null;
      const { best } = pass;
      if (best === null) return { collection, found: null };
      const bytes = collection.get(best.key);
      if (
        bytes?.equals(best.bytes) === true ||
        (bytes !== null && selector.sort.length === 0 && selector.test.accepts(bytes))
      ) {
        return { collection, found: { key: best.key, bytes } };
      }
      pass = null; // changed since it was read: look again
    }
  };
}

interface Pass {
  readonly collection: Collection;
  readonly best: Found | null;
  /** @returns whether it has come to its end. */
  run(call: Call): boolean;
}

function newPass(collection: Collection, selector: Selector): Pass {
  const { finder, sorted } = selector.ordered(collection);
  return sorted ? firstPass(collection, finder) : sortingPass(collection, finder, selector.sort);
}

function firstPass(collection: Collection, finder: Finder): Pass {
  let best: Found | null = null;
  return {
    collection,
    get best() {
      return best;
    },
    run(call) {
      for (let found = finder.next(); found !== null; found = finder.next()) {
        if (found !== undefined) {
          best = found;
          return true;
        }
        if (call.pace.tired) return false;
      }
      return true;
    },
  };
}

function sortingPass(collection: Collection, finder: Finder, sort: SortSpec): Pass {
  const sorter: Sorter = sorterOf(sort);
  let best: { found: Found; key: SortKey } | null = null;
  return {
    collection,
    get best() {
      return best?.found ?? null;
    },
    run(call) {
      for (let found = finder.next(); found !== null; found = finder.next()) {
        if (found !== undefined) {
          const key = sorter.keyOf(decode(found.bytes));
          if (best === null || sorter.compare(key, best.key) < 0) best = { found, key };
        }
        if (call.pace.tired) return false;
      }
      return true;
    },
  };
}
