import { describe, expect, idsOf, ok, readPage, strangeIds, test } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

promisesOfList("managementTokens", [], async (world) => {
  const { tenant, admin } = await world.tenant();
  return {
    caller: world.root,
    args: { tenantId: tenant.id },
    add: async () => ok(await admin.createToken({ name: "token", role: "GUEST" })),
  };
});

describe("managementTokens", () => {
  test("come newest first, with all that is known of them but their secrets", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    world.clock.advance(1_000);
    const tokens = [ok(await admin.createToken({ name: "first", role: "GUEST", expiresAt: world.clock.in(60_000) }))];
    world.clock.advance(1_000);
    tokens.push(ok(await admin.createToken({ name: "second", role: "ADMIN", grantableScopes: [] })));
    const fields = "name tenantId userId role permissions grantableScopes start createdBy expiresAt revokedAt";
    const { nodes } = await readPage(admin, "managementTokens", { first: 2, tenantId: tenant.id }, fields);
    expect(nodes).toEqual(tokens.reverse().map(({ managementToken }) => managementToken));
    for (const { secret } of tokens) expect(JSON.stringify(nodes)).not.toContain(secret.slice(20));
  });

  test("of a tenant hold its own only, however a caller asks", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const { owner } = await world.tenantWithKey();
    await world.caller("DEVELOPER", { userId: owner.id });
    const own = (await ours.admin.query("{ viewer { id } }")).viewer.id;
    expect(idsOf(await readPage(ours.admin, "managementTokens"))).toEqual([own]);
    expect(idsOf(await readPage(world.root, "managementTokens", { tenantId: ours.tenant.id }))).toEqual([own]);
    const missing = await readPage(ours.admin, "managementTokens", { tenantId: world.missingId("Tenant") });
    expect(missing).toMatchObject({ totalCount: 0, nodes: [] });
    for (const tenantId of [theirs.tenant.id, ...strangeIds("Tenant")]) {
      expect(await readPage(ours.admin, "managementTokens", { tenantId })).toEqual(missing);
    }
  });

  test("of the whole installation are seen from the installation only", async ({ world }) => {
    const { admin } = await world.tenant();
    const root = (await world.root.query("{ viewer { id } }")).viewer.id;
    const { nodes } = await readPage(admin, "managementTokens", { first: 100 });
    expect(nodes.map(({ id }) => id)).not.toContain(root);
    const node = "query ($id: ID!) { node(id: $id) { id } }";
    expect(await world.root.query(node, { id: root })).toEqual({ node: null }); // tokens are no nodes
  });

  test("need the permission to read tokens", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["TOKENS_CREATE"] }),
    ]) {
      await expect(readPage(caller, "managementTokens")).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("tokens:read"),
      });
    }
    await expect(readPage(world.anonymous, "managementTokens")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
