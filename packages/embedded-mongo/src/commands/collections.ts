import { Binary } from "bson";
import { encodeAny } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { firstBatch } from "../cursors/batches.js";
import { fault, notSupported } from "../errors.js";
import { compileFilter } from "../query/filter.js";
import type { Collection } from "../storage/collection.js";
import { idIndex } from "../storage/index-spec.js";
import { batchSizeOf, documentOf, flagOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { describeIndex } from "./indexes.js";
import { acknowledge } from "./write-loop.js";

export const create: Command = {
  fields: [
    "capped",
    "timeseries",
    "viewOn",
    "pipeline",
    "validator",
    "validationLevel",
    "validationAction",
    "collation",
    "size",
    "max",
    "expireAfterSeconds",
    "clusteredIndex",
    "changeStreamPreAndPostImages",
    "storageEngine",
    "indexOptionDefaults",
    "autoIndexId",
    "idIndex",
  ],
  async handle(call) {
    const name = textOf("create.create", call.body["create"]);
    for (const option of create.fields) {
      const value = call.body[option];
      if (value !== undefined && value !== false && option !== "idIndex" && option !== "autoIndexId")
        throw notSupported(`create with '${option}'`);
    }
    const { catalog } = call.server;
    if (catalog.find(call.db, name) !== null) throw fault(48, `Collection ${call.db}.${name} already exists.`);
    await catalog.write(() => catalog.ensure(call.db, name));
    await acknowledge(call);
    return {};
  },
};

export const drop: Command = {
  fields: [],
  async handle(call) {
    const name = textOf("drop.drop", call.body["drop"]);
    const collection = call.server.catalog.find(call.db, name);
    if (collection === null) return {}; // as MongoDB 7 does
    const { length } = collection.state.indexes;
    await dropAll(call, [collection]);
    await acknowledge(call);
    return { nIndexesWas: length, ns: `${call.db}.${name}` };
  },
};

export const dropDatabase: Command = {
  fields: [],
  async handle(call) {
    await dropAll(
      call,
      call.server.catalog.all().filter(({ state }) => state.db === call.db),
    );
    await acknowledge(call);
    return { dropped: call.db };
  },
};

async function dropAll(call: Call, collections: readonly Collection[]): Promise<void> {
  const { catalog, cursors } = call.server;
  await catalog.write(() => {
    for (const collection of collections) catalog.drop(collection);
  });
  const names = new Set(collections.map(({ namespace }) => namespace));
  cursors.closeWhere((namespace) => names.has(namespace));
  call.server.dropped();
}

export const listCollections: Command = {
  fields: ["filter", "nameOnly", "authorizedCollections", "cursor"],
  handle(call) {
    const matches = compileFilter(documentOf("listCollections.filter", call.body["filter"]));
    const nameOnly = flagOf("listCollections.nameOnly", call.body["nameOnly"]);
    const documents = call.server.catalog
      .all()
      .filter(({ state }) => state.db === call.db)
      .map(({ state }) => ({
        name: state.name,
        type: "collection",
        ...(nameOnly
          ? {}
          : {
              options: {},
              info: { readOnly: false, uuid: new Binary(state.uuid, 4) },
              idIndex: describeIndex(idIndex),
            }),
      }))
      .filter((document) => matches(document));
    let position = 0;
    const next = (): Buffer | null => {
      const document = documents[position++];
      return document === undefined ? null : encodeAny(document);
    };
    const batchSize = batchSizeOf(call.body, Number.POSITIVE_INFINITY);
    return firstBatch(call, `${call.db}.$cmd.listCollections`, { next }, { batchSize });
  },
};

export const listDatabases: Command = {
  fields: ["filter", "nameOnly", "authorizedDatabases"],
  handle(call) {
    const matches = compileFilter(documentOf("listDatabases.filter", call.body["filter"]));
    const nameOnly = flagOf("listDatabases.nameOnly", call.body["nameOnly"]);
    const names = [...new Set(call.server.catalog.all().map(({ state }) => state.db))].toSorted();
    const databases = names
      .map((name): Doc => (nameOnly ? { name } : { name, sizeOnDisk: 0n, empty: false }))
      .filter((database) => matches(database));
    return nameOnly ? { databases } : { databases, totalSize: 0n, totalSizeMb: 0n };
  },
};

export const collStats: Command = {
  fields: ["scale"],
  handle(call) {
    const name = textOf("collStats.collStats", call.body["collStats"]);
    const collection = call.server.catalog.find(call.db, name);
    return {
      ns: `${call.db}.${name}`,
      count: collection?.state.count ?? 0,
      nindexes: collection?.state.indexes.length ?? 0,
      capped: false,
    };
  },
};
