import { connect, type Socket } from "node:net";
import { BSON } from "bson";
import fc from "fast-check";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedMongo, startEmbeddedMongo } from "../index.js";
import { Frames } from "./frames.js";

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

function message(sections: Buffer, flags = 0, opcode = 2013): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(20 + sections.length, 0);
  head.writeInt32LE(1, 4);
  head.writeInt32LE(opcode, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, sections]);
}
const body = (doc: object): Buffer => Buffer.concat([Buffer.from([0]), BSON.serialize(doc)]);
const ping = message(body({ ping: 1, $db: "admin" }));

/** Sends bytes; gives what came back before the server closed, or the first answer. */
function exchange(bytes: Buffer): Promise<{ answer: Buffer | null; closed: boolean }> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(bytes));
    const frames = new Frames();
    socket.on("data", (data) => {
      const [answer] = frames.push(data);
      if (answer === undefined) return;
      socket.destroy();
      resolve({ answer, closed: false });
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve({ answer: null, closed: true }));
  });
}
const replyOf = (answer: Buffer | null): BSON.Document => BSON.deserialize((answer as Buffer).subarray(21));

const length = (n: number): Buffer => {
  const bytes = Buffer.from(ping);
  bytes.writeInt32LE(n, 0);
  return bytes;
};

test.each([
  ["a length below the header's", length(3)],
  ["a negative length", length(-5)],
  ["a length beyond 48 MB", length(49_000_000)],
  ["an unknown opcode", message(body({ ping: 1 }), 0, 4711)],
  ["an unknown required flag", message(body({ ping: 1 }), 8)],
  ["a section of unknown kind", message(Buffer.concat([Buffer.from([7]), BSON.serialize({ ping: 1 })]))],
  ["no body", message(Buffer.alloc(0))],
  ["two bodies", message(Buffer.concat([body({ ping: 1, $db: "a" }), body({ ping: 1, $db: "a" })]))],
  ["a document that is longer than its section", message(Buffer.from([0, 200, 0, 0, 0, 0]))],
  ["a document of unknown types", message(Buffer.from([0, 8, 0, 0, 0, 0x66, 0x61, 0, 0]))],
  [
    "a sequence that does not end",
    message(
      Buffer.concat([
        body({ insert: "c", $db: "a" }),
        Buffer.from([1, 10, 0, 0, 0, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61]),
      ]),
    ),
  ],
])("%s closes this connection, and no other", async (_, bytes) => {
  expect(await exchange(bytes)).toEqual({ answer: null, closed: true });
  expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test("bytes of any kind never stop the server", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 16, maxLength: 60 }), fc.boolean(), async (bytes, framed) => {
      const sent = Buffer.from(bytes);
      if (framed) {
        sent.writeInt32LE(sent.length, 0);
        sent.writeInt32LE(2013, 12);
      } else sent.writeInt32LE(2, 0);
      await exchange(sent);
    }),
    { numRuns: 100 },
  );
  expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test("a message that comes byte by byte is answered like one that comes at once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(ping.length * 3), { maxLength: 6 }), (cuts) => {
      const stream = Buffer.concat([ping, ping, ping]);
      const frames = new Frames();
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const messages = places.slice(1).flatMap((end, i) => frames.push(stream.subarray(places[i], end)));
      expect(messages).toEqual([ping, ping, ping]);
    }),
  );
});

test("a command without an answer is done, and the next one answered", async () => {
  const insert = message(body({ insert: "silent", documents: [{ _id: 1 }], writeConcern: { w: 0 }, $db: "wire" }), 2);
  const { answer } = await exchange(Buffer.concat([insert, message(body({ count: "silent", $db: "wire" }))]));
  expect(replyOf(answer)).toMatchObject({ n: 1, ok: 1 });
});

test("hello in the old form offers what the driver wants, and no compression", async () => {
  const query = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from("admin.$cmd\0"),
    Buffer.alloc(4),
    Buffer.from([255, 255, 255, 255]),
    BSON.serialize({ ismaster: 1, helloOk: true, compression: ["zlib"] }),
  ]);
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + query.length, 0);
  head.writeInt32LE(2004, 12);
  const { answer } = await exchange(Buffer.concat([head, query]));
  const hello = BSON.deserialize((answer as Buffer).subarray(36));
  expect(hello).toMatchObject({
    helloOk: true,
    ismaster: true,
    setName: "embedded",
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    logicalSessionTimeoutMinutes: 30,
    ok: 1,
  });
  expect(hello["compression"]).toBeUndefined();
});

test.each([100, 2000])("a document is refused that has more than 100 levels: %i and one", async (levels) => {
  const nested = (n: number): object => (n === 0 ? { x: 1 } : { a: nested(n - 1) });
  const c = client.db("wire").collection<{ _id: number }>("deep");
  const refused = { code: 15, message: "Document exceeds maximum nested object depth: 100" };
  await expect(c.insertOne({ _id: 1, ...nested(levels) })).rejects.toMatchObject(refused);
  await expect(c.updateOne({ _id: 1 }, { $set: { a: nested(levels) } }, { upsert: true })).rejects.toMatchObject(
    refused,
  );
  await c.insertOne({ _id: levels, ...nested(99) });
  expect(await c.countDocuments({})).toBeGreaterThan(0);
});
