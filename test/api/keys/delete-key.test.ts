import { day, describe, expect, idsOf, ok, readPage, test } from "../../testkit/index.js";
import { type KeyStory, promisesOfKeyChange, promisesOfReason, readKey } from "./key-changes.js";

const restore = {
  mutation: "restoreKey",
  permission: "keys:delete",
  prepare: async ({ admin, key }: KeyStory) => ok(await admin.key("deleteKey", { id: key.id })),
} as const;
for (const change of [{ mutation: "deleteKey", permission: "keys:delete" } as const, restore]) {
  promisesOfKeyChange(change);
  promisesOfReason(change.mutation);
}

describe("deleteKey", () => {
  test("refuses the key at once as one that does not exist, and says how to get it back", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    const now = new Date(world.clock.now()).toISOString();
    ok(await admin.key("deleteKey", { id: key.id, reason: "not needed" }));
    expect(await readKey(admin, key.id)).toEqual({ ...before, deletedAt: now, updatedAt: now });
    expect(await admin.verify(secret)).toMatchObject({
      valid: false,
      code: "NOT_FOUND",
      message: `The key was deleted at ${now}. restoreKey brings it back within 30 days, until ${world.clock.in(30 * day)}.`,
      key: null,
      owner: null,
      tenantId: null,
      scopes: [],
    });
    world.clock.advance(30 * day);
    expect(await admin.verify(secret)).toMatchObject({
      code: "NOT_FOUND",
      message: `The key was deleted at ${now}. It can no longer be restored; create a new key.`,
    });
  });

  test("takes the key out of every list; only a filter for deleted ones finds it, and its id", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const { key: kept } = await world.key(tenant.id, owner.id);
    ok(await admin.key("deleteKey", { id: key.id }));
    const list = async (filter?: object) => idsOf(await readPage(admin, "keys", filter ? { filter } : {}));
    expect(await list()).toEqual([kept.id]);
    expect(await list({ deleted: false })).toEqual([kept.id]);
    expect(await list({ deleted: null })).toEqual([kept.id]);
    expect(await list({ ownerId: owner.id })).toEqual([kept.id]);
    expect(await list({ deleted: true })).toEqual([key.id]);
    const document = `query ($tenant: ID!, $owner: ID!, $key: ID!) {
      tenant(id: $tenant) { keys { totalCount nodes { id } } } user(id: $owner) { keys { totalCount nodes { id } } }
      key(id: $key) { id deletedAt } node(id: $key) { id } }`;
    const one = { keys: { totalCount: 1, nodes: [{ id: kept.id }] } };
    expect(await admin.query(document, { tenant: tenant.id, owner: owner.id, key: key.id })).toEqual({
      tenant: one,
      user: one,
      key: { id: key.id, deletedAt: new Date(world.clock.now()).toISOString() },
      node: { id: key.id },
    });
  });

  test("again changes nothing and answers with the first, also at the same time", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const [first, ...others] = await Promise.all(
      Array.from({ length: 4 }, () => admin.key("deleteKey", { id: key.id, reason: null })),
    );
    for (const other of others) expect(other).toEqual(ok(first));
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    expect(await admin.key("deleteKey", { id: key.id })).toEqual(first);
    expect(await readKey(admin, key.id)).toEqual(before);
  });

  test("every secret of the key is refused, those in an overlap too", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 60_000 }));
    for (const each of [secret, rotated.secret]) expect(await admin.verify(each)).toMatchObject({ valid: true });
    ok(await admin.key("deleteKey", { id: key.id }));
    for (const each of [secret, rotated.secret]) expect(await admin.verify(each)).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("restoreKey", () => {
  test("brings the key back as it was, with its secret, in the last millisecond of 30 days", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { b: 1 } } });
    const before = await readKey(admin, key.id);
    ok(await admin.key("deleteKey", { id: key.id }));
    world.clock.advance(30 * day - 1);
    expect(await admin.verify(secret)).toMatchObject({ code: "NOT_FOUND" });
    ok(await admin.key("restoreKey", { id: key.id, reason: "needed after all" }));
    const now = new Date(world.clock.now()).toISOString();
    expect(await readKey(admin, key.id)).toEqual({ ...before, updatedAt: now });
    expect(await admin.verify(secret)).toMatchObject({ valid: true, scopes: ["a"] });
    expect(idsOf(await readPage(admin, "keys"))).toEqual([key.id]);
  });

  test("comes too late after 30 days, to the millisecond, and says so", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("deleteKey", { id: key.id }));
    const before = await readKey(admin, key.id);
    world.clock.advance(30 * day);
    expect(await admin.key("restoreKey", { id: key.id })).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: "This key was deleted more than 30 days ago, which is final. Create a new key.",
    });
    expect(await readKey(admin, key.id)).toEqual(before);
    expect(await admin.verify(secret)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a key that is not deleted stays as it is", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    expect(ok(await admin.key("restoreKey", { id: key.id, reason: null })).key).toEqual(key);
    expect(await readKey(admin, key.id)).toEqual(before);
  });

  test("a revoked, expired or disabled key comes back as that", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey({ policy: { maxKeysPerUser: 4 } });
    for (const [end, change] of [
      ["REVOKED", (id: string) => admin.key("revokeKey", { id, reason: "x" })],
      ["DISABLED", (id: string) => admin.key("disableKey", { id })],
      ["EXPIRED", (id: string) => admin.key("updateKey", { id, expiresAt: world.clock.in(1_000) })],
    ] as const) {
      const { key, secret } = await world.key(tenant.id, owner.id);
      ok(await change(key.id));
      ok(await admin.key("deleteKey", { id: key.id }));
      world.clock.advance(1_000);
      expect(ok(await admin.key("restoreKey", { id: key.id })).key).toMatchObject({ status: end, deletedAt: null });
      expect(await admin.verify(secret)).toMatchObject({ code: end });
    }
  });

  test("an old secret stays superseded, an overlap goes on", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { secret: second } = ok(await admin.keySecret("rotateKey", { id: key.id }));
    const { secret: third } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 60_000 }));
    ok(await admin.key("deleteKey", { id: key.id }));
    ok(await admin.key("restoreKey", { id: key.id }));
    const codes = Promise.all([secret, second, third].map(async (each) => (await admin.verify(each)).code));
    expect(await codes).toEqual(["SUPERSEDED", "VALID", "VALID"]);
  });

  test("a user who has as many keys as the policy allows gets none back, unless it does not count", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({ policy: { maxKeysPerUser: 1 } });
    ok(await admin.key("deleteKey", { id: key.id }));
    const { key: revoked } = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: revoked.id, reason: "x" }));
    ok(await admin.key("deleteKey", { id: revoked.id }));
    const { key: expired } = await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(1_000) });
    ok(await admin.key("deleteKey", { id: expired.id }));
    world.clock.advance(1_000);
    const { key: successor } = await world.key(tenant.id, owner.id);

    expect(await admin.key("restoreKey", { id: key.id })).toMatchObject({
      __typename: "LimitReachedError",
      code: "LIMIT_REACHED",
      message: expect.stringContaining("Revoke one that is not needed, or raise maxKeysPerUser with updateTenant."),
    });
    for (const { id } of [revoked, expired]) ok(await admin.key("restoreKey", { id }));
    ok(await admin.key("deleteKey", { id: successor.id }));
    ok(await admin.key("restoreKey", { id: key.id }));
  });

  test("of several of a user's keys, as many come back at once as the policy allows", async ({ world }) => {
    const { tenant, admin } = await world.tenant({ maxKeysPerUser: 2 });
    const owner = await world.user(tenant.id);
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      const { key } = await world.key(tenant.id, owner.id);
      ok(await admin.key("deleteKey", { id: key.id }));
      ids.push(key.id);
    }
    const answers = await Promise.all(ids.map((id) => admin.key("restoreKey", { id })));
    const kinds = answers.map(({ __typename }) => __typename).sort();
    expect(kinds).toEqual([...Array(3).fill("LimitReachedError"), ...Array(2).fill("RestoreKeyPayload")]);
  });

  test("a key whose owner was deleted comes back, to be reissued", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    ok(await admin.key("deleteKey", { id: key.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    ok(await admin.key("restoreKey", { id: key.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "OWNER_NOT_FOUND" });
    const heir = await world.user(tenant.id);
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: heir.id }));
  });
});
