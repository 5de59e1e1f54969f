import { parseKey } from "@keyplane/schema";
import { day, describe, expect, minute, ok, test } from "../../testkit/index.js";
import { everyRow } from "../../testkit/rows.js";
import { promisesOfKeyChange, promisesOfTheLiving, readKey } from "./key-changes.js";

const change = { mutation: "rotateKey", permission: "keys:rotate", isForOwners: true } as const;
promisesOfKeyChange(change);
promisesOfTheLiving(change);

describe("rotateKey", () => {
  test("gives the key a new secret; id and all else stay", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { b: 1 } } });
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id }));
    const now = new Date(world.clock.now()).toISOString();
    expect(rotated.secret).not.toBe(secret);
    expect(parseKey(rotated.secret)).toMatchObject({ ok: true, start: rotated.key.start });
    expect(rotated.key.start).not.toBe(key.start);
    expect(await readKey(admin, key.id)).toEqual({
      ...before,
      start: rotated.key.start,
      rotatedAt: now,
      previousSecretExpiresAt: now,
      updatedAt: now,
    });
    expect(await admin.verify(rotated.secret)).toMatchObject({ valid: true, key: { id: key.id } });
  });

  test.for([{}, { overlapMs: 0 }, { overlapMs: null }])(
    "with %j the old secret stops at once, and says since when",
    async (input, { world }) => {
      const { admin, key, secret } = await world.tenantWithKey();
      expect(await admin.verify(secret)).toMatchObject({ valid: true });
      world.clock.advance(1_000);
      ok(await admin.keySecret("rotateKey", { id: key.id, ...input }));
      const now = new Date(world.clock.now()).toISOString();
      expect(await admin.verify(secret)).toMatchObject({
        valid: false,
        code: "SUPERSEDED",
        message: `The key got a new secret at ${now}, and this old one stopped at ${now}. Use the new secret.`,
        key: { id: key.id, start: key.start },
      });
    },
  );

  test("with an overlap the old secret works on until its end, to the millisecond", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 90_000 }));
    expect(rotated.key.previousSecretExpiresAt).toBe(world.clock.in(90_000));
    const both = async () => [(await admin.verify(secret)).code, (await admin.verify(rotated.secret)).code];
    expect(await both()).toEqual(["VALID", "VALID"]);
    world.clock.advance(89_999);
    expect(await both()).toEqual(["VALID", "VALID"]);
    world.clock.advance(1);
    expect(await both()).toEqual(["SUPERSEDED", "VALID"]);
  });

  test("no older secret outlives a newer overlap, however long its own was", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotate = async (overlapMs: number) =>
      ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs })).secret;
    const secrets = [secret, await rotate(10 * minute), await rotate(60 * minute)];
    const codes = () => Promise.all(secrets.map(async (each) => (await admin.verify(each)).code));
    expect(await codes()).toEqual(["VALID", "VALID", "VALID"]);
    secrets.push(await rotate(minute));
    expect(await codes()).toEqual(["VALID", "VALID", "VALID", "VALID"]);
    world.clock.advance(minute - 1);
    expect(await codes()).toEqual(["VALID", "VALID", "VALID", "VALID"]);
    world.clock.advance(1);
    expect(await codes()).toEqual(["SUPERSEDED", "SUPERSEDED", "SUPERSEDED", "VALID"]);
  });

  test("an older secret stops when its own overlap ends, though a newer one lasts longer", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const second = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 1_000 })).secret;
    const third = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute })).secret;
    world.clock.advance(1_000);
    const codes = Promise.all([secret, second, third].map(async (each) => (await admin.verify(each)).code));
    expect(await codes).toEqual(["SUPERSEDED", "VALID", "VALID"]);
  });

  test("a secret that has stopped never comes back", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 10 * minute }));
    expect(await admin.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("rotations at the same time leave one current secret, and every answer tells a secret of the key", async ({
    world,
  }) => {
    const { admin, key } = await world.tenantWithKey();
    const rotations = await Promise.all(Array.from({ length: 5 }, () => admin.keySecret("rotateKey", { id: key.id })));
    const codes = await Promise.all(rotations.map(async (each) => (await admin.verify(ok(each).secret)).code));
    expect(codes.sort()).toEqual(["SUPERSEDED", "SUPERSEDED", "SUPERSEDED", "SUPERSEDED", "VALID"]);
  });

  test("the new secret has the tenant's present prefix, and the environment of the key", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey({ key: { environment: "TEST" } });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { prefix: "newone" } }));
    const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(parseKey(secret)).toMatchObject({ ok: true, prefix: "newone", environment: "TEST" });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });

  test("its holder rotates it with a role that may rotate keys, and nobody else's", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const other = await world.user(tenant.id);
    const theirs = await world.key(tenant.id, other.id);
    const role = await world.role(tenant.id, {
      permissions: ["TENANTS_READ", "USERS_READ", "KEYS_READ", "KEYS_ROTATE"],
    });
    ok(await world.root.user("updateUser", { id: owner.id, customRoleId: role.id }));
    const holder = await world.userCaller(owner, "DEVELOPER", { customRoleId: role.id });
    const rotated = ok(await holder.keySecret("rotateKey", { id: key.id }));
    expect([(await world.verify(secret)).code, (await world.verify(rotated.secret)).code]).toEqual([
      "SUPERSEDED",
      "VALID",
    ]);
    expect(await holder.keySecret("rotateKey", { id: theirs.key.id })).toMatchObject({ code: "NOT_FOUND" });
    // Without any, a person only uses keys.
    const person = await world.userCaller(other, "DEVELOPER", { permissions: ["KEYS_READ"] });
    expect(await person.keySecret("rotateKey", { id: theirs.key.id })).toMatchObject({ code: "FORBIDDEN" });
    // A key is for the API that it opens. Here it makes nobody known.
    await expect(world.as(rotated.secret).keySecret("rotateKey", { id: key.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("a disabled key may be rotated and stays disabled, likewise one whose owner is", async ({ world }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "DISABLED" });
    ok(await admin.key("enableKey", { id: key.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "OWNER_DISABLED" });
  });

  test("of the new secret too the database keeps no more than its SHA-256 and its start", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, idempotencyKey: world.unique() }));
    const hidden = rotated.secret.slice(rotated.key.start.length);
    const texts = [hidden, Buffer.from(hidden).toString("hex")];
    expect((await everyRow(world.server)).filter((row) => texts.some((text) => row.includes(text)))).toEqual([]);
  });
});

describe("rotateKey: what is refused", () => {
  test.for([-1, -2_147_483_648])("an overlap of %d ms is, with its place", async (overlapMs, { world }) => {
    const refused = await world.root.keySecret("rotateKey", { id: world.missingId("Key"), overlapMs });
    expect(refused).toMatchObject({
      __typename: "InvalidInputError",
      issues: [
        {
          path: ["overlapMs"],
          message: "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.",
        },
      ],
    });
  });

  test("an overlap that is no whole number is, and one longer than Int holds; the longest is fine", async ({
    world,
  }) => {
    const { admin, key } = await world.tenantWithKey();
    for (const overlapMs of [1.5, 2_147_483_648, "60000", true]) {
      const refused = admin.keySecret("rotateKey", { id: key.id, overlapMs });
      await expect(refused, String(overlapMs)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
    const { previousSecretExpiresAt } = ok(
      await admin.keySecret("rotateKey", { id: key.id, overlapMs: 2_147_483_647 }),
    ).key;
    expect(previousSecretExpiresAt).toBe(world.clock.in(2_147_483_647));
  });

  test("an expired key is until it is extended, and the refusal says so", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(1_000) } });
    world.clock.advance(999);
    ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute }));
    world.clock.advance(1);
    const before = await readKey(admin, key.id);
    expect(await admin.keySecret("rotateKey", { id: key.id })).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: `This key expired at ${key.expiresAt}. Extend it first with updateKey, or create a new key.`,
    });
    expect(await readKey(admin, key.id)).toEqual(before);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(day) }));
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("a key that a new policy no longer allows is until it is changed, and the refusal says what does not fit", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const policy = { allowedScopes: ["a"], maxLifetimeMs: day };
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy }));
    const latest = world.clock.in(day);
    expect(await admin.keySecret("rotateKey", { id: key.id })).toMatchObject({
      __typename: "ConflictError",
      message: `This key does not fit any more: The tenant's policy does not allow b. It allows: a. The tenant's policy allows a lifetime until ${latest} at most. Change it first with updateKey.`,
    });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    ok(await admin.key("updateKey", { id: key.id, scopes: ["a"], expiresAt: latest }));
    ok(await admin.keySecret("rotateKey", { id: key.id }));
  });

  test("a key with scopes beyond the caller's own is: its secret would grant them", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await caller.keySecret("rotateKey", { id: key.id })).toMatchObject({
      __typename: "ForbiddenError",
      code: "FORBIDDEN",
      message: expect.stringContaining("may not give the scopes b. It may give: a."),
    });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });
});

describe("rotateKey: retries", () => {
  test("get the same secret, and rotate once", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotate = { id: key.id, overlapMs: minute, idempotencyKey: world.unique() };
    const first = ok(await admin.keySecret("rotateKey", rotate));
    world.clock.advance(minute - 1);
    expect(await admin.keySecret("rotateKey", rotate)).toEqual(first);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    world.clock.advance(1);
    expect(await admin.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
    expect(await admin.verify(first.secret)).toMatchObject({ valid: true });
    world.clock.advance(9 * minute - 1);
    // When it was last used is written some time later.
    const again = ok(await admin.keySecret("rotateKey", rotate));
    expect({ ...again, key: { ...again.key, lastUsedAt: null } }).toEqual(first);
    world.clock.advance(1);
    expect(await admin.keySecret("rotateKey", rotate)).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(key.id),
    });
    expect(await admin.verify(first.secret)).toMatchObject({ valid: true });
  });

  test("at the same time rotate once, and all get the same secret", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const rotate = { id: key.id, idempotencyKey: world.unique() };
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => admin.keySecret("rotateKey", rotate)));
    for (const other of others) expect(other).toEqual(ok(first));
    expect(await admin.verify(first.secret)).toMatchObject({ valid: true });
  });

  test("leaving out the overlap says the same as 0; another overlap or key is another attempt", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    const idempotencyKey = world.unique();
    const first = ok(await admin.keySecret("rotateKey", { id: key.id, idempotencyKey }));
    expect(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 0, idempotencyKey })).toEqual(first);
    for (const input of [{ id: key.id, overlapMs: 1 }, { id: other.key.id }]) {
      const refused = await admin.keySecret("rotateKey", { ...input, idempotencyKey });
      expect(refused).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("another input") });
    }
    expect(await admin.verify(other.secret)).toMatchObject({ valid: true });
  });

  test("after another rotation are refused: the secret is the key's no longer", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const rotate = { id: key.id, overlapMs: minute, idempotencyKey: world.unique() };
    const first = ok(await admin.keySecret("rotateKey", rotate));
    world.clock.advance(minute);
    const second = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute }));
    const { rotatedAt, previousSecretExpiresAt } = (
      await admin.query("query ($id: ID!) { key(id: $id) { rotatedAt previousSecretExpiresAt } }", { id: key.id })
    ).key;
    const refused = (how: string) => ({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: `The secret of this attempt ${how}: the key ${key.id} got another one at ${rotatedAt}. Use that one, or rotate the key with a new idempotencyKey.`,
    });
    expect(await admin.keySecret("rotateKey", rotate)).toMatchObject(
      refused(`works until ${previousSecretExpiresAt} only`),
    );
    expect(await admin.verify(first.secret)).toMatchObject({ valid: true });
    world.clock.advance(minute);
    const late = await admin.keySecret("rotateKey", rotate);
    expect(late).toMatchObject(refused("works no longer"));
    expect(JSON.stringify(late)).not.toContain(first.secret);
    expect(await admin.verify(second.secret)).toMatchObject({ valid: true });
  });

  test("at the same time as others' rotations get a secret each: only who repeats is refused", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const rotations = await Promise.all(
      Array.from({ length: 4 }, () =>
        admin.keySecret("rotateKey", { id: key.id, idempotencyKey: world.unique("attempt") }),
      ),
    );
    expect(new Set(rotations.map((rotated) => ok(rotated).secret)).size).toBe(4);
  });

  test("of another token are another attempt", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const colleague = await world.caller("ADMIN", { tenantId: tenant.id });
    const rotate = { id: key.id, idempotencyKey: world.unique() };
    const first = ok(await admin.keySecret("rotateKey", rotate));
    const second = ok(await colleague.keySecret("rotateKey", rotate));
    expect(second.secret).not.toBe(first.secret);
    expect(await admin.verify(first.secret)).toMatchObject({ code: "SUPERSEDED" });
  });
});
