/**
 * `pnpm bench shared-keys-cost`: what noting from where keys are used costs the counting of usage, and a look for shared keys, on the
 * embedded store. Figures swing with the machine.
 */
import { cpus, loadavg } from "node:os";
import { MongoClient } from "mongodb";
import { startEmbeddedMongo } from "../../packages/embedded-mongo/src/index.js";
import { OriginNotes } from "../../packages/server/src/modules/usage/origins/origin-notes.js";
import { keysOfManyOrigins } from "../../packages/server/src/modules/usage/origins/origins.js";
import { collectionsOf } from "../../packages/server/src/modules/usage/storage/documents.js";
import { ensureIndexes } from "../../packages/server/src/modules/usage/storage/indexes.js";
import { defaultRetention } from "../../packages/server/src/modules/usage/storage/tiers.js";
import { report } from "./report.js";
import { Dice } from "./shared-keys/dice.js";

const keyCount = Number(process.env.BENCH_KEYS ?? 100);
const callCount = Number(process.env.BENCH_EVENTS ?? 100_000);
const placesPerKey = 10;
const batch = 40_000;
const dayMs = 24 * 60 * 60_000;

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}; load average at the start ${loadavg()[0]?.toFixed(1)}`;
const server = await startEmbeddedMongo({ dataDir: undefined });
const client = await MongoClient.connect(server.url);
const db = client.db("cost");
await ensureIndexes(db, defaultRetention);
const collections = collectionsOf(db);
const notes = new OriginNotes(collections.origins);
const dice = new Dice(1);
const begin = Date.now() - dayMs;

let notedMs = 0;
for (let start = 0; start < callCount; start += batch) {
  const calls = dice.many(Math.min(batch, callCount - start), (index) => {
    const key = dice.int(0, keyCount - 1);
    const place = dice.int(0, placesPerKey - 1);
    return {
      at: begin + ((start + index) / callCount) * dayMs,
      tenantId: "ten_a",
      keyId: `key_${key}`,
      code: "VALID" as const,
      ip: `${11 + place}.${key >> 8}.${key & 255}.7`,
      userAgent: `program/${place % 3}`,
    };
  });
  const before = performance.now();
  await notes.note(calls, new Date());
  notedMs += performance.now() - before;
}
const looks: number[] = [];
const question = { tenantId: "ten_a", from: begin, all: true, take: 200 };
const above = [{ of: "networks", max: 30 } as const, { of: "userAgents", max: 15 } as const];
for (let look = 0; look < 5; look++) {
  const before = performance.now();
  await keysOfManyOrigins(collections, { ...question, above });
  looks.push(performance.now() - before);
}
const places = await collections.origins.countDocuments();
report("shared-keys-cost", [
  machine,
  `${callCount} calls of a day with ${keyCount} keys of one tenant, each from ${placesPerKey} addresses: ${places} places`,
  `noting them, the store's part included  ${Math.round(notedMs / 1_000)} s, ${((notedMs / callCount) * 1_000).toFixed(1)} µs a call`,
  `a look at them all                      ${Math.round(looks.sort((a, b) => a - b)[2] as number)} ms (median of 5)`,
]);
await client.close();
await server.close();
