import { decode } from "../bson/decode.js";
import { EMPTY_ARRAY, KeyWriter } from "../bson/key-encoding.js";
import type { Doc, Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compileFilter, type Predicate } from "../query/filter.js";
import { type IndexSpec, idIndex, keyPattern, pathsOf } from "./index-spec.js";
import { indexRows, type Row } from "./index-values.js";
import { afterPrefix, type Interval, RangeScan } from "./range-scan.js";
import { showDocument } from "./show-value.js";
import type { Store } from "./store.js";

/** lmdb's limit on the length of a key. */
export const MAX_KEY_BYTES = 1978;

/** What stays in the catalogue of a collection. */
export interface CollectionState {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly uuid: Buffer;
  indexes: readonly IndexSpec[];
  count: number;
}

const writer = new KeyWriter();

/** A collection's records and index entries. All writing happens inside of `store.write`. */
export class Collection {
  readonly state: CollectionState;
  private readonly store: Store;
  private readonly touched: (collection: Collection, what: "count" | "indexes") => void;
  private fields: ReadonlySet<string> | undefined;
  private fieldsOf: readonly IndexSpec[] | null = null;
  private partial = new Map<IndexSpec, Predicate>();

  constructor(
    state: CollectionState,
    store: Store,
    touched: (collection: Collection, what: "count" | "indexes") => void,
  ) {
    this.state = state;
    this.store = store;
    this.touched = touched;
  }

  get namespace(): string {
    return `${this.state.db}.${this.state.name}`;
  }

  /** The record's key: all records of a collection lie together in the order of their `_id`. */
  recordKey(id: Value): Buffer {
    const key = writer.reset().uint32(this.state.id).value(id).bytes();
    if (key.length > MAX_KEY_BYTES) throw keyTooLong(this.namespace, idIndex, key.length);
    return key;
  }

  /** As `recordKey`, for looking up: null for an `_id` that no record can have. */
  lookupKey(id: Value): Buffer | null {
    const key = writer.reset().uint32(this.state.id).value(id).bytes();
    return key.length > MAX_KEY_BYTES ? null : key;
  }

  get(recordKey: Buffer): Buffer | null {
    return this.store.records.get(recordKey) ?? null;
  }

  /** The range of all records, or of all entries of an index. */
  range(index: IndexSpec = idIndex): Interval {
    const low = writer
      .reset()
      .uint32(index === idIndex ? this.state.id : index.id)
      .bytes();
    return { low, high: afterPrefix(low) };
  }

  scan(interval: Interval, reverse = false): RangeScan {
    return new RangeScan(this.store.records, interval, reverse);
  }

  scanEntries(interval: Interval, reverse = false): RangeScan {
    return new RangeScan(this.store.entries, interval, reverse);
  }

  /** The key of the record that an index entry leads to. */
  recordKeyOf(index: IndexSpec, key: Buffer, value: Buffer): Buffer {
    const prefix = Buffer.allocUnsafe(4);
    prefix.writeUInt32BE(this.state.id, 0);
    return Buffer.concat([prefix, index.unique ? value : key.subarray(value.readUInt16BE(0))]);
  }

  /** Stores a new document. @throws code 11000 when a unique index has its values already; then nothing is written. */
  insert(recordKey: Buffer, bytes: Buffer, doc?: Doc): void {
    if (this.store.records.doesExist(recordKey)) throw this.duplicate(idIndex, [(doc ?? decode(bytes, idOnly))["_id"]]);
    this.replaceEntries(recordKey, null, doc ?? this.indexed(bytes));
    this.store.records.putSync(recordKey, bytes);
    this.state.count += 1;
    this.touched(this, "count");
  }

  /** Stores another version of a document. */
  replace(recordKey: Buffer, before: Buffer, bytes: Buffer, after: Doc): void {
    if (this.state.indexes.length > 1) this.replaceEntries(recordKey, this.indexed(before), after);
    this.store.records.putSync(recordKey, bytes);
  }

  remove(recordKey: Buffer, bytes: Buffer): void {
    this.replaceEntries(recordKey, this.indexed(bytes), null);
    this.store.records.removeSync(recordKey);
    this.state.count -= 1;
    this.touched(this, "count");
  }

  /** Adds a document that is stored already to a new index. */
  addToIndex(index: IndexSpec, recordKey: Buffer, doc: Doc): void {
    for (const row of this.rowsOf(index, doc)) {
      const key = this.entryKey(index, row, recordKey);
      if (index.unique) {
        const taken = this.store.entries.get(key);
        if (taken !== undefined && !taken.equals(recordKey.subarray(4))) throw this.duplicate(index, row);
      }
      this.putEntry(index, key, recordKey);
    }
  }

  /** Removes up to so many entries of an index; false when none is left. */
  clearIndex(indexId: number, limit: number): boolean {
    const low = writer.reset().uint32(indexId).bytes();
    return clearRange(this.store.entries, { low, high: afterPrefix(low) }, limit);
  }

  /** The fields that the indexes need; undefined for all. */
  get insertFields(): ReadonlySet<string> | undefined {
    if (this.fieldsOf !== this.state.indexes) {
      this.fieldsOf = this.state.indexes;
      const partial = this.state.indexes.some((index) => index.partialFilter !== null);
      this.fields = partial
        ? undefined
        : new Set(["_id", ...this.state.indexes.flatMap((index) => pathsOf(index).map((path) => path[0] as string))]);
    }
    return this.fields;
  }

  private indexed(bytes: Buffer): Doc {
    const fields = this.insertFields;
    return this.state.indexes.length === 1 ? noDoc : decode(bytes, fields);
  }

  private replaceEntries(recordKey: Buffer, before: Doc | null, after: Doc | null): void {
    for (const index of this.state.indexes) {
      if (index.id === 0) continue;
      const removed = before === null ? [] : this.keysOf(index, before, recordKey);
      const added = after === null ? [] : this.keysOf(index, after, recordKey);
      if (removed.length === 1 && added.length === 1 && (removed[0] as Buffer).equals(added[0] as Buffer)) continue;
      if (after !== null && index.unique) this.checkUnique(index, added, after, recordKey);
      this.pending.push({ index, removed, added });
    }
    // Only now, when no index has refused, anything is written.
    for (const { index, removed, added } of this.pending) {
      for (const key of removed) if (this.owns(index, key, recordKey)) this.store.entries.removeSync(key);
      for (const key of added) this.putEntry(index, key, recordKey);
    }
    this.pending.length = 0;
  }

  /** While a unique index is being built, another document may have the entry. */
  private owns(index: IndexSpec, key: Buffer, recordKey: Buffer): boolean {
    return !index.building || !index.unique || this.store.entries.get(key)?.equals(recordKey.subarray(4)) === true;
  }

  private readonly pending: { index: IndexSpec; removed: Buffer[]; added: Buffer[] }[] = [];

  private checkUnique(index: IndexSpec, keys: readonly Buffer[], doc: Doc, recordKey: Buffer): void {
    for (const [i, key] of keys.entries()) {
      const taken = this.store.entries.get(key);
      if (taken === undefined || taken.equals(recordKey.subarray(4))) continue;
      this.pending.length = 0;
      throw this.duplicate(index, this.rowsOf(index, doc)[i] as Row);
    }
  }

  private keysOf(index: IndexSpec, doc: Doc, recordKey: Buffer): Buffer[] {
    try {
      return this.rowsOf(index, doc).map((row) => this.entryKey(index, row, recordKey));
    } catch (error) {
      this.pending.length = 0;
      throw error;
    }
  }

  private rowsOf(index: IndexSpec, doc: Doc): Row[] {
    if (index.partialFilter !== null && !this.inPartial(index, doc)) return [];
    const { rows, multikey } = indexRows(doc, pathsOf(index));
    if (index.sparse && rows.every((row) => row.every((value) => value === null)) && !anyPresent(doc, index)) return [];
    if (multikey && !index.multikey) {
      index.multikey = true;
      this.touched(this, "indexes");
    }
    return rows;
  }

  private inPartial(index: IndexSpec, doc: Doc): boolean {
    let predicate = this.partial.get(index);
    if (predicate === undefined) {
      predicate = compileFilter(index.partialFilter ?? {});
      this.partial.set(index, predicate);
    }
    return predicate(doc);
  }

  private entryKey(index: IndexSpec, row: Row, recordKey: Buffer): Buffer {
    writer.reset().uint32(index.id);
    for (const [i, value] of row.entries()) writer.value(value, index.key[i]?.[1] === -1);
    if (!index.unique) writer.raw(recordKey.subarray(4));
    if (writer.length > MAX_KEY_BYTES) throw keyTooLong(this.namespace, index, writer.length);
    return writer.bytes();
  }

  private putEntry(index: IndexSpec, key: Buffer, recordKey: Buffer): void {
    // A unique index finds its record by value; the others tell where in the key the record's own key begins.
    const id = recordKey.subarray(4);
    const value = index.unique ? id : offset(key.length - id.length);
    this.store.entries.putSync(key, value);
  }

  private duplicate(index: IndexSpec, row: Row): Error {
    const keyValue = Object.fromEntries(
      index.key.map(([path], i) => [path, row[i] === EMPTY_ARRAY ? null : (row[i] ?? null)]),
    );
    return fault(
      11000,
      `E11000 duplicate key error collection: ${this.namespace} index: ${index.name} dup key: ${showDocument(keyValue)}`,
      { keyPattern: keyPattern(index), keyValue },
    );
  }
}

const idOnly: ReadonlySet<string> = new Set(["_id"]);
const noDoc: Doc = {};

const offsets: Buffer[] = [];

function offset(length: number): Buffer {
  let bytes = offsets[length];
  if (bytes === undefined) {
    bytes = Buffer.allocUnsafe(2);
    bytes.writeUInt16BE(length, 0);
    offsets[length] = bytes;
  }
  return bytes;
}

function anyPresent(doc: Doc, index: IndexSpec): boolean {
  return index.key.some(([path]) => compileFilter({ [path]: { $exists: true } })(doc));
}

function keyTooLong(namespace: string, index: IndexSpec, length: number): Error {
  return fault(
    17280,
    `Btree::insert: key too large to index, failing ${namespace} ${index.name} ${length} bytes (limit ${MAX_KEY_BYTES})`,
  );
}

/** Removes up to so many entries of a range; false when none is left. */
export function clearRange(table: Store["records"], interval: Interval, limit: number): boolean {
  const keys = [...table.getKeys({ start: interval.low, end: interval.high, limit })];
  for (const key of keys) table.removeSync(key);
  return keys.length === limit;
}
