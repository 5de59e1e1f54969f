import { decodeProtectedHeader } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { Caller, describe, expect, ok, test, type World } from "../testkit/index.js";
import { clientMutation, clientStory, discover } from "../testkit/oauth.js";

// oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out; here the server is on this very machine
const allowHttp = { [oauth.allowInsecureRequests]: true };

async function tokenOf(world: World, client: { id: string }, secret: string | null, parameters = {}) {
  const config = await discover(world, client.id, openid.ClientSecretBasic(secret ?? ""));
  return openid.clientCredentialsGrant(config, parameters);
}

describe("client credentials", () => {
  test.for([
    ["basic", openid.ClientSecretBasic],
    ["post", openid.ClientSecretPost],
  ] as const)(
    "a client gets a token with its secret by %s, and acts with it as itself",
    async ([, auth], { world }) => {
      const { client, secret, tenant } = await clientStory(world, { permissions: ["KEYS_READ", "KEYS_VERIFY"] });
      const config = await discover(world, client.id, auth(secret ?? ""));
      const tokens = await openid.clientCredentialsGrant(config);
      expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 600, scope: "keys:read keys:verify" });
      expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
      const { viewer } = await new Caller(world.url, tokens.access_token).query(
        "{ viewer { id name tenantId userId permissions } }",
      );
      expect(viewer).toEqual({
        id: client.id,
        name: client.name,
        tenantId: tenant.id,
        userId: null,
        permissions: ["KEYS_READ", "KEYS_VERIFY"],
      });
    },
  );

  test("a strict second client agrees: metadata, token by RFC 9068, introspection, revocation", async ({ world }) => {
    const { client, secret } = await clientStory(world);
    const issuer = new URL(world.url);
    for (const algorithm of ["oidc", "oauth2"] as const) {
      const response = await oauth.discoveryRequest(issuer, { algorithm, ...allowHttp });
      const as = await oauth.processDiscoveryResponse(issuer, response);
      expect(as).toMatchObject({
        code_challenge_methods_supported: ["S256"],
        response_types_supported: ["code"],
        grant_types_supported: expect.arrayContaining(["authorization_code", "client_credentials", "refresh_token"]),
        jwks_uri: `${issuer.origin}/oauth/jwks`,
        authorization_endpoint: `${issuer.origin}/oauth/authorize`,
      });
      expect(as.grant_types_supported).not.toContain("implicit");
      expect(as.registration_endpoint).toBeUndefined();
    }
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, allowHttp));
    const auth = oauth.ClientSecretBasic(secret ?? "");
    const me = { client_id: client.id };
    const answer = await oauth.clientCredentialsGrantRequest(as, me, auth, { scope: "keys:read" }, allowHttp);
    const { access_token } = await oauth.processClientCredentialsResponse(as, me, answer);
    const request = new Request(`${issuer.origin}/x`, { headers: { authorization: `Bearer ${access_token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, issuer.origin, allowHttp);
    expect(claims).toMatchObject({ sub: client.id, client_id: client.id, scope: "keys:read", aud: issuer.origin });

    const introspect = async () =>
      oauth.processIntrospectionResponse(
        as,
        me,
        await oauth.introspectionRequest(as, me, auth, access_token, allowHttp),
      );
    expect(await introspect()).toMatchObject({ active: true, client_id: client.id, scope: "keys:read" });
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, me, auth, access_token, allowHttp));
    expect(await introspect()).toEqual({ active: false });
    await expect(new Caller(world.url, access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("a scope narrows the token; one that the client has not is left out, and none at all is refused", async ({
    world,
  }) => {
    const { client, secret } = await clientStory(world, { permissions: ["KEYS_READ", "USERS_READ"] });
    const tokens = await tokenOf(world, client, secret, { scope: "users:read keys:revoke" });
    expect(tokens.scope).toBe("users:read");
    const caller = new Caller(world.url, tokens.access_token);
    expect((await caller.query("{ viewer { permissions } }")).viewer.permissions).toEqual(["USERS_READ"]);
    for (const scope of ["keys:revoke", "invented:scope", "openid", "keys:revoke invented:scope"]) {
      const refused = tokenOf(world, client, secret, { scope });
      await expect(refused).rejects.toMatchObject({ status: 400, error: "invalid_scope" });
    }
  });

  test("a public client cannot introspect, whatever the token is", async ({ world }) => {
    const { client, secret } = await clientStory(world);
    const { access_token } = await tokenOf(world, client, secret);
    const { client: open } = await clientStory(world, {
      grantTypes: ["AUTHORIZATION_CODE"],
      redirectUris: ["https://console.example.com/callback"],
      isPublic: true,
    });
    for (const token of [access_token, "unknown"]) {
      const body = new URLSearchParams({ client_id: open.id, token });
      const answer = await fetch(`${world.url}/oauth/introspect`, { method: "POST", body });
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: "invalid_client" }]);
    }
  });

  test("a token for another API (RFC 8707) is not accepted here, and one for an API that is not the client's is not given", async ({
    world,
  }) => {
    const resource = "https://orders.example.com/";
    const { client, secret } = await clientStory(world, { resources: [resource], resourceScopes: ["orders:read"] });
    const tokens = await tokenOf(world, client, secret, { resource });
    expect(tokens.scope).toBe("orders:read");
    const caller = new Caller(world.url, tokens.access_token);
    await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(tokenOf(world, client, secret, { resource: "https://other.example.com/" })).rejects.toMatchObject({
      error: "invalid_target",
    });
  });

  test("a disabled client gets no token, and its tokens are refused by the next request, until it is enabled", async ({
    world,
  }) => {
    const { admin, client, secret } = await clientStory(world);
    const { access_token } = await tokenOf(world, client, secret);
    const ask = () => new Caller(world.url, access_token).query("{ viewer { id } }");
    expect((await ask()).viewer.id).toBe(client.id);
    ok(await clientMutation(admin, "disableOAuthClient", { id: client.id }));
    await expect(ask()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(tokenOf(world, client, secret)).rejects.toMatchObject({ status: 401 });
    ok(await clientMutation(admin, "enableOAuthClient", { id: client.id }));
    expect((await ask()).viewer.id).toBe(client.id);
  });

  test("what a client may do counts for tokens that it has: narrowed by update, ended by suspension of its tenant", async ({
    world,
  }) => {
    const { admin, client, secret, tenant } = await clientStory(world);
    const { access_token } = await tokenOf(world, client, secret);
    const caller = new Caller(world.url, access_token);
    ok(await clientMutation(admin, "updateOAuthClient", { id: client.id, permissions: ["KEYS_READ"] }));
    expect((await caller.query("{ viewer { permissions } }")).viewer.permissions).toEqual(["KEYS_READ"]);
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(tokenOf(world, client, secret)).rejects.toMatchObject({ status: 401 });
  });

  test("a rotated secret works on during its overlap, then no more", async ({ world }) => {
    const { admin, client, secret } = await clientStory(world);
    const rotated = ok(await clientMutation(admin, "rotateOAuthClientSecret", { id: client.id, overlapMs: 60_000 }));
    for (const each of [secret, rotated.secret]) await tokenOf(world, client, each);
    world.clock.advance(60_000);
    await tokenOf(world, client, rotated.secret);
    await expect(tokenOf(world, client, secret)).rejects.toMatchObject({ status: 401 });
  });

  test("a token expires by the server's clock", async ({ world }) => {
    const { client, secret } = await clientStory(world);
    const { access_token } = await tokenOf(world, client, secret);
    world.clock.advance(600_000);
    await expect(new Caller(world.url, access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("another client learns nothing of a token, and cannot revoke it", async ({ world }) => {
    const [ours, theirs] = [await clientStory(world), await clientStory(world)];
    const { access_token } = await tokenOf(world, ours.client, ours.secret);
    const config = await discover(world, theirs.client.id, openid.ClientSecretBasic(theirs.secret ?? ""));
    expect(await openid.tokenIntrospection(config, access_token)).toEqual({ active: false });
    expect(await openid.tokenIntrospection(config, "unknown")).toEqual({ active: false });
    await openid.tokenRevocation(config, access_token);
    expect((await new Caller(world.url, access_token).query("{ viewer { id } }")).viewer.id).toBe(ours.client.id);
  });
});
