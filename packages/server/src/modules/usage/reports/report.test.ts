import fc from "fast-check";
import type { Db } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BadUserInputError } from "../../../platform/errors.js";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { collectionsOf, type UsageCollections } from "../storage/documents.js";
import { defaultRetention, tiers } from "../storage/tiers.js";
import { naiveReport } from "../test-helpers/naive-report.js";
import {
  longAgoEvent,
  longQuestion,
  longRetention,
  now,
  storeUsage,
  usageEvent,
  usageQuestion,
  usageRetention,
} from "../test-helpers/random-usage.js";
import type { UsageEvent } from "../usage-event.js";
import { reportLimits } from "./limits.js";
import type { Columns, Metrics, UsageAnswer, UsageQuestion } from "./questions.js";
import { report } from "./report.js";

const options = { now, retention: defaultRetention };
let mongo: TestMongo;

beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

/** A database of one test, with the events given. */
async function usageOf(events: readonly UsageEvent[]): Promise<UsageCollections> {
  const collections = collectionsOf(mongo.db("report"));
  await storeUsage(collections, events);
  return collections;
}

async function emptied(db: Db): Promise<UsageCollections> {
  for (const name of ["usage_events", ...Object.values(tiers).map(({ collection }) => collection)]) {
    await db.collection(name).deleteMany({});
  }
  return collectionsOf(db);
}

/** The columns as a list of metrics, one for each bucket. */
function buckets({ count, valid, cost, byCode, meters, latencyMs }: Columns): Metrics[] {
  const at = (columns: Readonly<Record<string, Float64Array>>, index: number) =>
    Object.fromEntries(
      Object.entries(columns)
        .map(([name, column]) => [name, column[index]])
        .filter(([, value]) => value !== 0),
    );
  return [...count].map((number, index) => ({
    count: number,
    valid: valid[index] as number,
    cost: cost[index] as number,
    byCode: at(byCode, index),
    meters: at(meters, index),
    latencyMs: latencyMs?.[index] ?? null,
  }));
}

const plain = (answer: UsageAnswer) => ({
  totalSeries: answer.totalSeries,
  totals: answer.totals,
  series: answer.series.map(({ group, totals, columns }) => ({ group, totals, buckets: columns && buckets(columns) })),
});

describe("report", () => {
  test("answers what counting the raw events one by one comes to, whatever the question", async () => {
    const db = mongo.db("report");
    const usage = fc.array(usageEvent, { maxLength: 120, size: "max" });
    const retention = fc.oneof(fc.constant(defaultRetention), usageRetention);
    const questions = fc.array(fc.tuple(usageQuestion, retention), { minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(usage, questions, async (events, asked) => {
        const collections = await emptied(db);
        await storeUsage(collections, events);
        for (const [question, kept] of asked) {
          const answer = await report(collections, question, { now, retention: kept });
          expect(plain(answer)).toEqual(naiveReport(events, question));
        }
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test("does so for months and years, in any zone, from rows of every tier", async () => {
    const db = mongo.db("report");
    const usage = fc.array(longAgoEvent, { maxLength: 80, size: "max" });
    const questions = fc.array(fc.tuple(longQuestion, longRetention), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(usage, questions, async (events, asked) => {
        const collections = await emptied(db);
        await storeUsage(collections, events);
        for (const [question, kept] of asked) {
          // A day of years in many series is more than a plain count wants to go through.
          const limited = question.bucket === "DAY" ? { ...question, groupBy: question.groupBy.slice(0, 1) } : question;
          const answer = await report(collections, limited, { now, retention: kept });
          expect(plain(answer)).toEqual(naiveReport(events, limited));
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

const question: UsageQuestion = {
  tenantId: "ten_own",
  from: now - 3 * 86_400_000,
  to: now,
  bucket: "DAY",
  timeZone: "UTC",
  groupBy: ["KEY"],
  filter: {},
  limit: 100,
  orderBy: "COUNT_DESC",
  wants: { points: true, latency: true, meters: true },
};
const event: UsageEvent = {
  at: now - 86_400_000,
  tenantId: "ten_own",
  keyId: "key_a",
  code: "VALID",
  cost: 1,
  source: "SDK",
};

describe("an answer", () => {
  test("shows a key that was asked for and not used, with zeros", async () => {
    const collections = await usageOf([event]);
    const answer = await report(collections, { ...question, filter: { keyIds: ["key_idle"] } }, options);
    expect(answer.totalSeries).toBe(1);
    expect(answer.series[0]).toMatchObject({ group: { keyId: "key_idle" }, totals: { count: 0, latencyMs: null } });
    expect([...(answer.series[0]?.columns?.count ?? [])]).toEqual([0, 0, 0, 0]);
  });

  test("can be sent to another thread", async () => {
    const collections = await usageOf([{ ...event, latencyMs: 3, meters: { tokens: 7 } }]);
    const answer = await report(collections, question, options);
    expect(structuredClone(answer)).toEqual(answer);
  });

  test("counts an event with two tags in both series, and once in the totals", async () => {
    const collections = await usageOf([{ ...event, tags: ["a", "b"] }]);
    const answer = await report(collections, { ...question, groupBy: ["TAG"] }, options);
    expect(answer.series.map(({ group, totals }) => [group.tag, totals.count])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    expect(answer.totals.count).toBe(1);
  });

  test("has nothing of another tenant, whose keys are asked for by their ids", async () => {
    const collections = await usageOf([{ ...event, tenantId: "ten_other", keyId: "key_other" }]);
    const filters = [{}, { keyIds: ["key_other"] }, { codes: ["VALID" as const] }, { valid: true }];
    for (const filter of filters) {
      const answer = await report(collections, { ...question, filter, groupBy: ["API"] }, options);
      expect(answer).toMatchObject({ totals: { count: 0 }, totalSeries: 0 });
    }
  });

  test("has the whole of a number up to 2^53", async () => {
    const large = { ...event, meters: { bytes: 2 ** 52 } };
    const collections = await usageOf([large, { ...large, meters: { bytes: 2 ** 52 - 1 } }]);
    const answer = await report(collections, question, options);
    expect(answer.totals.meters).toEqual({ bytes: 2 ** 53 - 1 });
  });
});

describe("what is no longer kept", () => {
  const old = { ...question, from: now - 3_000 * 86_400_000, to: now - 2_999 * 86_400_000 };

  test("is refused, or said to be so where the question takes that for an answer", async () => {
    const collections = await usageOf([event]);
    await expect(report(collections, old, options)).rejects.toThrow(/Nothing is kept from before/);
    expect((await report(collections, { ...old, mayNotBeKept: true }, options)).isKept).toBe(false);
    expect((await report(collections, { ...question, mayNotBeKept: true }, options)).isKept).toBeUndefined();
  });

  test("and nothing else is: too much stays a refusal", async () => {
    const collections = await usageOf([event, { ...event, keyId: "key_b" }]);
    const limits = { ...reportLimits, rows: 1 };
    await expect(report(collections, { ...question, mayNotBeKept: true }, { ...options, limits })).rejects.toThrow(
      /more than 1 rows/,
    );
  });
});

describe("limits", () => {
  const three = ["key_a", "key_b", "key_c"].map((keyId) => ({ ...event, keyId }));
  const refusal = async (limits: Partial<typeof reportLimits>, changes: Partial<UsageQuestion> = {}) => {
    const collections = await usageOf(three);
    const answer = report(
      collections,
      { ...question, ...changes },
      { ...options, limits: { ...reportLimits, ...limits } },
    );
    const error = await answer.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BadUserInputError);
    return (error as BadUserInputError).message;
  };

  test("of rows", async () => {
    expect(await refusal({ rows: 2 })).toMatch(/more than 2 rows of counts.*shorter window/);
  });

  test("of raw events", async () => {
    const edge = { from: event.at - 1, to: event.at + 1, bucket: "TOTAL" as const };
    expect(await refusal({ events: 2 }, edge)).toMatch(/more than 2 raw events.*shorter window/);
  });

  test("of buckets", async () => {
    expect(await refusal({ buckets: 3 })).toMatch(/more than 3 buckets/);
  });

  test("of series and points", async () => {
    expect(await refusal({ series: 2 })).toMatch(/more than 2 series.*Narrow the filter/);
    expect(await refusal({ points: 11 })).toMatch(/more than 11 points/);
    expect(await refusal({ columnNumbers: 11 })).toMatch(/more than 11 numbers/);
  });

  test("of latencies", async () => {
    const collections = await usageOf([1, 10, 100].map((latencyMs) => ({ ...event, latencyMs })));
    const limits = { ...reportLimits, latencyNumbers: 5 };
    await expect(report(collections, question, { ...options, limits })).rejects.toThrow(
      /more than 5 different latencies/,
    );
  });

  test("exactly reached, they do not refuse", async () => {
    const collections = await usageOf(three);
    const limits = { ...reportLimits, rows: 3, series: 3, points: 12, buckets: 4 };
    expect((await report(collections, question, { ...options, limits })).totalSeries).toBe(3);
  });

  test("of patience: an aborted question reads no further", async () => {
    const collections = await usageOf(three);
    const signal = AbortSignal.abort(new Error("the caller has left"));
    await expect(report(collections, question, { ...options, signal })).rejects.toThrow("the caller has left");
  });
});
