import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Collection, MongoClient } from "mongodb";
import { afterAll, expect, test } from "vitest";
import { startEmbeddedMongo } from "../index.js";
import { startProcess } from "../testing/server-process.js";

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "embedded-mongo-kill-"));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Row {
  _id: string;
  n: number;
}

test("kill -9 amid writes loses nothing that was answered, and leaves indexes and counts as the documents are", async () => {
  const dataDir = newFolder();
  const acknowledged = new Set<string>();
  for (let round = 0; round < 2; round++) {
    const server = await startProcess({ dataDir });
    const client = new MongoClient(server.url, { retryWrites: false, serverSelectionTimeoutMS: 30_000 });
    const c = client.db("t").collection<Row>("c");
    await c.createIndex({ n: 1 }, { unique: true }, {});
    let killed = false;
    const write = async (worker: number): Promise<void> => {
      for (let i = 0; !killed; i++) {
        const batch = Array.from(
          { length: 20 },
          (_, k): Row => ({ _id: `${round}-${worker}-${i}-${k}`, n: ((round * 10 + worker) * 10_000 + i) * 100 + k }),
        );
        const done = await c.insertMany(batch).then(
          () => true,
          () => false,
        );
        if (!done) return;
        for (const { _id } of batch) acknowledged.add(_id);
      }
    };
    const writers = [0, 1, 2].map(write);
    const before = acknowledged.size;
    while (acknowledged.size < before + 200) await new Promise(setImmediate);
    await server.kill(); // while writes are on their way
    killed = true;
    await Promise.all(writers);
    await client.close();
  }
  const server = await startEmbeddedMongo({ dataDir });
  const client = new MongoClient(server.url);
  const c = client.db("t").collection<Row>("c");
  const found = await c.find().toArray();
  const ids = new Set(found.map(({ _id }) => _id));
  expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThanOrEqual(400);
  expect(await c.estimatedDocumentCount()).toBe(found.length);
  expect(
    (
      await c
        .find({ n: { $gte: 0 } })
        .sort({ n: 1 })
        .project({ _id: 1 })
        .toArray()
    ).length,
  ).toBe(found.length);
  await client.close();
  await server.close();
});

/** What a worker does to a document of its own, one after the other, and what it is like afterwards: null when it is not there. */
const steps = [
  {
    run: (c: Collection<Row>, _id: string) => c.updateOne({ _id }, { $setOnInsert: { n: 1 } }, { upsert: true }),
    n: 1,
  },
  { run: (c: Collection<Row>, _id: string) => c.updateOne({ _id }, { $inc: { n: 1 } }), n: 2 },
  { run: (c: Collection<Row>, _id: string) => c.replaceOne({ _id }, { n: 3 }), n: 3 },
  { run: (c: Collection<Row>, _id: string) => c.findOneAndUpdate({ _id }, { $max: { n: 4 } }), n: 4 },
  { run: (c: Collection<Row>, _id: string) => c.deleteOne({ _id }), n: null },
] as const;

test("kill -9 amid upserts, updates and deletes leaves each document as it was answered, or as the change on its way makes it", async () => {
  const dataDir = newFolder();
  const server = await startProcess({ dataDir });
  const client = new MongoClient(server.url, { retryWrites: false, serverSelectionTimeoutMS: 30_000 });
  const c = client.db("t").collection<Row>("c");
  /** How many steps of a document were answered. */
  const answered = new Map<string, number>();
  let killed = false;
  const work = async (worker: number): Promise<void> => {
    for (let i = 0; !killed; i++) {
      const _id = `${worker}-${i}`;
      // So that documents stay at every step.
      for (const [at, { run }] of steps.slice(0, 1 + (i % steps.length)).entries()) {
        answered.set(_id, at);
        const done = await run(c, _id).then(
          () => true,
          () => false,
        );
        if (!done) return;
        answered.set(_id, at + 1);
      }
    }
  };
  const workers = [0, 1, 2, 3].map(work);
  while (answered.size < 200) await new Promise(setImmediate);
  await server.kill();
  killed = true;
  await Promise.all(workers);
  await client.close();

  const again = await startEmbeddedMongo({ dataDir });
  const reader = new MongoClient(again.url);
  const found = new Map((await reader.db("t").collection<Row>("c").find().toArray()).map(({ _id, n }) => [_id, n]));
  await reader.close();
  await again.close();
  const after = (step: number): number | null => steps[step - 1]?.n ?? null;
  const wrong = [...answered].filter(([_id, step]) => ![after(step), after(step + 1)].includes(found.get(_id) ?? null));
  expect(wrong).toEqual([]);
  expect(new Set(found.values())).toEqual(new Set([1, 2, 3, 4]));
});

test("a folder in use is refused with a message that says by whom; a killed server's folder is not in use", async () => {
  const dataDir = newFolder();
  const first = await startProcess({ dataDir });
  await expect(startEmbeddedMongo({ dataDir })).rejects.toThrow(
    /in use by another embedded-mongo \(process \d+, since/,
  );
  await first.kill();
  const second = await startEmbeddedMongo({ dataDir });
  await expect(startEmbeddedMongo({ dataDir })).rejects.toThrow(`process ${process.pid}`);
  await second.close();
  await (await startEmbeddedMongo({ dataDir })).close();
});

test("documents, indexes, TTL and uniqueness are there after a restart", async () => {
  const dataDir = newFolder();
  const first = await startEmbeddedMongo({ dataDir });
  const one = new MongoClient(first.url);
  await one.db("t").collection("c").createIndex({ a: 1 }, { unique: true }, {});
  await one.db("t").collection("c").createIndex({ at: 1 }, { expireAfterSeconds: 60 }, {});
  await one.db("t").collection("gone").insertOne({ x: 1 });
  await one.db("t").collection("gone").drop();
  await one
    .db("t")
    .collection("c")
    .insertOne({ a: 1, tags: ["x", "y"] });
  await one.close();
  await first.close();
  const second = await startEmbeddedMongo({ dataDir });
  const two = new MongoClient(second.url);
  const c = two.db("t").collection("c");
  expect(await c.indexes()).toEqual([
    { v: 2, key: { _id: 1 }, name: "_id_" },
    { v: 2, key: { a: 1 }, name: "a_1", unique: true },
    { v: 2, key: { at: 1 }, name: "at_1", expireAfterSeconds: 60 },
  ]);
  await expect(c.insertOne({ a: 1 })).rejects.toMatchObject({ code: 11000 });
  expect(await two.db("t").listCollections({}, { nameOnly: true }).toArray()).toEqual([
    { name: "c", type: "collection" },
  ]);
  await two.close();
  await second.close();
});
