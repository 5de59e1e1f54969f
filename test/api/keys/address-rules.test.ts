import { describe, expect, ok, test } from "../../testkit/index.js";
import { readRecords } from "../../testkit/records.js";

const [inside, outside] = ["203.0.113.9", "198.51.100.1"];

describe("address rules of user and tenant", () => {
  test("count beside the key's, from the next verification on: each must allow, and whichever denies refuses", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const verify = (ip?: string) => admin.verify(secret, ip === undefined ? {} : { ip });
    const onUser = async (lists: object) => ok(await admin.user("updateUser", { id: owner.id, ...lists }));
    const onTenant = async (lists: object) => ok(await admin.tenant("updateTenant", { id: tenant.id, ...lists }));
    expect(await verify(outside)).toMatchObject({ code: "VALID" });

    await onTenant({ allowedIps: ["203.0.113.0/24", "2001:db8::/32"] });
    expect(await verify(outside)).toMatchObject({
      code: "IP_NOT_ALLOWED",
      message: expect.stringContaining("the tenant's allow list"),
    });
    expect(await verify()).toMatchObject({ code: "IP_NOT_ALLOWED" });
    for (const ip of [inside, `::ffff:${inside}`, "2001:db8::7"]) {
      expect(await verify(ip)).toMatchObject({ code: "VALID" });
    }

    await onUser({ deniedIps: [`::ffff:${inside}`] });
    expect(await verify(inside)).toMatchObject({
      code: "IP_NOT_ALLOWED",
      message: expect.stringContaining("the key owner's deny list"),
    });
    expect(await verify("203.0.113.10")).toMatchObject({ code: "VALID" });
    ok(await admin.key("updateKey", { id: key.id, allowedIps: ["203.0.113.11"] }));
    expect(await verify("203.0.113.10")).toMatchObject({ message: expect.stringContaining("the key's allow list") });
    expect(await verify("203.0.113.11")).toMatchObject({ code: "VALID" });

    await onUser({ deniedIps: [] });
    await onTenant({ allowedIps: [] });
    ok(await admin.key("updateKey", { id: key.id, allowedIps: [] }));
    expect(await verify()).toMatchObject({ code: "VALID" });
  });

  test("can be given with a new user and a new tenant, are kept as given, and are answered", async ({ world }) => {
    const lists = { allowedIps: ["203.0.113.0/24"], deniedIps: ["203.0.113.9"] };
    const slug = world.unique();
    const { tenant } = ok(await world.root.tenant("createTenant", { slug, name: "Tenant", ...lists }));
    const user = await world.user(tenant.id, lists);
    const document = `query ($tenant: ID!, $user: ID!) {
      tenant(id: $tenant) { allowedIps deniedIps } user(id: $user) { allowedIps deniedIps } }`;
    expect(await world.root.query(document, { tenant: tenant.id, user: user.id })).toEqual({
      tenant: lists,
      user: lists,
    });
  });

  test("stand in the audit log and among the events", async ({ world }) => {
    const { tenant, owner, admin } = await world.tenantWithKey();
    ok(await admin.tenant("updateTenant", { id: tenant.id, deniedIps: [outside] }));
    ok(await admin.user("updateUser", { id: owner.id, deniedIps: [outside] }));
    const { auditLog, keyEvents } = await admin.query(
      "{ auditLog(first: 100) { nodes { action before after } } keyEvents(first: 100) { nodes { type keyId userId } } }",
    );
    const change = { before: { deniedIps: [] }, after: { deniedIps: [outside] } };
    for (const action of ["user.updated", "tenant.updated"]) {
      const records = auditLog.nodes.filter((node: { action: string }) => node.action === action);
      expect(records).toMatchObject([{ action, ...change }]);
    }
    expect(keyEvents.nodes.slice(-2)).toEqual([
      { type: "TENANT_UPDATED", keyId: null, userId: null },
      { type: "OWNER_UPDATED", keyId: null, userId: owner.id },
    ]);
  });

  test("are part of what verifiers that decide by themselves are told", async ({ world }) => {
    const { tenant, owner, key, admin } = await world.tenantWithKey();
    ok(await admin.tenant("updateTenant", { id: tenant.id, allowedIps: [inside] }));
    ok(await admin.user("updateUser", { id: owner.id, deniedIps: [outside] }));
    const lines = await readRecords(admin, { keyIds: [key.id] });
    expect(lines.find(({ type }) => type === "tenant")).toMatchObject({ id: tenant.id, allowedIps: [inside] });
    expect(lines.find(({ type }) => type === "owner")).toMatchObject({ id: owner.id, deniedIps: [outside] });
  });

  test("that are no addresses, or too many, are refused with their place", async ({ world }) => {
    const { tenant, owner, admin } = await world.tenantWithKey();
    const many = Array.from({ length: 101 }, (_, index) => `203.0.113.${index}`);
    for (const list of ["allowedIps", "deniedIps"]) {
      for (const [entries, path] of [
        [["203.0.113.0/33"], [list, "0"]],
        [["example.com"], [list, "0"]],
        [many, [list]],
      ] as const) {
        const refused = { code: "INVALID_INPUT", issues: [{ path }] };
        expect(await admin.user("updateUser", { id: owner.id, [list]: entries })).toMatchObject(refused);
        expect(await admin.tenant("updateTenant", { id: tenant.id, [list]: entries })).toMatchObject(refused);
      }
    }
  });

  test("are not changed by who may give only some scopes: letting keys in from elsewhere grants all that they can do", async ({
    world,
  }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    const lists = { allowedIps: [] };
    expect(await narrow.user("updateUser", { id: owner.id, ...lists })).toMatchObject({ code: "FORBIDDEN" });
    expect(await narrow.tenant("updateTenant", { id: tenant.id, ...lists })).toMatchObject({ code: "FORBIDDEN" });
    ok(await narrow.user("updateUser", { id: owner.id, name: "New" }));
  });
});
