import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type EmbeddedMongo, startEmbeddedMongo } from "../index.js";
import { Collection } from "../storage/collection.js";
import { RangeScan } from "../storage/range-scan.js";

let server: EmbeddedMongo;
let client: MongoClient;
beforeAll(async () => {
  server = await startEmbeddedMongo({ dataDir: undefined });
  client = await new MongoClient(server.url).connect();
});
afterAll(async () => {
  await client.close();
  await server.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Row {
  _id: number;
  n: number;
}

/** How often a call looks into the store, with so many documents there. */
async function looksOf(
  documents: number,
  call: (c: ReturnType<typeof collection>) => Promise<unknown>,
): Promise<number> {
  const c = collection(documents);
  await c.insertMany(Array.from({ length: documents }, (_, _id) => ({ _id, n: _id })));
  const gets = vi.spyOn(Collection.prototype, "get");
  const steps = vi.spyOn(RangeScan.prototype, "next");
  await call(c);
  const looks = gets.mock.calls.length + steps.mock.calls.length;
  vi.restoreAllMocks();
  return looks;
}

let names = 0;
const collection = (documents: number) => client.db("constant").collection<Row>(`c${documents}_${names++}`);

// Counted and not timed: the machine may be busy.
test.each([
  ["findOne", (c: ReturnType<typeof collection>) => c.findOne({ _id: 7 }), 1],
  ["a find of several", (c: ReturnType<typeof collection>) => c.find({ _id: { $in: [1, 5, 9] } }).toArray(), 3],
  ["an _id that is not there", (c: ReturnType<typeof collection>) => c.findOne({ _id: -1 }), 1],
  ["updateOne", (c: ReturnType<typeof collection>) => c.updateOne({ _id: 7 }, { $inc: { n: 1 } }), 2],
  ["deleteOne", (c: ReturnType<typeof collection>) => c.deleteOne({ _id: 7 }), 2],
] as const)("%s by _id looks into the store as often with 5,000 documents as with 10", async (_, call, most) => {
  const few = await looksOf(10, call);
  expect(few).toBeLessThanOrEqual(most);
  expect(few).toBeGreaterThan(0);
  expect(await looksOf(5_000, call)).toBe(few);
});

test("a look that no index helps goes through all of them: the count tells", async () => {
  expect(await looksOf(500, (c) => c.findOne({ n: -1 }))).toBeGreaterThanOrEqual(500);
});
