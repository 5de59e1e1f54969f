import { describe, expect, ok, test } from "../../testkit/index.js";
import { type KeyStory, promisesOfKeyChange, promisesOfReason, promisesOfTheLiving, readKey } from "./key-changes.js";

const disable = { mutation: "disableKey", permission: "keys:disable" } as const;
const enable = {
  mutation: "enableKey",
  permission: "keys:disable",
  prepare: async ({ admin, key }: KeyStory) => ok(await admin.key("disableKey", { id: key.id })),
} as const;
for (const change of [disable, enable]) {
  promisesOfKeyChange(change);
  promisesOfReason(change.mutation);
  promisesOfTheLiving(change);
}

describe("disableKey", () => {
  test("refuses the key at once, and says since when and why", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    const now = new Date(world.clock.now()).toISOString();
    ok(await admin.key("disableKey", { id: key.id, reason: " incident 7 " }));
    expect(await readKey(admin, key.id)).toEqual({
      ...before,
      status: "DISABLED",
      disabledAt: now,
      disabledReason: "incident 7",
      updatedAt: now,
    });
    expect(await admin.verify(secret)).toMatchObject({
      valid: false,
      code: "DISABLED",
      message: `The key is disabled since ${now}, because: incident 7. Enable it with enableKey.`,
    });
  });

  test("again changes nothing and answers with the first, also at the same time", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const asked = Array.from({ length: 4 }, (_, index) => admin.key("disableKey", { id: key.id, reason: `${index}` }));
    const [first, ...others] = await Promise.all(asked);
    for (const other of others) expect(other).toEqual(ok(first));
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    expect(await admin.key("disableKey", { id: key.id, reason: "later" })).toEqual(first);
    expect(await readKey(admin, key.id)).toEqual(before);
  });

  test("needs no reason; null is none", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    expect(ok(await admin.key("disableKey", { id: key.id, reason: null })).key).toMatchObject({
      status: "DISABLED",
      disabledReason: null,
    });
  });

  test("an expired key stays expired, and is disabled once it is extended", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(1_000) } });
    world.clock.advance(1_000);
    expect(ok(await admin.key("disableKey", { id: key.id })).key.status).toBe("EXPIRED");
    ok(await admin.key("updateKey", { id: key.id, expiresAt: null }));
    expect(await admin.verify(secret)).toMatchObject({ code: "DISABLED" });
  });

  test("of a user's keys refuses only that one", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    ok(await admin.key("disableKey", { id: key.id }));
    expect(await admin.verify(other.secret)).toMatchObject({ valid: true });
  });
});

describe("enableKey", () => {
  test("ends a disablement at once: the key is as it was", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const before = await readKey(admin, key.id);
    ok(await admin.key("disableKey", { id: key.id, reason: "incident" }));
    expect(await admin.verify(secret)).toMatchObject({ code: "DISABLED" });
    world.clock.advance(1_000);
    ok(await admin.key("enableKey", { id: key.id, reason: "mended" }));
    const now = new Date(world.clock.now()).toISOString();
    expect(await readKey(admin, key.id)).toEqual({ ...before, updatedAt: now });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });

  test("an enabled key stays as it is", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    expect(ok(await admin.key("enableKey", { id: key.id, reason: null })).key).toEqual(key);
    expect(await readKey(admin, key.id)).toEqual(before);
  });

  test("lifts nothing else: owner and tenant refuse as before", async ({ world }) => {
    const { admin, owner, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    ok(await admin.key("enableKey", { id: key.id }));
    expect(await admin.verify(secret)).toMatchObject({ code: "OWNER_DISABLED" });
  });
});
