import { neededFields } from "../aggregate/dependencies.js";
import { absorb, compilePipeline } from "../aggregate/pipeline.js";
import { lateRows, type Rows } from "../aggregate/rows.js";
import { encodeAny } from "../bson/encode.js";
import { type Doc, isDocument } from "../bson/values.js";
import { firstBatch } from "../cursors/batches.js";
import type { ResultStream } from "../cursors/cursor-store.js";
import { fault, notSupported } from "../errors.js";
import { type FindQuery, findDocuments, findStream } from "../plan/find-stream.js";
import type { Collection } from "../storage/collection.js";
import { arrayOf, batchSizeOf, flagOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { letOf } from "./update.js";
import { acknowledge } from "./write-loop.js";

const DEFAULT_BATCH = 101;

export const aggregate: Command = {
  fields: ["pipeline", "cursor", "explain", "allowDiskUse", "bypassDocumentValidation", "hint", "let", "collation"],
  async handle(call) {
    const { body, db } = call;
    const target = body["aggregate"];
    if (body["collation"] !== undefined) throw notSupported("collation");
    if (flagOf("aggregate.explain", body["explain"])) throw notSupported("explain");
    if (typeof target !== "string" && target !== 1)
      throw fault(73, "Invalid command format: the 'aggregate' field must specify a collection name or 1");
    if (!isDocument(body["cursor"]))
      throw fault(9, "The 'cursor' option is required, except for aggregate with the explain argument");
    const stages = arrayOf("aggregate.pipeline", body["pipeline"]) as Doc[];
    for (const stage of stages)
      if (!isDocument(stage)) throw fault(14, "Each element of the 'pipeline' array must be an object");
    const scope = { clock: call.server.clock, variables: letOf(call) };
    const batchSize = batchSizeOf(body, DEFAULT_BATCH);
    if (typeof target !== "string") {
      const rows = compilePipeline(call, stages, scope)({ next: () => Promise.resolve(null) });
      return firstBatch(call, `${db}.$cmd.aggregate`, encoded(rows), { batchSize });
    }
    const last = Object.keys(stages.at(-1) ?? {})[0];
    const writes = last === "$merge" || last === "$out";
    const stream = streamOf(call, target, stages, scope);
    const reply = await firstBatch(call, `${db}.${target}`, stream, {
      batchSize: writes ? Number.POSITIVE_INFINITY : batchSize,
    });
    if (writes) await acknowledge(call);
    return reply;
  },
};

/** What the search can do alone is handed out as it is stored. */
function streamOf(
  call: Call,
  name: string,
  stages: readonly Doc[],
  scope: { clock: () => Date; variables: Doc },
): ResultStream {
  const { query, rest } = absorb(stages, scope, call.body["hint"]);
  const run = compilePipeline(call, rest, scope);
  const collection = call.server.catalog.find(call.db, name);
  if (rest.length === 0) return findStream(call, collection, query);
  const counted = collection === null ? null : countOfAll(collection, query, rest);
  if (counted !== null) return encoded(lateRows(() => Promise.resolve(counted)));
  return encoded(run(findDocuments(call, collection, query, neededFields(rest))));
}

/** What `countDocuments` asks for without a filter: known without reading ten million documents. */
function countOfAll(collection: Collection, query: FindQuery, rest: readonly Doc[]): Doc[] | null {
  const group = rest.length === 1 ? rest[0]?.["$group"] : undefined;
  if (!isDocument(group) || Object.keys(query.filter).length > 0) return null;
  const [[, id] = [], [name, sum] = [], ...more] = Object.entries(group);
  const isCount = isDocument(sum) && Object.keys(sum).length === 1 && sum["$sum"] === 1;
  if (!Object.hasOwn(group, "_id") || typeof id !== "number" || !isCount || name === undefined || more.length > 0)
    return null;
  const n = Math.min(query.limit, Math.max(0, collection.state.count - query.skip));
  return n === 0 ? [] : [{ _id: id, [name]: n }];
}

function encoded(rows: Rows): ResultStream {
  let some: Doc[] = [];
  let position = 0;
  const next = (): Promise<Buffer | null> | Buffer | null => {
    const doc = some[position++];
    return doc === undefined ? more() : encodeAny(doc);
  };
  const more = async (): Promise<Buffer | null> => {
    for (;;) {
      const rowsNext = await rows.next();
      if (rowsNext === null) {
        some = [];
        position = 0;
        return null;
      }
      if (rowsNext.length === 0) continue;
      some = rowsNext;
      position = 1;
      return encodeAny(some[0] as Doc);
    }
  };
  return { next };
}
