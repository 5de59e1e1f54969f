import { DatabaseWatch } from "../../testkit/database-watch.js";
import { day, describe, expect, hour, ok, test } from "../../testkit/index.js";

/** Nobody grants more than they have: not for longer, and not by the way of a key. */
describe("a limited management token", () => {
  test("that expires makes none that lives longer", async ({ world }) => {
    const { tenant } = await world.tenant();
    const expiresAt = world.clock.in(hour);
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, expiresAt });
    const made = ok(await caller.createToken({ name: "child", role: "ADMIN" })).managementToken;
    expect(made.expiresAt).toBe(expiresAt);
    expect(
      await caller.createToken({ name: "child", role: "ADMIN", expiresAt: world.clock.in(2 * hour) }),
    ).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["expiresAt"] }] });
  });

  test("gives no life to a key whose scopes it may not give", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey({ key: { scopes: ["x"] } });
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["y"] });
    const forbidden = { code: "FORBIDDEN" };
    expect(await caller.key("updateKey", { id: key.id, expiresAt: world.clock.in(day) })).toMatchObject(forbidden);
    expect(await caller.key("updateKey", { id: key.id, allowedIps: ["0.0.0.0/0"] })).toMatchObject(forbidden);
    expect(await caller.keySecret("rotateKey", { id: key.id })).toMatchObject(forbidden);
    ok(await caller.key("updateKey", { id: key.id, name: "A new name gives nothing" }));
    ok(await caller.key("disableKey", { id: key.id }));
    expect(await caller.key("enableKey", { id: key.id })).toMatchObject(forbidden);
    ok(await caller.key("deleteKey", { id: key.id }));
    expect(await caller.key("restoreKey", { id: key.id })).toMatchObject(forbidden);
  });

  test("is forgotten by nothing that concerns another one", async ({ world }) => {
    const watch = new DatabaseWatch(world.server);
    try {
      const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
      // On a served database the events of ours come a second time, and may forget what they name.
      await watch.followed(theirs.key.id);
      await ours.admin.verify(ours.secret);
      ok(await world.root.user("disableUser", { id: theirs.owner.id }));
      ok(await world.root.tenant("suspendTenant", { id: theirs.tenant.id }));
      watch.asked.length = 0;
      expect(await ours.admin.verify(ours.secret)).toMatchObject({ valid: true });
      expect(watch.asked).toEqual([]);
      await expect(theirs.admin.verify(theirs.secret)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    } finally {
      watch.stop();
    }
  });
});
