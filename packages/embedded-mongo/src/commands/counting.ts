import { decode } from "../bson/decode.js";
import { encodedSize } from "../bson/encode.js";
import { EMPTY_ARRAY, KeyWriter } from "../bson/key-encoding.js";
import type { Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { findStream } from "../plan/find-stream.js";
import { pathOf } from "../query/path.js";
import { indexRows } from "../storage/index-values.js";
import { countOf, documentOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { selectorOf } from "./targets.js";

export const count: Command = {
  fields: ["query", "limit", "skip", "hint", "fields", "collation"],
  async handle(call) {
    const { body } = call;
    const collection = call.server.catalog.find(call.db, textOf("count.count", body["count"]));
    const filter = documentOf("count.query", body["query"]);
    const limit = countOf("count.limit", body["limit"], 0) || Number.POSITIVE_INFINITY;
    const skip = countOf("count.skip", body["skip"], 0);
    if (body["collation"] !== undefined) throw fault(238, "collation is not supported by embedded-mongo");
    if (collection === null) return { n: 0 };
    if (Object.keys(filter).length === 0) return { n: Math.min(limit, Math.max(0, collection.state.count - skip)) };
    const finder = selectorOf(call, { filter, hint: body["hint"] }).finder(collection);
    let n = 0;
    for (let found = finder.next(); found !== null && n - skip < limit; found = finder.next()) {
      if (found !== undefined) n += 1;
      if (call.pace.tired) await call.pace.rest();
    }
    return { n: Math.max(0, n - skip) };
  },
};

/** An answer has to fit into one document. */
const MAX_DISTINCT_BYTES = 16 * 1024 * 1024;

export const distinct: Command = {
  fields: ["key", "query", "hint", "collation"],
  async handle(call) {
    const { body } = call;
    const key = textOf("distinct.key", body["key"]);
    if (body["collation"] !== undefined) throw fault(238, "collation is not supported by embedded-mongo");
    const values = new Map<string, Value>();
    let size = 0;
    for await (const value of valuesAt(call, key)) {
      const name = writer.reset().value(value).bytes().toString("latin1");
      if (values.has(name)) continue;
      size += encodedSize({ value });
      if (size > MAX_DISTINCT_BYTES) throw fault(17217, "distinct too big, 16mb cap");
      values.set(name, value);
    }
    return { values: [...values.keys()].toSorted().map((name) => values.get(name)) };
  },
};

const writer = new KeyWriter();

async function* valuesAt(call: Call, key: string): AsyncGenerator<Value> {
  const { body } = call;
  const path = [pathOf(key)];
  const fields = new Set([key.split(".", 1)[0] as string]);
  const exists = selectorOf(call, { filter: { [key]: { $exists: true } } }).test;
  const stream = findStream(call, call.server.catalog.find(call.db, textOf("distinct.distinct", body["distinct"])), {
    filter: documentOf("distinct.query", body["query"]),
    sort: [],
    projection: null,
    skip: 0,
    limit: Number.POSITIVE_INFINITY,
    hint: body["hint"],
  });
  for (let next = stream.next(); ; next = stream.next()) {
    const bytes = next instanceof Promise ? await next : next;
    if (bytes === null) return;
    if (call.pace.tired) await call.pace.rest();
    if (!exists.accepts(bytes)) continue;
    for (const [value] of indexRows(decode(bytes, fields), path).rows) if (value !== EMPTY_ARRAY) yield value;
  }
}
