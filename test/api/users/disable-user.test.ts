import { describe, expect, ok, test } from "../../testkit/index.js";
import { promisesOfUserStatus, stateOf } from "./user-status.js";

promisesOfUserStatus("disableUser", "users:disable");

describe("disableUser", () => {
  test("refuses all keys of the user at once, and no other's", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const second = await world.key(tenant.id, owner.id);
    const colleague = await world.user(tenant.id);
    const others = await world.key(tenant.id, colleague.id);
    for (const key of [secret, second.secret, others.secret]) {
      expect(await admin.verify(key)).toMatchObject({ valid: true });
    }
    world.clock.advance(1_000);
    const disabled = ok(await admin.user("disableUser", { id: owner.id, reason: " on leave " })).user;
    expect(disabled).toEqual({ ...owner, status: "DISABLED", statusReason: "on leave" });
    const now = new Date(world.clock.now()).toISOString();
    expect(await stateOf(admin, owner.id)).toMatchObject({ statusChangedAt: now, updatedAt: now });
    for (const key of [secret, second.secret]) {
      expect(await admin.verify(key)).toMatchObject({ valid: false, code: "OWNER_DISABLED" });
    }
    expect(await admin.verify(others.secret)).toMatchObject({ valid: true });
  });

  test("refuses the management tokens that act for the user at once", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const owner = await world.user(tenant.id, { role: "ADMIN" });
    const personal = await world.caller("DEVELOPER", { userId: owner.id });
    const administrator = await world.caller("ADMIN", { userId: owner.id });
    for (const caller of [personal, administrator]) await caller.query("{ viewer { id } }");
    ok(await admin.user("disableUser", { id: owner.id }));
    for (const caller of [personal, administrator]) {
      await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
        message: expect.stringContaining("disabled or deleted"),
      });
    }
    await admin.query("{ viewer { id } }");
  });

  test("a second time changes nothing and answers with the first", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    const first = ok(await admin.user("disableUser", { id: owner.id, reason: "first" }));
    const before = await stateOf(admin, owner.id);
    world.clock.advance(1_000);
    expect(await admin.user("disableUser", { id: owner.id, reason: "second" })).toEqual(first);
    expect(await stateOf(admin, owner.id)).toEqual(before);
  });

  test("a deleted user stays deleted", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    ok(await admin.user("deleteUser", { id: owner.id }));
    const before = await stateOf(admin, owner.id);
    expect(await admin.user("disableUser", { id: owner.id })).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: expect.stringContaining("deleted, which is final"),
    });
    expect(await stateOf(admin, owner.id)).toEqual(before);
  });

  test("a disabled user gets no new key, and the refusal says what to do", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id, reason: null }));
    expect(await admin.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "x" })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("enableUser"),
    });
  });
});
