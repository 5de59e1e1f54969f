import { decode } from "../bson/decode.js";
import { fault } from "../errors.js";
import type { Collection } from "../storage/collection.js";
import type { IndexSpec } from "../storage/index-spec.js";
import type { Call } from "./context.js";

/** Fills a new index, batch by batch; it is used once it is complete, while new documents enter it from the beginning. */
export async function buildIndex(call: Call, collection: Collection, spec: IndexSpec): Promise<void> {
  const { catalog } = call.server;
  const id = await catalog.write(() => {
    const newId = catalog.newId();
    catalog.setIndexes(collection, [...collection.state.indexes, { ...spec, id: newId }]);
    return newId;
  });
  try {
    await fill(call, collection, id);
    await catalog.write(() => {
      catalog.setIndexes(
        collection,
        collection.state.indexes.map((index) => (index.id === id ? { ...index, building: false } : index)),
      );
    });
  } catch (error) {
    await catalog.write(() => {
      catalog.setIndexes(
        collection,
        collection.state.indexes.filter((index) => index.id !== id),
      );
    });
    call.server.dropped();
    throw error;
  }
}

async function fill(call: Call, collection: Collection, id: number): Promise<void> {
  const { db, name } = collection.state;
  const scan = collection.scan(collection.range());
  for (let done = false; !done; ) {
    await call.server.catalog.write(() => {
      call.pace.startTransaction();
      const index = collection.state.indexes.find((one) => one.id === id);
      if (index === undefined || call.server.catalog.find(db, name) !== collection)
        throw fault(276, "Index build failed: dropped meanwhile");
      while (!call.pace.overdue && !done) {
        const entry = scan.next();
        // Read again: what the scan has read may have changed since.
        const bytes = entry === null ? null : collection.get(entry.key);
        if (entry === null) done = true;
        else if (bytes !== null) collection.addToIndex(index, entry.key, decode(bytes));
      }
    });
    if (!done) await call.pace.rest();
  }
}
