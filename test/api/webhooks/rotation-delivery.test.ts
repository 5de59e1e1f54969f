import { afterAll } from "vitest";
import { type Caller, day, describe, expect, hour, ok, readPage, test, type World } from "../../testkit/index.js";
import { deliveryFields, type Receiver, startReceiver, verified, webhookMutation } from "../../testkit/webhooks.js";

const receivers: Receiver[] = [];
afterAll(() => Promise.all(receivers.map((each) => each.close())));

const every = 40 * day;
/** From when on a new secret is handed over. */
const untilHandedOver = 35 * day;

/** A tenant whose keys get new secrets by a receiver. */
async function story(
  world: World,
  input: { readonly key?: Record<string, unknown>; readonly policy?: Record<string, unknown> } = {},
) {
  const receiver = await startReceiver();
  receivers.push(receiver);
  const ours = await world.tenantWithKey(input);
  const { admin, tenant } = ours;
  const given = {
    tenantId: tenant.id,
    name: "Vault",
    url: receiver.url,
    eventTypes: ["ROTATED"],
    receivesSecrets: true,
  };
  const { webhook, secret } = ok(await webhookMutation(admin, "createWebhook", given));
  const policy = { rotateEveryMs: every, rotationOverlapMs: hour, rotationWebhookId: webhook.id, ...input.policy };
  ok(await admin.tenant("updateTenant", { id: tenant.id, policy }));
  return { ...ours, receiver, webhook, webhookSecret: secret as string };
}
type Story = Awaited<ReturnType<typeof story>>;

const deliveriesOf = async (admin: Caller, webhookId: string) =>
  (await readPage(admin, "webhookDeliveries", { webhookId, first: 100 }, deliveryFields)).nodes;

/** The message at a place, as its receiver reads it. */
function read(world: World, { receiver, webhookSecret }: Story, index = 0) {
  const message = receiver.messages[index];
  if (!message) throw new Error(`there is no message ${index}`);
  return verified(webhookSecret, message, world.clock.now());
}

/** Waits until nothing of a key's rotation is due now. */
async function tried(world: World, keyId: string): Promise<void> {
  const due = { keyId, dueAt: { lte: new Date(world.clock.now()) } };
  await expect.poll(() => world.server.keyplane.database.prisma.keyRotation.count({ where: due })).toBe(0);
}

describe("a rotation by policy with a receiver", () => {
  test("hands the new secret over in time; it takes over with its first use, and is kept nowhere", async ({
    world,
  }) => {
    const ours = await story(world);
    const { admin, key, owner, receiver, secret, tenant, webhook } = ours;
    world.clock.advance(untilHandedOver);
    await expect.poll(() => receiver.messages.length).toBe(1);
    const message = read(world, ours);
    expect(message).toMatchObject({
      type: "key.rotated",
      data: {
        tenantId: tenant.id,
        keyId: key.id,
        userId: owner.id,
        name: key.name,
        activatesOnFirstUse: true,
        overlapMs: hour,
      },
    });
    const fresh = message.data.secret as string;
    expect(fresh.startsWith(message.data.start)).toBe(true);
    await expect.poll(async () => (await deliveriesOf(admin, webhook.id))[0]?.status).toBe("DELIVERED");

    // Both work until the new one is used; then the overlap of the old one begins.
    for (const each of [secret, secret, fresh]) expect(await world.verify(each)).toMatchObject({ code: "VALID" });
    await expect.poll(() => receiver.messages.length).toBe(2);
    expect(read(world, ours, 1)).toMatchObject({ type: "key.rotated", data: { keyId: key.id } });
    expect(read(world, ours, 1).data.secret).toBeUndefined();
    world.clock.advance(hour);
    expect(await world.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
    expect(await world.verify(fresh)).toMatchObject({ code: "VALID" });

    const { prisma } = world.server.keyplane.database;
    const row = await prisma.webhookDelivery.findFirstOrThrow({ where: { webhookId: webhook.id, hasSecret: true } });
    expect(row.sealedSecret).toBeNull();
    const told = JSON.stringify([await deliveriesOf(admin, webhook.id), row, world.server.logs]);
    const records = await prisma.auditRecord.findMany({ where: { targetId: key.id } });
    for (const text of [told, JSON.stringify(records)]) expect(text).not.toContain(fresh);
    const done = records.map(({ action, actorId }) => `${action} ${actorId}`);
    expect(done).toEqual(expect.arrayContaining(["key.rotation_prepared rotation-policy", "key.rotated first-use"]));
  });

  test("the old secret works on as the key says, else the policy, else for a day; not at all where that is 0", async ({
    world,
  }) => {
    const overlaps = [
      [null, null, day],
      [null, 0, 0],
      [0, null, 0],
      [0, hour, 0],
      [2 * hour, 0, 2 * hour],
    ] as const;
    const stories = await Promise.all(
      overlaps.map(async ([ofKey, rotationOverlapMs, overlapMs]) => ({
        overlapMs,
        ours: await story(world, { policy: { rotationOverlapMs }, key: { rotationOverlapMs: ofKey } }),
      })),
    );
    world.clock.advance(untilHandedOver);
    for (const { ours, overlapMs } of stories) {
      await expect.poll(() => ours.receiver.messages.length).toBe(1);
      expect(read(world, ours).data).toMatchObject({ keyId: ours.key.id, overlapMs });
    }
  });

  test("a receiver that never takes it cuts nobody off: the old secret works, and the new one is erased", async ({
    world,
  }) => {
    const ours = await story(world);
    const { admin, key, receiver, secret, webhook } = ours;
    receiver.answer = () => 503;
    world.clock.advance(untilHandedOver);
    await expect.poll(() => receiver.messages.length).toBe(1);
    const fresh = read(world, ours).data.secret as string;
    const { prisma } = world.server.keyplane.database;
    const rowOf = () => prisma.webhookDelivery.findFirstOrThrow({ where: { webhookId: webhook.id } });
    const sealed = (await rowOf()).sealedSecret;
    expect(sealed && Buffer.from(sealed).includes(fresh)).toBe(false);
    await expect.poll(async () => (await rowOf()).problem).toMatch(/503/);
    world.clock.advance(5 * day);
    await expect.poll(async () => (await rowOf()).status).toBe("FAILED");
    expect((await rowOf()).sealedSecret).toBeNull();
    expect(await world.verify(secret)).toMatchObject({ code: "VALID" });
    const overdue = { keyId: key.id, type: "ROTATION_OVERDUE" };
    await expect.poll(() => prisma.event.count({ where: overdue })).toBe(1);
    const again = await webhookMutation(admin, "redeliverWebhook", { deliveryId: (await rowOf()).id });
    expect(again).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("rotateKey") });
    // Nor is another one made, which would stop the one that somebody may have got all the same.
    expect(await prisma.keySecret.count({ where: { keyId: key.id } })).toBe(2);
    expect(JSON.stringify(world.server.logs)).not.toContain(fresh);
  });

  test("an overdue key is not told of again when its webhook is enabled, and gets its secret", async ({ world }) => {
    const ours = await story(world);
    const { admin, key, receiver, webhook } = ours;
    const { prisma } = world.server.keyplane.database;
    const told = () => prisma.event.count({ where: { keyId: key.id, type: "ROTATION_OVERDUE" } });
    ok(await webhookMutation(admin, "disableWebhook", { id: webhook.id }));
    world.clock.advance(every);
    await expect.poll(told).toBe(1);
    ok(await webhookMutation(admin, "enableWebhook", { id: webhook.id }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    expect(read(world, ours).data).toMatchObject({ keyId: key.id });
    expect(await told()).toBe(1);
  });

  test.for([
    [
      "the policy lets the key be rotated",
      async ({ admin, tenant }, world) => {
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["a", "b"] } }));
        world.clock.advance(hour);
      },
    ],
    [
      "the key is within the policy",
      async ({ admin, key }) => void ok(await admin.key("updateKey", { id: key.id, scopes: ["a"] })),
    ],
  ] as readonly [string, (ours: Story, world: World) => Promise<void>][])(
    "is made once %s again",
    async ([, mend], { world }) => {
      const ours = await story(world, { key: { scopes: ["b"] } });
      const { admin, key, receiver, tenant } = ours;
      ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["a"] } }));
      world.clock.advance(untilHandedOver);
      await tried(world, key.id);
      expect(receiver.messages).toEqual([]);
      await mend(ours, world);
      await expect.poll(() => receiver.messages.length).toBe(1);
      expect(read(world, ours).data).toMatchObject({ keyId: key.id, secret: expect.any(String) });
    },
  );

  test("is made once a quarantined key is released", async ({ world }) => {
    const ours = await story(world);
    const { key, receiver } = ours;
    const quarantine = { quarantinedAt: new Date(world.clock.now()), quarantinedReason: "tried" };
    await world.server.keyplane.database.prisma.key.update({ where: { id: key.id }, data: quarantine });
    world.clock.advance(untilHandedOver);
    await tried(world, key.id);
    expect(receiver.messages).toEqual([]);
    ok(await world.root.key("releaseKey", { id: key.id, reason: "looked at" }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    expect(read(world, ours).data).toMatchObject({ keyId: key.id });
  });

  test("waits until its webhook is enabled, and a key may name another one", async ({ world }) => {
    const ours = await story(world);
    const { admin, key, owner, receiver, tenant, webhook } = ours;
    const other = await startReceiver();
    receivers.push(other);
    const given = { tenantId: tenant.id, name: "Other", url: other.url, eventTypes: ["IDLE"], receivesSecrets: true };
    const { webhook: ofKey } = ok(await webhookMutation(admin, "createWebhook", given));
    const second = await world.key(tenant.id, owner.id, { rotationWebhookId: ofKey.id });
    ok(await webhookMutation(admin, "disableWebhook", { id: webhook.id }));
    world.clock.advance(untilHandedOver);
    await expect.poll(() => other.messages.length).toBe(1);
    expect(JSON.parse(other.messages[0]?.body ?? "").data.keyId).toBe(second.key.id);
    expect(receiver.messages).toEqual([]);
    ok(await webhookMutation(admin, "enableWebhook", { id: webhook.id }));
    await expect.poll(() => receiver.messages.length).toBe(1);
    expect(read(world, ours).data).toMatchObject({ keyId: key.id });
    expect(other.messages).toHaveLength(1);
  });
});

describe("naming a receiver", () => {
  test("needs a webhook of the tenant that takes secrets; one that is named is not deleted", async ({ world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const { admin, key, tenant, webhook } = ours;
    const plain = { tenantId: tenant.id, name: "Ops", url: "https://example.com" };
    const { webhook: deaf } = ok(await webhookMutation(admin, "createWebhook", plain));
    const named = (id: string | null) => [
      () => admin.tenant("updateTenant", { id: tenant.id, policy: { rotationWebhookId: id } }),
      () => admin.key("updateKey", { id: key.id, rotationWebhookId: id }),
    ];
    for (const name of named(deaf.id)) expect(await name()).toMatchObject({ code: "CONFLICT" });
    const missing = await Promise.all(named(world.missingId("Webhook")).map((name) => name()));
    expect(await Promise.all(named(theirs.webhook.id).map((name) => name()))).toEqual(missing);
    expect(missing[0]).toMatchObject({ code: "NOT_FOUND" });

    const remove = () => webhookMutation(admin, "deleteWebhook", { id: webhook.id });
    for (const name of named(webhook.id)) ok(await name());
    expect(await remove()).toMatchObject({ code: "CONFLICT" });
    const [ofTenant, ofKey] = named(null);
    ok(await ofTenant?.());
    expect(await remove()).toMatchObject({ code: "CONFLICT" });
    ok(await ofKey?.());
    ok(await remove());
  });

  test("one that a deleted key names is not deleted either, for as long as the key can be restored", async ({
    world,
  }) => {
    const { admin, key, tenant, webhook } = await story(world);
    const name = (id: string | null) => admin.key("updateKey", { id: key.id, rotationWebhookId: id });
    const remove = () => webhookMutation(admin, "deleteWebhook", { id: webhook.id });
    ok(await name(webhook.id));
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotationWebhookId: null } }));
    ok(await admin.key("deleteKey", { id: key.id }));
    expect(await remove()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("restore them") });
    ok(await admin.key("restoreKey", { id: key.id }));
    ok(await name(null));
    ok(await admin.key("deleteKey", { id: key.id }));
    ok(await remove());

    const other = await story(world);
    ok(await other.admin.key("updateKey", { id: other.key.id, rotationWebhookId: other.webhook.id }));
    ok(await other.admin.tenant("updateTenant", { id: other.tenant.id, policy: { rotationWebhookId: null } }));
    ok(await other.admin.key("deleteKey", { id: other.key.id }));
    world.clock.advance(30 * day);
    ok(await webhookMutation(other.admin, "deleteWebhook", { id: other.webhook.id }));
  });

  test("is for whoever may rotate keys", async ({ world }) => {
    const { key, tenant, webhook } = await story(world);
    const permissions = ["KEYS_READ", "KEYS_UPDATE", "TENANTS_READ", "TENANTS_UPDATE"];
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const forbidden = { code: "FORBIDDEN" };
    expect(await weak.key("updateKey", { id: key.id, rotationWebhookId: webhook.id })).toMatchObject(forbidden);
    const policy = { rotationWebhookId: webhook.id };
    expect(await weak.tenant("updateTenant", { id: tenant.id, policy })).toMatchObject(forbidden);
  });
});
