import { describe, expect, sendGraphql, strangeIds, test } from "../../testkit/index.js";

const byId = "query ($id: ID!) { tenant(id: $id) { id slug name } }";
const byNode = "query ($id: ID!) { node(id: $id) { id __typename ... on Tenant { slug name } } }";

describe("tenant(id) and node(id)", () => {
  test("find a tenant by its id", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const { id, slug, name } = tenant;
    for (const caller of [world.root, admin, await world.caller("DEVELOPER", { tenantId: id })]) {
      expect((await caller.query(byId, { id })).tenant).toEqual({ id, slug, name });
      expect((await caller.query(byNode, { id })).node).toEqual({ __typename: "Tenant", id, slug, name });
    }
  });

  test("another tenant and strange ids answer byte for byte as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    for (const document of [byId, byNode]) {
      const answer = async (id: string) => (await sendGraphql(world.url, ours.admin.token, document, { id })).text;
      const missing = await answer(world.missingId("Tenant"));
      expect(missing).toMatch(/^\{"data":\{"(?:tenant|node)":null\}\}$/);
      for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await answer(id)).toBe(missing);
    }
  });

  test("a number for an id is an id that nothing has; what is no id is refused", async ({ world }) => {
    expect(await world.root.query(byId, { id: 5 })).toEqual({ tenant: null });
    for (const id of [null, {}, [], true]) {
      await expect(world.root.query(byId, { id })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("need the permission to read tenants", async ({ world }) => {
    const { tenant } = await world.tenant();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    for (const document of [byId, byNode]) {
      for (const id of [tenant.id, world.missingId("Tenant")]) {
        await expect(guest.query(document, { id })).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: expect.stringContaining("tenants:read"),
        });
        await expect(world.anonymous.query(document, { id })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      }
    }
  });
});
