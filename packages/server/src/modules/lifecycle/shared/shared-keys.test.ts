import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../platform/database/index.js";
import { KeyplaneError } from "../../../platform/errors.js";
import { createLogger } from "../../../platform/logger.js";
import { createAudit } from "../../audit/index.js";
import { createEvents } from "../../events/index.js";
import { createFindings } from "../findings/findings.service.js";
import { createSharedKeys } from "./shared-keys.js";

const minute = 60_000;
const start = new Date("2030-01-01T00:00:00Z");

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
  const times = { createdAt: start, updatedAt: start };
  for (const id of ["ten_a", "ten_b", "ten_c"]) {
    await database.prisma.tenant.create({ data: { id, slug: id, name: "Tenant", ...times } });
  }
});
afterAll(() => database.close());

/** The duty on a store of usage in which nothing is shared, and where questions about some tenants fail. */
function dutyOn(failing: Map<string, Error>) {
  const time = { now: start.getTime() };
  const clock = { now: () => time.now };
  const logger = createLogger("silent");
  const audit = createAudit({ database, clock });
  const events = createEvents({ database, clock, logger });
  const findings = createFindings({ audit, clock, database, events });
  const asked: string[] = [];
  const warned: unknown[] = [];
  const ask = async (method: string, { tenantId = "" }: { tenantId?: string }): Promise<unknown> => {
    if (method === "takeTurn") return true;
    asked.push(tenantId);
    const error = failing.get(tenantId);
    if (error) throw error;
    return [];
  };
  const duty = createSharedKeys({
    clock,
    database,
    events,
    findings,
    // Nothing is shared, so no key is changed and nobody gets mail.
    keys: {
      hold: () => Promise.resolve(null),
      disableAs: () => Promise.reject(new Error("nothing is to be disabled")),
    },
    logger: { warn: (...told: unknown[]) => warned.push(told[0]) },
    mail: { enqueue: () => Promise.reject(new Error("nobody is to be told")), kick: () => {} },
    recording: { ask: ask as never },
  });
  return { asked, duty, time, warned };
}

test("a tenant whose question fails does not keep the others from being looked at, and the log names it", async () => {
  const error = new Error("operation exceeded time limit");
  const { asked, duty, warned } = dutyOn(new Map([["ten_a", error]]));
  expect(await duty.settleOne(() => false)).toBe(false);
  expect(asked).toEqual(["ten_a", "ten_b", "ten_c"]);
  expect(warned).toEqual([{ err: error, tenantId: "ten_a" }]);
});

test("a store that is away ends the look, and it is made again a minute later without another turn", async () => {
  const failing = new Map<string, Error>([["ten_b", new KeyplaneError("UNAVAILABLE", "It is away.")]]);
  const { asked, duty, time, warned } = dutyOn(failing);
  expect(await duty.settleOne(() => false)).toBe(false);
  expect([asked, warned]).toEqual([["ten_a", "ten_b"], []]);
  failing.clear();
  expect(await duty.isAnyDue(new Date(time.now))).toBe(false);
  time.now += minute;
  expect(await duty.isAnyDue(new Date(time.now))).toBe(true);
  expect(await duty.settleOne(() => false)).toBe(false);
  expect(asked.slice(2)).toEqual(["ten_a", "ten_b", "ten_c"]);
});

test("places stay in an open finding for four days after it was last seen to be so, also while the store is away", async () => {
  const { prisma } = database;
  const times = { createdAt: start, updatedAt: start };
  const user = { id: "usr_a", tenantId: "ten_a", email: "a@example.com", name: "A", ...times };
  await prisma.user.create({ data: user });
  const rest = {
    tenantId: "ten_a",
    ownerId: "usr_a",
    name: "Key",
    environment: "LIVE",
    start: "kp_live_x",
    ...times,
  } as const;
  await prisma.key.create({ data: { id: "key_a", ...rest } });
  const samples = { addresses: ["192.0.2.1"], networks: ["192.0.2.0/24"], userAgents: ["curl/8"] };
  const lastAt = { old: new Date(start.getTime() - 1), new: start };
  for (const [id, at] of Object.entries(lastAt)) {
    const finding = { id, tenantId: "ten_a", keyId: "key_a", kind: "SHARED", uniqueKey: id, firstAt: at, lastAt: at };
    await prisma.keyFinding.create({ data: { ...finding, evidence: { addresses: 40 }, samples } });
  }
  const { duty, time } = dutyOn(new Map([["ten_a", new KeyplaneError("UNAVAILABLE", "It is away.")]]));
  time.now += 4 * 24 * 60 * minute;
  await duty.settleOne(() => false);
  const rows = await prisma.keyFinding.findMany({
    orderBy: { id: "desc" },
    select: { id: true, samples: true, evidence: true },
  });
  expect(rows).toEqual([
    { id: "old", samples: null, evidence: { addresses: 40 } },
    { id: "new", samples, evidence: { addresses: 40 } },
  ]);
});
