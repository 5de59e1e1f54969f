import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { collectionsOf, type UsageCollections } from "../storage/documents.js";
import { defaultRetention } from "../storage/tiers.js";
import { eventDocument, now, usageEvent } from "../test-helpers/random-usage.js";
import type { UsageEvent } from "../usage-event.js";
import { invalidAttempts } from "./invalid-attempts.js";
import { reportLimits } from "./limits.js";
import { type AttemptDimension, type AttemptsQuestion, attemptDimensions } from "./questions.js";

const options = { now, retention: defaultRetention };
const hour = 3_600_000;
let mongo: TestMongo;

beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

async function logOf(events: readonly UsageEvent[]): Promise<UsageCollections> {
  const collections = collectionsOf(mongo.db("attempts"));
  if (events.length > 0)
    await collections.events.insertMany(events.map((event, line) => eventDocument(event, `s:${line}`)));
  return collections;
}

const question: AttemptsQuestion = {
  tenantId: "ten_own",
  from: now - 3 * hour,
  to: now,
  bucket: "TOTAL",
  timeZone: "UTC",
  groupBy: ["CODE"],
  filter: {},
  limit: 100,
};
const refused: UsageEvent = { at: now - hour, tenantId: "ten_own", code: "NOT_FOUND", cost: 0, source: "SERVER" };

describe("refused verifications", () => {
  test("are told by cause, with keys, addresses and times", async () => {
    const collections = await logOf([
      { ...refused, code: "VALID" },
      { ...refused, ip: "192.0.2.1" },
      { ...refused, ip: "192.0.2.2", at: now - 2 * hour },
      { ...refused, ip: "192.0.2.2" },
      { ...refused, code: "REVOKED", keyId: "key_a" },
      { ...refused, code: "EXPIRED", keyId: "key_a" },
      { ...refused, at: now - 4 * hour },
    ]);
    const answer = await invalidAttempts(collections, question, options);
    expect(answer).toMatchObject({ total: 5, totalSeries: 3 });
    expect(answer.series).toEqual([
      {
        group: { code: "NOT_FOUND" },
        count: 3,
        firstAt: now - 2 * hour,
        lastAt: now - hour,
        keys: 0,
        addresses: 2,
        counts: Float64Array.of(3),
      },
      expect.objectContaining({ group: { code: "EXPIRED" }, count: 1, keys: 1, addresses: 0 }),
      expect.objectContaining({ group: { code: "REVOKED" }, count: 1, keys: 1, addresses: 0 }),
    ]);
    expect(structuredClone(answer)).toEqual(answer);
  });

  test("are counted as one by one, by whatever they are grouped", async () => {
    const address = fc.constantFrom("192.0.2.1", "2001:db8::1", undefined);
    const attempt = fc
      .tuple(usageEvent, address, fc.constantFrom("kp_live_a", undefined), fc.integer({ min: 0, max: 5 * hour }))
      .map(([event, ip, start, ago]) => ({ ...event, ip, start, at: now - ago }));
    const groupings = fc.shuffledSubarray(Object.keys(attemptDimensions) as AttemptDimension[]);
    const fields = { CODE: "code", IP: "ip", START: "start", API: "api" } as const;
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 60 }), groupings, async (events, groupBy) => {
        const collections = await logOf(events);
        const answer = await invalidAttempts(collections, { ...question, bucket: "HOUR", groupBy }, options);
        const own = events.filter(({ tenantId, code, at }) => {
          return tenantId === "ten_own" && code !== "VALID" && at >= question.from && at < question.to;
        });
        expect(answer.total).toBe(own.length);
        for (const { group, count, counts } of answer.series) {
          const members = own.filter((event) => {
            return groupBy.every((name) => group[fields[name]] === (event[fields[name]] ?? null));
          });
          expect(count).toBe(members.length);
          expect(counts.reduce((sum, value) => sum + value, 0)).toBe(count);
        }
        expect(answer.series.reduce((sum, { count }) => sum + count, 0)).toBe(own.length);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("of another tenant cannot be reached; null as tenant finds those of none", async () => {
    const collections = await logOf([
      { ...refused, tenantId: "ten_other" },
      { ...refused, tenantId: undefined },
    ]);
    expect((await invalidAttempts(collections, question, options)).total).toBe(0);
    expect((await invalidAttempts(collections, { ...question, tenantId: null }, options)).total).toBe(1);
  });

  test("stay refused whatever the filter says", async () => {
    const collections = await logOf([refused, { ...refused, code: "VALID" }]);
    for (const [filter, total] of [
      [{ valid: true }, 0],
      [{ codes: ["VALID" as const] }, 0],
      [{ codes: ["VALID" as const, "NOT_FOUND" as const] }, 1],
      [{ from: now - hour / 2 }, 0],
    ] as const) {
      expect((await invalidAttempts(collections, { ...question, filter }, options)).total).toBe(total);
    }
  });

  test("older than the raw events are refused, saying from when on there are some", async () => {
    const collections = await logOf([]);
    const old = { ...question, from: now - 31 * 24 * hour };
    await expect(invalidAttempts(collections, old, options)).rejects.toThrow(/kept since 2026-03-07T09:05:11/);
  });

  test("beyond the limits are refused, saying what to narrow", async () => {
    const collections = await logOf([refused, { ...refused, code: "REVOKED" }, { ...refused, code: "EXPIRED" }]);
    const limited = (limits: object) => ({ ...options, limits: { ...reportLimits, ...limits } });
    await expect(invalidAttempts(collections, question, limited({ events: 2 }))).rejects.toThrow(
      /more than 2 raw events/,
    );
    await expect(invalidAttempts(collections, question, limited({ points: 2 }))).rejects.toThrow(/more than 2 numbers/);
    await expect(invalidAttempts(collections, question, limited({ series: 2 }))).rejects.toThrow(
      /more than 2 series.*narrow the filter/,
    );
    expect(await invalidAttempts(collections, question, limited({ series: 3 }))).toMatchObject({ totalSeries: 3 });
  });

  test("tell apart so many keys and addresses and no more, all groups together", async () => {
    const from = (part: object) => ({ ...refused, ...part });
    const collections = await logOf([
      from({ ip: "192.0.2.1" }),
      from({ ip: "192.0.2.1" }),
      from({ ip: "192.0.2.2", keyId: "key_a" }),
      from({ ip: "192.0.2.2", code: "REVOKED" }),
    ]);
    const ask = (distinct: number) =>
      invalidAttempts(collections, question, { ...options, limits: { ...reportLimits, distinct } });
    await expect(ask(3)).rejects.toThrow(/more than 3 different keys and addresses.*shorter window/);
    expect((await ask(4)).total).toBe(4);
  });
});
