import { compileExpressionTest } from "../aggregate/expressions.js";
import { decode, decodePlain } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import type { Doc, Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { hintOf } from "../commands/targets.js";
import type { ResultStream } from "../cursors/cursor-store.js";
import { fault } from "../errors.js";
import { compileFilter } from "../query/filter.js";
import { pickFields } from "../query/included-fields.js";
import { type SortKey, sorterOf } from "../query/sort.js";
import type { Collection } from "../storage/collection.js";
import { type Finder, type Found, finderOf, Test } from "./finder.js";
import { mergedFinder } from "./merge.js";
import { choosePlan, type SortSpec } from "./plan.js";

/** A query as `find` has it. */
export interface FindQuery {
  readonly filter: Doc;
  readonly sort: SortSpec;
  readonly projection: ((doc: Doc) => Doc) | null;
  /** The fields of a projection that only includes whole fields: what `projection` would give, without decoding. */
  readonly included?: ReadonlySet<string> | null;
  readonly skip: number;
  readonly limit: number;
  readonly hint?: Value;
  readonly variables?: Doc;
}

/** As `findStream`, but decoded, and many at a time. Only some fields are read when no others are needed. */
export function findDocuments(
  call: Call,
  collection: Collection | null,
  query: FindQuery,
  fields: ReadonlySet<string> | undefined,
): DocumentSource {
  const stream = findStream(call, collection, query);
  return {
    async next() {
      const some: Doc[] = [];
      let bytes = 0;
      while (some.length < AT_ONCE && bytes < CHUNK_BYTES) {
        const next = stream.next();
        const document = next instanceof Promise ? await next : next;
        if (document === null) return some.length > 0 ? some : null;
        bytes += document.length;
        some.push(fields?.size === 0 ? {} : decodePlain(document, fields));
      }
      if (call.pace.overdue) await call.pace.rest();
      return some;
    },
  };
}

/** Documents, many at a time; null at the end. */
export interface DocumentSource {
  next(): Promise<Doc[] | null>;
}

const AT_ONCE = 500;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Finds documents; a document without projection is handed out as it is stored. */
export function findStream(call: Call, collection: Collection | null, query: FindQuery): ResultStream {
  const test = new Test(
    compileFilter(query.filter, {
      expression: (operand) =>
        compileExpressionTest(operand, { clock: call.server.clock, variables: query.variables ?? {} }),
    }),
    query.filter,
  );
  if (collection === null) return { next: () => null };
  const source = sourceOf(call, collection, query, test);
  let skipped = 0;
  let given = 0;

  const shape = (bytes: Buffer): Buffer => {
    if (query.included) return pickFields(bytes, query.included);
    return query.projection === null ? bytes : encodeAny(query.projection(decode(bytes)));
  };
  const searching = async (): Promise<Buffer | null> => {
    await call.pace.rest();
    return next();
  };
  const after = async (work: Promise<void>): Promise<Buffer | null> => {
    await work;
    return next();
  };
  const next = (): Promise<Buffer | null> | Buffer | null => {
    if (given >= query.limit) return null;
    for (;;) {
      const found = source.next();
      if (found instanceof Promise) return after(found);
      if (found === null) return null;
      if (found !== undefined && ++skipped > query.skip) {
        given += 1;
        return shape(found.bytes);
      }
      if (call.pace.tired) return searching();
    }
  };
  return {
    next,
    get finished() {
      return given >= query.limit;
    },
  };
}

interface Source {
  next(): Found | null | undefined | Promise<void>;
}

function sourceOf(call: Call, collection: Collection, query: FindQuery, test: Test): Source {
  const plan = choosePlan(collection, query.filter, query.sort, hintOf(collection, query.hint));
  if (plan.sorted) return finderOf(collection, plan, test);
  if (plan.mergeable) return mergedFinder(collection, plan, test, query.sort);
  return sortedSource(call, finderOf(collection, plan, test), query.sort, query.skip + query.limit);
}

/** Sorts in memory, and keeps no more than is asked for. */
function sortedSource(call: Call, finder: Finder, sort: SortSpec, wanted: number): Source {
  const sorter = sorterOf(sort);
  const fields = new Set(sort.map(([path]) => path.split(".", 1)[0] as string));
  let kept: { key: SortKey; found: Found }[] = [];
  let bytes = 0;
  let position = -1;
  const compare = (a: { key: SortKey }, b: { key: SortKey }): number => sorter.compare(a.key, b.key);

  const trim = (): void => {
    kept.sort(compare);
    for (const { found } of kept.splice(wanted)) bytes -= found.bytes.length;
  };
  const collect = async (): Promise<void> => {
    for (let found = finder.next(); found !== null; found = finder.next()) {
      if (found !== undefined) {
        kept.push({ key: sorter.keyOf(decode(found.bytes, fields)), found });
        bytes += found.bytes.length;
        if (kept.length > 2 * wanted + 1000 || (bytes > call.server.maxStageBytes && kept.length > wanted)) trim();
        if (bytes > call.server.maxStageBytes) throw memoryExceeded(call);
      }
      if (call.pace.tired) await call.pace.rest();
    }
    trim();
    position = 0;
  };
  return {
    next() {
      if (position < 0) return collect();
      const next = kept[position++];
      if (next === undefined) kept = [];
      return next?.found ?? null;
    },
  };
}

/** MongoDB's refusal of a sort that needs too much memory. */
function memoryExceeded(call: Call): Error {
  return fault(
    292,
    `Executor error during find command :: caused by :: Sort exceeded memory limit of ${call.server.maxStageBytes} bytes, but did not opt in to external sorting. embedded-mongo sorts in memory only (allowDiskUse has no effect): add an index for this order.`,
  );
}
