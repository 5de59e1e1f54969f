import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../platform/database/index.js";
import { createLogger } from "../../../platform/logger.js";
import { createAudit } from "../../audit/index.js";
import { createEvents } from "../../events/index.js";
import { createFindings } from "../findings/findings.service.js";
import { defaultPolicy, savePolicy } from "../policy/policy.js";
import { createUpkeep } from "./upkeep.js";

const start = new Date("2030-01-01T00:00:00Z");
const day = 24 * 60 * 60_000;

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

/** A tenant with keys that were never used and never expire, and whose policy wants to be reminded of both. */
async function tenantWithKeys(count: number): Promise<string> {
  const tenantId = "ten_upkeep";
  const times = { createdAt: start, updatedAt: start };
  const { prisma } = database;
  await prisma.tenant.create({ data: { id: tenantId, slug: tenantId, name: "Tenant", ...times } });
  await prisma.user.create({ data: { id: "usr_a", tenantId, email: "a@example.com", name: "A", ...times } });
  const keys = Array.from({ length: count }, (_, index) => `key_${index}`);
  const rest = { tenantId, ownerId: "usr_a", name: "Key", environment: "LIVE", start: "kp_live_x", ...times } as const;
  await prisma.key.createMany({ data: keys.map((id) => ({ id, ...rest })) });
  const wanted = { idleAfterDays: 1, neverExpiringAction: "REMIND" } as const;
  await savePolicy(prisma, { tenantId, ...defaultPolicy, ...wanted }, start, start);
  return tenantId;
}

test("one look takes every step, however much is left of another one; the next goes on with what is left", async () => {
  const clock = { now: () => start.getTime() + 2 * day };
  const logger = createLogger("silent");
  const audit = createAudit({ database, clock });
  const events = createEvents({ database, clock, logger });
  const findings = createFindings({ audit, clock, database, events });
  // Reminding changes no key.
  const keys = {
    hold: (tx: Pick<Database["prisma"], "key">, id: string) => tx.key.findUnique({ where: { id } }),
    disableAs: () => Promise.reject(new Error("nothing is to be disabled")),
  };
  const upkeep = createUpkeep({ clock, database, events, findings, keys, maxPerLook: 2 });
  const tenantId = await tenantWithKeys(3);
  const found = async () => {
    const rows = await database.prisma.keyFinding.groupBy({ by: ["kind"], where: { tenantId }, _count: true });
    return Object.fromEntries(rows.map(({ kind, _count }) => [kind, _count]));
  };
  expect(await upkeep.settleOne(() => false)).toBe(true);
  expect(await found()).toEqual({ IDLE: 2, NEVER_EXPIRES: 2 });
  expect(await upkeep.settleOne(() => false)).toBe(true);
  expect(await found()).toEqual({ IDLE: 3, NEVER_EXPIRES: 3 });
  expect(await upkeep.settleOne(() => false)).toBe(false);
});
