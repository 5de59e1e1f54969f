import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { graphqlName } from "./key-changes.js";

const document = `query ($id: ID!) { node(id: $id) { __typename id
  ... on Key { start } ... on User { email } ... on Tenant { slug } } }`;

describe("node", () => {
  test("finds a tenant, a user and a key by their ids", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const find = async (id: string) => (await admin.query(document, { id })).node;
    expect(await find(tenant.id)).toEqual({ __typename: "Tenant", id: tenant.id, slug: tenant.slug });
    expect(await find(owner.id)).toEqual({ __typename: "User", id: owner.id, email: owner.email });
    expect(await find(key.id)).toEqual({ __typename: "Key", id: key.id, start: key.start });
  });

  test("is null for what is missing, another tenant's, of another kind, or no id at all", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { managementToken } = ok(await ours.admin.createToken({ name: "token", role: "GUEST" }));
    const ids = [
      world.missingId("Tenant"),
      world.missingId("User"),
      world.missingId("Key"),
      theirs.tenant.id,
      theirs.owner.id,
      theirs.key.id,
      managementToken.id,
      ...strangeIds("Key"),
    ];
    for (const id of ids) expect(await ours.admin.query(document, { id })).toEqual({ node: null });
  });

  test("finds what was deleted: history can be read", async ({ world }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    ok(await admin.key("deleteKey", { id: key.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    for (const id of [owner.id, key.id]) expect((await admin.query(document, { id })).node).toMatchObject({ id });
  });

  test("needs the permission that reads the kind, whether the thing exists or not", async ({ world }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const kinds = [
      { permission: "tenants:read", ids: [tenant.id, world.missingId("Tenant")] },
      { permission: "users:read", ids: [owner.id, world.missingId("User")] },
      { permission: "keys:read", ids: [key.id, world.missingId("Key")] },
    ];
    for (const { permission, ids } of kinds) {
      const permissions = kinds.map((kind) => kind.permission).filter((other) => other !== permission);
      const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions: permissions.map(graphqlName) });
      for (const id of ids) {
        await expect(caller.query(document, { id })).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: expect.stringContaining(permission),
        });
      }
    }
    const guest = await world.caller("GUEST");
    expect(await guest.query(document, { id: world.missingId("Event") })).toEqual({ node: null });
  });

  test("is not for callers who are not known", async ({ world }) => {
    await expect(world.anonymous.query(document, { id: "x" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
