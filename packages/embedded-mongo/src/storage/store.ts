import { type Database, open, type RootDatabase } from "lmdb";

/** One of lmdb's sorted maps from bytes to bytes. */
export type Table = Database<Buffer, Buffer>;

/** The files of a data folder. */
export interface Store {
  /** Documents by collection and `_id`. */
  readonly records: Table;
  /** Index entries by index, values and record. */
  readonly entries: Table;
  /** Collections, indexes, counters. */
  readonly meta: Table;
  /** What retryable writes have done. */
  readonly sessions: Table;
  /**
   * Runs a synchronous change alone, and altogether or not at all; changes that wait for each other share a transaction. Once it
   * resolves, the change survives the death of this process. Writing to the disk happens on another thread.
   */
  write<T>(change: () => T): Promise<T>;
  /** Resolves once all that was committed before the call has been forced to the disk. */
  durable(): Promise<void>;
  close(): Promise<void>;
}

/** Opens or creates the store in a folder. */
export function openStore(folder: string, options: { readonly sync: boolean }): Store {
  const root: RootDatabase = open({
    path: folder,
    maxDbs: 8,
    noSync: !options.sync,
    overlappingSync: options.sync,
    maxReaders: 64,
  });
  const table = (name: string): Table => root.openDB({ name, keyEncoding: "binary", encoding: "binary" });
  return {
    records: table("records"),
    entries: table("entries"),
    meta: table("meta"),
    sessions: table("sessions"),
    // A child, because lmdb-js commits what a plain callback has done before it threw.
    write: (change) => root.childTransaction(change),
    durable: async () => {
      await root.flushed;
    },
    close: () => root.close(),
  };
}
