import { describe, expect, sendGraphql, strangeIds, test } from "../../testkit/index.js";

const byId = "query ($id: ID!) { user(id: $id) { id email name } }";
const byNode = "query ($id: ID!) { node(id: $id) { id __typename ... on User { email name } } }";

describe("user(id) and node(id)", () => {
  test("find a user by its id", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const { id, email, name } = owner;
    for (const caller of [world.root, admin, await world.caller("DEVELOPER", { tenantId: tenant.id })]) {
      expect((await caller.query(byId, { id })).user).toEqual({ id, email, name });
      expect((await caller.query(byNode, { id })).node).toEqual({ __typename: "User", id, email, name });
    }
  });

  test("another tenant's user and strange ids answer byte for byte as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenantWithKey()];
    for (const document of [byId, byNode]) {
      const answer = async (id: string) => (await sendGraphql(world.url, ours.admin.token, document, { id })).text;
      const missing = await answer(world.missingId("User"));
      expect(missing).toMatch(/^\{"data":\{"(?:user|node)":null\}\}$/);
      for (const id of [theirs.owner.id, ...strangeIds("User")]) {
        expect(await answer(id)).toBe(missing);
      }
    }
  });

  test("need the permission to read users", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    for (const document of [byId, byNode]) {
      for (const id of [owner.id, world.missingId("User")]) {
        await expect(guest.query(document, { id })).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: expect.stringContaining("users:read"),
        });
        await expect(world.anonymous.query(document, { id })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      }
    }
  });

  test("a user's tenant needs the permission to read tenants", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const narrowed = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_READ"] });
    const document = "query ($id: ID!) { user(id: $id) { id tenant { id } } }";
    await expect(narrowed.query(document, { id: owner.id })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("tenants:read"),
    });
    await narrowed.query(byId, { id: owner.id });
  });
});
