import { describe, expect, idsOf, ok, readPage, test } from "../../testkit/index.js";
import { promisesOfUserStatus, stateOf } from "./user-status.js";

promisesOfUserStatus("deleteUser", "users:delete");

describe("deleteUser", () => {
  test("refuses all keys and tokens of the user at once and for good", async ({ world }) => {
    const { admin, owner, secret } = await world.tenantWithKey();
    const personal = await world.caller("DEVELOPER", { userId: owner.id });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    await personal.query("{ viewer { id } }");
    ok(await admin.user("deleteUser", { id: owner.id, reason: "left" }));
    expect(await admin.verify(secret)).toMatchObject({ valid: false, code: "OWNER_NOT_FOUND" });
    await expect(personal.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("leaves a tombstone that is found by its id, that keys name, and that no list shows unasked", async ({
    world,
  }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    world.clock.advance(1_000);
    const deleted = ok(await admin.user("deleteUser", { id: owner.id, reason: " left " })).user;
    expect(deleted).toEqual({ ...owner, status: "DELETED", statusReason: "left" });
    const now = new Date(world.clock.now()).toISOString();
    expect(await stateOf(admin, owner.id)).toMatchObject({ email: owner.email, statusChangedAt: now, updatedAt: now });
    const document = "query ($id: ID!) { key(id: $id) { status owner { id name status } } }";
    expect((await admin.query(document, { id: key.id })).key).toEqual({
      status: "ACTIVE",
      owner: { id: owner.id, name: owner.name, status: "DELETED" },
    });
    expect(await readPage(admin, "users")).toMatchObject({ totalCount: 0 });
    expect(idsOf(await readPage(admin, "users", { filter: { status: "DELETED" } }))).toEqual([owner.id]);
  });

  test("gives the e-mail address and the external id free for a new user", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const same = { email: "ada@example.com", externalId: "crm-1" };
    for (let generation = 0; generation < 3; generation++) {
      const { id } = await world.user(tenant.id, same);
      ok(await admin.user("deleteUser", { id }));
    }
    await world.user(tenant.id, same);
    expect(await readPage(admin, "users", { filter: { status: "DELETED" } })).toMatchObject({ totalCount: 3 });
  });

  test("deletes a disabled user too", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id }));
    expect(ok(await admin.user("deleteUser", { id: owner.id })).user.status).toBe("DELETED");
  });

  test("a second time changes nothing and answers with the first", async ({ world }) => {
    const { admin, owner } = await world.tenantWithKey();
    const first = ok(await admin.user("deleteUser", { id: owner.id, reason: "first" }));
    const before = await stateOf(admin, owner.id);
    world.clock.advance(1_000);
    expect(await admin.user("deleteUser", { id: owner.id, reason: "second" })).toEqual(first);
    expect(await stateOf(admin, owner.id)).toEqual(before);
  });

  test("a key of a deleted user works again once it is reissued to another one", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    ok(await admin.user("deleteUser", { id: owner.id }));
    const heir = await world.user(tenant.id);
    const reissued = ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: heir.id }));
    expect(await admin.verify(reissued.secret)).toMatchObject({ valid: true, owner: { id: heir.id } });
    expect(await admin.verify(secret)).toMatchObject({ valid: false });
  });
});
