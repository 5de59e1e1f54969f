import { type Database, open, type RootDatabase } from "lmdb";

/** One of lmdb's sorted maps from bytes to bytes. */
export type Table = Database<Buffer, Buffer>;

// Commit without waiting for the disk: beginTxn's flags "abortable", "commit synchronously" and MDB_NOSYNC. The disk is waited
// for in `durable`, off this thread and once for all that committed meanwhile; lmdb-js commits its own asynchronous writes so too.
const COMMIT_THEN_SYNC = 0x10003;

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
  /** Runs synchronously, alone, and altogether or not at all. When it returns, the change survives the death of this process. */
  write<T>(change: () => T): T;
  /** Resolves once all that was committed before the call is on the disk. */
  durable(): Promise<void>;
  close(): Promise<void>;
}

interface NativeEnvironment {
  sync(done: (error?: Error) => void): void;
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
  const syncs = groupSyncs(() => syncOnce(root));
  return {
    records: table("records"),
    entries: table("entries"),
    meta: table("meta"),
    sessions: table("sessions"),
    write: (change) => write(root, change),
    durable: () => (options.sync ? syncs() : Promise.resolve()),
    close: () => root.close(),
  };
}

function write<T>(root: RootDatabase, change: () => T): T {
  const transactionSync = root.transactionSync as (change: () => T, flags: number) => T;
  return transactionSync.call(root, change, COMMIT_THEN_SYNC);
}

function syncOnce(root: RootDatabase): Promise<void> {
  const { env } = root as unknown as { readonly env: NativeEnvironment };
  return new Promise((resolve, reject) => {
    env.sync((error) => (error ? reject(error) : resolve()));
  });
}

/** One running, one waiting: whoever comes while one runs shares the next, which starts after his commit. */
function groupSyncs(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const start = (): Promise<void> => {
    const own = sync().finally(() => {
      if (running === own) running = null;
    });
    running = own;
    return own;
  };
  return () => {
    if (running === null) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
}
