import { randomBytes } from "node:crypto";
import { decode } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import { type Doc, toNumber } from "../bson/values.js";
import { fault } from "../errors.js";
import { Collection, type CollectionState, clearRange } from "./collection.js";
import { type IndexSpec, idIndex } from "./index-spec.js";
import { afterPrefix } from "./range-scan.js";
import type { Store } from "./store.js";

/** Ranges that were dropped: their bytes are removed bit by bit afterwards. */
interface Grave {
  readonly key: Buffer;
  readonly table: "records" | "entries";
  readonly id: number;
}

const collectionKey = (id: number): Buffer => numbered("c", id);
const countKey = (id: number): Buffer => numbered("n", id);
const nextIdKey = Buffer.from("next");

function numbered(kind: string, id: number): Buffer {
  const key = Buffer.alloc(5);
  key.write(kind, 0, "latin1");
  key.writeUInt32BE(id, 1);
  return key;
}

/** All collections and their indexes, in memory and in the store. */
export class Catalog {
  private readonly store: Store;
  private collections = new Map<string, Collection>();
  private changed = new Map<Collection, Set<"count" | "indexes">>();
  private nextId = 1;

  constructor(store: Store) {
    this.store = store;
    this.load();
  }

  find(db: string, name: string): Collection | null {
    return this.collections.get(`${db}.${name}`) ?? null;
  }

  all(): Collection[] {
    return [...this.collections.values()];
  }

  /** Runs a change of documents or of the catalogue; either all of it happens or nothing. */
  async write<T>(change: () => T): Promise<T> {
    try {
      return await this.store.write(() => {
        const result = change();
        this.saveChanged();
        return result;
      });
    } catch (error) {
      this.changed.clear();
      this.load(); // memory may be ahead of what was rolled back
      throw error;
    }
  }

  /** The collection, created when it does not exist. Only within `write`. */
  ensure(db: string, name: string): Collection {
    const existing = this.find(db, name);
    if (existing) return existing;
    checkNames(db, name);
    const state: CollectionState = { id: this.newId(), db, name, uuid: randomBytes(16), indexes: [idIndex], count: 0 };
    state.uuid[6] = ((state.uuid[6] as number) & 0x0f) | 0x40;
    state.uuid[8] = ((state.uuid[8] as number) & 0x3f) | 0x80;
    const collection = this.add(state);
    this.touched(collection, "indexes");
    this.touched(collection, "count");
    return collection;
  }

  /** An id that no collection and no index has had before. Only within `write`. */
  newId(): number {
    const id = this.nextId++;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.nextId, 0);
    this.store.meta.putSync(nextIdKey, bytes);
    return id;
  }

  setIndexes(collection: Collection, indexes: readonly IndexSpec[]): void {
    for (const index of collection.state.indexes) {
      if (!indexes.some((kept) => kept.id === index.id)) this.bury("entries", index.id);
    }
    collection.state.indexes = indexes;
    this.touched(collection, "indexes");
  }

  /** Removes the indexes whose building a crash has broken off: documents are missing in them. Only within `write`. */
  dropUnfinished(): void {
    for (const collection of this.collections.values()) {
      const finished = collection.state.indexes.filter(({ building }) => !building);
      if (finished.length < collection.state.indexes.length) this.setIndexes(collection, finished);
    }
  }

  drop(collection: Collection): void {
    const { id, db, name, indexes } = collection.state;
    this.collections.delete(`${db}.${name}`);
    this.changed.delete(collection);
    this.store.meta.removeSync(collectionKey(id));
    this.store.meta.removeSync(countKey(id));
    this.bury("records", id);
    for (const index of indexes) if (index.id !== 0) this.bury("entries", index.id);
  }

  /** Removes some of what was dropped. @returns whether something is left. */
  async clearDropped(limit: number): Promise<boolean> {
    const grave = this.nextGrave();
    if (grave === null) return false;
    const low = Buffer.alloc(4);
    low.writeUInt32BE(grave.id, 0);
    await this.store.write(() => {
      const more = clearRange(this.store[grave.table], { low, high: afterPrefix(low) }, limit);
      if (!more) this.store.meta.removeSync(grave.key);
    });
    return true;
  }

  private nextGrave(): Grave | null {
    for (const table of ["records", "entries"] as const) {
      const low = Buffer.from(table === "records" ? "R" : "E");
      // All are read, so that the iteration comes to its end: an open one holds one of lmdb's few places for readers.
      const [key] = [...this.store.meta.getKeys({ start: low, end: afterPrefix(low), limit: 1 })];
      if (key !== undefined) return { key: Buffer.from(key), table, id: key.readUInt32BE(1) };
    }
    return null;
  }

  private bury(table: "records" | "entries", id: number): void {
    this.store.meta.putSync(numbered(table === "records" ? "R" : "E", id), Buffer.alloc(1));
  }

  private readonly touched = (collection: Collection, what: "count" | "indexes"): void => {
    const set = this.changed.get(collection);
    if (set) set.add(what);
    else this.changed.set(collection, new Set([what]));
  };

  private add(state: CollectionState): Collection {
    const collection = new Collection(state, this.store, this.touched);
    this.collections.set(collection.namespace, collection);
    return collection;
  }

  private saveChanged(): void {
    for (const [collection, what] of this.changed) {
      const { state } = collection;
      if (this.collections.get(collection.namespace) !== collection) continue; // dropped meanwhile
      if (what.has("indexes")) this.store.meta.putSync(collectionKey(state.id), encodeAny(describe(state)));
      if (what.has("count")) {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleBE(state.count, 0);
        this.store.meta.putSync(countKey(state.id), bytes);
      }
    }
    this.changed.clear();
  }

  private load(): void {
    const known = new Map([...this.collections.values()].map((collection) => [collection.state.id, collection]));
    this.collections = new Map();
    this.nextId = this.store.meta.get(nextIdKey)?.readUInt32BE(0) ?? 1;
    const low = Buffer.from("c");
    for (const { value } of this.store.meta.getRange({ start: low, end: afterPrefix(low) })) {
      const state = restore(decode(Buffer.from(value)));
      state.count = this.store.meta.get(countKey(state.id))?.readDoubleBE(0) ?? 0;
      const collection = known.get(state.id);
      // Whoever holds the object goes on with it.
      if (collection) {
        collection.state.indexes = state.indexes;
        collection.state.count = state.count;
        this.collections.set(collection.namespace, collection);
      } else this.add(state);
    }
  }
}

function describe(state: CollectionState): Doc {
  const indexes = state.indexes.map(({ key, ...rest }) => ({ ...rest, key: key.map((part) => [...part]) }));
  return { id: state.id, db: state.db, name: state.name, uuid: state.uuid.toString("hex"), indexes };
}

function restore(doc: Doc): CollectionState {
  const indexes = (doc["indexes"] as Doc[]).map((index) => {
    const { expireAfterSeconds } = index;
    const seconds = expireAfterSeconds === null ? null : toNumber(expireAfterSeconds);
    return index["id"] === 0 ? idIndex : ({ ...index, expireAfterSeconds: seconds } as unknown as IndexSpec);
  });
  const uuid = Buffer.from(doc["uuid"] as string, "hex");
  return { id: doc["id"] as number, db: doc["db"] as string, name: doc["name"] as string, uuid, indexes, count: 0 };
}

function checkNames(db: string, name: string): void {
  const namespace = `${db}.${name}`;
  if (db === "" || /[/\\. "$*<>:|?\0]/.test(db) || Buffer.byteLength(db) > 63)
    throw fault(73, `Invalid namespace specified '${namespace}'`);
  if (name === "" || name.startsWith(".") || name.endsWith(".") || name.includes("$") || name.includes("\0")) {
    throw fault(73, `Invalid collection name: ${name}`);
  }
  if (name.startsWith("system.")) throw fault(73, `Invalid system namespace: ${namespace}`);
  if (Buffer.byteLength(namespace) > 255)
    throw fault(73, `Fully qualified namespace is too long. Namespace: ${namespace} Max: 255`);
}
