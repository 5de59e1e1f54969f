import { describe, expect, minute, ok, test, type World } from "../../testkit/index.js";
import { promisesOfKeyChange, promisesOfTheLiving, readKey } from "./key-changes.js";

const change = {
  mutation: "reissueKey",
  permission: "keys:reissue",
  input: async (world: World, { tenant }: { tenant: { id: string } }) => ({
    ownerId: (await world.user(tenant.id)).id,
  }),
} as const;
promisesOfKeyChange(change);
promisesOfTheLiving(change);

async function begin(world: World, options: Parameters<World["tenantWithKey"]>[0] = {}) {
  const story = await world.tenantWithKey(options);
  const heir = await world.user(story.tenant.id, { name: "Heir", externalId: "heir-1" });
  const reissue = (input: Record<string, unknown> = {}, caller = story.admin) =>
    caller.keySecret("reissueKey", { id: story.key.id, ownerId: heir.id, ...input });
  return { ...story, heir, reissue };
}

describe("reissueKey", () => {
  test("gives the key to another user with a new secret; the old one stops at once", async ({ world }) => {
    const { admin, heir, key, secret, reissue } = await begin(world);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    const reissued = ok(await reissue());
    const now = new Date(world.clock.now()).toISOString();
    expect(await readKey(admin, key.id)).toEqual({
      ...before,
      owner: { id: heir.id },
      start: reissued.key.start,
      rotatedAt: now,
      previousSecretExpiresAt: now,
      updatedAt: now,
    });
    expect(await admin.verify(secret)).toMatchObject({ valid: false, code: "SUPERSEDED" });
    expect(await admin.verify(reissued.secret)).toMatchObject({
      valid: true,
      key: { id: key.id },
      owner: { id: heir.id, name: "Heir", externalId: "heir-1", email: heir.email },
    });
  });

  test("ends every overlap", async ({ world }) => {
    const { admin, key, secret, reissue } = await begin(world);
    const { secret: second } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 10 * minute }));
    for (const each of [secret, second]) expect(await admin.verify(each)).toMatchObject({ valid: true });
    ok(await reissue());
    for (const each of [secret, second]) expect(await admin.verify(each)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("mends a key whose owner was deleted or disabled", async ({ world }) => {
    for (const [mutation, code] of [
      ["deleteUser", "OWNER_NOT_FOUND"],
      ["disableUser", "OWNER_DISABLED"],
    ]) {
      const { admin, owner, secret, reissue } = await begin(world);
      ok(await admin.user(mutation as string, { id: owner.id }));
      expect(await admin.verify(secret)).toMatchObject({ code });
      expect(await admin.verify(ok(await reissue()).secret)).toMatchObject({ valid: true });
    }
  });

  test("to the same owner gives a new secret only", async ({ world }) => {
    const { admin, owner, key, secret, reissue } = await begin(world, { policy: { maxKeysPerUser: 1 } });
    const reissued = ok(await reissue({ ownerId: owner.id }));
    expect(reissued.key).toMatchObject({ id: key.id, owner: { id: owner.id } });
    expect(await admin.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("a disabled key stays disabled", async ({ world }) => {
    const { admin, key, reissue } = await begin(world);
    ok(await admin.key("disableKey", { id: key.id }));
    expect(await admin.verify(ok(await reissue()).secret)).toMatchObject({ code: "DISABLED" });
  });

  test("the old owner's fate no longer touches the key", async ({ world }) => {
    const { admin, owner, heir, reissue } = await begin(world);
    const { secret } = ok(await reissue());
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    ok(await admin.user("disableUser", { id: heir.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "OWNER_DISABLED" });
  });
});

describe("reissueKey: what is refused", () => {
  test("another tenant's user is, exactly as a missing one", async ({ world }) => {
    const [ours, theirs] = [await begin(world), await begin(world)];
    const missing = await ours.reissue({ ownerId: world.missingId("User") });
    expect(missing).toMatchObject({
      __typename: "NotFoundError",
      code: "NOT_FOUND",
      message: expect.stringContaining("user"),
    });
    expect(await ours.reissue({ ownerId: theirs.heir.id })).toEqual(missing);
    expect(await ours.reissue({ ownerId: theirs.heir.id }, world.root)).toEqual(missing);
    expect(await ours.admin.verify(ours.secret)).toMatchObject({ valid: true });
  });

  test.for([
    { mutation: "disableUser", message: "This user is disabled, so the key would be refused" },
    { mutation: "deleteUser", message: "This user was deleted. Give the key to another user." },
  ])("a user after $mutation is, and nothing changes", async ({ mutation, message }, { world }) => {
    const { admin, heir, key, secret, reissue } = await begin(world);
    ok(await admin.user(mutation, { id: heir.id }));
    const before = await readKey(admin, key.id);
    expect(await reissue()).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: expect.stringContaining(message),
    });
    expect(await readKey(admin, key.id)).toEqual(before);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });

  test("a user with as many keys as the policy allows is, until one is revoked", async ({ world }) => {
    const { tenant, admin, heir, reissue } = await begin(world, { policy: { maxKeysPerUser: 1 } });
    const own = await world.key(tenant.id, heir.id);
    expect(await reissue()).toMatchObject({
      __typename: "LimitReachedError",
      code: "LIMIT_REACHED",
      message: expect.stringContaining("This user has 1 key, and the tenant's policy allows 1."),
    });
    ok(await admin.key("revokeKey", { id: own.key.id, reason: "x" }));
    ok(await reissue());
  });

  test("of several keys given to a user at once, as many arrive as the policy allows", async ({ world }) => {
    const { tenant, admin, heir } = await begin(world, { policy: { maxKeysPerUser: 2 } });
    const givers = await Promise.all(Array.from({ length: 5 }, () => world.user(tenant.id)));
    const keys = await Promise.all(givers.map((giver) => world.key(tenant.id, giver.id)));
    const answers = await Promise.all(
      keys.map(({ key }) => admin.keySecret("reissueKey", { id: key.id, ownerId: heir.id })),
    );
    const kinds = answers.map(({ __typename }) => __typename).sort();
    expect(kinds).toEqual([...Array(3).fill("LimitReachedError"), ...Array(2).fill("ReissueKeyPayload")]);
  });

  test("an expired key and one beyond the policy or the caller's scopes are, as for rotateKey", async ({ world }) => {
    const { tenant, admin, key, reissue } = await begin(world, {
      key: { scopes: ["a"], expiresAt: world.clock.in(minute) },
    });
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: [] });
    expect(await reissue({}, caller)).toMatchObject({ code: "FORBIDDEN" });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["b"] } }));
    expect(await reissue()).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("This key does not fit any more: The tenant's policy does not allow a."),
    });
    world.clock.advance(minute);
    expect(await reissue()).toMatchObject({
      code: "CONFLICT",
      message: `This key expired at ${key.expiresAt}. Extend it first with updateKey, or create a new key.`,
    });
  });
});

describe("reissueKey: retries", () => {
  test("get the same secret and reissue once, also at the same time", async ({ world }) => {
    const { admin, reissue } = await begin(world);
    const attempt = { idempotencyKey: world.unique() };
    const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => reissue(attempt)));
    for (const other of others) expect(other).toEqual(ok(first));
    world.clock.advance(10 * minute - 1);
    expect(await reissue(attempt)).toEqual(first);
    expect(await admin.verify(first.secret)).toMatchObject({ valid: true });
    world.clock.advance(1);
    expect(await reissue(attempt)).toMatchObject({ code: "CONFLICT" });
  });

  test("after a rotation are refused: the secret is the key's no longer", async ({ world }) => {
    const { admin, key, reissue } = await begin(world);
    const attempt = { idempotencyKey: world.unique() };
    ok(await reissue(attempt));
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(await reissue(attempt)).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("got another one"),
    });
  });

  test("to another user are refused", async ({ world }) => {
    const { owner, reissue } = await begin(world);
    const idempotencyKey = world.unique();
    ok(await reissue({ idempotencyKey }));
    expect(await reissue({ idempotencyKey, ownerId: owner.id })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("another input"),
    });
  });
});
