// `pnpm --filter @keyplane/embedded-mongo bench [documents]`: prints what the server does in a second. The server runs in a
// process of its own, so that the driver's work is not counted twice. Printed are the median of several rounds as the driver sees
// it, and the server's CPU time for each.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type AnyBulkWriteOperation, type Collection, MongoClient } from "mongodb";

interface CallDocument {
  _id: string;
  [field: string]: unknown;
}

interface Bucket {
  _id: string;
}

const size = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), "embedded-mongo-bench-"));
const server = spawn(
  process.execPath,
  [
    "--conditions=source",
    "--import",
    "tsx",
    fileURLToPath(new URL("../serve.ts", import.meta.url)),
    JSON.stringify({ dataDir: folder }),
  ],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const url = await new Promise<string>((resolve) => {
  createInterface(server.stdout).once("line", resolve);
});
const client = new MongoClient(url);

function callDocument(i: number): CallDocument {
  return {
    _id: `call_${String(i).padStart(12, "0")}`,
    tenantId: `ten_${i % 20}`,
    keyId: `key_${i % 500}`,
    at: new Date(1_790_000_000_000 + i * 10),
    operation: `operation${i % 40}`,
    status: i % 17 === 0 ? 500 : 200,
    code: i % 17 === 0 ? "INTERNAL" : "OK",
    latency: (i * 7919) % 1000,
    bytes: i % 4096,
    client: "sdk/1.2.3 node/20.20.2",
    ip: "192.0.2.17",
    region: "eu-central-1",
    requestId: `req_${i}_0123456789abcdef`,
    variables: { first: 20, after: "cursor" },
    expires: new Date(1_890_000_000_000),
  };
}

/** The server's CPU time so far. Unlike the time that passes, it tells little of what else the machine does. */
async function cpuMicros(): Promise<number> {
  const status = (await client.db().admin().serverStatus()) as { extra_info: Record<string, number> };
  return Object.values(status.extra_info).reduce((sum, micros) => sum + micros, 0);
}

async function measure(
  what: string,
  units: number,
  rounds: number,
  work: (round: number) => Promise<unknown>,
): Promise<void> {
  const rates: number[] = [];
  const before = await cpuMicros();
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    await work(round);
    rates.push((units / (performance.now() - begin)) * 1000);
  }
  rates.sort((a, b) => a - b);
  const median = rates[rounds >> 1] as number;
  const each = ((await cpuMicros()) - before) / (units * rounds);
  console.log(
    `${what.padEnd(76)} ${Math.round(median).toLocaleString("en").padStart(10)} /s ${each.toFixed(1).padStart(8)} µs`,
  );
}

async function insertAll(calls: Collection<CallDocument>): Promise<void> {
  await calls.createIndexes([
    { key: { tenantId: 1, at: -1, _id: -1 } },
    { key: { tenantId: 1, keyId: 1, at: -1 } },
    { key: { tenantId: 1, code: 1, at: -1 } },
    { key: { expires: 1 }, expireAfterSeconds: 0 },
  ]);
  const batch = 5000;
  await measure(
    "insertMany of 5,000, unordered, 3 compound indexes and TTL, 2 % duplicates",
    batch,
    size / batch,
    async (round) => {
      const documents = Array.from({ length: batch }, (_, i) =>
        callDocument(round * batch + i - (i % 50 === 0 && round > 0 ? 60 : 0)),
      );
      await calls.insertMany(documents, { ordered: false }).catch((error: { code?: number }) => {
        if (error.code !== 11000) throw error;
      });
    },
  );
}

async function upsertAll(buckets: Collection<Bucket>): Promise<void> {
  const batch = 2000;
  await measure(
    "bulkWrite of 2,000 guarded upserts by _id with $inc $max $set $setOnInsert",
    batch,
    15,
    async (round) => {
      const operations = Array.from(
        { length: batch },
        (_, i): AnyBulkWriteOperation<Bucket> => ({
          updateOne: {
            filter: { _id: `b_${(round * 7 + i) % 5000}`, "applied.s1": { $not: { $gte: round } } },
            update: {
              $inc: { [`count.${i % 60}`]: 1, [`latency.${i % 60}.${i % 45}`]: 1, total: 1 },
              $max: { last: new Date(round) },
              $set: { "applied.s1": round },
              $setOnInsert: { tenantId: `ten_${i % 20}`, hour: new Date(0) },
            },
            upsert: true,
          },
        }),
      );
      await buckets.bulkWrite(operations, { ordered: false });
    },
  );
}

async function readAll(calls: Collection<CallDocument>): Promise<void> {
  const page = { tenantId: "ten_3", at: { $gte: new Date(1_790_000_000_000), $lt: new Date(1_799_000_000_000) } };
  await measure("findOne by _id, one after another", 2000, 5, async () => {
    for (let i = 0; i < 2000; i++) await calls.findOne({ _id: `call_${String((i * 31) % size).padStart(12, "0")}` });
  });
  await measure("find of a page of 101 by compound index, sorted", 200, 5, async () => {
    for (let i = 0; i < 200; i++) await calls.find(page).sort({ at: -1, _id: -1 }).limit(101).toArray();
  });
  await measure("find of everything through a cursor (documents)", size, 3, async () => {
    for await (const _ of calls.find({}, { batchSize: 2000, raw: true })) {
      // only counted
    }
  });
  await measure("aggregate $match, $group with $sum $avg $max (documents)", size, 3, () =>
    calls
      .aggregate([
        { $match: { status: 200 } },
        { $group: { _id: "$operation", n: { $sum: 1 }, mean: { $avg: "$latency" }, most: { $max: "$latency" } } },
      ])
      .toArray(),
  );
  await measure("aggregate $group by $dateTrunc of the day in Europe/Berlin (documents)", size, 1, () =>
    calls
      .aggregate([
        { $group: { _id: { $dateTrunc: { date: "$at", unit: "day", timezone: "Europe/Berlin" } }, n: { $sum: 1 } } },
      ])
      .toArray(),
  );
  await measure("deleteMany of everything (documents)", size, 1, () => calls.deleteMany({}));
}

try {
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, ${size.toLocaleString("en")} documents`,
  );
  const db = client.db("bench");
  await insertAll(db.collection<CallDocument>("calls"));
  await upsertAll(db.collection<Bucket>("buckets"));
  await readAll(db.collection<CallDocument>("calls"));
  const status = (await db.admin().serverStatus()) as { mem: { resident: number } };
  console.log(`resident memory of the server at the end: ${status.mem.resident} MB, of which mapped files are a part`);
} finally {
  await client.close();
  server.stdin.end();
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
}
