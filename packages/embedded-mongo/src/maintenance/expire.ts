import { decode } from "../bson/decode.js";
import { KeyWriter } from "../bson/key-encoding.js";
import { TypeClass } from "../bson/values.js";
import type { ServerContext } from "../commands/context.js";
import { pathOf, someAt } from "../query/path.js";
import type { Collection } from "../storage/collection.js";
import type { IndexSpec } from "../storage/index-spec.js";
import type { Interval } from "../storage/range-scan.js";

const AT_ONCE = 200;
const writer = new KeyWriter();

/** Removes the documents whose TTL indexes say that their time is over. */
export async function expireDocuments(context: ServerContext, isStopped: () => boolean): Promise<void> {
  for (const collection of context.catalog.all()) {
    for (const index of collection.state.indexes) {
      if (index.expireAfterSeconds === null || index.building) continue;
      const limit = context.clock().getTime() - index.expireAfterSeconds * 1000;
      while (!isStopped() && (await removeSome(context, collection, index, limit))) await pause();
    }
  }
}

function removeSome(context: ServerContext, collection: Collection, index: IndexSpec, limit: number): Promise<boolean> {
  return context.catalog.write(() => {
    if (context.catalog.find(collection.state.db, collection.state.name) !== collection) return false;
    const scan = collection.scanEntries(expiredRange(index, limit));
    let removed = 0;
    for (let entry = scan.next(); entry !== null && removed < AT_ONCE; entry = scan.next()) {
      const key = collection.recordKeyOf(index, entry.key, entry.value);
      const bytes = collection.get(key);
      if (bytes === null || !isExpired(bytes, index, limit)) continue;
      collection.remove(key, bytes);
      removed += 1;
    }
    return removed === AT_ONCE;
  });
}

/** All dates up to the limit; what is no date never expires. */
function expiredRange(index: IndexSpec, limit: number): Interval {
  const descending = index.key[0]?.[1] === -1;
  const edge = writer
    .reset()
    .uint32(index.id)
    .value(new Date(limit + 1), descending)
    .bytes();
  const type = descending ? ~TypeClass.date & 0xff : TypeClass.date;
  const low = writer.reset().uint32(index.id).byte(type).bytes();
  const high = writer
    .reset()
    .uint32(index.id)
    .byte(type + 1)
    .bytes();
  return descending ? { low: edge, high } : { low, high: edge };
}

/** Of an array the earliest date counts. */
function isExpired(bytes: Buffer, index: IndexSpec, limit: number): boolean {
  const path = pathOf(index.key[0]?.[0] ?? "");
  return someAt(decode(bytes), path, (value) =>
    [value].flat().some((date) => date instanceof Date && date.getTime() <= limit),
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
