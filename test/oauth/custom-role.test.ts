import * as openid from "openid-client";
import { afterAll } from "vitest";
import { type IdentityProvider, startIdentityProvider } from "../testkit/identity-provider.js";
import { Caller, describe, expect, ok, test, type World } from "../testkit/index.js";
import { beginFlow, clientStory, discover, issuerMutation, passThrough, person } from "../testkit/oauth.js";

const providers: IdentityProvider[] = [];
afterAll(() => Promise.all(providers.map((each) => each.close())));

const viewer = "{ viewer { permissions customRoleId seesWholeTenant teams { id } } }";
const readKey = "query ($id: ID!) { key(id: $id) { id } }";

/** Whoever acts for the user with a token may do what the user's custom role and teams say, with the very next request. */
async function followsRole(world: World, admin: Caller, tenantId: string, user: { id: string }, caller: Caller) {
  const owner = await world.user(tenantId);
  const { key } = await world.key(tenantId, owner.id);
  const team = await world.team(tenantId, [owner.id]);
  ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
  const seen = async () => (await caller.query(readKey, { id: key.id })).key?.id;
  const now = async () => (await caller.query(viewer)).viewer;
  expect(await seen()).toBe(key.id);

  const role = await world.role(tenantId, { permissions: ["USERS_READ", "KEYS_READ"] });
  ok(await admin.user("updateUser", { id: user.id, customRoleId: role.id }));
  const held = { customRoleId: role.id, seesWholeTenant: false, teams: [] };
  expect(await now()).toEqual({ ...held, permissions: ["USERS_READ", "KEYS_READ"] });
  expect(await seen()).toBeUndefined();
  ok(await admin.team("addTeamMember", { teamId: team.id, userId: user.id }));
  expect(await seen()).toBe(key.id);
  ok(await admin.role("updateRole", { id: role.id, permissions: ["USERS_READ"] }));
  expect((await now()).permissions).toEqual(["USERS_READ"]);
  ok(await admin.user("updateUser", { id: user.id, customRoleId: null }));
  expect(await now()).toMatchObject({ customRoleId: null, seesWholeTenant: true });
  expect(await seen()).toBe(key.id);
}

describe("custom roles and teams count for", () => {
  test("a client that acts for a user", async ({ world }) => {
    const { tenant, admin, client, secret } = await clientStory(world, { role: "ADMIN" });
    const user = await person(world, tenant.id, { role: "ADMIN" });
    const config = await discover(world, client.id, openid.ClientSecretBasic(secret ?? ""));
    const flow = await beginFlow(config, { scope: "keys:read users:read" });
    const tokens = await openid.authorizationCodeGrant(config, await passThrough(flow, user.email), {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
    });
    await followsRole(world, admin, tenant.id, user, new Caller(world.url, tokens.access_token));
  });

  test("the token of an external issuer, whose claims give no more than they", async ({ world }) => {
    const idp = await startIdentityProvider(() => world.clock.now());
    providers.push(idp);
    const { tenant, admin } = await world.tenant();
    const audience = "keyplane-of-the-tests";
    const trusted = { tenantId: tenant.id, name: "IdP", issuer: idp.issuer, audience, defaultRole: "ADMIN" };
    ok(await issuerMutation(admin, "createTrustedIssuer", trusted));
    const user = await world.user(tenant.id, { externalId: world.unique("sub"), role: "ADMIN" });
    const caller = new Caller(world.url, await idp.sign({ aud: audience, sub: user.externalId }));
    await followsRole(world, admin, tenant.id, user, caller);
  });
});
