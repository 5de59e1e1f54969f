import fc from "fast-check";
import type { Collection } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { usageEvent } from "../test-helpers/random-usage.js";
import type { UsageEvent } from "../usage-event.js";
import { collectionsOf, type RowDocument, type UsageCollections } from "./documents.js";
import { latencyIndex } from "./latency-histogram.js";
import { applyRows, type RowUpdate, type RowUpdates, rowUpdates } from "./rows.js";
import { type TierName, tiers } from "./tiers.js";

const tierNames = Object.keys(tiers) as TierName[];
let mongo: TestMongo;

beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

/** All rows without what guards them, in a stable order. */
async function rowsOf({ rows }: UsageCollections): Promise<unknown[]> {
  const found = await Promise.all(
    tierNames.map((tier) => rows[tier].find({}, { sort: { _id: 1 }, projection: { applied: 0 } }).toArray()),
  );
  return found.flat();
}

/** The rows that these segments make when nothing goes wrong. */
async function counted(segments: readonly (readonly UsageEvent[])[]): Promise<unknown[]> {
  const collections = collectionsOf(mongo.db("counted"));
  for (const [index, events] of segments.entries()) await applyRows(collections, rowUpdates(events, "calm", index + 1));
  return rowsOf(collections);
}

/** The writes that got through before a crash: of each tier every one whose turn the pattern says. */
function partOf(updates: RowUpdates, pattern: readonly boolean[]): RowUpdates {
  let turn = 0;
  const pick = (writes: readonly RowUpdate[]) => {
    return writes.filter(() => {
      turn += 1;
      return pattern[turn % pattern.length];
    });
  };
  return { minutes: pick(updates.minutes), hours: pick(updates.hours), days: pick(updates.days) };
}

const segment = fc.array(usageEvent, { maxLength: 25 });
const crash = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
/** A segment, and where each attempt to apply it breaks off before the last. */
const attempts = fc.record({ events: segment, crashes: fc.array(crash, { maxLength: 2 }), again: fc.boolean() });

describe("rows", () => {
  test("crashes, repetitions and a second server's segments in between change no count", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(attempts, { maxLength: 3 }),
        fc.array(segment, { maxLength: 3 }),
        async (own, others) => {
          const collections = collectionsOf(mongo.db("crashed"));
          const ship = async () => {
            for (const [index, { events, crashes, again }] of own.entries()) {
              const updates = rowUpdates(events, "own", index + 1);
              for (const pattern of crashes) await applyRows(collections, partOf(updates, pattern));
              await applyRows(collections, updates);
              if (again) await applyRows(collections, rowUpdates(events, "own", index + 1));
            }
          };
          const shipOthers = async () => {
            for (const [index, events] of others.entries()) {
              await applyRows(collections, rowUpdates(events, "other", index + 1));
            }
          };
          await Promise.all([ship(), shipOthers()]);
          const expected = await counted([...own.map(({ events }) => events), ...others]);
          expect(await rowsOf(collections)).toEqual(expected);
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  const event: UsageEvent = {
    at: 1_700_000_000_000,
    tenantId: "ten_a",
    keyId: "key_a",
    code: "VALID",
    cost: 2,
    source: "SDK",
  };

  test("a row that another server creates at the same moment counts both", async () => {
    const collections = collectionsOf(mongo.db("race"));
    const racing = { ...collections, rows: { ...collections.rows } };
    for (const tier of tierNames) {
      racing.rows[tier] = overtaken(collections.rows[tier], () => {
        return applyRows(collections, { ...none, [tier]: rowUpdates([event], "faster", 1)[tier] });
      });
    }
    await applyRows(racing, rowUpdates([event], "slower", 1));
    for (const row of await rowsOf(collections)) expect(Object.values((row as RowDocument).count)).toEqual([2]);
  });

  test("an error that is not a duplicate key is thrown, and the same call mends it", async () => {
    const collections = collectionsOf(mongo.db("error"));
    const updates = rowUpdates([event], "spool", 1);
    const invalid = { updateOne: { filter: { _id: "x" }, update: { $inc: { tenantId: "one" } }, upsert: true } };
    const broken = { ...updates, hours: [invalid as unknown as RowUpdate, ...updates.hours] };
    await expect(applyRows(collections, broken)).rejects.toThrow(/tenantId/);
    await applyRows(collections, updates);
    expect(await rowsOf(collections)).toEqual(await counted([[event]]));
  });

  test("a row that is full, by millions of names of meters, gets another beside it, and a repetition changes nothing", async () => {
    const collections = collectionsOf(mongo.db("full"));
    const { minutes } = collections.rows;
    await applyRows(collections, rowUpdates([event], "spool", 1));
    await minutes.updateOne({}, { $set: { filler: "x".repeat(16 * 1024 * 1024 - 500) } as object });
    const updates = rowUpdates([{ ...event, meters: { ["m".repeat(300)]: 1 } }], "spool", 2);
    for (const _ of ["first", "again"]) {
      await applyRows(collections, updates);
      const rows = await minutes.find({}, { projection: { count: 1, meters: 1 }, sort: { _id: 1 } }).toArray();
      expect(rows.map(({ count, meters }) => [count, meters])).toEqual([
        [{ 13: 1 }, undefined],
        [{ 13: 1 }, { ["m".repeat(300)]: { 13: 1 } }],
      ]);
    }
  });

  test("a row has its dimensions and its numbers, and nothing else", async () => {
    const collections = collectionsOf(mongo.db("row"));
    await applyRows(collections, rowUpdates([{ ...event, tags: ["a", "b"], latencyMs: 1 }], "spool", 3));
    expect(await collections.rows.minutes.findOne()).toEqual({
      _id: expect.stringContaining("key_a"),
      tenantId: "ten_a",
      start: new Date("2023-11-14T22:00Z"),
      keyId: "key_a",
      code: "VALID",
      tags: ["a", "b"],
      count: { 13: 1 },
      cost: { 13: 2 },
      latency: { 13: { [latencyIndex(1)]: 1 } },
      applied: { spool: 3 },
    });
  });
});

const none: RowUpdates = { minutes: [], hours: [], days: [] };

/** A collection on which somebody else writes between the look and the insert of our first upsert. */
function overtaken(rows: Collection<RowDocument>, overtake: () => Promise<void>): Collection<RowDocument> {
  let isFirst = true;
  return new Proxy(rows, {
    get(target, name) {
      if (name !== "bulkWrite" || !isFirst) return Reflect.get(target, name, target) as unknown;
      isFirst = false;
      return async (writes: { updateOne: object }[], options: object) => {
        await overtake();
        // The look found nothing: this condition never holds, so that the insert meets the row of the other.
        const blind = writes.map(({ updateOne }) => ({
          updateOne: { ...updateOne, filter: { ...(updateOne as { filter: object }).filter, code: "none" } },
        }));
        return target.bulkWrite(blind as never, options);
      };
    },
  });
}
