import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { ensureIndexes } from "./indexes.js";
import { defaultRetention, type Retention } from "./tiers.js";

const dayMs = 24 * 60 * 60_000;

let mongo: TestMongo;
beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

/** After how many days MongoDB deletes a document, by collection. */
async function daysKept(name: string, retention: Retention): Promise<Record<string, number>> {
  const db = mongo.db(name);
  await ensureIndexes(db, retention);
  const collections = ["usage_events", "usage_minutes", "usage_hours", "usage_days", "usage_segments"];
  const days: Record<string, number> = {};
  for (const collection of collections) {
    const expiring = (await db.collection(collection).listIndexes().toArray()).filter(
      (index) => index["expireAfterSeconds"] !== undefined,
    );
    expect(expiring).toHaveLength(1);
    days[collection] = ((expiring[0]?.["expireAfterSeconds"] as number) * 1_000) / dayMs;
  }
  return days;
}

test("MongoDB keeps what it is told to, each row for as long as its last slot counts", async () => {
  expect(await daysKept("kept", defaultRetention)).toEqual({
    // A day longer than promised, for reports that arrive as late.
    usage_events: 31,
    usage_minutes: 7 + 1 / 24,
    usage_hours: 91,
    usage_days: defaultRetention.daysMs / dayMs + 10,
    usage_segments: 1,
  });
});

test("another retention takes the place of the one before, as often as it is changed", async () => {
  const shorter = { rawMs: 3 * dayMs, minutesMs: 2 * dayMs, hoursMs: 10 * dayMs, daysMs: 100 * dayMs };
  const before = await daysKept("changed", defaultRetention);
  expect(await daysKept("changed", shorter)).toMatchObject({ usage_events: 4, usage_hours: 11, usage_days: 110 });
  expect(await daysKept("changed", shorter)).toMatchObject({ usage_events: 4 });
  expect(await daysKept("changed", defaultRetention)).toEqual(before);
});

test("how far a server is, is never forgotten by itself; not even where an older server had MongoDB do so", async () => {
  const db = mongo.db("kept");
  const spools = db.collection("usage_spools");
  await spools.createIndexes([{ key: { seenAt: 1 }, expireAfterSeconds: 86_400 }]);
  await ensureIndexes(db, defaultRetention);
  await ensureIndexes(db, defaultRetention);
  expect(await spools.listIndexes().toArray()).toMatchObject([{ key: { _id: 1 } }]);
});
