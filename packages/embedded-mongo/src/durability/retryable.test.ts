import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Binary, Long, MongoClient } from "mongodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedMongo, startEmbeddedMongo } from "../index.js";
import { type LossyProxy, startLossyProxy } from "../testing/lossy-proxy.js";
import { rawCommand } from "../testing/raw-command.js";
import { startProcess } from "../testing/server-process.js";

let server: EmbeddedMongo;
let proxy: LossyProxy;
let client: MongoClient;

beforeAll(async () => {
  server = await startEmbeddedMongo({ dataDir: undefined });
  proxy = await startLossyProxy(server.url);
  client = await new MongoClient(proxy.url).connect();
});
afterAll(async () => {
  await client.close();
  await proxy.close();
  await server.close();
});

interface Counter {
  _id: string;
  n: number;
}
const counters = (name: string) => client.db("retry").collection<Counter>(name);

test("an update whose answer was lost is retried by the driver and applied once", async () => {
  const c = counters("update");
  await c.insertOne({ _id: "x", n: 0 });
  proxy.loseAnswerTo("update");
  expect(await c.updateOne({ _id: "x" }, { $inc: { n: 1 } })).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
  expect(await c.findOne()).toEqual({ _id: "x", n: 1 });
});

test("an insert whose answer was lost is no duplicate of itself", async () => {
  const c = counters("insert");
  proxy.loseAnswerTo("insert");
  expect(
    await c.insertMany([
      { _id: "a", n: 1 },
      { _id: "b", n: 1 },
    ]),
  ).toMatchObject({ insertedCount: 2 });
  expect(await c.countDocuments()).toBe(2);
});

test("a bulk of upserts whose answer was lost is answered from the record, ids included", async () => {
  const c = counters("bulk");
  await c.insertOne({ _id: "k1", n: 1 });
  proxy.loseAnswerTo("update");
  const operations = [1, 2, 3].map((i) => ({
    updateOne: { filter: { _id: `k${i}` }, update: { $inc: { n: 1 } }, upsert: true },
  }));
  const result = await c.bulkWrite(operations, { ordered: false });
  expect([result.matchedCount, result.modifiedCount, result.upsertedIds]).toEqual([1, 1, { 1: "k2", 2: "k3" }]);
  expect((await c.find().sort({ _id: 1 }).toArray()).map(({ n }) => n)).toEqual([2, 1, 1]);
});

test("findOneAndUpdate whose answer was lost gives the document of the first time", async () => {
  const c = counters("modify");
  await c.insertOne({ _id: "x", n: 0 });
  proxy.loseAnswerTo("findAndModify");
  expect(await c.findOneAndUpdate({ _id: "x" }, { $inc: { n: 1 } }, { returnDocument: "after" })).toEqual({
    _id: "x",
    n: 1,
  });
  expect(await c.findOne()).toEqual({ _id: "x", n: 1 });
});

test("a delete whose answer was lost removes one document, not two", async () => {
  const c = counters("delete");
  await c.insertMany(["a", "b", "c"].map((_id) => ({ _id, n: 1 })));
  proxy.loseAnswerTo("delete");
  expect((await c.deleteOne({ n: 1 })).deletedCount).toBe(1);
  expect(await c.countDocuments()).toBe(2);
});

test("without retryable writes the same loss is an error, so it is the record that makes them exact", async () => {
  const plain = await new MongoClient(proxy.url, { retryWrites: false }).connect();
  const c = plain.db("retry").collection<Counter>("plain");
  await c.insertOne({ _id: "x", n: 0 });
  proxy.loseAnswerTo("update");
  await expect(c.updateOne({ _id: "x" }, { $inc: { n: 1 } })).rejects.toThrow(/closed/);
  expect(await c.findOne()).toEqual({ _id: "x", n: 1 });
  await plain.close();
});

test("a retry after kill -9 and a restart is answered from the record", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "embedded-mongo-retry-"));
  const write = {
    update: "c",
    updates: [{ q: { _id: "x" }, u: { $inc: { n: 1 } }, upsert: true }],
    txnNumber: Long.fromNumber(7),
    lsid: { id: new Binary(Buffer.alloc(16, 7), 4) },
  };
  const send = (url: string, command: object): Promise<object> => rawCommand(url, { ...command, $db: "t" });
  const first = await startProcess({ dataDir });
  const answer = await send(first.url, write);
  await first.kill();
  const second = await startEmbeddedMongo({ dataDir });
  expect(await send(second.url, write)).toEqual(answer);
  expect(await send(second.url, { find: "c" })).toMatchObject({ cursor: { firstBatch: [{ _id: "x", n: 1 }] } });
  // A later write of the session is new, an earlier one is refused.
  expect(await send(second.url, { ...write, txnNumber: Long.fromNumber(8) })).toMatchObject({ n: 1, nModified: 1 });
  expect(await send(second.url, write)).toMatchObject({ ok: 0, code: 225 });
  await second.close();
  rmSync(dataDir, { recursive: true, force: true });
});
