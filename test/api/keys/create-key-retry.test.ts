import { describe, expect, minute, ok, readPage, test } from "../../testkit/index.js";
import { promisesOfRetries } from "../../testkit/promises/of-retries.js";
import { everyRow } from "../../testkit/rows.js";

promisesOfRetries("createKey", async (world) => {
  const { tenant, admin, owner } = await world.tenantWithKey();
  const whole = { tenantId: tenant.id, ownerId: owner.id, metadata: { a: 1, b: [2] } };
  return {
    caller: admin,
    colleague: await world.caller("ADMIN", { tenantId: tenant.id }),
    input: () => ({ ...whole, name: world.unique("Key"), expiresAt: world.clock.in(365 * 24 * 60 * minute) }),
    reworded: ({ name, expiresAt, ...rest }) => ({
      expiresAt: String(expiresAt).replace("Z", "+00:00"),
      scopes: [],
      environment: "LIVE",
      allowedIps: null,
      ...rest,
      metadata: { b: [2], a: 1 },
      name: ` ${name} `,
    }),
    send: (caller, input) => caller.keySecret("createKey", input),
    count: async () => (await readPage(admin, "keys", { tenantId: tenant.id })).totalCount,
  };
});

describe("createKey: retries", () => {
  async function begin(world: Parameters<Parameters<typeof promisesOfRetries>[1]>[0]) {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const input = { tenantId: tenant.id, ownerId: owner.id, name: "Key", idempotencyKey: world.unique("attempt") };
    const create = (more: Record<string, unknown> = {}) => admin.keySecret("createKey", { ...input, ...more });
    return { tenant, admin, owner, input, create };
  }

  test("get the secret of the first answer for ten minutes, to the millisecond", async ({ world }) => {
    const { create } = await begin(world);
    const first = ok(await create());
    world.clock.advance(10 * minute - 1);
    expect(await create()).toEqual(first);
    const usedAt = first.key.createdAt;
    world.clock.advance(1);
    const late = await create();
    expect(late).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: expect.stringContaining(`was used at ${usedAt} for ${first.key.id}, and its secret is no longer kept`),
    });
    expect(JSON.stringify(late)).not.toContain(first.secret);
  });

  test("get the key as it is now", async ({ world }) => {
    const { admin, create } = await begin(world);
    const { key, secret } = ok(await create());
    const renamed = ok(await admin.key("updateKey", { id: key.id, name: "Renamed" }));
    expect(ok(await create())).toMatchObject({ secret, key: renamed.key });
    const revoked = ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(ok(await create())).toMatchObject({ secret, key: revoked.key });
  });

  test.for(["rotateKey", "reissueKey"] as const)(
    "are refused once %s gave the key another secret",
    async (mutation, { world }) => {
      const { admin, owner, create } = await begin(world);
      const { key, secret } = ok(await create());
      ok(await admin.keySecret(mutation, { id: key.id, ...(mutation === "reissueKey" ? { ownerId: owner.id } : {}) }));
      const late = await create();
      expect(late).toMatchObject({
        __typename: "ConflictError",
        code: "CONFLICT",
        message: expect.stringContaining(
          `The secret of this attempt works no longer: the key ${key.id} got another one`,
        ),
      });
      expect(JSON.stringify(late)).not.toContain(secret);
    },
  );

  test("another field of the input makes it another attempt, each of them", async ({ world }) => {
    const { tenant, create } = await begin(world);
    const other = await world.user(tenant.id);
    ok(await create());
    for (const more of [
      { ownerId: other.id },
      { tenantId: world.missingId("Tenant") },
      { name: "key" },
      { environment: "TEST" },
      { scopes: ["a"] },
      { metadata: { a: 1 } },
      { allowedIps: ["203.0.113.7"] },
      { deniedIps: ["203.0.113.7"] },
      { expiresAt: world.clock.in(minute) },
    ]) {
      expect(await create(more), JSON.stringify(more)).toMatchObject({
        code: "CONFLICT",
        message:
          "This idempotencyKey was used with another input. Repeat the first input to get its answer, or use a new idempotencyKey.",
      });
    }
  });

  test("an attempt that was refused is not remembered", async ({ world }) => {
    const { admin, owner, create } = await begin(world);
    ok(await admin.user("disableUser", { id: owner.id }));
    expect(await create()).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("disabled") });
    ok(await admin.user("enableUser", { id: owner.id }));
    ok(await create());
  });

  test("the same idempotencyKey serves for one attempt of every mutation", async ({ world }) => {
    const { admin, input, create } = await begin(world);
    const { key, secret } = ok(await create());
    const { idempotencyKey } = input;
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, idempotencyKey }));
    expect(rotated.secret).not.toBe(secret);
  });

  test("the secret that is kept for them is sealed: a dump of the database does not hold it", async ({ world }) => {
    const { create } = await begin(world);
    const { key, secret } = ok(await create());
    const rows = await everyRow(world.server);
    const record = rows.find((row) => row.startsWith("IdempotencyRecord ") && row.includes(key.id));
    expect(record).toMatch(/\\x[0-9a-f]{100,}/);
    const hidden = secret.slice(key.start.length);
    const encodings = ["utf8", "hex", "base64", "base64url"] as const;
    for (const text of encodings.map((encoding) => Buffer.from(hidden).toString(encoding).slice(0, 20))) {
      expect(rows.filter((row) => row.includes(text))).toEqual([]);
    }
  });
});
