import { equalValues } from "../bson/compare.js";
import { decode } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { firstBatch } from "../cursors/batches.js";
import { fault, notSupported } from "../errors.js";
import { compileFilter } from "../query/filter.js";
import type { Collection } from "../storage/collection.js";
import { type IndexSpec, keyPattern } from "../storage/index-spec.js";
import { showDocument, showValue } from "../storage/show-value.js";
import { arrayOf, countOf, documentOf, flagOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { acknowledge } from "./write-loop.js";

const specFields = [
  "key",
  "name",
  "unique",
  "sparse",
  "expireAfterSeconds",
  "partialFilterExpression",
  "v",
  "background",
  "ns",
];

export const createIndexes: Command = {
  fields: ["indexes", "commitQuorum"],
  async handle(call) {
    const { catalog } = call.server;
    const name = textOf("createIndexes.createIndexes", call.body["createIndexes"]);
    const specs = arrayOf("createIndexes.indexes", call.body["indexes"]).map((spec) => parseSpec(call, name, spec));
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
      await build(call, collection, spec);
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

function parseSpec(call: Call, collection: string, spec: Value): IndexSpec {
  if (!isDocument(spec)) throw fault(14, "The elements of the 'indexes' array must be objects");
  for (const field of Object.keys(spec)) {
    if (specFields.includes(field)) continue;
    if (field === "hidden" && spec[field] === false) continue;
    if (
      [
        "collation",
        "hidden",
        "wildcardProjection",
        "weights",
        "default_language",
        "textIndexVersion",
        "2dsphereIndexVersion",
        "storageEngine",
      ].includes(field)
    ) {
      throw notSupported(`the index option '${field}'`);
    }
    throw fault(
      197,
      `Error in specification ${showDocument(spec)} :: caused by :: The field '${field}' is not valid for an index specification. Specification: ${showDocument(spec)}`,
    );
  }
  const key = keyOf(documentOf("createIndexes.indexes.key", spec["key"]));
  const isId = key.length === 1 && key[0]?.[0] === "_id";
  const name = spec["name"] === undefined ? key.flat().join("_") : textOf("createIndexes.indexes.name", spec["name"]);
  if (name === "" || name === "*") throw fault(67, `The index name '${name}' is not valid`);
  void call;
  void collection;
  const partial = spec["partialFilterExpression"];
  if (partial !== undefined) checkPartial(documentOf("partialFilterExpression", partial));
  return {
    id: -1,
    name: isId ? "_id_" : name,
    key,
    unique: flagOf("unique", spec["unique"]),
    sparse: flagOf("sparse", spec["sparse"]),
    expireAfterSeconds: expiryOf(spec["expireAfterSeconds"], key.length),
    partialFilter: partial === undefined ? null : (partial as Doc),
    multikey: false,
    building: true,
  };
}

function checkPartial(filter: Doc): void {
  compileFilter(filter);
  for (const name of Object.keys(filter)) {
    const operand = filter[name];
    if (name === "$and") for (const part of operand as Doc[]) checkPartial(part);
    else if (name.startsWith("$")) throw fault(67, `unsupported expression in partial index: ${name}`);
    else if (isDocument(operand)) {
      for (const operator of Object.keys(operand)) {
        if (!operator.startsWith("$") || ["$eq", "$gt", "$gte", "$lt", "$lte", "$type"].includes(operator)) continue;
        if (operator === "$exists" && operand[operator] === true) continue;
        throw fault(67, `unsupported expression in partial index: ${operator}`);
      }
    }
  }
}

function keyOf(key: Doc): (readonly [string, 1 | -1])[] {
  const names = Object.keys(key);
  if (names.length === 0) throw fault(67, "Index keys cannot be an empty object");
  if (names.length > 32) throw fault(67, "Index key pattern has too many fields: the limit is 32");
  return names.map((path) => {
    const direction = key[path];
    if (path === "" || path.startsWith("$") || path.split(".").includes(""))
      throw fault(67, `Index keys cannot contain an empty field or start with '$': '${path}'`);
    if (path.includes("$**")) throw notSupported("a wildcard index");
    if (typeof direction === "string") {
      if (["text", "2d", "2dsphere", "hashed"].includes(direction))
        throw fault(67, `embedded-mongo has no '${direction}' index; use a MongoDB server for it`);
      throw fault(67, `Unknown index plugin '${direction}'`);
    }
    if (!isNumeric(direction) || toNumber(direction) === 0 || Number.isNaN(toNumber(direction)))
      throw fault(67, `Values in v:2 index key pattern cannot be of type or value ${showValue(direction)}`);
    return [path, toNumber(direction) > 0 ? 1 : -1] as const;
  });
}

function expiryOf(value: Value, fields: number): number | null {
  if (value === undefined) return null;
  const seconds = isNumeric(value) ? toNumber(value) : Number.NaN;
  if (!isNumeric(value))
    throw fault(67, `TTL index 'expireAfterSeconds' option must be numeric, but received a type of '${typeof value}'`);
  if (!(seconds >= 0 && seconds <= 2 ** 31 - 1))
    throw fault(67, `TTL index 'expireAfterSeconds' option must be within an acceptable range, got ${seconds}`);
  if (fields > 1) throw fault(67, "TTL indexes are single-field indexes, compound indexes do not support TTL");
  return Math.trunc(seconds);
}

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
    if (sameName)
      throw fault(
        sameKey && !sameOptions ? 86 : 85,
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
const optionsOf = (index: IndexSpec): string =>
  JSON.stringify([index.unique, index.sparse, index.expireAfterSeconds, index.partialFilter]);

/** Fills a new index, batch by batch; it is used once it is complete, while new documents enter it from the beginning. */
async function build(call: Call, collection: Collection, spec: IndexSpec): Promise<void> {
  const { catalog } = call.server;
  const index: IndexSpec = { ...spec, id: await catalog.write(() => catalog.newId()) };
  await catalog.write(() => catalog.setIndexes(collection, [...collection.state.indexes, index]));
  const scan = collection.scan(collection.range());
  try {
    for (let done = false; !done; ) {
      await catalog.write(() => {
        call.pace.startTransaction();
        while (!call.pace.overdue && !done) {
          const entry = scan.next();
          if (entry === null) done = true;
          else {
            const bytes = collection.get(entry.key);
            if (bytes !== null) collection.addToIndex(index, entry.key, decode(bytes));
          }
        }
      });
      if (!done) await call.pace.rest();
    }
    index.building = false;
    await catalog.write(() => catalog.setIndexes(collection, [...collection.state.indexes]));
  } catch (error) {
    await catalog.write(() =>
      catalog.setIndexes(
        collection,
        collection.state.indexes.filter(({ id }) => id !== index.id),
      ),
    );
    call.server.dropped();
    throw error;
  }
}

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
    const batchSize = countOf("cursor.batchSize", documentOf("cursor", call.body["cursor"])["batchSize"], 101);
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
