import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";
import { MongoClient } from "mongodb";
import { KeyplaneError } from "../../../platform/errors.js";
import { OriginNotes } from "../origins/origin-notes.js";
import {
  keysOfManyOrigins,
  type ManyOriginsQuestion,
  type OriginsOfKeyQuestion,
  originsOfKey,
  takeTurn,
} from "../origins/origins.js";
import { countEvents, findEvents } from "../reports/call-log.js";
import { invalidAttempts } from "../reports/invalid-attempts.js";
import { report } from "../reports/report.js";
import { collectionsOf } from "../storage/documents.js";
import { ensureIndexes } from "../storage/indexes.js";
import { oldestTellable } from "../storage/tiers.js";
import { Completeness } from "./completeness.js";
import { Counter } from "./counter.js";
import { OthersWatch } from "./others-watch.js";
import type { FromThread, ThreadMethods, ThreadSettings, ToThread, Watching } from "./protocol.js";
import { isStoreAway, storeAway } from "./store-away.js";
import { Views } from "./views.js";

/**
 * The thread that alone speaks with MongoDB: it counts what the spool holds, and answers questions. Verification shares
 * neither its event loop nor its garbage collector.
 */
const port = parentPort as MessagePort;
const settings = workerData as ThreadSettings;
const tell = (message: FromThread): void => port.postMessage(message);

yieldToVerification();
const embedded =
  settings.mongodbUrl === null
    ? await startEmbeddedMongo({ dataDir: join(settings.dataDir, "mongo"), lock: false })
    : null;
tell({ type: "started" });
const client = new MongoClient(settings.mongodbUrl ?? (embedded?.url as string), {
  appName: "keyplane",
  writeConcern: { w: "majority" },
  // How long a question or a shipment waits for a server that can take it, and a dead connection is waited for; milliseconds.
  serverSelectionTimeoutMS: 5_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 30_000,
});
const db = client.db(databaseOf(settings.mongodbUrl));
const collections = collectionsOf(db);
const views = new Views();
const counter = new Counter({
  collections,
  views,
  origins: new OriginNotes(collections.origins),
  spoolFolder: settings.spoolFolder,
  spool: settings.spool,
  tell,
  tellableSince: (now) => oldestTellable(settings.retention, now),
  prepare: async () => {
    // Again at each attempt: a client whose first connection failed never tries another one by itself.
    await client.connect();
    await ensureIndexes(db, settings.retention);
  },
});
const others = new OthersWatch(collections, settings.spool, views, tell);
const completeness = new Completeness({ collections, spoolFolder: settings.spoolFolder, spool: settings.spool, tell });

const methods: { [Method in keyof ThreadMethods]: (argument: never) => unknown } = {
  settle: (upTo: number) => counter.settle(upTo),
  hurry: () => counter.hurry(),
  report: ({ question, now }: Parameters<ThreadMethods["report"]>[0]) =>
    report(collections, question, { now, retention: settings.retention }),
  attempts: ({ question, now }: Parameters<ThreadMethods["attempts"]>[0]) =>
    invalidAttempts(collections, question, { now, retention: settings.retention }),
  events: ({ question, now }: Parameters<ThreadMethods["events"]>[0]) =>
    findEvents(collections, question, { now, retention: settings.retention }),
  countEvents: ({ question, now }: Parameters<ThreadMethods["countEvents"]>[0]) =>
    countEvents(collections, question, { now, retention: settings.retention }),
  keysOfManyOrigins: (question: ManyOriginsQuestion) => keysOfManyOrigins(collections, question),
  originsOfKey: (question: OriginsOfKeyQuestion) => originsOfKey(collections, question),
  takeTurn: (turn: Parameters<ThreadMethods["takeTurn"]>[0]) => takeTurn(collections, turn),
  completeUntil: (own: number) => completeness.until(own),
  adopt: (spools: Parameters<ThreadMethods["adopt"]>[0]) => counter.adopt(spools),
  saved: (segments: Parameters<ThreadMethods["saved"]>[0]) => counter.saved(segments),
  watch: (what: Watching) => {
    views.set(what.views);
    others.watch(what.on);
  },
  stop: (withinMs: number) => stop(withinMs),
};

port.on("message", ({ id, method, argument }: ToThread) => {
  Promise.resolve()
    .then(() => methods[method](argument as never))
    .then(
      (value) => tell({ type: "answer", id, value }),
      (error: unknown) => tell(failureOf(id, error)),
    );
});

function failureOf(id: number, error: unknown): FromThread {
  const refusal = isStoreAway(error) ? storeAway() : error;
  if (refusal instanceof KeyplaneError) return { type: "refusal", id, code: refusal.code, message: refusal.message };
  // Errors of the driver carry what cannot be sent to another thread.
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { type: "failure", id, error: Object.assign(new Error(message), { name, stack }) };
}

async function stop(withinMs: number): Promise<boolean> {
  others.watch(false);
  counter.hurry();
  const late = new Promise((resolve) => setTimeout(resolve, withinMs));
  await Promise.race([counter.settle(Number.MAX_SAFE_INTEGER), late]);
  const isEmpty = await counter.stop();
  if (isEmpty) await collections.spools.deleteOne({ _id: settings.spool });
  await client.close();
  await embedded?.close();
  return isEmpty;
}

/** The database of the address's path, e.g. mongodb://host/keyplane. */
function databaseOf(url: string | null): string {
  const path = url === null ? "" : new URL(url.replace(/^mongodb(\+srv)?:\/\/[^/?]*/, "mongodb://host")).pathname;
  return decodeURIComponent(path.slice(1)) || "keyplane";
}

/** Counting may take its time, a verification may not: on Linux a thread has a priority of its own. */
function yieldToVerification(): void {
  try {
    const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
    setPriority(Number(thread), 10);
  } catch {
    // Elsewhere all threads of a process are alike.
  }
}
