import { type Document, Double, Int32, Long, ObjectId } from "mongodb";
import { afterAll, describe, expect, test } from "vitest";
import { type AnyCollection, closeShared, freshCollection, refusal } from "../testing/test-server.js";

// What the driver's users see of MongoDB's CRUD semantics. With TEST_MONGODB_URL the same table runs against a real server.
interface Case {
  readonly name: string;
  readonly docs?: Document[];
  readonly run: (c: AnyCollection) => Promise<unknown>;
  readonly gives: unknown;
}

afterAll(closeShared);

const sortedIds = async (c: AnyCollection, filter: Document): Promise<unknown[]> =>
  (await c.find(filter).sort({ _id: 1 }).project({ _id: 1 }).toArray()).map(({ _id }) => _id);
const finds = (name: string, docs: Document[], filter: Document, gives: unknown[]): Case => ({
  name,
  docs,
  run: (c) => sortedIds(c, filter),
  gives,
});
const updates = (
  name: string,
  doc: Document,
  update: Document | Document[],
  gives: Document,
  options: Document = {},
  filter: Document = { _id: 1 },
): Case => ({
  name,
  docs: [{ _id: 1, ...doc }],
  run: async (c) => {
    await c.updateOne(filter, update, options);
    return c.findOne({ _id: 1 });
  },
  gives: { _id: 1, ...gives },
});
const refuses = (
  name: string,
  docs: Document[],
  run: (c: AnyCollection) => Promise<unknown>,
  code: number,
  words: RegExp,
): Case => ({
  name,
  docs,
  run: async (c) => {
    const { code: got, message } = await refusal(run(c));
    return { code: got, words: words.test(message) ? "as expected" : message };
  },
  gives: { code, words: "as expected" },
});

const numbers = [
  { _id: 1, v: 5 },
  { _id: 2, v: new Double(5) },
  { _id: 3, v: Long.fromNumber(5) },
  { _id: 4, v: "5" },
  { _id: 5, v: null },
  { _id: 6 },
  { _id: 7, v: [4, 5] },
  { _id: 8, v: 7 },
  { _id: 9, v: [] },
];
const nested = [
  { _id: 1, a: { b: 1 } },
  { _id: 2, a: [{ b: 1 }, { b: 2 }] },
  { _id: 3, a: [{ b: 3 }, {}] },
  { _id: 4, a: { b: [1, 2] } },
  { _id: 5, a: 5 },
  { _id: 6 },
  { _id: 7, a: [] },
];

const queries: Case[] = [
  finds("equality holds across types of numbers and within arrays", numbers, { v: 5 }, [1, 2, 3, 7]),
  finds("null matches null and missing", numbers, { v: null }, [5, 6]),
  finds("$exists tells null from missing", numbers, { v: { $exists: false } }, [6]),
  finds("$ne leaves out arrays that contain the value", numbers, { v: { $ne: 5 } }, [4, 5, 6, 8, 9]),
  finds("$gt compares within a type only", numbers, { v: { $gt: 4 } }, [1, 2, 3, 7, 8]),
  finds("$gt compares texts with texts", numbers, { v: { $gt: "4" } }, [4]),
  finds("two bounds may be met by two elements", [{ _id: 1, v: [1, 10] }], { v: { $gt: 4, $lt: 6 } }, [1]),
  finds(
    "$elemMatch wants one element for both bounds",
    [
      { _id: 1, v: [1, 10] },
      { _id: 2, v: [5] },
    ],
    { v: { $elemMatch: { $gt: 4, $lt: 6 } } },
    [2],
  ),
  finds("$in takes values, null and patterns", numbers, { v: { $in: ["5", null, 7] } }, [4, 5, 6, 8]),
  finds("$in with a pattern", numbers, { v: { $in: [/^5$/] } }, [4]),
  finds("$nin", numbers, { v: { $nin: [5, null] } }, [4, 8, 9]),
  finds("an empty $in matches nothing", numbers, { v: { $in: [] } }, []),
  finds("$not negates, missing included", numbers, { v: { $not: { $gte: 5 } } }, [4, 5, 6, 9]),
  finds("$type by name, number and list", numbers, { v: { $type: ["string", 10] } }, [4, 5]),
  finds("$type looks into arrays", numbers, { v: { $type: "number" } }, [1, 2, 3, 7, 8]),
  finds("$type array", numbers, { v: { $type: "array" } }, [7, 9]),
  finds("$size", numbers, { v: { $size: 0 } }, [9]),
  finds("$mod", numbers, { v: { $mod: [4, 3] } }, [8]),
  finds(
    "$regex with options",
    [
      { _id: 1, v: "Abc" },
      { _id: 2, v: "xabc" },
    ],
    { v: { $regex: "^abc", $options: "i" } },
    [1],
  ),
  finds("dotted paths go through arrays", nested, { "a.b": 1 }, [1, 2, 4]),
  finds("dotted paths take positions", nested, { "a.1.b": 2 }, [2]),
  finds("null at a dotted path: missing below documents, not in empty arrays", nested, { "a.b": null }, [3, 5, 6]),
  finds("$exists at a dotted path", nested, { "a.b": { $exists: true } }, [1, 2, 3, 4]),
  finds(
    "a whole document has to be equal, order included",
    [
      { _id: 1, a: { x: 1, y: 2 } },
      { _id: 2, a: { y: 2, x: 1 } },
    ],
    { a: { x: 1, y: 2 } },
    [1],
  ),
  finds(
    "a whole array has to be equal, or an element is",
    [
      { _id: 1, a: [1, 2] },
      { _id: 2, a: [2, 1] },
      { _id: 3, a: [[1, 2]] },
    ],
    { a: [1, 2] },
    [1, 3],
  ),
  finds(
    "$all",
    [
      { _id: 1, a: [1, 2, 3] },
      { _id: 2, a: [1] },
    ],
    { a: { $all: [1, 2] } },
    [1],
  ),
  finds(
    "$all with $elemMatch",
    [
      { _id: 1, a: [{ x: 1 }, { x: 5 }] },
      { _id: 2, a: [{ x: 1 }] },
    ],
    { a: { $all: [{ $elemMatch: { x: { $gt: 4 } } }] } },
    [1],
  ),
  finds(
    "$elemMatch on documents",
    [
      { _id: 1, a: [{ x: 1, y: 2 }] },
      { _id: 2, a: [{ x: 1 }, { y: 2 }] },
    ],
    { a: { $elemMatch: { x: 1, y: 2 } } },
    [1],
  ),
  finds("$or, $and, $nor", numbers, { $or: [{ v: 7 }, { $and: [{ v: "5" }, { $nor: [{ v: 5 }] }] }] }, [4, 8]),
  finds(
    "$expr compares fields",
    [
      { _id: 1, a: 2, b: 1 },
      { _id: 2, a: 1, b: 2 },
    ],
    { $expr: { $gt: ["$a", "$b"] } },
    [1],
  ),
  finds(
    "$bitsAllSet",
    [
      { _id: 1, v: 5 },
      { _id: 2, v: 4 },
    ],
    { v: { $bitsAllSet: 1 } },
    [1],
  ),
  finds(
    "dates compare",
    [
      { _id: 1, v: new Date(5) },
      { _id: 2, v: new Date(9) },
    ],
    { v: { $gt: new Date(6) } },
    [2],
  ),
  finds(
    "int64 beyond 2^53 is exact",
    [
      { _id: 1, v: Long.fromString("9007199254740993") },
      { _id: 2, v: Long.fromString("9007199254740992") },
    ],
    { v: Long.fromString("9007199254740993") },
    [1],
  ),
  finds("a nested $ operator in an embedded document is a value", [{ _id: 1, v: 1 }], { v: { $eq: 1 } }, [1]),
  {
    name: "sort orders types as BSON does, missing with null",
    docs: [
      { _id: 1, v: "a" },
      { _id: 2, v: 1 },
      { _id: 3 },
      { _id: 4, v: true },
      { _id: 5, v: { x: 1 } },
      { _id: 6, v: new Date(1) },
      { _id: 7, v: new ObjectId() },
      { _id: 8, v: [0] },
    ],
    run: async (c) => (await c.find().sort({ v: 1, _id: 1 }).toArray()).map(({ _id }) => _id),
    gives: [3, 8, 2, 1, 5, 7, 4, 6],
  },
  {
    name: "sort takes the smallest element ascending and the largest descending",
    docs: [
      { _id: 1, v: [1, 9] },
      { _id: 2, v: [5] },
    ],
    run: async (c) =>
      [await c.find().sort({ v: 1 }).toArray(), await c.find().sort({ v: -1 }).toArray()].map((docs) =>
        docs.map(({ _id }) => _id),
      ),
    gives: [
      [1, 2],
      [1, 2],
    ],
  },
  {
    name: "skip and limit after sort",
    docs: [1, 2, 3, 4].map((_id) => ({ _id })),
    run: async (c) => (await c.find().sort({ _id: -1 }).skip(1).limit(2).toArray()).map(({ _id }) => _id),
    gives: [3, 2],
  },
  {
    name: "projection includes, also below",
    docs: [{ _id: 1, a: { b: 1, c: 2 }, d: [{ x: 1, y: 2 }, 5], e: 1 }],
    run: (c) => c.findOne({}, { projection: { "a.b": 1, "d.x": 1 } }),
    gives: { _id: 1, a: { b: 1 }, d: [{ x: 1 }] },
  },
  {
    name: "projection excludes, also below",
    docs: [{ _id: 1, a: { b: 1, c: 2 }, d: [{ x: 1, y: 2 }] }],
    run: (c) => c.findOne({}, { projection: { "a.b": 0, "d.x": 0, _id: 0 } }),
    gives: { a: { c: 2 }, d: [{ y: 2 }] },
  },
  {
    name: "projection computes, slices and matches",
    docs: [{ _id: 1, a: 2, v: [1, 2, 3], w: [{ k: 1 }, { k: 2 }] }],
    run: async (c) => [
      await c.findOne({}, { projection: { double: { $multiply: ["$a", 2] } } }),
      await c.findOne({}, { projection: { v: { $slice: -2 }, w: 0 } }),
      await c.findOne({}, { projection: { w: { $elemMatch: { k: 2 } } } }),
    ],
    gives: [
      { _id: 1, double: 4 },
      { _id: 1, a: 2, v: [2, 3] },
      { _id: 1, w: [{ k: 2 }] },
    ],
  },
  {
    name: "distinct opens arrays",
    docs: [{ v: [1, 2] }, { v: 2 }, { v: "x" }],
    run: async (c) => c.distinct("v"),
    gives: [1, 2, "x"],
  },
  {
    name: "countDocuments and estimatedDocumentCount",
    docs: numbers,
    run: async (c) => [
      await c.countDocuments({ v: 5 }),
      await c.countDocuments({}, { skip: 2, limit: 3 }),
      await c.countDocuments(),
      await c.estimatedDocumentCount(),
    ],
    gives: [4, 3, 9, 9],
  },
];

const throughIndex = (
  name: string,
  index: Record<string, 1 | -1>,
  docs: Document[],
  filter: Document,
  gives: unknown[],
): Case => ({
  name,
  docs,
  run: async (c) => {
    await c.createIndex(index, {}, {});
    return sortedIds(c, filter);
  },
  gives,
});

const indexed: Case[] = [
  throughIndex(
    "two bounds may be met by two elements",
    { v: 1 },
    [
      { _id: 1, v: [1, 10] },
      { _id: 2, v: 5 },
    ],
    { v: { $gt: 4, $lt: 6 } },
    [1, 2],
  ),
  throughIndex(
    "two bounds may be met by two elements, descending",
    { v: -1 },
    [{ _id: 1, v: [1, 10] }],
    { v: { $gte: 4, $lte: 6 } },
    [1],
  ),
  throughIndex(
    "a document with several matching elements comes once",
    { v: 1 },
    [{ _id: 1, v: [1, 2, 3] }],
    { v: { $gte: 1 } },
    [1],
  ),
  throughIndex(
    "an empty array is found by what it matches",
    { v: 1 },
    [{ _id: 1, v: [] }, { _id: 2 }],
    { v: null },
    [2],
  ),
  throughIndex(
    "a whole array is found",
    { v: 1 },
    [
      { _id: 1, v: [1, 2] },
      { _id: 2, v: [2] },
    ],
    { v: [1, 2] },
    [1],
  ),
  throughIndex(
    "fields below one array are indexed together",
    { "a.b": 1, "a.c": 1 },
    [
      {
        _id: 1,
        a: [
          { b: 1, c: 2 },
          { b: 3, c: 4 },
        ],
      },
    ],
    { "a.b": 1, "a.c": 4 },
    [1],
  ),
  throughIndex("numbers of all types lie together", { v: 1 }, numbers, { v: { $in: [5, 7] } }, [1, 2, 3, 7, 8]),
];

const updating: Case[] = [
  updates("$set makes documents on the way", {}, { $set: { "a.b": 1, "c.0": 2 } }, { a: { b: 1 }, c: { 0: 2 } }),
  updates("$set in arrays by position fills with null", { a: [1] }, { $set: { "a.3": 4 } }, { a: [1, null, null, 4] }),
  updates(
    "$unset removes fields, and in arrays leaves null",
    { a: 1, b: [1, 2] },
    { $unset: { a: "", "b.0": "", "x.y": "" } },
    { b: [null, 2] },
  ),
  updates(
    "$inc and $mul, also of what is missing",
    { a: 1, b: 2 },
    { $inc: { a: 2, n: 1 }, $mul: { b: 3, m: 5 } },
    { a: 3, b: 6, m: 0, n: 1 },
  ),
  updates("$min and $max", { a: 5, b: 5 }, { $min: { a: 3, c: 1 }, $max: { b: 3, d: 1 } }, { a: 3, b: 5, c: 1, d: 1 }),
  updates("$max compares across types as BSON does", { a: 5 }, { $max: { a: "text" } }, { a: "text" }),
  updates("$rename", { a: 1, b: 2 }, { $rename: { a: "c.d" } }, { b: 2, c: { d: 1 } }),
  updates(
    "$push, $each, $position, $slice, $sort",
    { a: [5, 1] },
    { $push: { a: { $each: [3, 2], $sort: 1, $slice: 3 } } },
    { a: [1, 2, 3] },
  ),
  updates("$push at a position", { a: [1, 4] }, { $push: { a: { $each: [2, 3], $position: 1 } } }, { a: [1, 2, 3, 4] }),
  updates(
    "$push sorts documents by a field",
    { a: [{ k: 2 }] },
    { $push: { a: { $each: [{ k: 1 }], $sort: { k: 1 } } } },
    { a: [{ k: 1 }, { k: 2 }] },
  ),
  updates("$addToSet", { a: [1] }, { $addToSet: { a: { $each: [1, 2, new Double(2)] } } }, { a: [1, 2] }),
  updates("$pop", { a: [1, 2, 3], b: [1, 2, 3] }, { $pop: { a: 1, b: -1 } }, { a: [1, 2], b: [2, 3] }),
  updates(
    "$pull by value, condition and fields",
    { a: [1, 2, 3], b: [{ k: 1, l: 1 }, { k: 2 }], c: ["x", "y"] },
    { $pull: { a: { $gte: 2 }, b: { k: 1 }, c: "x" } },
    { a: [1], b: [{ k: 2 }], c: ["y"] },
  ),
  updates("$pullAll", { a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { a: [2] }),
  updates("$bit", { a: 13 }, { $bit: { a: { and: 10 } } }, { a: 8 }),
  updates(
    "the positional operator takes the first match",
    { a: [{ k: 1 }, { k: 2 }] },
    { $set: { "a.$.n": 1 } },
    { a: [{ k: 1 }, { k: 2, n: 1 }] },
    {},
    { "a.k": 2 },
  ),
  updates(
    "the positional operator after $elemMatch",
    {
      a: [
        { k: 1, l: 2 },
        { k: 2, l: 2 },
      ],
    },
    { $inc: { "a.$.l": 1 } },
    {
      a: [
        { k: 1, l: 2 },
        { k: 2, l: 3 },
      ],
    },
    {},
    { a: { $elemMatch: { k: 2, l: 2 } } },
  ),
  updates("all elements", { a: [1, 2] }, { $inc: { "a.$[]": 10 } }, { a: [11, 12] }),
  updates(
    "arrayFilters",
    { a: [1, 5, 9] },
    { $set: { "a.$[big]": 0 } },
    { a: [1, 0, 0] },
    { arrayFilters: [{ big: { $gte: 5 } }] },
  ),
  updates("$setOnInsert does nothing on an update", { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }),
  updates("a pipeline", { a: 1, b: 2 }, [{ $set: { c: { $add: ["$a", "$b"] } } }, { $unset: "a" }], { b: 2, c: 3 }),
  {
    name: "numbers keep and change their types",
    docs: [{ _id: 1, long: Long.fromNumber(5), double: new Double(5), int: 2147483647, same: new Double(1) }],
    run: async (c) => {
      await c.updateOne({ _id: 1 }, { $inc: { long: 1, double: 1, int: 1 } });
      return c
        .aggregate([{ $project: { _id: 0, long: { $type: "$long" }, int: { $type: "$int" } } }])
        .toArray()
        .then(async () => {
          const raw = await c.findOne({}, { promoteValues: false });
          return [
            raw?.["long"] instanceof Long,
            raw?.["double"] instanceof Double,
            raw?.["int"] instanceof Long,
            raw?.["same"] instanceof Double,
            raw?.["_id"] instanceof Int32,
          ];
        });
    },
    gives: [true, true, true, true, true],
  },
  {
    name: "an upsert takes equalities of the filter, $setOnInsert and operators",
    run: async (c) => {
      const { upsertedId, upsertedCount, matchedCount } = await c.updateOne(
        { _id: "x", "k.l": 1, n: { $gt: 5 }, m: { $eq: 2 } },
        { $inc: { "count.13": 1 }, $setOnInsert: { s: 1 }, $max: { t: 3 } },
        { upsert: true },
      );
      return [upsertedId, upsertedCount, matchedCount, await c.findOne()];
    },
    gives: ["x", 1, 0, { _id: "x", k: { l: 1 }, m: 2, count: { 13: 1 }, s: 1, t: 3 }],
  },
  {
    name: "an upsert that replaces takes only the _id of the filter",
    run: async (c) => {
      await c.replaceOne({ _id: 3, a: 1 }, { b: 2 }, { upsert: true });
      return c.findOne();
    },
    gives: { _id: 3, b: 2 },
  },
  {
    name: "counts of matched and modified",
    docs: [
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ],
    run: async (c) => {
      const { matchedCount, modifiedCount } = await c.updateMany({}, { $set: { a: 1 } });
      return [matchedCount, modifiedCount];
    },
    gives: [2, 1],
  },
  {
    name: "updateMany does not meet a document again that moves ahead in the index",
    docs: Array.from({ length: 50 }, (_, i) => ({ _id: i, v: i })),
    run: async (c) => {
      await c.createIndex({ v: 1 }, {}, {});
      const { modifiedCount } = await c.updateMany({ v: { $gte: 0 } }, { $inc: { v: 20 } });
      return [modifiedCount, (await c.find().sort({ v: -1 }).limit(1).toArray())[0]?.["v"]];
    },
    gives: [50, 69],
  },
  {
    name: "findOneAndUpdate answers before or after",
    docs: [{ _id: 1, a: 1 }],
    run: async (c) => [
      await c.findOneAndUpdate({ _id: 1 }, { $inc: { a: 1 } }),
      await c.findOneAndUpdate({ _id: 1 }, { $inc: { a: 1 } }, { returnDocument: "after", projection: { _id: 0 } }),
      await c.findOneAndUpdate({ _id: 2 }, { $set: { a: 9 } }, { upsert: true, returnDocument: "after" }),
      await c.findOneAndUpdate({ _id: 3 }, { $set: { a: 9 } }),
    ],
    gives: [{ _id: 1, a: 1 }, { a: 3 }, { _id: 2, a: 9 }, null],
  },
  {
    name: "findOneAndReplace and findOneAndDelete go by sort",
    docs: [
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ],
    run: async (c) => [
      await c.findOneAndReplace({}, { b: 1 }, { sort: { a: -1 }, returnDocument: "after" }),
      await c.findOneAndDelete({}, { sort: { a: -1 } }),
      await c.countDocuments(),
    ],
    gives: [{ _id: 2, b: 1 }, { _id: 1, a: 1 }, 1],
  },
  {
    name: "deleteOne and deleteMany",
    docs: [1, 2, 3, 4].map((_id) => ({ _id, even: _id % 2 === 0 })),
    run: async (c) => [
      (await c.deleteOne({ even: true })).deletedCount,
      (await c.deleteMany({ even: false })).deletedCount,
      await c.countDocuments(),
    ],
    gives: [1, 2, 1],
  },
  {
    name: "an unordered bulkWrite goes on after errors, an ordered one stops",
    docs: [{ _id: 1 }],
    run: async (c) => {
      const operations = [
        { insertOne: { document: { _id: 2 } } },
        { insertOne: { document: { _id: 1 } } },
        { insertOne: { document: { _id: 3 } } },
      ];
      const failed = async (ordered: boolean): Promise<unknown> => {
        const error = await c.bulkWrite(operations, { ordered }).catch((thrown) => thrown);
        return [
          error.insertedCount,
          error.writeErrors.map((one: { index: number; code: number }) => [one.index, one.code]),
        ];
      };
      const unordered = await failed(false);
      await c.deleteMany({ _id: { $gt: 1 } });
      return [unordered, await failed(true), await sortedIds(c, {})];
    },
    gives: [
      [2, [[1, 11000]]],
      [1, [[1, 11000]]],
      [1, 2],
    ],
  },
  {
    name: "a mixed bulkWrite counts each kind",
    docs: [{ _id: 1, a: 1 }],
    run: async (c) => {
      const result = await c.bulkWrite([
        { updateOne: { filter: { _id: 1 }, update: { $inc: { a: 1 } } } },
        { updateOne: { filter: { _id: 5 }, update: { $inc: { a: 1 } }, upsert: true } },
        { replaceOne: { filter: { _id: 1 }, replacement: { z: 1 } } },
        { deleteOne: { filter: { _id: 5 } } },
        { insertOne: { document: { _id: 7 } } },
      ]);
      return [result.insertedCount, result.matchedCount, result.modifiedCount, result.deletedCount, result.upsertedIds];
    },
    gives: [1, 2, 2, 1, { 1: 5 }],
  },
];

const duplicate = (c: AnyCollection, index: string, key: string): RegExp =>
  new RegExp(
    `^E11000 duplicate key error collection: embedded_mongo_test\\.${c.collectionName} index: ${index} dup key: ${key}$`,
  );

const refusing: Case[] = [
  {
    name: "a second _id is refused as MongoDB words it",
    docs: [{ _id: "x" }],
    run: async (c) => {
      const error = await c.insertOne({ _id: "x" }).catch((thrown) => thrown);
      return [
        error.code,
        duplicate(c, "_id_", '\\{ _id: "x" \\}').test(error.message),
        error.keyPattern,
        error.keyValue,
      ];
    },
    gives: [11000, true, { _id: 1 }, { _id: "x" }],
  },
  {
    name: "an upsert whose guard does not match an existing _id is a duplicate",
    docs: [{ _id: "x", applied: { s1: 5 } }],
    run: async (c) => {
      const error = await c
        .updateOne({ _id: "x", "applied.s1": { $not: { $gte: 5 } } }, { $inc: { n: 1 } }, { upsert: true })
        .catch((thrown) => thrown);
      return [error.code, duplicate(c, "_id_", '\\{ _id: "x" \\}').test(error.message), await c.findOne()];
    },
    gives: [11000, true, { _id: "x", applied: { s1: 5 } }],
  },
  {
    name: "a unique index refuses inserts and updates, and counts missing as null",
    docs: [{ _id: 1, a: 1, b: "x" }],
    run: async (c) => {
      await c.createIndex({ a: 1, b: 1 }, { unique: true }, {});
      const insert = await c.insertOne({ _id: 2, a: 1, b: "x" }).catch((thrown) => thrown);
      await c.insertOne({ _id: 3 });
      const missing = await c.insertOne({ _id: 4 }).catch((thrown) => thrown);
      const update = await c.updateOne({ _id: 3 }, { $set: { a: 1, b: "x" } }).catch((thrown) => thrown);
      return [
        duplicate(c, "a_1_b_1", '\\{ a: 1, b: "x" \\}').test(insert.message),
        duplicate(c, "a_1_b_1", "\\{ a: null, b: null \\}").test(missing.message),
        update.code,
        await sortedIds(c, {}),
      ];
    },
    gives: [true, true, 11000, [1, 3]],
  },
  {
    name: "a sparse unique index lets many documents without the field in",
    run: async (c) => {
      await c.createIndex({ a: 1 }, { unique: true, sparse: true }, {});
      await c.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3, a: 1 }]);
      return [(await refusal(c.insertOne({ a: 1 }))).code, await sortedIds(c, { a: null })];
    },
    gives: [11000, [1, 2]],
  },
  {
    name: "a partial unique index holds where its filter does",
    run: async (c) => {
      await c.createIndex({ a: 1 }, { unique: true, partialFilterExpression: { live: true } }, {});
      await c.insertMany([
        { _id: 1, a: 1, live: true },
        { _id: 2, a: 1, live: false },
      ]);
      return [
        (await refusal(c.insertOne({ a: 1, live: true }))).code,
        await sortedIds(c, { a: 1 }),
        await sortedIds(c, { a: 1, live: true }),
      ];
    },
    gives: [11000, [1, 2], [1]],
  },
  refuses(
    "a unique index on what is not unique",
    [{ a: 1 }, { a: 1 }],
    (c) => c.createIndex({ a: 1 }, { unique: true }, {}),
    11000,
    /E11000 duplicate key error/,
  ),
  refuses(
    "the same index with other options",
    [],
    async (c) => {
      await c.createIndex({ a: 1 }, {}, {});
      await c.createIndex({ a: 1 }, { unique: true }, {});
    },
    86,
    /An existing index has the same name as the requested index/,
  ),
  refuses(
    "the same index with another time to live",
    [],
    async (c) => {
      await c.createIndex({ a: 1 }, { expireAfterSeconds: 60 }, {});
      await c.createIndex({ a: 1 }, { expireAfterSeconds: 61 }, {});
    },
    85,
    /An equivalent index already exists with the same name but different options/,
  ),
  refuses(
    "the same index by another name",
    [],
    async (c) => {
      await c.createIndex({ a: 1 }, {}, {});
      await c.createIndex({ a: 1 }, { name: "other" }, {});
    },
    85,
    /Index already exists with a different name: a_1/,
  ),
  refuses(
    "another index by the same name",
    [],
    async (c) => {
      await c.createIndex({ a: 1 }, { name: "n" }, {});
      await c.createIndex({ b: 1 }, { name: "n" }, {});
    },
    86,
    /An existing index has the same name as the requested index/,
  ),
  refuses(
    "an index on two arrays",
    [{ a: [1], b: [2] }],
    (c) => c.createIndex({ a: 1, b: 1 }, {}, {}),
    171,
    /cannot index parallel arrays/,
  ),
  refuses(
    "a TTL on two fields",
    [],
    (c) => c.createIndex({ a: 1, b: 1 }, { expireAfterSeconds: 1 }, {}),
    67,
    /TTL indexes are single-field indexes/,
  ),
  refuses("an unknown query operator", [], (c) => c.find({ a: { $foo: 1 } }).toArray(), 2, /unknown operator: \$foo/),
  refuses(
    "an unknown operator at the top",
    [],
    (c) => c.find({ $foo: 1 }).toArray(),
    2,
    /unknown top level operator: \$foo/,
  ),
  refuses(
    "an unknown update operator",
    [{ _id: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $foo: { a: 1 } }),
    9,
    /Unknown modifier: \$foo/,
  ),
  refuses(
    "an unknown stage",
    [],
    (c) => c.aggregate([{ $foo: 1 }]).toArray(),
    40324,
    /Unrecognized pipeline stage name: '\$foo'/,
  ),
  refuses(
    "an unknown expression",
    [],
    (c) => c.aggregate([{ $project: { a: { $foo: 1 } } }]).toArray(),
    168,
    /Unrecognized expression '\$foo'/,
  ),
  refuses(
    "an unknown accumulator",
    [],
    (c) => c.aggregate([{ $group: { _id: 1, a: { $foo: 1 } } }]).toArray(),
    15952,
    /unknown group operator '\$foo'/,
  ),
  refuses(
    "two operators on one path",
    [{ _id: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $set: { a: 1 }, $inc: { "a.b": 1 } }),
    40,
    /Updating the path '(a|a\.b)' would create a conflict at '(a|a\.b)'/,
  ),
  refuses(
    "a change of _id",
    [{ _id: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $set: { _id: 2 } }),
    66,
    /immutable field '_id'/,
  ),
  refuses(
    "$inc of a text",
    [{ _id: 1, a: "x" }],
    (c) => c.updateOne({ _id: 1 }, { $inc: { a: 1 } }),
    14,
    /Cannot apply \$inc to a value of non-numeric type/,
  ),
  refuses(
    "$inc by a text",
    [{ _id: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $inc: { a: "1" as never } }),
    14,
    /Cannot increment with non-numeric argument/,
  ),
  refuses(
    "$push to what is no array",
    [{ _id: 1, a: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $push: { a: 1 } as never }),
    2,
    /The field 'a' must be an array but is of type int/,
  ),
  refuses(
    "a path through a number",
    [{ _id: 1, a: 1 }],
    (c) => c.updateOne({ _id: 1 }, { $set: { "a.b": 1 } }),
    28,
    /Cannot create field 'b' in element \{a: 1\}/,
  ),
  refuses("an array as _id", [], (c) => c.insertOne({ _id: [1] }), 53, /The '_id' value cannot be of type array/),
  refuses(
    "inclusion mixed with exclusion",
    [{ _id: 1 }],
    (c) => c.findOne({}, { projection: { a: 1, b: 0 } }),
    31254,
    /Cannot do exclusion on field b in inclusion projection/,
  ),
  refuses(
    "an unknown field of a command",
    [],
    (c) => c.db.command({ insert: c.collectionName, documents: [{}], foo: 1 }),
    40415,
    /BSON field 'insert\.foo' is an unknown field/,
  ),
  refuses("an unknown command", [], (c) => c.db.command({ fooBar: 1 }), 59, /no such command: 'fooBar'/),
  refuses(
    "a positional operator without a match",
    [{ _id: 1, a: [1] }],
    (c) => c.updateOne({ _id: 1 }, { $set: { "a.$": 2 } }),
    2,
    /The positional operator did not find the match needed from the query/,
  ),
];

describe.each([
  ["queries", queries],
  ["queries through indexes", indexed],
  ["updates", updating],
  ["refusals", refusing],
])("CRUD: %s", (_, cases) => {
  test.each(cases)("$name", async ({ docs, run, gives }) => {
    const collection = await freshCollection();
    if (docs && docs.length > 0) await collection.insertMany(docs.map((doc) => ({ ...doc })));
    expect(await run(collection)).toEqual(gives);
  });
});
