import { afterAll } from "vitest";
import {
  type Caller,
  day,
  describe,
  expect,
  hour,
  minute,
  ok,
  readPage,
  second,
  startServer,
  test,
  World,
} from "../../testkit/index.js";
import {
  deliveryFields,
  failedDeliveryId,
  type Receiver,
  startReceiver,
  verified,
  webhookMutation,
} from "../../testkit/webhooks.js";

const receivers: Receiver[] = [];
afterAll(() => Promise.all(receivers.map((each) => each.close())));

/** A tenant whose events go to a receiver. */
async function story(world: World, input: Record<string, unknown> = {}) {
  const receiver = await startReceiver();
  receivers.push(receiver);
  const ours = await world.tenantWithKey();
  const { admin, tenant } = ours;
  const given = { tenantId: tenant.id, name: "Ops", url: receiver.url, ...input };
  const { webhook, secret } = ok(await webhookMutation(admin, "createWebhook", given));
  return { ...ours, receiver, webhook, webhookSecret: secret as string };
}

async function deliveriesOf(admin: Caller, webhookId: string, status?: string) {
  const args = { webhookId, first: 100, ...(status ? { status } : {}) };
  return (await readPage(admin, "webhookDeliveries", args, deliveryFields)).nodes;
}

/** How many messages a receiver that never answers holds up: of those that came, the ones that were not given up yet. */
async function underWay(world: World, { receiver, tenant }: Awaited<ReturnType<typeof story>>): Promise<number> {
  const sent = receiver.messages.length;
  const ended = { tenantId: tenant.id, problem: { not: null } };
  return sent - (await world.server.keyplane.database.prisma.webhookDelivery.count({ where: ended }));
}

const webhookOf = async (admin: Caller, id: string) =>
  (await admin.query("query ($id: ID!) { webhook(id: $id) { failingSince disabledAt disabledReason } }", { id }))
    .webhook;

describe("an event", () => {
  test("is told to the receiver as Standard Webhooks says, once, with its place in the log", async ({ world }) => {
    const { admin, key, owner, tenant, receiver, webhook, webhookSecret } = await story(world);
    ok(await admin.key("disableKey", { id: key.id, reason: "away" }));
    ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
    await expect.poll(() => receiver.messages.length).toBe(2);
    const messages = receiver.messages.map((each) => verified(webhookSecret, each, world.clock.now()));
    const told = messages.sort((one, other) => (one.type < other.type ? -1 : 1));
    const data = { tenantId: tenant.id, keyId: key.id, userId: owner.id, id: expect.stringMatching(/^evt_/) };
    expect(told).toEqual([
      { type: "key.disabled", timestamp: expect.any(String), data: { ...data, reason: "away" } },
      { type: "key.revoked", timestamp: expect.any(String), data: { ...data, reason: "lost" } },
    ]);
    await expect.poll(async () => (await deliveriesOf(admin, webhook.id, "DELIVERED")).length).toBe(2);
    const [delivered] = await deliveriesOf(admin, webhook.id);
    expect(delivered).toMatchObject({ attempts: 1, responseStatus: 204, problem: null, nextAttemptAt: null });
    expect(receiver.messages.map(({ headers }) => headers["webhook-id"])).toContain(delivered.id);
  });

  test("is told only to webhooks of its tenant that want its type and are enabled", async ({ world }) => {
    const ours = await story(world, { eventTypes: ["REVOKED", "OWNER_DISABLED"] });
    const theirs = await story(world);
    const { admin, key, owner, receiver, webhook, webhookSecret } = ours;
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    const [message] = receiver.messages;
    expect(message && verified(webhookSecret, message, world.clock.now())).toMatchObject({
      type: "owner.disabled",
      data: { keyId: null, userId: owner.id },
    });
    ok(await webhookMutation(admin, "disableWebhook", { id: webhook.id }));
    ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
    expect(await deliveriesOf(admin, webhook.id)).toHaveLength(1);
    expect(await deliveriesOf(theirs.admin, theirs.webhook.id)).toEqual([]);
  });
});

describe("a change of a role that concerns very many keys", () => {
  test("is told in lists that name each key, and that of a few by a message each", async ({ world }) => {
    const { admin, key, owner, receiver, tenant, webhookSecret } = await story(world, { eventTypes: ["UPDATED"] });
    const role = { tenantId: tenant.id, name: "Support", permissions: ["KEYS_READ"], keyScopes: ["a", "b"] };
    const { id } = ok(await admin.role("createRole", role)).role;
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: id }));
    ok(await admin.key("updateKey", { id: key.id, scopes: ["a", "b"] }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    const change = async (keyScopes: readonly string[]) => {
      receiver.messages.length = 0;
      ok(await admin.role("updateRole", { id, keyScopes }));
    };
    const read = () => receiver.messages.map((each) => verified(webhookSecret, each, world.clock.now()));
    await change(["a"]);
    await expect.poll(() => receiver.messages.length).toBe(1);
    expect(read()[0].data).toMatchObject({ keyId: key.id, userId: owner.id });

    await world.server.keyplane.database.prisma.$executeRaw`
      INSERT INTO "Key" SELECT ("copy").* FROM "Key", generate_series(1, 600) AS "each",
        jsonb_populate_record("Key", jsonb_build_object('id', left("Key"."id", 20) || to_char("each", 'FM0000000'))) AS "copy"
      WHERE "Key"."id" = ${key.id}`;
    await change(["a", "b"]);
    await expect.poll(() => receiver.messages.length).toBe(2);
    const lists = read().sort((one, other) => other.data.keyIds.length - one.data.keyIds.length);
    expect(lists.map(({ data }) => data.keyIds.length)).toEqual([500, 101]);
    const { reason } = lists[0].data;
    for (const { type, data } of lists) {
      expect(type).toBe("key.updated");
      expect(data).toMatchObject({ id: expect.stringMatching(/^evt_/), tenantId: tenant.id, keyId: null, reason });
    }
    const named = new Set(lists.flatMap(({ data }) => data.keyIds));
    expect([named.size, named.has(key.id)]).toEqual([601, true]);
  });
});

describe("a message that was not taken", () => {
  test("is sent again after growing pauses, under the same id; what is given up can be sent again", async ({
    world,
  }) => {
    const { admin, key, receiver, webhook, webhookSecret } = await story(world);
    receiver.answer = () => 500;
    ok(await admin.key("disableKey", { id: key.id }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    const failed = async () => (await deliveriesOf(admin, webhook.id))[0];
    await expect.poll(async () => (await failed())?.problem).toMatch(/status 500/);
    await expect.poll(async () => (await webhookOf(admin, webhook.id)).failingSince).toBe(world.clock.in(0));
    expect(await webhookOf(admin, webhook.id)).toMatchObject({ disabledAt: null });
    const { id, nextAttemptAt } = await failed();
    expect(await webhookMutation(admin, "redeliverWebhook", { deliveryId: id })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("being tried already"),
    });
    expect(Date.parse(nextAttemptAt) - world.clock.now()).toBeGreaterThanOrEqual(5 * second);
    expect(Date.parse(nextAttemptAt) - world.clock.now()).toBeLessThanOrEqual(5.5 * second);
    world.clock.advance(5.5 * second);
    await expect.poll(() => receiver.messages.length).toBe(2);
    await expect
      .poll(async () => Date.parse((await failed()).nextAttemptAt) - world.clock.now())
      .toBeGreaterThan(4 * minute);
    // Its time is over before its attempts are.
    world.clock.advance(5 * day);
    await expect.poll(async () => (await failed()).status).toBe("FAILED");
    receiver.answer = () => 200;
    expect(ok(await webhookMutation(admin, "redeliverWebhook", { deliveryId: id })).delivery).toMatchObject({
      attempts: 0,
      finishedAt: null,
    });
    await expect.poll(async () => (await failed()).status).toBe("DELIVERED");
    await expect.poll(async () => (await webhookOf(admin, webhook.id)).failingSince).toBeNull();
    for (const message of receiver.messages) expect(message.headers["webhook-id"]).toBe(id);
    const last = receiver.messages.at(-1);
    expect(last && verified(webhookSecret, last, world.clock.now()).type).toBe("key.disabled");
    const { auditLog } = await admin.query(`{ auditLog(filter: { targetId: "${id}" }) { nodes { action } } }`);
    expect(auditLog.nodes).toEqual([{ action: "webhook_delivery.redelivered" }]);
  });

  test("redeliverWebhook sends what was delivered once more, for a receiver that has lost it", async ({ world }) => {
    const { admin, key, receiver, webhook, webhookSecret } = await story(world);
    ok(await admin.key("disableKey", { id: key.id }));
    const read = async () => (await deliveriesOf(admin, webhook.id))[0];
    await expect.poll(async () => (await read())?.status).toBe("DELIVERED");
    const { id } = await read();
    const redelivered = ok(await webhookMutation(admin, "redeliverWebhook", { deliveryId: id }));
    expect(redelivered.delivery).toMatchObject({ status: "PENDING", attempts: 0, finishedAt: null });
    await expect.poll(() => receiver.messages.length).toBe(2);
    await expect.poll(async () => (await read()).status).toBe("DELIVERED");
    const now = world.clock.now();
    const [first, again] = receiver.messages.map((each) => verified(webhookSecret, each, now));
    expect(again).toEqual(first);
    for (const { headers } of receiver.messages) expect(headers["webhook-id"]).toBe(id);
  });

  test("redeliverWebhook: another tenant's delivery answers as a missing one; without the permission it is refused", async ({
    world,
  }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const missing = world.missingId("WebhookDelivery");
    await theirs.admin.key("disableKey", { id: theirs.key.id });
    const [{ id }] = (await deliveriesOf(theirs.admin, theirs.webhook.id)) as [{ id: string }];
    const redeliver = (deliveryId: string, caller = ours.admin) =>
      webhookMutation(caller, "redeliverWebhook", { deliveryId });
    expect(await redeliver(id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await redeliver(id)).toEqual(await redeliver(missing));
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    expect(await redeliver(missing, developer)).toMatchObject({ code: "FORBIDDEN" });
    await expect(redeliver(missing, world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("redeliverWebhook sends nothing to a webhook that is disabled, and says so", async ({ world }) => {
    const { admin, tenant, webhook } = await story(world);
    const deliveryId = await failedDeliveryId(world, tenant.id, webhook.id);
    ok(await webhookMutation(admin, "disableWebhook", { id: webhook.id }));
    const redeliver = () => webhookMutation(admin, "redeliverWebhook", { deliveryId });
    expect(await redeliver()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("enableWebhook") });
    ok(await webhookMutation(admin, "enableWebhook", { id: webhook.id }));
    ok(await redeliver());
  });

  test("410 Gone disables the webhook, and says so", async ({ world }) => {
    const { admin, key, receiver, webhook } = await story(world);
    receiver.answer = () => 410;
    ok(await admin.key("disableKey", { id: key.id }));
    const reasonOf = async () => (await webhookOf(admin, webhook.id)).disabledReason;
    await expect.poll(reasonOf).toMatch(/410/);
    expect((await deliveriesOf(admin, webhook.id))[0]).toMatchObject({ status: "FAILED", responseStatus: 410 });
    const fields = "action actorType actorId reason";
    const { auditLog } = await admin.query(
      `{ auditLog(filter: { targetId: "${webhook.id}" }, first: 10) { nodes { ${fields} } } }`,
    );
    const actor = { actorType: "system", actorId: "webhooks" };
    expect(auditLog.nodes).toContainEqual({ action: "webhook.disabled", ...actor, reason: await reasonOf() });
  });

  test("an answer of the old address says nothing of the new one", async ({ world }) => {
    const { admin, key, receiver, webhook } = await story(world);
    const other = await startReceiver();
    receivers.push(other);
    receiver.answer = async () => {
      ok(await webhookMutation(admin, "updateWebhook", { id: webhook.id, url: other.url }));
      return 410;
    };
    ok(await admin.key("disableKey", { id: key.id }));
    const delivery = async () => (await deliveriesOf(admin, webhook.id))[0];
    await expect.poll(async () => (await delivery())?.problem).toMatch(/410/);
    expect(await delivery()).toMatchObject({ status: "PENDING" });
    expect(await webhookOf(admin, webhook.id)).toEqual({ failingSince: null, disabledAt: null, disabledReason: null });
    world.clock.advance(5.5 * second);
    await expect.poll(async () => (await delivery()).status).toBe("DELIVERED");
    expect(other.messages).toHaveLength(1);
  });

  test("after 5 days of failures the webhook is disabled; what waits is sent when it is enabled again", async ({
    world,
  }) => {
    const { admin, key, receiver, webhook } = await story(world);
    receiver.answer = () => 301;
    ok(await admin.key("disableKey", { id: key.id }));
    await expect.poll(async () => (await webhookOf(admin, webhook.id)).failingSince).not.toBeNull();
    world.clock.advance(5 * day);
    ok(await admin.key("enableKey", { id: key.id }));
    await expect.poll(async () => (await webhookOf(admin, webhook.id)).disabledReason).toMatch(/redirects/);
    const statuses = async () => (await deliveriesOf(admin, webhook.id)).map(({ status }) => status);
    await expect.poll(statuses).toEqual(["PENDING", "FAILED"]);
    receiver.answer = () => 204;
    ok(await webhookMutation(admin, "enableWebhook", { id: webhook.id }));
    await expect.poll(statuses).toEqual(["DELIVERED", "FAILED"]);
  });

  test("holds up nobody else", async ({ world }) => {
    const [slow, quick] = [await story(world), await story(world)];
    slow.receiver.answer = () => "never";
    for (let count = 0; count < 10; count++) {
      ok(await slow.admin.key(count % 2 === 0 ? "disableKey" : "enableKey", { id: slow.key.id }));
    }
    await expect.poll(() => slow.receiver.messages.length).toBeGreaterThan(0);
    ok(await quick.admin.key("disableKey", { id: quick.key.id }));
    await expect.poll(() => quick.receiver.messages.length).toBe(1);
    expect(await underWay(world, slow)).toBeLessThanOrEqual(4);
    await slow.receiver.close();
    ok(await webhookMutation(slow.admin, "deleteWebhook", { id: slow.webhook.id }));
  });

  test("holds up nobody else, also when its tenant has as many webhooks as it may and none is ever answered", async ({
    world,
  }) => {
    const [slow, quick] = [await story(world), await story(world)];
    slow.receiver.answer = () => "never";
    const webhooks = [slow.webhook];
    while (webhooks.length < 20) {
      const input = { tenantId: slow.tenant.id, name: "Slow", url: slow.receiver.url };
      webhooks.push(ok(await webhookMutation(slow.admin, "createWebhook", input)).webhook);
    }
    for (const name of ["disableKey", "enableKey", "disableKey", "enableKey"]) {
      ok(await slow.admin.key(name, { id: slow.key.id }));
    }
    await expect.poll(() => slow.receiver.messages.length).toBeGreaterThanOrEqual(16);
    ok(await quick.admin.key("disableKey", { id: quick.key.id }));
    await expect.poll(() => quick.receiver.messages.length).toBe(1);
    expect(await underWay(world, slow)).toBeLessThanOrEqual(16);
    for (const { id } of webhooks) ok(await webhookMutation(slow.admin, "deleteWebhook", { id }));
    await slow.receiver.close();
  });
});

describe("secrets of webhooks", () => {
  test("during the overlap of a rotation messages bear both signatures, afterwards the new one", async ({ world }) => {
    const { admin, key, receiver, webhook, webhookSecret } = await story(world);
    const { secret } = ok(await webhookMutation(admin, "rotateWebhookSecret", { id: webhook.id, overlapMs: hour }));
    ok(await admin.key("disableKey", { id: key.id }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    const [both] = receiver.messages as [never];
    for (const each of [webhookSecret, secret]) {
      expect(verified(each, both, world.clock.now()).type).toBe("key.disabled");
    }
    world.clock.advance(hour);
    ok(await admin.key("enableKey", { id: key.id }));
    await expect.poll(() => receiver.messages.length).toBe(2);
    const [, after] = receiver.messages as [never, never];
    expect(verified(secret, after, world.clock.now()).type).toBe("key.enabled");
    expect(() => verified(webhookSecret, after, world.clock.now())).toThrow();
  });

  test("testWebhook sends a signed message at once, and tells the answer", async ({ world }) => {
    const { admin, receiver, webhook, webhookSecret } = await story(world);
    const sendTest = async () => ok(await webhookMutation(admin, "testWebhook", { id: webhook.id }));
    expect(await sendTest()).toMatchObject({ responseStatus: 204, problem: null, webhook: { id: webhook.id } });
    const [message] = receiver.messages as [never];
    expect(verified(webhookSecret, message, world.clock.now())).toMatchObject({ type: "webhook.test" });
    receiver.answer = () => 403;
    expect(await sendTest()).toMatchObject({ responseStatus: 403, problem: expect.stringContaining("403") });
    expect(await deliveriesOf(admin, webhook.id)).toEqual([]);
    await receiver.close();
    expect(await sendTest()).toMatchObject({
      responseStatus: null,
      problem: expect.stringContaining("cannot be reached"),
    });
  });
});

describe("testWebhook", () => {
  test("sends an example of each event's message, which says that it is a test and names nothing that there is", async ({
    world,
  }) => {
    const { admin, key, owner, receiver, tenant, webhook, webhookSecret } = await story(world);
    const send = async (eventType: string, id = webhook.id, secret = webhookSecret) => {
      ok(await webhookMutation(admin, "testWebhook", { id, eventType }));
      return verified(secret, receiver.messages.at(-1) as never, world.clock.now());
    };
    const ids = { id: expect.stringMatching(/^evt_/), userId: expect.stringMatching(/^usr_/) };
    const revoked = await send("REVOKED");
    expect(revoked).toMatchObject({ type: "key.revoked", data: { ...ids, tenantId: tenant.id, isTest: true } });
    expect([revoked.data.keyId, revoked.data.userId]).not.toEqual([key.id, owner.id]);
    expect(await admin.query("query ($id: ID!) { key(id: $id) { id } }", { id: revoked.data.keyId })).toEqual({
      key: null,
    });
    expect(await send("OWNER_DISABLED")).toMatchObject({ type: "owner.disabled", data: { ...ids, keyId: null } });
    expect((await send("TENANT_SUSPENDED")).data).toMatchObject({ keyId: null, userId: null });
    expect((await send("ROTATED")).data).not.toHaveProperty("secret");

    const vault = { tenantId: tenant.id, name: "Vault", url: receiver.url, receivesSecrets: true };
    const created = ok(await webhookMutation(admin, "createWebhook", vault));
    const { data } = await send("ROTATED", created.webhook.id, created.secret);
    expect(data).toMatchObject({ activatesOnFirstUse: true, isTest: true, rotateBy: expect.any(String) });
    expect(await world.verify(data.secret)).toMatchObject({ valid: false, code: "NOT_FOUND" });
    expect(await webhookMutation(admin, "testWebhook", { id: webhook.id, eventType: "REVOKED" })).toMatchObject({
      responseStatus: 204,
    });
  });

  test("is refused after 20 in a minute, of one tenant and not of another", async ({ world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const sendTest = ({ admin, webhook }: typeof ours) => webhookMutation(admin, "testWebhook", { id: webhook.id });
    for (let count = 0; count < 20; count++) ok(await sendTest(ours));
    expect(await sendTest(ours)).toMatchObject({
      code: "RATE_LIMITED",
      message: expect.stringContaining("Wait 3 seconds"),
      retryAfterMs: 3 * second,
    });
    expect(ours.receiver.messages).toHaveLength(20);
    ok(await sendTest(theirs));
    world.clock.advance(3 * second);
    ok(await sendTest(ours));
    expect(await sendTest(ours)).toMatchObject({ code: "RATE_LIMITED" });
  });
});

describe("a server that ends between sending and keeping that it was taken", () => {
  test("leaves the message to be sent again, with the same webhook-id", async () => {
    const server = await startServer();
    const world = new World(server);
    const run = (sql: string) => server.keyplane.database.prisma.$executeRawUnsafe(sql);
    try {
      const { admin, key, receiver, webhook } = await story(world);
      // As a process that is killed there: nothing of what it would keep is kept.
      await run(
        `CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ended by a test'; END $$`,
      );
      await run(
        `CREATE TRIGGER broken BEFORE UPDATE ON "WebhookDelivery" FOR EACH ROW WHEN (NEW."status" <> 'PENDING') EXECUTE FUNCTION break()`,
      );
      ok(await admin.key("disableKey", { id: key.id }));
      await expect.poll(() => server.logs.join("").includes("what became of a delivery was not kept")).toBe(true);
      await run(`DROP TRIGGER broken ON "WebhookDelivery"`);
      world.clock.advance(minute);
      await expect.poll(async () => (await deliveriesOf(admin, webhook.id))[0]?.status).toBe("DELIVERED");
      expect(receiver.messages).toHaveLength(2);
      expect(new Set(receiver.messages.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    } finally {
      await server.stop();
    }
  });
});
