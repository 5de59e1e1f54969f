import type { Document } from "mongodb";
import { afterAll, expect, test } from "vitest";
import { type AnyCollection, closeShared, freshCollection, refusal, sharedClient } from "../testing/test-server.js";

// Aggregation as MongoDB does it. With TEST_MONGODB_URL the same table runs against a real server.
interface Case {
  readonly name: string;
  readonly docs?: Document[];
  readonly pipeline: Document[];
  readonly gives: unknown;
}

afterAll(closeShared);

const sales = [
  { _id: 1, item: "a", price: 10, quantity: 2, at: new Date("2026-03-28T23:30:00Z"), tags: ["x", "y"] },
  { _id: 2, item: "b", price: 20, quantity: 1, at: new Date("2026-03-29T10:00:00Z"), tags: [] },
  { _id: 3, item: "a", price: 5, quantity: 10, at: new Date("2026-03-29T21:59:00Z"), tags: ["x"] },
  { _id: 4, item: "c", at: new Date("2026-03-29T22:00:00Z") },
];
const byId = { $sort: { _id: 1 } };
const day = (timezone?: string): Document => ({
  $dateTrunc: { date: "$at", unit: "day", ...(timezone ? { timezone } : {}) },
});

const cases: Case[] = [
  {
    name: "$group with the common accumulators",
    docs: sales,
    pipeline: [
      byId,
      {
        $group: {
          _id: "$item",
          n: { $sum: 1 },
          count: { $count: {} },
          sum: { $sum: "$price" },
          total: { $sum: { $multiply: ["$price", "$quantity"] } },
          avg: { $avg: "$price" },
          min: { $min: "$price" },
          max: { $max: "$price" },
          first: { $first: "$_id" },
          last: { $last: "$_id" },
          all: { $push: "$price" },
        },
      },
      byId,
    ],
    gives: [
      { _id: "a", n: 2, count: 2, sum: 15, total: 70, avg: 7.5, min: 5, max: 10, first: 1, last: 3, all: [10, 5] },
      { _id: "b", n: 1, count: 1, sum: 20, total: 20, avg: 20, min: 20, max: 20, first: 2, last: 2, all: [20] },
      { _id: "c", n: 1, count: 1, sum: 0, total: 0, avg: null, min: null, max: null, first: 4, last: 4, all: [] },
    ],
  },
  {
    name: "$group puts equal numbers of any type together, and missing with null",
    docs: [{ k: 1 }, { k: 1.0 }, { k: null }, {}],
    pipeline: [{ $group: { _id: "$k", n: { $sum: 1 } } }, byId],
    gives: [
      { _id: null, n: 2 },
      { _id: 1, n: 2 },
    ],
  },
  {
    name: "$group by several fields",
    docs: sales,
    pipeline: [
      { $match: { _id: { $lte: 3 } } },
      { $group: { _id: { item: "$item", many: { $gt: ["$quantity", 1] } }, n: { $sum: 1 } } },
      { $sort: { "_id.item": 1 } },
    ],
    gives: [
      { _id: { item: "a", many: true }, n: 2 },
      { _id: { item: "b", many: false }, n: 1 },
    ],
  },
  {
    name: "$addToSet keeps each value once",
    docs: [{ v: 1 }, { v: 2 }, { v: 1 }],
    pipeline: [{ $group: { _id: null, v: { $addToSet: "$v" } } }, { $project: { _id: 0, n: { $size: "$v" } } }],
    gives: [{ n: 2 }],
  },
  {
    name: "accumulators that need all documents",
    docs: [1, 2, 3, 4].map((v) => ({ _id: v, v })),
    pipeline: [
      { $group: { _id: null, d: { $stdDevPop: "$v" }, top: { $topN: { n: 2, sortBy: { v: -1 }, output: "$v" } } } },
      { $project: { _id: 0, top: 1, d: { $round: ["$d", 3] } } },
    ],
    gives: [{ top: [4, 3], d: 1.118 }],
  },
  {
    name: "$project includes, computes and renames",
    docs: [{ _id: 1, a: 2, b: { c: 3, d: 4 } }],
    pipeline: [{ $project: { x: "$b.c", "b.d": 1, y: { $add: ["$a", 1] } } }],
    gives: [{ _id: 1, b: { d: 4 }, x: 3, y: 3 }],
  },
  {
    name: "$set in documents and arrays, $unset, $$REMOVE",
    docs: [{ _id: 1, a: { b: 1 }, l: [{ x: 1 }, { x: 2 }], z: 1 }],
    pipeline: [{ $set: { "a.c": 2, "l.y": 0, z: "$$REMOVE" } }, { $unset: ["a.b", "l.x"] }],
    gives: [{ _id: 1, a: { c: 2 }, l: [{ y: 0 }, { y: 0 }] }],
  },
  {
    name: "$unwind with an index, preserving what is empty",
    docs: sales,
    pipeline: [
      { $unwind: { path: "$tags", includeArrayIndex: "i", preserveNullAndEmptyArrays: true } },
      { $project: { tags: 1, i: 1 } },
      { $sort: { _id: 1, i: 1 } },
    ],
    gives: [
      { _id: 1, tags: "x", i: 0 },
      { _id: 1, tags: "y", i: 1 },
      { _id: 2, i: null },
      { _id: 3, tags: "x", i: 0 },
      { _id: 4, i: null },
    ],
  },
  {
    name: "$unwind drops what is empty",
    docs: sales,
    pipeline: [{ $unwind: "$tags" }, { $count: "n" }],
    gives: [{ n: 3 }],
  },
  {
    name: "$sort, $skip, $limit in any order",
    docs: sales,
    pipeline: [{ $sort: { _id: -1 } }, { $limit: 3 }, { $skip: 1 }, { $project: { _id: 1 } }],
    gives: [{ _id: 3 }, { _id: 2 }],
  },
  { name: "$count of nothing gives nothing", pipeline: [{ $count: "n" }], gives: [] },
  {
    name: "$replaceRoot and $replaceWith",
    docs: [{ _id: 1, a: { b: { c: 1 } } }],
    pipeline: [{ $replaceRoot: { newRoot: "$a" } }, { $replaceWith: "$b" }],
    gives: [{ c: 1 }],
  },
  {
    name: "$sortByCount",
    docs: sales,
    pipeline: [{ $sortByCount: "$item" }, { $limit: 1 }],
    gives: [{ _id: "a", count: 2 }],
  },
  {
    name: "$bucket",
    docs: [1, 4, 5, 11, 50].map((v) => ({ v })),
    pipeline: [
      {
        $bucket: {
          groupBy: "$v",
          boundaries: [0, 5, 10],
          default: "more",
          output: { n: { $sum: 1 }, most: { $max: "$v" } },
        },
      },
    ],
    gives: [
      { _id: 0, n: 2, most: 4 },
      { _id: 5, n: 1, most: 5 },
      { _id: "more", n: 2, most: 50 },
    ],
  },
  {
    name: "$facet runs pipelines side by side",
    docs: sales,
    pipeline: [
      { $facet: { n: [{ $count: "n" }], dear: [{ $match: { price: { $gte: 10 } } }, byId, { $project: { _id: 1 } }] } },
    ],
    gives: [{ n: [{ n: 4 }], dear: [{ _id: 1 }, { _id: 2 }] }],
  },
  {
    name: "$dateTrunc in UTC",
    docs: sales,
    pipeline: [{ $group: { _id: day(), n: { $sum: 1 } } }, byId],
    gives: [
      { _id: new Date("2026-03-28T00:00:00Z"), n: 1 },
      { _id: new Date("2026-03-29T00:00:00Z"), n: 3 },
    ],
  },
  {
    name: "$dateTrunc on a day of 23 hours",
    docs: sales,
    pipeline: [{ $group: { _id: day("Europe/Berlin"), n: { $sum: 1 } } }, byId],
    gives: [
      { _id: new Date("2026-03-28T23:00:00Z"), n: 3 },
      { _id: new Date("2026-03-29T22:00:00Z"), n: 1 },
    ],
  },
  {
    name: "$dateTrunc to hours, weeks, months, quarters and bins",
    docs: [{ at: new Date("2026-11-22T13:47:11Z") }],
    pipeline: [
      {
        $project: {
          _id: 0,
          hour: { $dateTrunc: { date: "$at", unit: "hour", timezone: "+05:30" } },
          week: { $dateTrunc: { date: "$at", unit: "week", startOfWeek: "monday" } },
          sunday: { $dateTrunc: { date: "$at", unit: "week" } },
          month: { $dateTrunc: { date: "$at", unit: "month" } },
          quarter: { $dateTrunc: { date: "$at", unit: "quarter", timezone: "America/New_York" } },
          five: { $dateTrunc: { date: "$at", unit: "minute", binSize: 5 } },
        },
      },
    ],
    gives: [
      {
        hour: new Date("2026-11-22T13:30:00Z"),
        week: new Date("2026-11-16T00:00:00Z"),
        sunday: new Date("2026-11-22T00:00:00Z"),
        month: new Date("2026-11-01T00:00:00Z"),
        quarter: new Date("2026-10-01T04:00:00Z"),
        five: new Date("2026-11-22T13:45:00Z"),
      },
    ],
  },
  {
    name: "parts and texts of dates in a time zone",
    docs: [{ at: new Date("2026-01-01T03:30:00Z") }],
    pipeline: [
      {
        $project: {
          _id: 0,
          y: { $year: { date: "$at", timezone: "America/New_York" } },
          h: { $hour: { date: "$at", timezone: "America/New_York" } },
          w: { $isoWeek: "$at" },
          t: { $dateToString: { date: "$at", format: "%Y-%m-%d %H:%M %z", timezone: "Asia/Kolkata" } },
        },
      },
    ],
    gives: [{ y: 2025, h: 22, w: 1, t: "2026-01-01 09:00 +0530" }],
  },
  {
    name: "$cond, $switch, $ifNull, $map, $filter, $reduce, $let",
    docs: [{ _id: 1, v: [1, 2, 3] }],
    pipeline: [
      {
        $project: {
          _id: 0,
          c: { $cond: [{ $gt: [{ $size: "$v" }, 2] }, "many", "few"] },
          // biome-ignore lint/suspicious/noThenProperty: the name of an argument of $switch
          s: { $switch: { branches: [{ case: { $in: [2, "$v"] }, then: "two" }], default: "none" } }, // oxlint-disable-line unicorn/no-thenable
          n: { $ifNull: ["$missing", 0] },
          m: { $map: { input: "$v", as: "x", in: { $multiply: ["$$x", 2] } } },
          f: { $filter: { input: "$v", as: "x", cond: { $gte: ["$$x", 2] } } },
          r: { $reduce: { input: "$v", initialValue: 0, in: { $add: ["$$value", "$$this"] } } },
          l: { $let: { vars: { k: 2 }, in: { $add: ["$$k", 1] } } },
        },
      },
    ],
    gives: [{ c: "many", s: "two", n: 0, m: [2, 4, 6], f: [2, 3], r: 6, l: 3 }],
  },
  {
    name: "missing is less than null in expressions",
    docs: [{ _id: 1 }],
    pipeline: [{ $project: { _id: 0, eq: { $eq: ["$a", null] }, lt: { $lt: ["$a", null] } } }],
    gives: [{ eq: false, lt: true }],
  },
];

test.each(cases)("$name", async ({ docs, pipeline, gives }) => {
  const collection = await freshCollection();
  if (docs) await collection.insertMany(docs.map((doc) => ({ ...doc })));
  expect(await collection.aggregate(pipeline).toArray()).toEqual(gives);
});

async function withItems(): Promise<{ orders: AnyCollection; items: AnyCollection }> {
  const orders = await freshCollection();
  const items = await freshCollection();
  await items.insertMany([
    { _id: "a", name: "apple", k: 1 },
    { _id: "b", name: "pear", k: 2 },
  ]);
  await orders.insertMany([
    { _id: 1, item: "a" },
    { _id: 2, item: "zzz" },
    { _id: 3, item: ["a", "b"] },
  ]);
  return { orders, items };
}

test("$lookup joins by fields, also from arrays", async () => {
  const { orders, items } = await withItems();
  const found = await orders
    .aggregate([
      { $lookup: { from: items.collectionName, localField: "item", foreignField: "_id", as: "found" } },
      byId,
      { $project: { names: "$found.name" } },
    ])
    .toArray();
  expect(found).toEqual([
    { _id: 1, names: ["apple"] },
    { _id: 2, names: [] },
    { _id: 3, names: ["apple", "pear"] },
  ]);
});

test("$lookup joins by a pipeline that knows the document", async () => {
  const { orders, items } = await withItems();
  const pipeline = [{ $match: { $expr: { $eq: ["$_id", "$$item"] } } }, { $project: { _id: 0, name: 1 } }];
  const found = await orders
    .aggregate([
      { $match: { _id: 1 } },
      { $lookup: { from: items.collectionName, let: { item: "$item" }, pipeline, as: "found" } },
    ])
    .toArray();
  expect(found).toEqual([{ _id: 1, item: "a", found: [{ name: "apple" }] }]);
});

test("$unionWith appends another collection", async () => {
  const { orders, items } = await withItems();
  expect(
    await orders
      .aggregate([{ $unionWith: { coll: items.collectionName, pipeline: [{ $match: { k: 2 } }] } }, { $count: "n" }])
      .toArray(),
  ).toEqual([{ n: 4 }]);
});

test("$merge inserts, merges, replaces, keeps, and computes", async () => {
  const from = await freshCollection();
  const into = await freshCollection();
  await from.insertMany([
    { _id: 1, n: 1 },
    { _id: 2, n: 2 },
  ]);
  await into.insertOne({ _id: 1, n: 10, other: true });
  const merge = (whenMatched: unknown): Promise<Document[]> =>
    from.aggregate([{ $merge: { into: into.collectionName, whenMatched } as Document }]).toArray();
  const read = (): Promise<Document[]> => into.find().sort({ _id: 1 }).toArray();
  await merge("keepExisting");
  expect(await read()).toEqual([
    { _id: 1, n: 10, other: true },
    { _id: 2, n: 2 },
  ]);
  await merge([{ $set: { n: { $add: ["$n", "$$new.n"] } } }]);
  expect(await read()).toEqual([
    { _id: 1, n: 11, other: true },
    { _id: 2, n: 4 },
  ]);
  await merge("merge");
  expect(await read()).toEqual([
    { _id: 1, n: 1, other: true },
    { _id: 2, n: 2 },
  ]);
  await merge("replace");
  expect(await read()).toEqual([
    { _id: 1, n: 1 },
    { _id: 2, n: 2 },
  ]);
  expect((await refusal(merge("fail"))).code).toBe(11000);
});

test("$out replaces a collection", async () => {
  const from = await freshCollection();
  const into = await freshCollection();
  await into.insertOne({ _id: "old" });
  await from.insertMany([{ _id: 1 }, { _id: 2 }]);
  await from.aggregate([{ $match: { _id: 2 } }, { $out: into.collectionName }]).toArray();
  expect(await into.find().toArray()).toEqual([{ _id: 2 }]);
});

test("$percentile and $median order numbers as numbers", async () => {
  const collection = await freshCollection();
  await collection.insertMany(Array.from({ length: 1000 }, (_, v) => ({ v })));
  const p = { input: "$v", method: "approximate" };
  const [result] = await collection
    .aggregate([{ $group: { _id: null, p: { $percentile: { ...p, p: [0.99] } }, m: { $median: p } } }])
    .toArray();
  expect(result?.["p"][0]).toBeGreaterThan(985);
  expect(Math.abs(result?.["m"] - 499)).toBeLessThan(5);
});

test("a pipeline of a database without a collection", async () => {
  const client = await sharedClient();
  expect(
    await client
      .db("any")
      .aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }])
      .toArray(),
  ).toEqual([{ a: 2 }]);
});
