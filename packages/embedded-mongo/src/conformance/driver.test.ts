import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Long, MongoClient, MongoNetworkTimeoutError } from "mongodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedMongo, startEmbeddedMongo } from "../index.js";
import { startLossyProxy } from "../testing/lossy-proxy.js";
import { refusal } from "../testing/test-server.js";

let server: EmbeddedMongo;
let client: MongoClient;
let now = new Date("2026-11-22T00:00:00Z");

beforeAll(async () => {
  server = await startEmbeddedMongo({
    dataDir: undefined,
    clock: () => now,
    ttlIntervalMs: 3_600_000,
    maxConnections: 40,
    maxCursors: 20,
    maxStageBytes: 4_000_000,
  });
  client = await new MongoClient(server.url).connect();
});
afterAll(async () => {
  await client.close();
  await server.close();
});
const fresh = (): ReturnType<ReturnType<MongoClient["db"]>["collection"]> =>
  client.db("driver").collection(`c${randomBytes(6).toString("hex")}`);
const rows = (n: number, more: object = {}) => Array.from({ length: n }, (_, i) => ({ _id: i as never, ...more }));

test("a cursor fetches its batches as it is read, and holds nothing afterwards", async () => {
  const c = fresh();
  await c.insertMany(rows(1000));
  const open = async (): Promise<number> => (await client.db().admin().serverStatus())["metrics"].cursor.open.total;
  const cursor = c.find({}, { batchSize: 7 }).sort({ _id: 1 });
  for (let i = 0; i < 10; i++) await cursor.next();
  expect(await open()).toBe(1);
  expect(cursor.bufferedCount()).toBeLessThan(8);
  let n = 10;
  for await (const doc of cursor) expect(doc._id).toBe(n++);
  expect(n).toBe(1000);
  expect(await open()).toBe(0);
});

test("killCursors ends a cursor; one that is unknown is refused as MongoDB does", async () => {
  const c = fresh();
  await c.insertMany(rows(10));
  const cursor = c.find({}, { batchSize: 2 });
  await cursor.next();
  const { id } = cursor;
  await cursor.close();
  const { code, message } = await refusal(
    client.db("driver").command({ getMore: id ?? Long.ZERO, collection: c.collectionName }),
  );
  expect([code, message]).toEqual([43, `cursor id ${id} not found`]);
});

test("a cursor that nobody asks for is closed after ten minutes, one without a time-out is not", async () => {
  const c = fresh();
  await c.insertMany(rows(10));
  const [idle, kept] = [c.find({}, { batchSize: 2 }), c.find({}, { batchSize: 2, noCursorTimeout: true })];
  await idle.next();
  await kept.next();
  now = new Date(now.getTime() + 11 * 60_000);
  await server.expire();
  expect((await refusal(idle.toArray())).code).toBe(43);
  expect((await kept.toArray()).length).toBe(9);
});

test("too many open cursors are refused, and dropping a collection frees its own", async () => {
  const c = fresh();
  await c.insertMany(rows(10));
  const cursors = Array.from({ length: 21 }, () => c.find({}, { batchSize: 2 }));
  const results = await Promise.allSettled(cursors.map((cursor) => cursor.next()));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
  await c.drop();
  await fresh().insertOne({});
  expect((await client.db().admin().serverStatus())["metrics"].cursor.open.total).toBe(0);
});

test("maxTimeMS ends a command that takes longer, while others go on", async () => {
  const c = fresh();
  await c.insertMany(rows(20_000, { a: 1 }));
  const slow = c
    .aggregate([{ $match: { a: 1 } }, { $group: { _id: "$_id", m: { $stdDevPop: "$a" } } }], { maxTimeMS: 1 })
    .toArray();
  const { code, message } = await refusal(slow);
  expect([code, message]).toEqual([50, "operation exceeded time limit"]);
  expect(await c.countDocuments({ _id: 5 as never })).toBe(1);
});

test("a long command lets others work in between", async () => {
  const c = fresh();
  await c.insertMany(rows(50_000, { a: 1 }));
  let done = false;
  const long = c
    .aggregate([{ $group: { _id: { $mod: ["$_id", 1000] }, n: { $sum: { $add: ["$a", 1] } } } }])
    .toArray()
    .finally(() => {
      done = true;
    });
  let pings = 0;
  while (!done) {
    await client.db().command({ ping: 1 });
    pings += 1;
  }
  expect((await long).length).toBe(1000);
  expect(pings).toBeGreaterThan(3); // one for each time that it gave way
});

test("more commands than connections wait for the pool", async () => {
  const pooled = await new MongoClient(server.url, { maxPoolSize: 2 }).connect();
  const c = pooled.db("driver").collection("pool");
  await Promise.all(Array.from({ length: 200 }, (_, i) => c.insertOne({ i })));
  expect(await c.countDocuments()).toBe(200);
  await pooled.close();
});

test("connections beyond the limit are refused, and the others go on", async () => {
  const greedy = new MongoClient(server.url, { maxPoolSize: 60, serverSelectionTimeoutMS: 500, retryReads: false });
  const results = await Promise.allSettled(Array.from({ length: 60 }, () => greedy.db().command({ ping: 1 })));
  expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
  await greedy.close();
  expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test("the driver reconnects after all its connections broke, and when the server comes back elsewhere", async () => {
  const proxy = await startLossyProxy(server.url);
  const lost = await new MongoClient(proxy.url).connect();
  const c = lost.db("driver").collection("reconnect");
  await c.insertOne({ a: 1 });
  proxy.breakAll();
  expect(await c.countDocuments()).toBe(1);
  const other = await startEmbeddedMongo({ dataDir: undefined });
  proxy.target(other.url);
  proxy.breakAll();
  expect(await c.countDocuments()).toBe(0);
  await lost.close();
  await proxy.close();
  await other.close();
});

test("the driver gives up on a silent server after socketTimeoutMS, and goes on once it answers again", async () => {
  const proxy = await startLossyProxy(server.url);
  const impatient = await new MongoClient(proxy.url, { socketTimeoutMS: 2_000, retryReads: false }).connect();
  const admin = impatient.db().admin();
  await admin.ping();
  proxy.hold(true);
  await expect(admin.ping()).rejects.toThrow(MongoNetworkTimeoutError);
  proxy.hold(false);
  // Its monitor has to see the server first.
  await expect.poll(() => admin.ping().then(() => "pong", String)).toBe("pong");
  await impatient.close();
  await proxy.close();
});

test("whoever waits for a connection of the pool gives up after waitQueueTimeoutMS; the others get their answers", async () => {
  const proxy = await startLossyProxy(server.url);
  const narrow = await new MongoClient(proxy.url, { maxPoolSize: 1, waitQueueTimeoutMS: 2_000 }).connect();
  const admin = narrow.db().admin();
  await admin.ping();
  proxy.hold(true);
  const first = admin.ping();
  await expect(admin.ping()).rejects.toMatchObject({ name: "MongoWaitQueueTimeoutError" });
  proxy.hold(false);
  expect(await first).toMatchObject({ ok: 1 });
  await narrow.close();
  await proxy.close();
});

test("a closed server is not found, and says so within the driver's own time", async () => {
  const gone = await startEmbeddedMongo({ dataDir: undefined });
  const late = new MongoClient(gone.url, { serverSelectionTimeoutMS: 2_000 });
  await late.connect();
  await gone.close();
  await expect(late.db().command({ ping: 1 })).rejects.toThrow(/ECONNREFUSED|closed|timed out/);
  await late.close();
});

test("documents expire by the injected clock, at their own time or after a number of seconds, and collMod changes it", async () => {
  const c = fresh();
  await c.createIndex({ at: 1 }, { expireAfterSeconds: 100 }, {});
  const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
  await c.insertMany([
    { k: "old", at: at(-101) },
    { k: "new", at: at(-50) },
    { k: "list", at: [at(-200), at(50)] },
    { k: "text", at: "2000" },
    { k: "none" },
  ]);
  await server.expire();
  const left = async (): Promise<unknown[]> => (await c.find().sort({ k: 1 }).toArray()).map(({ k }) => k);
  expect(await left()).toEqual(["new", "none", "text"]);
  const change = await client
    .db("driver")
    .command({ collMod: c.collectionName, index: { keyPattern: { at: 1 }, expireAfterSeconds: 10 } });
  expect(change).toMatchObject({ expireAfterSeconds_old: 100, expireAfterSeconds_new: 10 });
  await server.expire();
  expect(await left()).toEqual(["none", "text"]);
});

test("changes of many documents at once survive a drop and a drop of the database", async () => {
  const db = client.db(`drop${randomBytes(4).toString("hex")}`);
  await db.collection("a").insertMany(rows(100));
  await db.collection("b").insertOne({});
  await db.collection("a").drop();
  expect(await db.collection("a").countDocuments()).toBe(0);
  await db.collection("a").insertMany(rows(5));
  expect(await db.collection("a").countDocuments({ _id: { $gte: 0 as never } })).toBe(5);
  await db.dropDatabase();
  expect((await client.db().admin().listDatabases({ nameOnly: true })).databases.map(({ name }) => name)).not.toContain(
    db.databaseName,
  );
});

test("a document of 16 MB fits, a larger one is refused, and batches are cut by size", async () => {
  const c = fresh();
  const size = 16 * 1024 * 1024 - 60;
  await c.insertMany([{ t: "x".repeat(size) }, { t: "y".repeat(size) }]);
  expect((await c.find().toArray()).map(({ t }) => t.length)).toEqual([size, size]);
  await c.insertOne({ _id: 1 as never, t: "x".repeat(size - 1000) });
  const { code, message } = await refusal(c.updateOne({ _id: 1 as never }, { $set: { u: "y".repeat(2000) } }));
  expect(code).toBe(10334);
  expect(message).toMatch(/^BSONObj size: \d+ \(0x[0-9A-F]+\) is invalid/);
});

test("a key that is too long for an index is refused by name", async () => {
  const c = fresh();
  await c.createIndex({ a: 1 }, {}, {});
  expect(await refusal(c.insertOne({ a: "x".repeat(3000) }))).toMatchObject({ code: 17280 });
  expect(await c.countDocuments()).toBe(0);
  expect(await c.countDocuments({ a: "x".repeat(3000) })).toBe(0);
});

test("a sort without an index stays within its limit on memory, one with an index or a limit needs none", async () => {
  const c = fresh();
  const big = "x".repeat(50_000);
  for (let i = 0; i < 11; i++) await c.insertMany(Array.from({ length: 10 }, (_, k) => ({ k: i * 10 + k, big })));
  expect(await refusal(c.find().sort({ k: 1 }).toArray())).toMatchObject({
    code: 292,
    message: expect.stringMatching(/Sort exceeded memory limit/),
  });
  expect(await refusal(c.aggregate([{ $group: { _id: 1, all: { $push: "$$ROOT" } } }]).toArray())).toMatchObject({
    code: 292,
    message: expect.stringMatching(/allowDiskUse/),
  });
  expect((await c.find().sort({ k: -1 }).limit(1).toArray())[0]?.["k"]).toBe(109);
  await c.createIndex({ k: 1 }, {}, {});
  expect(
    (
      await c
        .find({}, { projection: { k: 1 } })
        .sort({ k: 1 })
        .toArray()
    ).length,
  ).toBe(110);
});

test.each([
  ["a transaction", { find: "c", startTransaction: true, autocommit: false, txnNumber: Long.fromNumber(1) }, 263],
  ["a change stream", { aggregate: "c", pipeline: [{ $changeStream: {} }], cursor: {} }, 40573],
  ["$where", { find: "c", filter: { $where: "true" } }, 2],
  ["$text", { find: "c", filter: { $text: { $search: "x" } } }, 27],
  ["$near", { find: "c", filter: { a: { $near: [0, 0] } } }, 291],
  ["$geoWithin", { find: "c", filter: { a: { $geoWithin: {} } } }, 238],
  ["$function", { aggregate: "c", pipeline: [{ $project: { a: { $function: {} } } }], cursor: {} }, 31264],
  ["$setWindowFields", { aggregate: "c", pipeline: [{ $setWindowFields: { output: {} } }], cursor: {} }, 238],
  ["$bucketAuto", { aggregate: "c", pipeline: [{ $bucketAuto: {} }], cursor: {} }, 238],
  ["$densify", { aggregate: "c", pipeline: [{ $densify: {} }], cursor: {} }, 238],
  ["$fill", { aggregate: "c", pipeline: [{ $fill: {} }], cursor: {} }, 238],
  ["$graphLookup", { aggregate: "c", pipeline: [{ $graphLookup: {} }], cursor: {} }, 238],
  [
    "$dateAdd in a time zone",
    {
      aggregate: "c",
      pipeline: [
        { $project: { a: { $dateAdd: { startDate: "$a", unit: "day", amount: 1, timezone: "Europe/Berlin" } } } },
      ],
      cursor: {},
    },
    238,
  ],
  ["a text index", { createIndexes: "c", indexes: [{ key: { a: "text" }, name: "t" }] }, 67],
  ["a collation", { find: "c", collation: { locale: "de" } }, 238],
  ["a validator", { create: "v", validator: {} }, 238],
  ["an option that does not exist", { find: "c", foo: 1 }, 40415],
])("%s is refused by name", async (_, command, code) => {
  expect((await refusal(client.db("driver").command(command))).code).toBe(code);
});

test("a socket file is for its owner only, and serves as a port does", async () => {
  const socketPath = join(tmpdir(), `em-${randomBytes(6).toString("hex")}.sock`);
  const local = await startEmbeddedMongo({ dataDir: undefined, socketPath });
  expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  const one = await new MongoClient(local.url).connect();
  expect(await one.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
  await one.close();
  await local.close();
});

test("a host that others can reach is refused", async () => {
  await expect(startEmbeddedMongo({ dataDir: undefined, host: "0.0.0.0" as never })).rejects.toThrow(
    "listens on loopback only",
  );
});
