import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../platform/database/index.js";
import { addQuota } from "../test-helpers/stored-quota.js";
import { createPeriodDuty } from "./period-duty.js";
import { acquire } from "./quota.store.js";

const hour = 3_600_000;
const start = Date.parse("2026-11-22T18:00:00Z");
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

/** An hourly quota. */
function addHourly(): Promise<string> {
  return addQuota(database, start, { limit: 320, refill: "HOURLY", periodEnd: new Date(start + hour) });
}

async function takeFrom(quotaId: string, newLeaseId: string, now: number): Promise<void> {
  const asked = { quotaId, holder: "holder", lease: null, newLeaseId, costs: [1], free: 0, now };
  expect(await database.transaction((tx) => acquire(tx, asked))).toMatchObject({ granted: 10 });
}

const entriesOf = (quotaId: string) =>
  database.prisma.quotaEntry.findMany({ where: { quotaId }, orderBy: { createdAt: "asc" } });

test("the history is told once of each period in which something was taken, and never of one in which nothing was", async () => {
  const clock = { time: start, now: () => clock.time };
  const duty = createPeriodDuty({ database, clock });
  const isAnyDue = () => duty.isAnyDue(new Date(clock.time));
  const [used, idle, alsoUsed] = await Promise.all([addHourly(), addHourly(), addHourly()]);
  await takeFrom(used, "one", clock.time);
  await takeFrom(alsoUsed, "two", clock.time);
  clock.time += hour - 1;
  expect([await isAnyDue(), await duty.settleOne(() => false)]).toEqual([false, false]);

  clock.time += 1;
  expect(await isAnyDue()).toBe(true);
  const settled = [];
  for (let count = 0; count < 3; count++) settled.push(await duty.settleOne(() => false));
  expect(settled).toEqual([true, true, false]);
  expect(await isAnyDue()).toBe(false);
  const firstHour = { type: "PERIOD_ENDED", used: 10, period: 1, createdAt: new Date(start + hour) };
  for (const quotaId of [used, alsoUsed]) expect(await entriesOf(quotaId)).toMatchObject([firstHour]);

  // A week without a call: the quota goes on in the hour that it is now, and those between leave nothing.
  clock.time += 7 * 24 * hour;
  expect(await isAnyDue()).toBe(false);
  await takeFrom(used, "three", clock.time);
  clock.time += hour;
  expect([await duty.settleOne(() => false), await duty.settleOne(() => false)]).toEqual([true, false]);
  expect(await entriesOf(used)).toMatchObject([
    firstHour,
    { used: 0, period: 2, periodEnd: new Date(start + 2 * hour) },
    { used: 10, period: 3, periodEnd: new Date(clock.time) },
  ]);
  expect(await entriesOf(idle)).toEqual([]);
  expect(await database.prisma.quota.findUnique({ where: { id: used } })).toMatchObject({ used: 0, period: 4 });
});
