import { permissions } from "@keyplane/schema";
import { describe, expect, GraphqlFailure, keyFields, minute, ok, strangeIds, test } from "../../testkit/index.js";
import { allBut, graphqlName } from "./key-changes.js";

const document = `query ($id: ID!) { key(id: $id) { ${keyFields} } }`;

describe("key", () => {
  test("is what its mutations answered", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { a: [1] } } });
    expect(await admin.query(document, { id: key.id })).toEqual({ key });
    const { secret, key: rotated } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute }));
    expect(await admin.query(document, { id: key.id })).toEqual({ key: rotated });
    expect(JSON.stringify(rotated)).not.toContain(secret.slice(rotated.start.length));
  });

  test("leads to its owner and tenant", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const nested = "query ($id: ID!) { key(id: $id) { owner { email status tenant { slug } } tenant { slug name } } }";
    expect(await admin.query(nested, { id: key.id })).toEqual({
      key: {
        owner: { email: owner.email, status: "ACTIVE", tenant: { slug: tenant.slug } },
        tenant: { slug: tenant.slug, name: "Tenant" },
      },
    });
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await admin.query(nested, { id: key.id })).toMatchObject({ key: { owner: { status: "DELETED" } } });
  });

  test("has the status of the present moment", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(1_000) } });
    const status = async () => (await admin.query("query ($id: ID!) { key(id: $id) { status } }", { id: key.id })).key;
    world.clock.advance(999);
    expect(await status()).toEqual({ status: "ACTIVE" });
    world.clock.advance(1);
    expect(await status()).toEqual({ status: "EXPIRED" });
    ok(await admin.key("updateKey", { id: key.id, expiresAt: null }));
    ok(await admin.key("disableKey", { id: key.id }));
    expect(await status()).toEqual({ status: "DISABLED" });
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(await status()).toEqual({ status: "REVOKED" });
  });

  test("of another tenant, and of an id of nothing, is null, as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    for (const id of [world.missingId("Key"), theirs.key.id, ours.owner.id, ours.tenant.id, ...strangeIds("Key")]) {
      expect(await ours.admin.query(document, { id })).toEqual({ key: null });
    }
  });

  test("is there for developers, and for a person only where it is their own", async ({ world }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const [team, own, other] = [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("DEVELOPER", { userId: owner.id }),
      await world.caller("DEVELOPER", { userId: colleague.id }),
    ];
    for (const caller of [world.root, team, own]) {
      expect(await caller.query(document, { id: key.id })).toEqual({ key });
    }
    expect(await other.query(document, { id: key.id })).toEqual({ key: null });
  });

  test("is not there for who may not read keys, whatever else they may", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const callers = [await world.caller("GUEST"), await allBut(world, tenant.id, "keys:read")];
    for (const caller of callers) {
      for (const id of [key.id, world.missingId("Key")]) {
        await expect(caller.query(document, { id })).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: expect.stringContaining("Query.key needs the permission keys:read"),
        });
      }
    }
    await expect(world.anonymous.query(document, { id: key.id })).rejects.toThrow(GraphqlFailure);
    await expect(world.anonymous.query(document, { id: key.id })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("shows its owner and tenant only to who may read those", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions: [graphqlName("keys:read")] });
    expect(await caller.query("query ($id: ID!) { key(id: $id) { id } }", { id: key.id })).toEqual({
      key: { id: key.id },
    });
    for (const [field, permission] of [
      ["owner", "users:read"],
      ["tenant", "tenants:read"],
    ] as const) {
      expect(permissions[permission]).toBeDefined();
      const refused = caller.query(`query ($id: ID!) { key(id: $id) { id ${field} { id } } }`, { id: key.id });
      await expect(refused).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining(`Key.${field} needs the permission ${permission}`),
      });
    }
  });
});
