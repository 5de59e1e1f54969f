import { isNumeric } from "../bson/values.js";
import { nextBatch } from "../cursors/batches.js";
import { fault } from "../errors.js";
import { arrayOf, countOf, textOf } from "./arguments.js";
import type { Command } from "./context.js";

export const getMore: Command = {
  fields: ["collection", "batchSize", "term", "lastKnownCommittedOpTime"],
  handle(call) {
    const id = call.body["getMore"];
    if (!isNumeric(id)) throw fault(14, "BSON field 'getMore.getMore' is the wrong type, expected type 'long'");
    const namespace = `${call.db}.${textOf("getMore.collection", call.body["collection"])}`;
    const cursor = call.server.cursors.take(BigInt(id.toString()), namespace);
    const batchSize = countOf("getMore.batchSize", call.body["batchSize"], 0);
    return nextBatch(call, cursor, batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize);
  },
};

export const killCursors: Command = {
  fields: ["cursors"],
  handle(call) {
    const cursorsKilled: bigint[] = [];
    const cursorsNotFound: bigint[] = [];
    for (const id of arrayOf("killCursors.cursors", call.body["cursors"])) {
      const number = BigInt(String(id));
      (call.server.cursors.close(number) ? cursorsKilled : cursorsNotFound).push(number);
    }
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] };
  },
};
