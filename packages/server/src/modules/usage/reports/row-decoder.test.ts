import { BSON } from "mongodb";
import { expect, test } from "vitest";
import { Contribution, latencyKey } from "./contribution.js";
import { RowDecoder } from "./row-decoder.js";

const start = Date.parse("2026-11-22T00:00Z");
/** Six slots of ten seconds from the row's start on: two before the window, then two buckets. */
const slots = { from: start, slotMs: 10_000, buckets: Int32Array.of(-1, -1, 0, 0, 1, 1) };

function decode(row: BSON.Document): Contribution {
  const into = new Contribution();
  into.tags = ["of the row before"];
  into.count.add(99, 99);
  new RowDecoder(into).decode(BSON.serialize(row), slots);
  return into;
}

const cellsOf = ({ keys, values, length }: Contribution["count"]) =>
  keys.slice(0, length).map((key, index) => [key, values[index]]);

test("dimensions and numbers are read, whatever the order of the fields", () => {
  const row = decode({
    count: { 2: 5, 4: 7 },
    tags: ["a", "ü"],
    code: "REVOKED",
    cost: { 5: 1.5 },
    api: "größe/v1",
    keyId: "key_1",
    start: new Date(start),
    userId: "usr_1",
    tenantId: "ten_1",
    applied: { spool: 3 },
  });
  expect(row).toMatchObject({ code: "REVOKED", tags: ["a", "ü"], api: "größe/v1", keyId: "key_1", userId: "usr_1" });
  expect(cellsOf(row.count)).toEqual([
    [0, 5],
    [1, 7],
  ]);
  expect(cellsOf(row.cost)).toEqual([[1, 1.5]]);
});

test("slots outside of the window are left out", () => {
  const row = decode({
    start: new Date(start - 60_000),
    code: "VALID",
    count: { 0: 1, 5: 1, 8: 2, 10: 3, 11: 4, 12: 5 },
  });
  expect(cellsOf(row.count)).toEqual([
    [0, 2],
    [1, 3],
    [1, 4],
  ]);
});

test("every number that MongoDB counts with is read", () => {
  const large = 2 ** 53 - 1;
  const count = { 2: new BSON.Int32(7), 3: BSON.Long.fromNumber(large), 4: new BSON.Double(2), 5: large };
  expect(cellsOf(decode({ start: new Date(start), code: "VALID", count }).count)).toEqual([
    [0, 7],
    [0, large],
    [1, 2],
    [1, large],
  ]);
});

test("latencies come by bucket and index, meters by their names", () => {
  const row = decode({
    start: new Date(start),
    code: "VALID",
    count: { 2: 3 },
    latency: { 0: { 7: 1 }, 2: { 700: 2, 3: 1 }, 5: { 700: 4 } },
    meters: { tokens: { 2: 10, 3: 20 }, "a%2eb": { 5: 1 }, outside: { 0: 1 } },
  });
  expect(cellsOf(row.latency)).toEqual([
    [latencyKey(0, 3), 1],
    [latencyKey(0, 700), 2],
    [latencyKey(1, 700), 4],
  ]);
  expect([...row.meters].map(([name, cells]) => [name, cellsOf(cells)])).toEqual([
    [
      "tokens",
      [
        [0, 10],
        [0, 20],
      ],
    ],
    ["a.b", [[1, 1]]],
  ]);
});

test("nothing of the row before is left", () => {
  const row = decode({ start: new Date(start), code: "VALID" });
  expect(row).toMatchObject({ keyId: null, userId: null, api: null, tags: [], meters: new Map() });
  expect(row.count.length + row.cost.length + row.latency.length).toBe(0);
});

test("what is not a number of a row is a fault, not a zero", () => {
  expect(() => decode({ start: new Date(start), code: "VALID", count: { 2: "3" } })).toThrow(/BSON type 2/);
  expect(() => decode({ start: new Date(start), code: "VALID", count: { 2: 1 }, odd: /x/ })).toThrow(
    /unexpected BSON type/,
  );
});
