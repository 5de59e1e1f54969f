import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectId } from "bson";
import type { ServerContext } from "./commands/context.js";
import { dispatch } from "./commands/dispatch.js";
import { CursorStore } from "./cursors/cursor-store.js";
import { lockFolder } from "./lock/folder-lock.js";
import { startMaintenance } from "./maintenance/maintenance.js";
import type { EmbeddedMongoOptions } from "./options.js";
import { WriteSessions } from "./session/write-sessions.js";
import { Catalog } from "./storage/catalog.js";
import { openStore } from "./storage/store.js";
import { listen } from "./wire/listener.js";

/** A running server. */
export interface EmbeddedMongo {
  /** For `new MongoClient(url)`. */
  readonly url: string;
  /** Removes now what TTL indexes say has expired; otherwise it happens every `ttlIntervalMs`. */
  expire(): Promise<void>;
  /** Ends all connections, finishes running writes and gives the folder free. */
  close(): Promise<void>;
}

/**
 * Starts a small MongoDB-compatible server in this process, for development, tests and trials on a single machine.
 *
 * @throws when the folder is in use by another server, or when host or port cannot be used.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const { clock = () => new Date(), log = () => undefined } = options;
  const temporary = options.dataDir === undefined;
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), "embedded-mongo-"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = options.lock === false ? null : lockFolder(folder);
  const store = openStore(join(folder, "data"), { sync: !temporary });
  const catalog = new Catalog(store);
  await catalog.write(() => catalog.dropUnfinished());
  const sessions = new WriteSessions(store, clock);
  const cursors = new CursorStore(clock, options.maxCursors ?? 10_000);
  const running = new Set<Promise<unknown>>();
  let address = "";
  const context: ServerContext = {
    store,
    catalog,
    cursors,
    sessions,
    clock,
    maxStageBytes: options.maxStageBytes ?? 100 * 1024 * 1024,
    started: clock(),
    electionId: new ObjectId(),
    address: () => address,
    connections: () => listener.connections(),
    dropped: () => maintenance.wake(),
  };
  const maintenance = startMaintenance(context, options.ttlIntervalMs ?? 60_000, log);
  const listener = await listen(options, log, async (request, signal) => {
    const reply = dispatch(context, request, signal);
    running.add(reply);
    try {
      return await reply;
    } finally {
      running.delete(reply);
    }
  });
  address = listener.address;

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await listener.close();
    await Promise.allSettled(running);
    await maintenance.stop();
    await store.durable();
    await store.close();
    lock?.release();
    if (temporary) rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: listener.url,
    expire: () => maintenance.expire(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
