import { describe, expect, ok, test } from "../../testkit/index.js";
import { promisesOfUserStatus, stateOf } from "./user-status.js";

promisesOfUserStatus("enableUser", "users:disable");

describe("enableUser", () => {
  test("keys and tokens answer again as they did before the user was disabled", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const disabled = await world.key(tenant.id, owner.id);
    ok(await admin.key("disableKey", { id: disabled.key.id }));
    const personal = await world.caller("DEVELOPER", { userId: owner.id });
    ok(await admin.user("disableUser", { id: owner.id, reason: "on leave" }));
    await expect(personal.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const enabled = ok(await admin.user("enableUser", { id: owner.id, reason: "is back" })).user;
    expect(enabled).toEqual({ ...owner, statusReason: "is back" });
    await personal.query("{ viewer { id } }");
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    expect(await admin.verify(disabled.secret)).toMatchObject({ code: "DISABLED" });
  });

  test("of an active user changes nothing", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    const before = await stateOf(admin, owner.id);
    world.clock.advance(1_000);
    expect(ok(await admin.user("enableUser", { id: owner.id, reason: "x" })).user).toEqual(owner);
    expect(await stateOf(admin, owner.id)).toEqual(before);
  });

  test("a deleted user stays deleted, and the refusal says what to do", async ({ world }) => {
    const { admin, owner, secret } = await world.tenantWithKey();
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await admin.user("enableUser", { id: owner.id })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Create a new user and reissue the keys"),
    });
    expect(await admin.verify(secret)).toMatchObject({ code: "OWNER_NOT_FOUND" });
  });
});
