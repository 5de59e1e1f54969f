import * as mingoExpressions from "mingo/operators/expression";
import { afterAll, describe, expect, test } from "vitest";
import { isKnownExpression } from "../aggregate/known-arguments.js";
import { closeShared, freshCollection, realUrl, refusal, sharedClient } from "../testing/test-server.js";

// What an operator, a stage or a command does not take is refused, never ignored. MongoDB refuses all of it, too, in words of its own.
afterAll(closeShared);

/** The name of an argument of $cond and $switch, which is no promise's here. */
const THEN: string = ["th", "en"].join("");
const operands = {
  $filter: { input: "$v", cond: true, as: "x", limit: 1 },
  $map: { input: "$v", as: "x", in: "$$x" },
  $reduce: { input: "$v", initialValue: 0, in: { $add: ["$$value", "$$this"] } },
  $cond: { if: true, [THEN]: 1, else: 2 },
  $switch: { branches: [{ case: true, [THEN]: 1 }], default: 2 },
  $let: { vars: { a: 1 }, in: "$$a" },
  $zip: { inputs: [["$n"], [1]], useLongestLength: true, defaults: [0, 0] },
  $sortArray: { input: "$v", sortBy: 1 },
  $firstN: { n: 1, input: "$v" },
  $maxN: { n: 1, input: "$v" },
  $regexMatch: { input: "$s", regex: "a", options: "i" },
  $regexFind: { input: "$s", regex: "a" },
  $replaceAll: { input: "$s", find: "a", replacement: "b" },
  $trim: { input: "$s", chars: "a" },
  $convert: { input: "$n", to: "string", onError: "", onNull: "" },
  $getField: { field: "n", input: "$$ROOT" },
  $setField: { field: "n", input: "$$ROOT", value: 1 },
  $year: { date: "$at", timezone: "Europe/Berlin" },
  $dateAdd: { startDate: "$at", unit: "day", amount: 1 },
  $dateDiff: { startDate: "$at", endDate: "$at", unit: "day" },
  $dateFromParts: { year: 2026, month: 2 },
  $dateFromString: { dateString: "2026-02-03T00:00:00Z" },
  $dateToParts: { date: "$at" },
  $dateToString: { date: "$at", format: "%Y", timezone: "UTC", onNull: "" },
  $dateTrunc: { date: "$at", unit: "day", binSize: 1, timezone: "UTC", startOfWeek: "monday" },
};

const evaluate = async (expression: object) => {
  const collection = await freshCollection();
  await collection.insertOne({ _id: 1, v: [2, 1], n: 3, s: "banana", at: new Date("2026-11-22T12:00:00Z") });
  return (await collection.aggregate([{ $project: { _id: 0, value: expression } }]).toArray())[0]?.["value"];
};

describe("an argument that there is not", () => {
  test.each(Object.entries(operands))(
    "of %s is refused by name, and without it the operator works",
    async (name, operand) => {
      expect(await evaluate({ [name]: operand })).toBeDefined();
      const { message } = await refusal(evaluate({ [name]: { ...operand, colour: 1 } }));
      expect(message).toContain("colour");
    },
  );

  test.each([
    [{ $switch: { branches: [{ case: true, [THEN]: 1, colour: 1 }] } }, "colour"],
    [{ $filter: { input: "$v" } }, "cond"],
    [{ $map: { input: "$v" } }, "in"],
    [{ $filter: ["$v", true] }, "$filter"],
    [{ $switch: { branches: [] } }, "$switch"],
  ])("%j", async (expression, named) => {
    expect((await refusal(evaluate(expression))).message).toContain(named);
  });

  test.each([
    [{ $subtract: [3, 2, 1] }, "$subtract"],
    [{ $eq: [1] }, "$eq"],
    [{ $abs: [1, 2] }, "$abs"],
    [{ $slice: ["$v", 1, 1, 1] }, "$slice"],
    [{ $cond: [true, 1] }, "$cond"],
    [{ $substrCP: ["$s", 1] }, "$substrCP"],
  ])("nor is a value too many or too few taken: %j", async (expression, named) => {
    const { message } = await refusal(evaluate(expression));
    expect(message).toContain(named);
    expect(message).toContain("were passed in");
  });

  const stages: [object, string][] = [
    [{ $sample: { size: 1, colour: 1 } }, "colour"],
    [{ $sample: {} }, "size"],
    [{ $replaceRoot: { newRoot: "$$ROOT", colour: 1 } }, "colour"],
    [{ $unwind: { path: "$v", colour: 1 } }, "colour"],
    [{ $lookup: { from: "a", as: "b", pipeline: [], colour: 1 } }, "colour"],
    [{ $bucket: { groupBy: "$n", boundaries: [0, 9], colour: 1 } }, "colour"],
    [{ $unionWith: { coll: "a", colour: 1 } }, "colour"],
    [{ $merge: { into: "a", colour: 1 } }, "colour"],
    [{ $group: { _id: null, a: { $topN: { n: 1, sortBy: { n: 1 }, output: "$n", colour: 1 } } } }, "colour"],
    [
      { $group: { _id: null, a: { $percentile: { input: "$n", p: [0.5], method: "approximate", colour: 1 } } } },
      "colour",
    ],
    [{ $group: { _id: null, a: { $firstN: { input: "$n", n: 1, colour: 1 } } } }, "colour"],
  ];
  test.each(stages)("of a stage: %j", async (stage, named) => {
    const collection = await freshCollection();
    expect((await refusal(collection.aggregate([stage]).toArray())).message).toContain(named);
  });

  test.each([
    [{ aggregate: "c", pipeline: [], cursor: { colour: 1 } }, "colour"],
    [{ listIndexes: "c", cursor: { colour: 1 } }, "colour"],
    [{ listCollections: 1, cursor: { colour: 1 } }, "colour"],
    [{ find: "c", readConcern: { colour: 1 } }, "colour"],
    [{ find: "c", readConcern: { level: "blue" } }, "blue"],
    [{ insert: "c", documents: [{}], writeConcern: { colour: 1 } }, "colour"],
    [{ insert: "c", documents: [{}], writeConcern: { w: "blue" } }, ""],
  ])("of a command: %j", async (command, named) => {
    const db = (await sharedClient()).db("embedded_mongo_test");
    await db.command({ insert: "c", documents: [{}] });
    expect((await refusal(db.command(command))).message).toContain(named);
  });
});

test.skipIf(realUrl !== undefined)(
  "mingo has no operator that is let through without its arguments being known",
  async () => {
    const unknown = Object.keys(mingoExpressions).filter((name) => name.startsWith("$") && !isKnownExpression(name));
    expect(unknown.sort()).toEqual(["$function", "$sigmoid", "$toDecimal", "$toHashedIndexKey"]);
    for (const name of unknown) expect((await refusal(evaluate({ [name]: 1 }))).message).toContain(name);
  },
);
