import { type Document, MongoClient } from "mongodb";
import { expect, test } from "vitest";
import { openTestMongo } from "../../../testing/mongo.js";
import { collectionsOf } from "../storage/documents.js";
import { defaultRetention } from "../storage/tiers.js";
import { now, storeUsage } from "../test-helpers/random-usage.js";
import { countEvents, findEvents } from "./call-log.js";
import { invalidAttempts } from "./invalid-attempts.js";
import { report } from "./report.js";

test("every read that is sent to MongoDB names the tenant, beside all other conditions", async () => {
  const mongo = await openTestMongo();
  const db = mongo.db("isolation");
  await storeUsage(collectionsOf(db), [
    { at: now - 1, tenantId: "ten_own", code: "REVOKED", cost: 1, source: "SERVER" },
  ]);
  const client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const sent: { readonly collection: string; readonly condition: Document }[] = [];
  client.on("commandStarted", ({ command, commandName }) => {
    if (commandName === "find") sent.push({ collection: command["find"], condition: command["filter"] });
    if (commandName === "aggregate")
      sent.push({ collection: command["aggregate"], condition: command["pipeline"][0].$match });
  });
  const collections = collectionsOf(client.db(db.databaseName));
  const options = { now, retention: defaultRetention };
  const window = { tenantId: "ten_own", from: now - 3 * 86_400_000, to: now, timeZone: "UTC", limit: 10 };
  const filters = [{}, { keyIds: ["key_a"], tags: ["a"], valid: false }, { keyIds: ["key_a", "key_b"] }];
  for (const filter of filters) {
    const log = { tenantId: "ten_own", filter, after: { at: now, id: "x" }, take: 10 };
    await findEvents(collections, log, options);
    await countEvents(collections, log, options);
    await invalidAttempts(collections, { ...window, bucket: "TOTAL", groupBy: [], filter }, options);
    const wants = { points: true, latency: true, meters: true };
    await report(
      collections,
      { ...window, bucket: "HOUR", groupBy: [], filter, orderBy: "COUNT_DESC", wants },
      options,
    );
    await report(
      collections,
      { ...window, bucket: "TOTAL", groupBy: [], filter, orderBy: "COUNT_DESC", wants },
      options,
    );
  }
  expect(new Set(sent.map(({ collection }) => collection))).toEqual(
    new Set(["usage_events", "usage_minutes", "usage_hours", "usage_days"]),
  );
  for (const { condition } of sent) expect(condition).toMatchObject({ tenantId: { $eq: "ten_own" } });
  await client.close();
  await mongo.close();
});
