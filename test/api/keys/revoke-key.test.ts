import { describe, expect, ok, test } from "../../testkit/index.js";
import { promisesOfKeyChange, promisesOfReason, readKey } from "./key-changes.js";

promisesOfKeyChange({
  mutation: "revokeKey",
  permission: "keys:revoke",
  input: async () => ({ reason: "left the company" }),
});
promisesOfReason("revokeKey");

describe("revokeKey", () => {
  test("a revoked key is refused by the next verification, which says since when and why", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true, code: "VALID" });
    ok(await admin.key("revokeKey", { id: key.id, reason: "left the company" }));
    const since = new Date(world.clock.now()).toISOString();
    expect(await admin.verify(secret)).toMatchObject({
      valid: false,
      code: "REVOKED",
      message: `The key was revoked for good at ${since}, because: left the company. Ask the owner of the API for a new key.`,
    });
  });

  test("it keeps who revoked it, when and why, and changes nothing else", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const before = await readKey(admin, key.id);
    const { viewer } = await admin.query("{ viewer { id } }");
    world.clock.advance(1_000);
    const revoked = ok(await admin.key("revokeKey", { id: key.id, reason: "  Ärger 🔑 " })).key;
    const now = new Date(world.clock.now()).toISOString();
    expect(await readKey(admin, key.id)).toEqual({
      ...before,
      status: "REVOKED",
      revokedAt: now,
      revokedBy: viewer.id,
      revokedReason: "Ärger 🔑",
      updatedAt: now,
    });
    expect(revoked).toMatchObject({ status: "REVOKED", tenant: { id: tenant.id } });
  });

  test("revoking again changes nothing and answers with the first revocation", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const first = ok(await admin.key("revokeKey", { id: key.id, reason: "first" }));
    const before = await readKey(admin, key.id);
    world.clock.advance(1_000);
    expect(await world.root.key("revokeKey", { id: key.id, reason: "second" })).toEqual(first);
    expect(await readKey(admin, key.id)).toEqual(before);
  });

  test("of several who revoke a key at once, one does, and all get its answer", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const asked = Array.from({ length: 5 }, (_, index) => admin.key("revokeKey", { id: key.id, reason: `${index}` }));
    const [first, ...others] = await Promise.all(asked);
    ok(first);
    for (const other of others) expect(other).toEqual(first);
  });

  test("a key that is disabled, expired or deleted is revoked all the same", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const expiring = await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(1_000) });
    const [disabled, deleted] = [await world.key(tenant.id, owner.id), await world.key(tenant.id, owner.id)];
    ok(await admin.key("disableKey", { id: disabled.key.id }));
    ok(await admin.key("deleteKey", { id: deleted.key.id }));
    world.clock.advance(1_000);
    for (const { key } of [expiring, disabled, deleted]) {
      expect(ok(await admin.key("revokeKey", { id: key.id, reason: "x" })).key.status).toBe("REVOKED");
    }
  });

  test("every secret of the key is refused, those in an overlap too", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 60_000 }));
    for (const each of [secret, rotated.secret]) expect(await admin.verify(each)).toMatchObject({ valid: true });
    ok(await admin.key("revokeKey", { id: key.id, reason: "leaked" }));
    for (const each of [secret, rotated.secret]) expect(await admin.verify(each)).toMatchObject({ code: "REVOKED" });
  });

  test("a reason is required", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    for (const input of [{ id: key.id }, { id: key.id, reason: null }]) {
      await expect(admin.key("revokeKey", input)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});
