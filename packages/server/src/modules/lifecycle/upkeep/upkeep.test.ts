import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../platform/database/index.js";
import { createLogger } from "../../../platform/logger.js";
import { createAudit } from "../../audit/index.js";
import type { Principal } from "../../auth/index.js";
import { createEvents } from "../../events/index.js";
import { createFindings } from "../findings/findings.service.js";
import { createHygiene } from "../hygiene/hygiene.service.js";
import { defaultPolicy, savePolicy } from "../policy/policy.js";
import { createIsUseKnown } from "./known-use.js";
import { createUpkeep } from "./upkeep.js";

const start = new Date("2030-01-01T00:00:00Z");
const day = 24 * 60 * 60_000;

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

/** A tenant with keys that were never used and never expire, and whose policy wants to be reminded of both. */
async function tenantWithKeys(tenantId: string, count: number): Promise<string> {
  const times = { createdAt: start, updatedAt: start };
  const { prisma } = database;
  await prisma.tenant.create({ data: { id: tenantId, slug: tenantId, name: "Tenant", ...times } });
  await prisma.user.create({ data: { id: `usr_${tenantId}`, tenantId, email: "a@example.com", name: "A", ...times } });
  const keys = Array.from({ length: count }, (_, index) => `key_${tenantId}_${index}`);
  const rest = {
    tenantId,
    ownerId: `usr_${tenantId}`,
    name: "Key",
    environment: "LIVE",
    start: "kp_live_x",
    ...times,
  } as const;
  await prisma.key.createMany({ data: keys.map((id) => ({ id, ...rest })) });
  const wanted = { idleAfterDays: 1, neverExpiringAction: "REMIND" } as const;
  await savePolicy(prisma, { tenantId, ...defaultPolicy, ...wanted }, start, start);
  return tenantId;
}

function upkeepOf(more: { maxPerLook?: number; isUseKnown: () => Promise<boolean> }) {
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
  return createUpkeep({ clock, database, events, findings, keys, ...more });
}

/** The report of a tenant, two days later. */
async function hygieneOf(isUseKnown: () => Promise<boolean>, tenantId: string) {
  const hygiene = createHygiene({
    clock: { now: () => start.getTime() + 2 * day },
    database,
    findTenant: (_, id) => database.prisma.tenant.findUnique({ where: { id } }),
    isUseKnown,
  });
  const reader = { permissions: new Set(["keys:read"]), tenantId: null, onlyUserId: null } as unknown as Principal;
  const report = await hygiene.report(reader, tenantId);
  if (!report) throw new Error("there is no such tenant");
  return report;
}

/** How many findings of each kind a tenant has. */
async function found(tenantId: string) {
  const rows = await database.prisma.keyFinding.groupBy({ by: ["kind"], where: { tenantId }, _count: true });
  return Object.fromEntries(rows.map(({ kind, _count }) => [kind, _count]));
}

test("one look takes every step, however much is left of another one; the next goes on with what is left", async () => {
  const upkeep = upkeepOf({ maxPerLook: 2, isUseKnown: () => Promise.resolve(true) });
  const tenantId = await tenantWithKeys("ten_upkeep", 3);
  expect(await upkeep.settleOne(() => false)).toBe(true);
  expect(await found(tenantId)).toEqual({ IDLE: 2, NEVER_EXPIRES: 2 });
  expect(await upkeep.settleOne(() => false)).toBe(true);
  expect(await found(tenantId)).toEqual({ IDLE: 3, NEVER_EXPIRES: 3 });
  expect(await upkeep.settleOne(() => false)).toBe(false);
});

const clock = { now: () => start.getTime() };
const counting = (completeUntil: () => Promise<number>, recordVerifications = true) =>
  createIsUseKnown({
    clock,
    logger: createLogger("silent"),
    recordVerifications,
    recording: { settle: () => Promise.resolve(), completeUntil },
  });

test.for([
  ["are counted, and all of them are", counting(async () => clock.now()), { IDLE: 1, NEVER_EXPIRES: 1 }],
  ["are not counted", counting(async () => clock.now(), false), { NEVER_EXPIRES: 1 }],
  ["wait somewhere since yesterday", counting(async () => clock.now() - day), { NEVER_EXPIRES: 1 }],
  ["cannot be asked for", counting(() => Promise.reject(new Error("away"))), { NEVER_EXPIRES: 1 }],
] as const)(
  "where uses of keys %s, what is found of one never used is as it should be",
  async ([how, isUseKnown, expected]) => {
    const tenantId = await tenantWithKeys(`ten_${how.replaceAll(/\W/g, "")}`, 1);
    expect(await upkeepOf({ isUseKnown }).settleOne(() => false)).toBe(true);
    expect(await found(tenantId)).toEqual(expected);
    const { keys, checks } = await hygieneOf(isUseKnown, tenantId);
    const isIdle = "IDLE" in expected;
    expect(keys).toBe(1);
    expect(checks.find(({ check }) => check === "IDLE")).toMatchObject({ known: isIdle, affected: isIdle ? 1 : 0 });
    expect(checks.find(({ check }) => check === "NEVER_EXPIRES")).toMatchObject({ known: true, affected: 1 });
  },
);
