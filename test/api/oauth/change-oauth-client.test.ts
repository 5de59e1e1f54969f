import { describe, expect, idsOf, ok, readPage, test, type World } from "../../testkit/index.js";
import { clientMutation, clientStory } from "../../testkit/oauth.js";

const changes = [
  "disableOAuthClient",
  "enableOAuthClient",
  "deleteOAuthClient",
  "rotateOAuthClientSecret",
  "updateOAuthClient",
];

/** Sorted: the clock stands still while nobody moves it. */
async function actionsOn(world: World, id: string): Promise<string[]> {
  const { auditLog } = await world.root.query(`{ auditLog(filter: { targetId: "${id}" }) { nodes { action } } }`);
  return auditLog.nodes.map(({ action }: { action: string }) => action).sort();
}

describe("a change of an OAuth client", () => {
  test.for(changes)(
    "%s: another tenant's client answers as a missing one; a caller without the permission is refused",
    async (name, { world }) => {
      const [ours, theirs] = [await clientStory(world), await clientStory(world)];
      const change = (id: string) => clientMutation(ours.admin, name, { id });
      expect(await change(theirs.client.id)).toMatchObject({ code: "NOT_FOUND" });
      expect(await change(theirs.client.id)).toEqual(await change(world.missingId("OAuthClient")));
      const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
      expect(await clientMutation(developer, name, { id: ours.client.id })).toMatchObject({ code: "FORBIDDEN" });
      await expect(clientMutation(world.anonymous, name, { id: ours.client.id })).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
      });
    },
  );

  test("disabling and enabling say when and why, and change nothing the second time", async ({ world }) => {
    const { admin, client } = await clientStory(world);
    const disable = async () =>
      ok(await clientMutation(admin, "disableOAuthClient", { id: client.id, reason: "leak" })).oauthClient;
    const disabled = await disable();
    expect(disabled).toMatchObject({ disabledReason: "leak", disabledAt: expect.any(String) });
    world.clock.advance(1_000);
    expect(await disable()).toEqual(disabled);
    const enabled = ok(await clientMutation(admin, "enableOAuthClient", { id: client.id })).oauthClient;
    expect(enabled).toMatchObject({ disabledAt: null, disabledReason: null });
    expect(await actionsOn(world, client.id)).toEqual([
      "oauth_client.created",
      "oauth_client.disabled",
      "oauth_client.enabled",
    ]);
  });

  test("updating changes what is named and nothing else, never beyond the caller, and refuses what makes no sense", async ({
    world,
  }) => {
    const { admin, client, tenant } = await clientStory(world);
    const update = (input: object) => clientMutation(admin, "updateOAuthClient", { id: client.id, ...input });
    const { oauthClient } = ok(await update({ name: "New", permissions: ["KEYS_READ"], grantableScopes: ["x"] }));
    expect(oauthClient).toEqual({ ...client, name: "New", permissions: ["KEYS_READ"], grantableScopes: ["x"] });
    expect(ok(await update({ grantableScopes: null })).oauthClient.grantableScopes).toBeNull();
    expect(await update({ redirectUris: [] })).toMatchObject({ code: "INVALID_INPUT" });
    expect(await update({ role: "GUEST", permissions: ["KEYS_READ"] })).toMatchObject({ code: "INVALID_INPUT" });
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["CLIENTS_UPDATE"] });
    const beyond = { id: client.id, role: "ADMIN", permissions: [] };
    expect(await clientMutation(weak, "updateOAuthClient", beyond)).toMatchObject({ code: "FORBIDDEN" });
    expect(ok(await clientMutation(weak, "updateOAuthClient", { id: client.id, name: "Newer" })).oauthClient.name).toBe(
      "Newer",
    );
  });

  test("rotating gives a new secret; a public client has none; nobody rotates a client that may do more than they", async ({
    world,
  }) => {
    const { admin, client, secret, tenant } = await clientStory(world);
    const first = ok(await clientMutation(admin, "rotateOAuthClientSecret", { id: client.id, overlapMs: 1_000 }));
    expect(first.secret).not.toBe(secret);
    expect(first.oauthClient.previousSecretExpiresAt).toBe(world.clock.in(1_000));
    const again = ok(await clientMutation(admin, "rotateOAuthClientSecret", { id: client.id }));
    expect(again.oauthClient.previousSecretExpiresAt).toBeNull();
    for (const overlapMs of [-1, 31 * 24 * 60 * 60_000]) {
      expect(await clientMutation(admin, "rotateOAuthClientSecret", { id: client.id, overlapMs })).toMatchObject({
        code: "INVALID_INPUT",
      });
    }
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["CLIENTS_ROTATE"] });
    expect(await clientMutation(weak, "rotateOAuthClientSecret", { id: client.id })).toMatchObject({
      code: "FORBIDDEN",
    });
    const open = await clientStory(world, { isPublic: true, grantTypes: ["AUTHORIZATION_CODE"] });
    expect(await clientMutation(open.admin, "rotateOAuthClientSecret", { id: open.client.id })).toMatchObject({
      code: "CONFLICT",
    });
  });

  test("a deleted client is gone: from the list, for changes, for good", async ({ world }) => {
    const { admin, client } = await clientStory(world);
    ok(await clientMutation(admin, "deleteOAuthClient", { id: client.id, reason: "unused" }));
    for (const name of changes)
      expect(await clientMutation(admin, name, { id: client.id })).toMatchObject({ code: "NOT_FOUND" });
    expect(idsOf(await readPage(admin, "oauthClients"))).toEqual([]);
    expect(await actionsOn(world, client.id)).toEqual(["oauth_client.created", "oauth_client.deleted"]);
  });
});

describe("oauthClient", () => {
  test("answers one client to whoever may see it; another tenant's, a missing one and a deleted one are nothing", async ({
    world,
  }) => {
    const [ours, theirs] = [await clientStory(world), await clientStory(world)];
    const get = async (id: string, caller = ours.admin) =>
      (await caller.query("query ($id: ID!) { oauthClient(id: $id) { id name } }", { id })).oauthClient;
    expect(await get(ours.client.id)).toEqual({ id: ours.client.id, name: ours.client.name });
    for (const id of [theirs.client.id, world.missingId("OAuthClient"), ours.tenant.id])
      expect(await get(id)).toBeNull();
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    await expect(get(ours.client.id, developer)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(get(ours.client.id, world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    ok(await clientMutation(ours.admin, "deleteOAuthClient", { id: ours.client.id }));
    expect(await get(ours.client.id)).toBeNull();
  });
});

describe("oauthClients", () => {
  test("lists the clients that a caller may see, newest first, page by page; a person who is no administrator sees none", async ({
    world,
  }) => {
    const { admin, tenant, client } = await clientStory(world);
    world.clock.advance(1_000);
    const input = { name: "Second", role: "GUEST", grantTypes: ["CLIENT_CREDENTIALS"] };
    const second = ok(await clientMutation(admin, "createOAuthClient", input)).oauthClient;
    expect(idsOf(await readPage(admin, "oauthClients"))).toEqual([second.id, client.id]);
    const page = await admin.query(
      `{ oauthClients(first: 1) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`,
    );
    expect(page.oauthClients).toMatchObject({
      totalCount: 2,
      nodes: [{ id: second.id }],
      pageInfo: { hasNextPage: true },
    });
    const of = (tenantId: string) =>
      admin.query("query ($tenantId: ID) { oauthClients(tenantId: $tenantId) { totalCount } }", { tenantId });
    expect((await of((await world.tenant()).tenant.id)).oauthClients.totalCount).toBe(0);
    const user = await world.user(tenant.id, { role: "ADMIN" });
    const person = await world.caller("ADMIN", { tenantId: tenant.id, userId: user.id });
    expect(idsOf(await readPage(person, "oauthClients"))).toHaveLength(2);
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    await expect(readPage(developer, "oauthClients")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
