import { firstBatch } from "../cursors/batches.js";
import { fault } from "../errors.js";
import { findStream } from "../plan/find-stream.js";
import { includedFields } from "../query/included-fields.js";
import { compileProjection } from "../query/projection.js";
import { sortSpecOf } from "../query/sort.js";
import { countOf, documentOf, flagOf, textOf } from "./arguments.js";
import type { Command } from "./context.js";
import { letOf } from "./update.js";

const DEFAULT_BATCH = 101;

export const find: Command = {
  fields: [
    "filter",
    "sort",
    "projection",
    "hint",
    "skip",
    "limit",
    "batchSize",
    "singleBatch",
    "noCursorTimeout",
    "allowDiskUse",
    "allowPartialResults",
    "let",
    "collation",
    "max",
    "min",
    "returnKey",
    "showRecordId",
    "tailable",
    "awaitData",
    "oplogReplay",
  ],
  handle(call) {
    const { body, db } = call;
    const name = textOf("find.find", body["find"]);
    for (const option of ["collation", "max", "min", "returnKey", "showRecordId", "tailable", "awaitData"]) {
      const value = body[option];
      if (value !== undefined && value !== false) throw fault(238, `${option} is not supported by embedded-mongo`);
    }
    const limit = countOf("find.limit", body["limit"], 0);
    const projection = documentOf("find.projection", body["projection"]);
    const filter = documentOf("find.filter", body["filter"]);
    const stream = findStream(call, call.server.catalog.find(db, name), {
      filter,
      sort: sortSpecOf(documentOf("find.sort", body["sort"])),
      included: includedFields(projection),
      projection: compileProjection(projection, { clock: call.server.clock, variables: letOf(call) }),
      skip: countOf("find.skip", body["skip"], 0),
      limit: limit === 0 ? Number.POSITIVE_INFINITY : limit,
      hint: body["hint"],
      variables: letOf(call),
    });
    return firstBatch(call, `${db}.${name}`, stream, {
      batchSize: countOf("find.batchSize", body["batchSize"], DEFAULT_BATCH),
      singleBatch: flagOf("find.singleBatch", body["singleBatch"]),
      timesOut: !flagOf("find.noCursorTimeout", body["noCursorTimeout"]),
    });
  },
};
