import { day, describe, expect, idsOf, ok, readPage, startServer, test, World } from "../../testkit/index.js";
import { failedDeliveryId, webhookMutation } from "../../testkit/webhooks.js";

/** A tenant with a webhook that nobody listens at. */
async function story(world: World, input: Record<string, unknown> = {}) {
  const { tenant, admin } = await world.tenant();
  const given = { tenantId: tenant.id, name: "Ops", url: "http://127.0.0.1:1/hook", ...input };
  const { webhook, secret } = ok(await webhookMutation(admin, "createWebhook", given));
  return { tenant, admin, given, webhook, secret: secret as string };
}

const inputFor = (name: string, id: string) => ({ id, ...(name === "updateWebhook" ? { name: "New" } : {}) });

/** What happened to a webhook, as the audit log tells it, in alphabetical order: the clock stands still. */
async function historyOf({ admin, webhook }: Awaited<ReturnType<typeof story>>): Promise<string[]> {
  const document = `{ auditLog(filter: { targetId: "${webhook.id}" }, first: 100) { nodes { action } } }`;
  return (await admin.query(document)).auditLog.nodes.map(({ action }: { action: string }) => action).sort();
}

describe("createWebhook", () => {
  test("answers with the secret this once, and a retry gets the same", async ({ world }) => {
    const idempotencyKey = world.unique("attempt");
    const { admin, given, webhook, secret, tenant } = await story(world, { eventTypes: ["REVOKED"], idempotencyKey });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook).toMatchObject({
      tenantId: tenant.id,
      name: "Ops",
      url: given.url,
      eventTypes: ["REVOKED"],
      receivesSecrets: false,
      failingSince: null,
      disabledAt: null,
    });
    expect(ok(await webhookMutation(admin, "createWebhook", given))).toMatchObject({ webhook, secret });
    const { prisma } = world.server.keyplane.database;
    const row = await prisma.webhook.findUniqueOrThrow({ where: { id: webhook.id } });
    expect(Buffer.from(row.sealedSecret).includes(secret.slice(6))).toBe(false);
    const records = await prisma.auditRecord.findMany({ where: { targetId: webhook.id } });
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).not.toMatch(/sealed/i);
  });

  test.for([
    ["url", { url: "no address" }],
    ["url", { url: "ftp://example.com" }],
    ["url", { url: "https://user:password@example.com" }],
    ["url", { url: "https://example.com/#there" }],
    ["url", { url: `https://example.com/${"x".repeat(2_000)}` }],
    ["name", { name: " " }],
    ["name", { name: "x".repeat(101) }],
    ["eventTypes", { eventTypes: Array.from({ length: 101 }, () => "REVOKED") }],
  ] as const)("says what is wrong with %s: %o", async ([path, wrong], { world }) => {
    const { tenant, admin } = await world.tenant();
    const input = { tenantId: tenant.id, name: "Ops", url: "https://example.com", ...wrong };
    const refusal = await webhookMutation(admin, "createWebhook", input);
    expect(refusal).toMatchObject({ code: "INVALID_INPUT" });
    expect(refusal.issues[0].path[0]).toBe(path);
  });

  test("needs for secrets what they open: to rotate keys, without a limit", async ({ world }) => {
    const { tenant } = await world.tenant();
    const input = { tenantId: tenant.id, name: "Ops", url: "https://example.com" };
    const create = async (caller: object, more: object = {}) =>
      webhookMutation(await world.caller("ADMIN", { tenantId: tenant.id, ...caller }), "createWebhook", {
        ...input,
        ...more,
      });
    const secrets = { receivesSecrets: true };
    const reading = { permissions: ["WEBHOOKS_CREATE", "KEYS_READ"] };
    ok(await create(reading));
    expect(await create(reading, secrets)).toMatchObject({ code: "FORBIDDEN" });
    ok(await create({ grantableScopes: ["a"] }));
    expect(await create({ grantableScopes: ["a"] }, secrets)).toMatchObject({ code: "FORBIDDEN" });
    ok(await create({}, secrets));
  });

  test("needs what the messages tell: to read keys, without an end", async ({ world }) => {
    const { tenant, webhook, given } = await story(world);
    const caller = (more: object) => world.caller("ADMIN", { tenantId: tenant.id, ...more });
    const deaf = await caller({ permissions: ["WEBHOOKS_CREATE", "WEBHOOKS_UPDATE"] });
    const expiring = await caller({ expiresAt: world.clock.in(day) });
    const hearing = await caller({ permissions: ["WEBHOOKS_UPDATE", "KEYS_READ"] });
    const update = (by: typeof deaf, input: object) =>
      webhookMutation(by, "updateWebhook", { id: webhook.id, ...input });
    for (const [by, why] of [
      [deaf, "keys:read"],
      [expiring, "expires at"],
    ] as const) {
      const refusal = { code: "FORBIDDEN", message: expect.stringContaining(why) };
      expect(await webhookMutation(by, "createWebhook", given)).toMatchObject(refusal);
      expect(await update(by, { url: "https://elsewhere.example.com" })).toMatchObject(refusal);
      expect(await update(by, { eventTypes: ["LEAKED"] })).toMatchObject(refusal);
      ok(await update(by, { name: world.unique("name") }));
    }
    ok(await update(hearing, { eventTypes: ["LEAKED"] }));
  });

  test("has a limit for each tenant", async ({ world }) => {
    const { admin, given, webhook } = await story(world);
    const { prisma } = world.server.keyplane.database;
    const row = await prisma.webhook.findUniqueOrThrow({ where: { id: webhook.id } });
    await prisma.webhook.createMany({
      data: Array.from({ length: 18 }, () => ({ ...row, id: world.missingId("Webhook") })),
    });
    ok(await webhookMutation(admin, "createWebhook", given));
    expect(await webhookMutation(admin, "createWebhook", given)).toMatchObject({ code: "LIMIT_REACHED" });
    ok(await webhookMutation(admin, "deleteWebhook", { id: webhook.id }));
    ok(await webhookMutation(admin, "createWebhook", given));
  });

  test("is refused without the permission, without a token, and for another tenant as for a missing one", async ({
    world,
  }) => {
    const { given, admin, tenant } = await story(world);
    const theirs = await world.tenant();
    const inTenant = (tenantId: string) => webhookMutation(admin, "createWebhook", { ...given, tenantId });
    expect(await inTenant(theirs.tenant.id)).toEqual(await inTenant(world.missingId("Tenant")));
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await webhookMutation(developer, "createWebhook", given)).toMatchObject({ code: "FORBIDDEN" });
    await expect(webhookMutation(world.anonymous, "createWebhook", given)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});

describe("a change of a webhook", () => {
  test.for(["updateWebhook", "rotateWebhookSecret", "disableWebhook", "enableWebhook", "deleteWebhook", "testWebhook"])(
    "%s: another tenant's webhook answers as a missing one; without the permission it is refused",
    async (name, { world }) => {
      const [ours, theirs] = [await story(world), await story(world)];
      const change = (id: string) => webhookMutation(ours.admin, name, inputFor(name, id));
      expect(await change(theirs.webhook.id)).toMatchObject({ code: "NOT_FOUND" });
      expect(await change(theirs.webhook.id)).toEqual(await change(world.missingId("Webhook")));
      const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
      expect(await webhookMutation(developer, name, inputFor(name, ours.webhook.id))).toMatchObject({
        code: "FORBIDDEN",
      });
      await expect(webhookMutation(world.anonymous, name, inputFor(name, "x"))).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
      });
    },
  );

  test("each is recorded once, and what is so already changes nothing", async ({ world }) => {
    const ours = await story(world);
    const { admin, webhook } = ours;
    const change = async (name: string, input: object = {}) =>
      ok(await webhookMutation(admin, name, { id: webhook.id, ...input })).webhook;
    const changed = { name: "New", url: "https://example.com/new", eventTypes: ["REVOKED", "DISABLED"] };
    for (let time = 0; time < 2; time++) expect(await change("updateWebhook", changed)).toMatchObject(changed);
    for (let time = 0; time < 2; time++) {
      expect(await change("disableWebhook", { reason: "moving" })).toMatchObject({ disabledReason: "moving" });
    }
    for (let time = 0; time < 2; time++) {
      expect(await change("enableWebhook")).toMatchObject({ disabledAt: null, disabledReason: null });
    }
    const { previousSecretExpiresAt } = await change("rotateWebhookSecret", { overlapMs: day });
    expect(previousSecretExpiresAt).toBe(world.clock.in(day));
    await change("deleteWebhook");
    expect(await webhookMutation(admin, "deleteWebhook", { id: webhook.id })).toMatchObject({ code: "NOT_FOUND" });
    expect(await historyOf(ours)).toEqual([
      "webhook.created",
      "webhook.deleted",
      "webhook.disabled",
      "webhook.enabled",
      "webhook.secret_rotated",
      "webhook.updated",
    ]);
    const { prisma } = world.server.keyplane.database;
    expect(await prisma.event.count({ where: { subjectId: webhook.id, type: "WEBHOOK_CHANGED" } })).toBe(6);
  });

  test("an overlap that is too long is refused, and who sends secrets elsewhere must be allowed to rotate keys", async ({
    world,
  }) => {
    const { admin, webhook, tenant } = await story(world, { receivesSecrets: true });
    const rotate = { id: webhook.id, overlapMs: 8 * day };
    expect(await webhookMutation(admin, "rotateWebhookSecret", rotate)).toMatchObject({ code: "INVALID_INPUT" });
    const permissions = ["WEBHOOKS_UPDATE"];
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const update = (input: object) => webhookMutation(weak, "updateWebhook", { id: webhook.id, ...input });
    expect(await update({ url: "https://elsewhere.example.com" })).toMatchObject({ code: "FORBIDDEN" });
    ok(await update({ name: "A name tells nothing" }));
  });

  test("a repeated attempt whose secret was rotated since is refused", async ({ world }) => {
    const [first, second] = [world.unique("attempt"), world.unique("attempt")];
    const { admin, given, webhook } = await story(world, { idempotencyKey: first });
    const rotate = (idempotencyKey: string) =>
      webhookMutation(admin, "rotateWebhookSecret", { id: webhook.id, overlapMs: day, idempotencyKey });
    const { secret } = ok(await rotate(second));
    expect(ok(await rotate(second)).secret).toBe(secret);
    const refusal = { code: "CONFLICT", message: expect.stringContaining("another one") };
    expect(await webhookMutation(admin, "createWebhook", given)).toMatchObject(refusal);
    ok(await rotate(world.unique("attempt")));
    expect(await rotate(second)).toMatchObject(refusal);
  });

  test("rotateWebhookSecret and enableWebhook of a receiver of secrets need to be allowed to rotate keys", async ({
    world,
  }) => {
    const receiver = await story(world, { receivesSecrets: true });
    const plain = await story(world);
    for (const name of ["rotateWebhookSecret", "enableWebhook"]) {
      for (const { admin, webhook, tenant } of [receiver, plain]) {
        const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["WEBHOOKS_UPDATE"] });
        ok(await webhookMutation(weak, "disableWebhook", { id: webhook.id }));
        const change = (caller: typeof weak) => webhookMutation(caller, name, { id: webhook.id });
        if (webhook === plain.webhook) ok(await change(weak));
        else {
          expect(await change(weak)).toMatchObject({
            code: "FORBIDDEN",
            message: expect.stringContaining("keys:rotate"),
          });
          ok(await change(admin));
        }
      }
    }
  });
});

describe("webhooks and their deliveries", () => {
  test("are listed to whoever may see them; another tenant's and missing ones are nothing", async ({ world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const { admin, webhook, tenant } = ours;
    const get = async (id: string, caller = admin) =>
      (await caller.query("query ($id: ID!) { webhook(id: $id) { id name } }", { id })).webhook;
    expect(await get(webhook.id)).toEqual({ id: webhook.id, name: "Ops" });
    for (const id of [theirs.webhook.id, world.missingId("Webhook"), "x"]) expect(await get(id)).toBeNull();
    expect(idsOf(await readPage(admin, "webhooks"))).toEqual([webhook.id]);
    const failed = await failedDeliveryId(world, tenant.id, webhook.id);
    const list = async (webhookId: string, status?: string, caller = admin) =>
      idsOf(await readPage(caller, "webhookDeliveries", { webhookId, ...(status ? { status } : {}) }, "status"));
    expect([await list(webhook.id), await list(webhook.id, "FAILED"), await list(webhook.id, "PENDING")]).toEqual([
      [failed],
      [failed],
      [],
    ]);
    expect(await list(webhook.id, undefined, theirs.admin)).toEqual([]);
    expect(await list("x")).toEqual([]);
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    for (const caller of [developer, world.anonymous]) {
      const code = caller === developer ? "FORBIDDEN" : "UNAUTHENTICATED";
      await expect(get(webhook.id, caller)).rejects.toMatchObject({ code });
      await expect(list(webhook.id, undefined, caller)).rejects.toMatchObject({ code });
    }
  });
});

describe("an address within a private network", () => {
  test("is refused where that is not allowed: at creation, and when it is sent to", async () => {
    const server = await startServer({ KEYPLANE_ALLOW_PRIVATE_WEBHOOKS: "false" });
    try {
      const world = new World(server);
      const { tenant, admin } = await world.tenant();
      const create = (url: string) => webhookMutation(admin, "createWebhook", { tenantId: tenant.id, name: "x", url });
      for (const url of ["http://example.com", "https://127.0.0.1", "https://169.254.169.254", "https://[::1]/x"]) {
        expect(await create(url)).toMatchObject({ code: "INVALID_INPUT" });
      }
      const { webhook } = ok(await create("https://localhost"));
      const tested = ok(await webhookMutation(admin, "testWebhook", { id: webhook.id }));
      expect(tested).toMatchObject({ responseStatus: null, problem: expect.stringContaining("not public") });
      const owner = await world.user(tenant.id);
      await world.key(tenant.id, owner.id);
      const { prisma } = server.keyplane.database;
      const problemOf = async () => (await prisma.webhookDelivery.findFirst())?.problem;
      await expect.poll(problemOf).toMatch(/not public/);
    } finally {
      await server.stop();
    }
  });
});
