import { equalValues } from "../bson/compare.js";
import { encodeAny } from "../bson/encode.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { firstBatch } from "../cursors/batches.js";
import { fault, notSupported } from "../errors.js";
import type { Collection } from "../storage/collection.js";
import { type IndexSpec, keyPattern } from "../storage/index-spec.js";
import { showDocument, showValue } from "../storage/show-value.js";
import { arrayOf, batchSizeOf, documentOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { buildIndex } from "./index-build.js";
import { expiryOf, parseIndex } from "./index-definition.js";
import { acknowledge } from "./write-loop.js";

export const createIndexes: Command = {
  fields: ["indexes", "commitQuorum"],
  async handle(call) {
    const { catalog } = call.server;
    const name = textOf("createIndexes.createIndexes", call.body["createIndexes"]);
    const specs = arrayOf("createIndexes.indexes", call.body["indexes"]).map(parseIndex);
    if (specs.length === 0) throw fault(2, "Must specify at least one index to create");
    const createdCollectionAutomatically = catalog.find(call.db, name) === null;
    const collection = await catalog.write(() => catalog.ensure(call.db, name));
    const numIndexesBefore = collection.state.indexes.length;
    for (const spec of specs) {
      if (isThere(collection, spec)) continue;
      if (collection.state.indexes.length >= 64)
        throw fault(
          67,
          `add index fails, too many indexes for ${collection.namespace} key:${showDocument(keyPattern(spec))}`,
        );
      await buildIndex(call, collection, spec);
    }
    await acknowledge(call);
    const numIndexesAfter = collection.state.indexes.length;
    return {
      numIndexesBefore,
      numIndexesAfter,
      createdCollectionAutomatically,
      ...(numIndexesAfter === numIndexesBefore ? { note: "all indexes already exist" } : {}),
    };
  },
};

/** Whether this very index exists. @throws codes 85 and 86 when one exists that is like it. */
function isThere(collection: Collection, spec: IndexSpec): boolean {
  for (const existing of collection.state.indexes) {
    const sameKey = equalValues(keyPattern(existing), keyPattern(spec)) && sameKeyOrder(existing, spec);
    const sameName = existing.name === spec.name;
    const isId = existing.id === 0 && sameKey;
    const sameOptions = isId || optionsOf(existing) === optionsOf(spec);
    if (sameKey && sameName && sameOptions) return true;
    if (sameName && !sameKey)
      throw fault(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${showDocument(describeIndex(spec))}, existing index: ${showDocument(describeIndex(existing))}`,
      );
    // The same index but for what does not tell two indexes apart: collMod can change that.
    if (sameName && signatureOf(existing) === signatureOf(spec))
      throw fault(
        85,
        `An equivalent index already exists with the same name but different options. Requested index: ${showDocument(describeIndex(spec))}, existing index: ${showDocument(describeIndex(existing))}`,
      );
    if (sameName)
      throw fault(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${showDocument(describeIndex(spec))}, existing index: ${showDocument(describeIndex(existing))}`,
      );
    if (sameKey && sameOptions) throw fault(85, `Index already exists with a different name: ${existing.name}`);
    if (sameKey && equalPartial(existing, spec))
      throw fault(
        85,
        `An equivalent index already exists with a different name and options. Requested index: ${showDocument(describeIndex(spec))}, existing index: ${showDocument(describeIndex(existing))}`,
      );
  }
  return false;
}

const sameKeyOrder = (a: IndexSpec, b: IndexSpec): boolean => JSON.stringify(a.key) === JSON.stringify(b.key);
const equalPartial = (a: IndexSpec, b: IndexSpec): boolean =>
  JSON.stringify(a.partialFilter) === JSON.stringify(b.partialFilter);
/** What tells two indexes with the same key apart, since MongoDB 5.0. */
const signatureOf = (index: IndexSpec): string => JSON.stringify([index.unique, index.sparse, index.partialFilter]);
const optionsOf = (index: IndexSpec): string =>
  JSON.stringify([index.unique, index.sparse, index.expireAfterSeconds, index.partialFilter]);

/** An index as `listIndexes` shows it. */
export function describeIndex(index: IndexSpec): Doc {
  return {
    v: 2,
    key: keyPattern(index),
    name: index.name,
    ...(index.unique && index.id !== 0 ? { unique: true } : {}),
    ...(index.sparse ? { sparse: true } : {}),
    ...(index.expireAfterSeconds === null ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
    ...(index.partialFilter === null ? {} : { partialFilterExpression: index.partialFilter }),
  };
}

/** The collection that a command is about. @throws code 26 when it does not exist. */
export function existing(call: Call, name: string, message = `ns not found ${call.db}.${name}`): Collection {
  const collection = call.server.catalog.find(call.db, name);
  if (collection === null) throw fault(26, message);
  return collection;
}

export const listIndexes: Command = {
  fields: ["cursor", "includeIndexBuildInfo"],
  handle(call) {
    const name = textOf("listIndexes.listIndexes", call.body["listIndexes"]);
    const { indexes } = existing(call, name, `ns does not exist: ${call.db}.${name}`).state;
    let position = 0;
    const next = (): Buffer | null => {
      const index = indexes[position++];
      return index === undefined ? null : encodeAny(describeIndex(index));
    };
    const batchSize = batchSizeOf(call.body, 101);
    return firstBatch(call, `${call.db}.${name}`, { next }, { batchSize });
  },
};

export const dropIndexes: Command = {
  fields: ["index"],
  async handle(call) {
    const { catalog } = call.server;
    const collection = existing(call, textOf("dropIndexes.dropIndexes", call.body["dropIndexes"]));
    const before = collection.state.indexes;
    const wanted = call.body["index"];
    const removed = new Set((Array.isArray(wanted) ? wanted : [wanted]).flatMap((one: Value) => toDrop(before, one)));
    await catalog.write(() =>
      catalog.setIndexes(
        collection,
        before.filter((index) => !removed.has(index)),
      ),
    );
    call.server.dropped();
    await acknowledge(call);
    return { nIndexesWas: before.length, ...(wanted === "*" ? { msg: "non-_id indexes dropped for collection" } : {}) };
  },
};

function toDrop(indexes: readonly IndexSpec[], wanted: Value): IndexSpec[] {
  if (wanted === "*") return indexes.filter(({ id }) => id !== 0);
  const found = indexes.filter((index) =>
    isDocument(wanted) ? equalValues(keyPattern(index), wanted) : index.name === wanted,
  );
  if (found.some(({ id }) => id === 0)) throw fault(72, "cannot drop _id index");
  if (found.length === 0)
    throw fault(
      27,
      isDocument(wanted)
        ? `can't find index with key: ${showDocument(wanted)}`
        : `index not found with name [${String(wanted)}]`,
    );
  return found;
}

export const collMod: Command = {
  fields: ["index"],
  async handle(call) {
    const { catalog } = call.server;
    const collection = existing(call, textOf("collMod.collMod", call.body["collMod"]));
    const change = documentOf("collMod.index", call.body["index"]);
    for (const field of Object.keys(change)) {
      if (!["keyPattern", "name", "expireAfterSeconds"].includes(field)) throw notSupported(`collMod.index.${field}`);
    }
    if (Object.keys(change).length === 0) return {};
    const { name, keyPattern: pattern } = change;
    const index = collection.state.indexes.find((one) =>
      name === undefined ? equalValues(keyPattern(one), pattern) : one.name === name,
    );
    if (index === undefined)
      throw fault(27, `cannot find index ${showValue(name ?? pattern)} for ns ${collection.namespace}`);
    const seconds = expiryOf(change["expireAfterSeconds"], index.key.length);
    if (seconds === null) throw fault(72, "no expireAfterSeconds field to update");
    const { expireAfterSeconds: old } = index;
    await catalog.write(() =>
      catalog.setIndexes(
        collection,
        collection.state.indexes.map((one) => (one === index ? { ...one, expireAfterSeconds: seconds } : one)),
      ),
    );
    await acknowledge(call);
    return {
      ...(old === null ? {} : { expireAfterSeconds_old: BigInt(old) }),
      expireAfterSeconds_new: BigInt(seconds),
    };
  },
};
