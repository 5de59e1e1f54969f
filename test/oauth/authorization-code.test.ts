import { decodeJwt } from "jose";
import * as openid from "openid-client";
import { Browser } from "../testkit/browser.js";
import { Caller, describe, expect, ok, test } from "../testkit/index.js";
import {
  beginFlow,
  callback,
  clientMutation,
  clientStory,
  discover,
  type Flow,
  passThrough,
  password,
  person,
} from "../testkit/oauth.js";
import { everyRow } from "../testkit/rows.js";

/** What the client makes of the address that the browser was sent to. */
function redeem(config: openid.Configuration, flow: Flow, location: URL) {
  return openid.authorizationCodeGrant(config, location, {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
  });
}

async function story(world: Parameters<typeof clientStory>[0], input: Record<string, unknown> = {}) {
  const made = await clientStory(world, input);
  const user = await person(world, made.tenant.id);
  const auth = made.secret === null ? openid.None() : openid.ClientSecretBasic(made.secret);
  return { ...made, user, config: await discover(world, made.client.id, auth) };
}

describe("authorization code with PKCE", () => {
  test("a user signs in, agrees, and the client acts for them within what both may do; refreshing rotates", async ({
    world,
  }) => {
    const { config, user, tenant, client } = await story(world, { role: "ADMIN" });
    const flow = await beginFlow(config, { scope: "keys:read users:create openid", prompt: "consent" });
    const tokens = await redeem(config, flow, await passThrough(flow, user.email));
    expect(tokens.claims()).toMatchObject({ sub: user.id, aud: client.id });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub: user.id,
      client_id: client.id,
      scope: "keys:read users:create",
    });
    const viewer = async (token: string) =>
      (await new Caller(world.url, token).query("{ viewer { id tenantId userId permissions } }")).viewer;
    // users:create is the client's, but no DEVELOPER's.
    const expected = { id: user.id, tenantId: tenant.id, userId: user.id, permissions: ["KEYS_READ"] };
    expect(await viewer(tokens.access_token)).toEqual(expected);

    const renewed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await viewer(renewed.access_token)).toEqual(expected);
    // Shown again after its use: whoever has it, everything of the grant ends.
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
    await expect(openid.refreshTokenGrant(config, renewed.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
    await expect(viewer(renewed.access_token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("a public client needs no secret; what was agreed to once is not asked again", async ({ world }) => {
    const { config, user } = await story(world, { isPublic: true, grantTypes: ["AUTHORIZATION_CODE"] });
    const first = await beginFlow(config);
    const tokens = await redeem(config, first, await passThrough(first, user.email));
    expect(tokens.refresh_token).toBeUndefined();
    const second = await beginFlow(config);
    const browser = new Browser();
    await browser.follow(await browser.get(second.url.href));
    const answer = await browser.follow(await browser.submit({ action: "sign-in", email: user.email, password }));
    await redeem(config, second, new URL(answer.headers.get("location") ?? ""));
  });

  test("the form: nothing from elsewhere, no script, a wrong password is told, denial goes back to the client", async ({
    world,
  }) => {
    const { config, user, client } = await story(world, { name: "<b>App</b>" });
    const flow = await beginFlow(config);
    const browser = new Browser();
    const page = await browser.follow(await browser.get(flow.url.href));
    const html = await page.text();
    expect(html).toContain("&lt;b&gt;App&lt;/b&gt;");
    expect(html).not.toMatch(/<script|<link|https?:\/\/(?!127\.0\.0\.1)[^<]*\.(?:css|js)/);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    const wrong = await browser.submit({ action: "sign-in", email: user.email, password: "not the right one at all" });
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain("do not go together");
    const consent = await browser.follow(await browser.submit({ action: "sign-in", email: user.email, password }));
    expect(await consent.text()).toMatch(/keys:read[\s\S]*Allow/);
    const denied = await browser.follow(await browser.submit({ action: "deny" }));
    const location = new URL(denied.headers.get("location") ?? "");
    expect([location.origin + location.pathname, location.searchParams.get("error")]).toEqual([
      callback,
      "access_denied",
    ]);
    expect(client.name).toBe("<b>App</b>");
  });

  test("a form that another site sends, or another browser, is refused", async ({ world }) => {
    const { config, user } = await story(world);
    const flow = await beginFlow(config);
    const browser = new Browser();
    await browser.follow(await browser.get(flow.url.href));
    const form = { action: "sign-in", email: user.email, password };
    expect((await browser.submit(form, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    const other = new Browser();
    other.url = browser.url;
    const refused = await other.submit(form);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("This page is over");
  });

  test("a code works once, for its client, its verifier and its redirect URI", async ({ world }) => {
    const { config, user } = await story(world);
    const flow = await beginFlow(config);
    const location = await passThrough(flow, user.email);
    const wrong = openid.authorizationCodeGrant(config, location, {
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
      expectedState: flow.state,
    });
    await expect(wrong).rejects.toMatchObject({ error: "invalid_grant" });
    const again = await beginFlow(config);
    const place = await passThrough(again, user.email);
    const tokens = await redeem(config, again, place);
    await expect(redeem(config, again, place)).rejects.toMatchObject({ error: "invalid_grant" });
    // RFC 6749 section 4.1.2: what was given for a code that is shown twice is taken back.
    await expect(new Caller(world.url, tokens.access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("of two that show a code at once, one at most gets tokens that work", async ({ world }) => {
    const { config, user } = await story(world);
    const flow = await beginFlow(config);
    const location = await passThrough(flow, user.email);
    const both = await Promise.allSettled([redeem(config, flow, location), redeem(config, flow, location)]);
    expect(both.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
  });

  test.for([
    ["no PKCE", { code_challenge: "", code_challenge_method: "" }, "invalid_request"],
    ["PKCE by plain", { code_challenge_method: "plain" }, "invalid_request"],
    ["the implicit flow", { response_type: "token" }, "unsupported_response_type"],
    ["the hybrid flow", { response_type: "code id_token" }, "unsupported_response_type"],
    ["another API", { resource: "https://other.example.com" }, "invalid_target"],
  ] as const)("%s is refused", async ([, parameters, error], { world }) => {
    const { config } = await story(world);
    const flow = await beginFlow(config);
    for (const [name, value] of Object.entries(parameters)) {
      if (value === "") flow.url.searchParams.delete(name);
      else flow.url.searchParams.set(name, value);
    }
    const browser = new Browser();
    const answer = await browser.get(flow.url.href);
    const location = new URL(answer.headers.get("location") ?? "");
    const said = location.searchParams.get("error") ?? new URLSearchParams(location.hash.slice(1)).get("error");
    expect([location.origin, said]).toEqual([new URL(callback).origin, error]);
  });

  test.for(["https://evil.example.com/callback", `${callback}/`, `${callback}?x=1`, "http://app.example.com/callback"])(
    "a redirect to %s is refused, and nobody is sent there",
    async (redirectUri, { world }) => {
      const { config } = await story(world);
      const flow = await beginFlow(config, { redirect_uri: redirectUri });
      const answer = await new Browser().get(flow.url.href);
      expect([answer.status, answer.headers.get("location")]).toEqual([400, null]);
      expect(await answer.text()).not.toContain("<script");
    },
  );

  test("a user of another tenant cannot sign in for a tenant's client, and a disabled user loses what they had", async ({
    world,
  }) => {
    const { admin, config, user } = await story(world);
    const stranger = await person(world, (await world.tenant()).tenant.id);
    const flow = await beginFlow(config);
    const browser = new Browser();
    await browser.follow(await browser.get(flow.url.href));
    expect((await browser.submit({ action: "sign-in", email: stranger.email, password })).status).toBe(400);
    const tokens = await redeem(config, flow, await passThrough(flow, user.email));
    ok(await admin.user("disableUser", { id: user.id }));
    await expect(new Caller(world.url, tokens.access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  test("a deleted client's tokens are refused, refresh tokens too", async ({ world }) => {
    const { admin, client, config, user } = await story(world);
    const flow = await beginFlow(config);
    const tokens = await redeem(config, flow, await passThrough(flow, user.email));
    ok(await clientMutation(admin, "deleteOAuthClient", { id: client.id }));
    await expect(new Caller(world.url, tokens.access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({ status: 401 });
  });

  test("revoking the refresh token ends the access tokens of its grant; introspection says so", async ({ world }) => {
    const { config, user } = await story(world);
    const flow = await beginFlow(config);
    const tokens = await redeem(config, flow, await passThrough(flow, user.email));
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({ active: true, sub: user.id });
    await openid.tokenRevocation(config, tokens.refresh_token ?? "");
    expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
    await expect(new Caller(world.url, tokens.access_token).query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("keys rotate in between: tokens from before and after are good, and codes survive", async ({ world }) => {
    const { config, user } = await story(world);
    const flow = await beginFlow(config);
    const tokens = await redeem(config, flow, await passThrough(flow, user.email));
    const kid = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
    world.clock.advance(30 * 24 * 60 * 60_000 - 60_000);
    const before = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
    world.clock.advance(120_000);
    const next = await discover(world, config.clientMetadata().client_id, openid.None());
    expect(next.serverMetadata().issuer).toBe(config.serverMetadata().issuer);
    const again = await beginFlow(config);
    const after = await redeem(config, again, await passThrough(again, user.email));
    expect(kid(after.access_token)).not.toBe(kid(tokens.access_token));
    for (const each of [before, after]) {
      const { viewer } = await new Caller(world.url, each.access_token).query("{ viewer { id } }");
      expect(viewer.id).toBe(user.id);
    }
  });

  test("no code, token or secret is in the database or the logs", async ({ world }) => {
    const { config, user, secret } = await story(world);
    const flow = await beginFlow(config);
    const location = await passThrough(flow, user.email);
    const tokens = await redeem(config, flow, location);
    const dump = [...(await everyRow(world.server)), ...world.server.logs].join("\n");
    const code = location.searchParams.get("code") ?? "";
    for (const each of [code, tokens.access_token, tokens.refresh_token ?? "", secret ?? "", flow.verifier, password]) {
      expect(each.length).toBeGreaterThan(10);
      expect(dump.includes(each)).toBe(false);
    }
  });
});
