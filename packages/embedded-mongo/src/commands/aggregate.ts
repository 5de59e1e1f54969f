import { Aggregator } from "mingo/aggregator";
import { mingoOptions } from "../aggregate/expressions.js";
import { decode } from "../bson/decode.js";
import { encodeAny, plain } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { firstBatch } from "../cursors/batches.js";
import { findStream } from "../plan/find-stream.js";
import { arrayOf, countOf, documentOf } from "./arguments.js";
import type { Command } from "./context.js";
import { letOf } from "./update.js";

export const aggregate: Command = {
  fields: ["pipeline", "cursor", "explain", "allowDiskUse", "bypassDocumentValidation", "hint", "let", "collation"],
  async handle(call) {
    const { body, db } = call;
    const name = String(body["aggregate"]);
    const stages = arrayOf("aggregate.pipeline", body["pipeline"]) as Doc[];
    const first = stages[0];
    const filter = first && "$match" in first ? (first["$match"] as Doc) : {};
    const source = findStream(call, call.server.catalog.find(db, name), {
      filter,
      sort: [],
      projection: null,
      skip: 0,
      limit: Number.POSITIVE_INFINITY,
    });
    const docs: Doc[] = [];
    for (let next = await source.next(); next !== null; next = await source.next())
      docs.push(plain(decode(next)) as Doc);
    const results = new Aggregator(plain(first && "$match" in first ? stages.slice(1) : stages) as Doc[], {
      ...mingoOptions(call.server.clock, letOf(call)),
      collectionResolver: (other) => {
        const collection = call.server.catalog.find(db, other);
        if (collection === null) return [];
        const scan = collection.scan(collection.range());
        const all: Doc[] = [];
        for (let entry = scan.next(); entry !== null; entry = scan.next()) all.push(plain(decode(entry.value)) as Doc);
        return all;
      },
    }).run<Doc>(docs);
    let position = 0;
    return firstBatch(
      call,
      `${db}.${name}`,
      { next: () => (position < results.length ? encodeAny(results[position++] as Doc) : null) },
      {
        batchSize: countOf(
          "aggregate.cursor.batchSize",
          documentOf("aggregate.cursor", body["cursor"])["batchSize"],
          101,
        ),
      },
    );
  },
};
