import { randomBytes } from "node:crypto";
import { createId } from "@keyplane/schema";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Database, openDatabase, type Webhook } from "../../platform/database/index.js";
import { createLogger } from "../../platform/logger.js";
import { createSecretBox } from "../../platform/secret-box.js";
import { createAudit } from "../audit/index.js";
import { createEvents } from "../events/index.js";
import { webhookLimits } from "./webhook-limits.js";
import type { WebhookAnswer } from "./webhook-request.js";
import { startWebhookSender } from "./webhook-sender.js";

const second = 1_000;
const day = 24 * 60 * 60 * second;

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await database.prisma.webhookDelivery.deleteMany();
  await database.prisma.webhook.deleteMany();
});

/** A message that was sent, and how its receiver answers when the test says so. */
interface Sent {
  readonly id: string;
  readonly webhookId: string;
  answer(status: number): void;
}

/**
 * A sender whose receivers answer when the test says so: no time passes by itself.
 *
 * @param looks whether it looks for messages each second, or only when it is told to.
 */
function begin({ looks = true } = {}) {
  let now = Date.parse("2030-01-01T00:00:00Z");
  const clock = { now: () => now };
  const logs: string[] = [];
  const logger = createLogger("debug", { write: (line: string) => void logs.push(line) });
  const events = createEvents({ database, clock, logger });
  const audit = createAudit({ database, clock });
  const sent: Sent[] = [];
  const request = ({ id: webhookId }: Webhook, { id }: { readonly id: string }) =>
    new Promise<WebhookAnswer>((resolve) => {
      const answer = (status: number) => {
        const problem = status === 204 ? null : `The receiver answered with status ${status}.`;
        resolve({ status, problem, isGone: status === 410 });
      };
      sent.push({ id, webhookId, answer });
    });
  const secretBox = createSecretBox(randomBytes(32));
  const deps = { audit, clock, database, events, logger, random: () => 0, request, secretBox };
  if (!looks) vi.useFakeTimers({ toFake: ["setInterval"] });
  const sender = startWebhookSender(deps);
  vi.useRealTimers();
  const end = () => {
    for (const { answer } of sent) answer(204);
    return sender.stop();
  };
  cleanups.push(end);

  /** A webhook of a tenant of its own, when none is given. */
  async function addWebhook(tenantId?: string): Promise<{ id: string; tenantId: string }> {
    const at = new Date(now);
    const times = { createdAt: at, updatedAt: at };
    const [id, of] = [createId("Webhook"), tenantId ?? createId("Tenant")];
    if (!tenantId) await database.prisma.tenant.create({ data: { id: of, slug: of, name: "Tenant", ...times } });
    const data = { id, tenantId: of, name: "x", url: "https://a.example", createdBy: "x", ...times };
    await database.prisma.webhook.create({ data: { ...data, sealedSecret: new Uint8Array() } });
    return { id, tenantId: of };
  }

  async function addTenant(webhooks: number): Promise<{ id: string; tenantId: string }[]> {
    const all = [await addWebhook()];
    while (all.length < webhooks) all.push(await addWebhook(all[0]?.tenantId));
    return all;
  }

  /** Messages that are due, of each webhook as many. */
  async function add(webhooks: readonly { id: string; tenantId: string }[], count: number, more: object = {}) {
    const at = new Date(now);
    const rows = webhooks.flatMap(({ id, tenantId }) =>
      Array.from({ length: count }, () => ({
        id: createId("WebhookDelivery"),
        webhookId: id,
        tenantId,
        type: "key.revoked",
        payload: "{}",
        createdAt: at,
        nextAttemptAt: at,
        expiresAt: new Date(now + 5 * day),
        ...more,
      })),
    );
    await database.prisma.webhookDelivery.createMany({ data: rows });
    return rows.map(({ id }) => id);
  }

  return {
    ...sender,
    sent,
    logs,
    addTenant,
    addWebhook,
    add,
    advance: (ms: number) => {
      now += ms;
    },
    now: () => now,
    sentTo: (webhooks: readonly { id: string }[]) =>
      sent.filter(({ webhookId }) => webhooks.some(({ id }) => id === webhookId)).length,
    /** Waits until so many were sent; fails where more are. */
    async sends(count: number): Promise<void> {
      sender.kick();
      await expect.poll(() => sent.length).toBeGreaterThanOrEqual(count);
      sender.kick();
      // Behind whatever it asks the database for now.
      for (let time = 0; time < 5; time++) await database.prisma.$queryRaw`SELECT 1`;
      expect(sent.length).toBe(count);
    },
  };
}

const webhookOf = (id: string) => database.prisma.webhook.findUniqueOrThrow({ where: { id } });
const deliveryOf = (id: string) => database.prisma.webhookDelivery.findUniqueOrThrow({ where: { id } });
const countOf = (status: string) => database.prisma.webhookDelivery.count({ where: { status } });
const until = async <Value>(read: () => Promise<Value>, value: Value) => expect.poll(read).toEqual(value);

describe("receivers that never answer", () => {
  test("of four tenants leave places to a fifth, which gets one at once", async () => {
    // All at once, or those that were first would have more.
    const { add, addTenant, sends, sentTo } = begin({ looks: false });
    const slow = [await addTenant(4), await addTenant(4), await addTenant(4), await addTenant(4)];
    const quick = await addTenant(1);
    for (const each of slow) await add(each, 4);
    await add(quick, 1);
    await sends(webhookLimits.places - webhookLimits.placesReserved);
    expect(sentTo(quick)).toBe(1);
    // The others share what is left alike.
    for (const each of slow) expect(sentTo(each)).toBeGreaterThanOrEqual(11);
  });

  test("give their places back after a second, and get nothing else meanwhile", async () => {
    const { add, addTenant, advance, sends, sentTo } = begin();
    const slow = [await addTenant(4), await addTenant(4), await addTenant(4), await addTenant(4)];
    for (const each of slow) await add(each, 3);
    await sends(48);
    await add(slow.flat(), 3);
    const late = await addTenant(4);
    await add(late, 4);
    // A place that is kept for those who have none yet; and when the others have waited a second, all that it may have.
    await sends(49);
    advance(webhookLimits.quickMs);
    const ofLate = 1 + 3 * webhookLimits.ofWebhook;
    await sends(48 + ofLate);
    expect(sentTo(late)).toBe(ofLate);
  });

  test("take no more than a tenant's share, however many webhooks and messages it has", async () => {
    const { add, addTenant, advance, sends } = begin();
    await add(await addTenant(20), 4);
    await sends(webhookLimits.ofTenant);
    advance(webhookLimits.quickMs);
    await sends(webhookLimits.ofTenant);
  });
});

describe("since when a webhook fails", () => {
  test("stays the first failure's, and ends with the first message that is taken", async () => {
    const { add, addWebhook, advance, now, sends, sent } = begin();
    const webhook = await addWebhook();
    await add([webhook], 3);
    await sends(3);
    const [one, two, three] = sent as [Sent, Sent, Sent];
    const since = new Date(now());
    one.answer(500);
    await until(async () => (await webhookOf(webhook.id)).failingSince, since);
    // Both were sent before the first had failed.
    advance(second);
    two.answer(500);
    await until(async () => (await deliveryOf(two.id)).responseStatus, 500);
    expect((await webhookOf(webhook.id)).failingSince).toEqual(since);
    three.answer(204);
    await until(async () => (await webhookOf(webhook.id)).failingSince, null);
  });

  test("a failure that was under way does not disable a webhook that took another message meanwhile", async () => {
    const { add, addWebhook, now, sends, sent } = begin();
    const webhook = await addWebhook();
    const fail = (failingSince: Date | null) =>
      database.prisma.webhook.update({ where: { id: webhook.id }, data: { failingSince } });
    await fail(new Date(now() - 5 * day));
    const [id = ""] = await add([webhook], 1);
    await sends(1);
    // What another server has sent was taken.
    await fail(null);
    sent[0]?.answer(500);
    await until(async () => (await deliveryOf(id)).responseStatus, 500);
    expect(await webhookOf(webhook.id)).toMatchObject({ disabledAt: null, failingSince: null });
  });

  test("says nothing of an address that has taken the place of the one that failed", async () => {
    const { add, addWebhook, advance, now, sends, sent } = begin();
    const webhook = await addWebhook();
    const ids = await add([webhook], 2);
    await sends(2);
    advance(second);
    await database.prisma.webhook.update({
      where: { id: webhook.id },
      data: { url: "https://b.example", updatedAt: new Date(now()) },
    });
    sent[0]?.answer(500);
    sent[1]?.answer(410);
    for (const id of ids) await until(async () => (await deliveryOf(id)).responseStatus !== null, true);
    expect(await countOf("PENDING")).toBe(2);
    expect(await webhookOf(webhook.id)).toMatchObject({ disabledAt: null, failingSince: null });
  });
});

describe("a message that was taken before its webhook was disabled", () => {
  test("is not sent, and its attempt does not count", async () => {
    const { add, addWebhook, sent, kick } = begin();
    const webhook = await addWebhook();
    const [id = ""] = await add([webhook], 1);
    const { prisma } = database;
    // As somebody who disables it right after it was taken.
    await prisma.$executeRawUnsafe(`CREATE FUNCTION disable() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE "Webhook" SET "disabledAt" = now() WHERE "id" = NEW."webhookId";
      UPDATE "WebhookDelivery" SET "nextAttemptAt" = NULL WHERE "id" = NEW."id"; RETURN NULL; END $$`);
    await prisma.$executeRawUnsafe(
      `CREATE TRIGGER disabling AFTER UPDATE ON "WebhookDelivery" FOR EACH ROW WHEN (NEW."attempts" > OLD."attempts") EXECUTE FUNCTION disable()`,
    );
    cleanups.push(() => prisma.$executeRawUnsafe(`DROP FUNCTION disable CASCADE`));
    kick();
    await until(async () => (await webhookOf(webhook.id)).disabledAt !== null, true);
    await until(async () => (await deliveryOf(id)).attempts, 0);
    expect(await deliveryOf(id)).toMatchObject({ status: "PENDING", nextAttemptAt: null });
    expect(sent).toEqual([]);
  });

  test("waits like the others when it fails, and is delivered when it was taken after all", async () => {
    const { add, addWebhook, advance, now, sends, sent, kick } = begin();
    const webhook = await addWebhook();
    const [one = "", two = ""] = await add([webhook], 2);
    await sends(2);
    const data = { disabledAt: new Date(now()) };
    await database.prisma.webhook.update({ where: { id: webhook.id }, data });
    for (const { id, answer } of sent) answer(id === one ? 500 : 204);
    await until(async () => (await deliveryOf(one)).responseStatus, 500);
    await until(async () => (await deliveryOf(two)).status, "DELIVERED");
    advance(day);
    kick();
    await database.prisma.webhook.update({ where: { id: webhook.id }, data: { disabledAt: null } });
    await sends(3);
    expect(sent[2]?.id).toBe(one);
  });
});

describe("the sweep", () => {
  test("forgets all that is finished for 30 days, however much, and nothing that is not", async () => {
    const { add, addWebhook, now, sweep } = begin();
    const webhook = await addWebhook();
    const finished = { status: "DELIVERED", nextAttemptAt: null };
    await add([webhook], 2_001, { ...finished, finishedAt: new Date(now() - 30 * day - 1) });
    const [young] = await add([webhook], 1, { ...finished, finishedAt: new Date(now() - 29 * day) });
    await sweep();
    const left = await database.prisma.webhookDelivery.findMany({ select: { id: true } });
    expect(left).toEqual([{ id: young }]);
  });

  test("gives up what is too old, with its secret, also of a webhook that is disabled", async () => {
    const { add, addWebhook, advance, now, sweep } = begin();
    const webhook = await addWebhook();
    const data = { disabledAt: new Date(now()) };
    await database.prisma.webhook.update({ where: { id: webhook.id }, data });
    const secret = { nextAttemptAt: null, hasSecret: true, sealedSecret: new Uint8Array(3) };
    const [old = ""] = await add([webhook], 1, secret);
    advance(1);
    await add([webhook], 1);
    advance(5 * day - 1);
    await sweep();
    expect(await deliveryOf(old)).toMatchObject({ status: "FAILED", sealedSecret: null, problem: expect.any(String) });
    expect(await countOf("PENDING")).toBe(1);
  });

  test("gives up the oldest of what waits for a webhook beyond its limit, and says so; secrets and others' messages stay", async () => {
    const { add, addWebhook, advance, logs, now, sweep } = begin();
    const [full, other] = [await addWebhook(), await addWebhook()];
    // Disabled, so that nothing is sent.
    await database.prisma.webhook.updateMany({ data: { disabledAt: new Date(now()) } });
    const waiting = { nextAttemptAt: null };
    const [secret = ""] = await add([full], 1, { ...waiting, hasSecret: true });
    const oldest = await add([full], 1_200, waiting);
    await add([other], 1, waiting);
    advance(1);
    const at = new Date(now());
    await database.prisma.$executeRaw`
      INSERT INTO "WebhookDelivery" ("id", "webhookId", "tenantId", "type", "payload", "createdAt", "expiresAt")
      SELECT 'dlv_new' || "each", ${full.id}, ${full.tenantId}, 'key.revoked', '{}', ${at}, ${new Date(now() + day)}
      FROM generate_series(1, ${webhookLimits.waiting}::int) AS "each"`;
    await sweep();
    const failed = await database.prisma.webhookDelivery.findMany({ where: { status: "FAILED" } });
    expect(failed.map(({ id }) => id).sort()).toEqual([...oldest].sort());
    expect(failed[0]).toMatchObject({ finishedAt: at, nextAttemptAt: null });
    expect(failed[0]?.problem).toMatch(/more than 10000 messages to this webhook were waiting/);
    expect((await deliveryOf(secret)).status).toBe("PENDING");
    expect(await countOf("PENDING")).toBe(webhookLimits.waiting + 2);
    expect(logs.join("")).toContain('"givenUp":1200');
    await sweep();
    expect(await countOf("FAILED")).toBe(1_200);
  });

  test("what was given up while it was under way is delivered when it was taken", async () => {
    const { add, addWebhook, sends, sent } = begin();
    const [id = ""] = await add([await addWebhook()], 1);
    await sends(1);
    await database.prisma.webhookDelivery.update({ where: { id }, data: { status: "FAILED", nextAttemptAt: null } });
    sent[0]?.answer(204);
    await until(async () => (await deliveryOf(id)).status, "DELIVERED");
  });
});
