import * as openid from "openid-client";
import { Browser } from "./browser.js";
import { mutate } from "./graphql.js";
import { ok, testPassword, type World } from "./world.js";

export const clientFields =
  "id name tenantId role permissions grantableScopes grantTypes redirectUris resources resourceScopes isPublic secretStart secretRotatedAt previousSecretExpiresAt createdBy disabledAt disabledReason createdAt";
export const issuerFields =
  "id tenantId name issuer audience roleClaim roleMapping { value role } defaultRole matchBy createUsers createdBy createdAt";

export const callback = "https://app.example.com/callback";
export const password = testPassword;

/** Calls a mutation on OAuth clients: createOAuthClient, disableOAuthClient, … */
export function clientMutation(caller: { url: string; token: string | null }, name: string, input: object) {
  const secret = ["createOAuthClient", "rotateOAuthClientSecret"].includes(name) ? "secret" : "";
  return mutate(caller.url, caller.token, name, { ...input }, `oauthClient { ${clientFields} } ${secret}`);
}

/** Calls a mutation on trusted issuers. */
export function issuerMutation(caller: { url: string; token: string | null }, name: string, input: object) {
  const more = name === "testTrustedIssuer" ? "problem jwksUri keyCount algorithms" : "";
  return mutate(caller.url, caller.token, name, { ...input }, `trustedIssuer { ${issuerFields} } ${more}`);
}

/** A client and a trusted issuer of a tenant, as ids for calls that are made from the schema. */
export async function oauthIds(
  world: World,
  tenantId: string,
): Promise<{ OAuthClient: string; TrustedIssuer: string }> {
  return { OAuthClient: await oauthClientId(world, tenantId), TrustedIssuer: await trustedIssuerId(world, tenantId) };
}

/** The id of a new client of a tenant. */
export async function oauthClientId(world: World, tenantId: string): Promise<string> {
  const client = { tenantId, name: "App", role: "GUEST", grantTypes: ["CLIENT_CREDENTIALS"] };
  return ok(await clientMutation(world.root, "createOAuthClient", client)).oauthClient.id;
}

/** The id of an issuer that a tenant trusts from now on. */
export async function trustedIssuerId(world: World, tenantId: string): Promise<string> {
  // Nobody listens there: asking comes to its end at once.
  const issuer = `http://127.0.0.1:1/${world.unique()}`;
  const trusted = { tenantId, name: "IdP", issuer, audience: "x", defaultRole: "GUEST" };
  return ok(await issuerMutation(world.root, "createTrustedIssuer", trusted)).trustedIssuer.id;
}

/** A new client of a new tenant, and what it takes to use it. */
export async function clientStory(world: World, input: Record<string, unknown> = {}) {
  const { tenant, admin } = await world.tenant();
  const { oauthClient, secret } = ok(
    await clientMutation(admin, "createOAuthClient", {
      name: world.unique("App"),
      role: "DEVELOPER",
      grantTypes: ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE", "REFRESH_TOKEN"],
      redirectUris: [callback],
      ...input,
    }),
  );
  return { tenant, admin, client: oauthClient, secret: secret as string | null };
}

/** A strict outside client that has read the server's metadata. */
export function discover(world: World, clientId: string, auth: openid.ClientAuth): Promise<openid.Configuration> {
  return openid.discovery(new URL(world.url), clientId, undefined, auth, {
    // oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out; here the server is on this very machine
    execute: [openid.allowInsecureRequests],
  });
}

/** A user who can sign in by `password`. */
export async function person(world: World, tenantId: string, input: Record<string, unknown> = {}) {
  const user = await world.user(tenantId, input);
  await world.givePassword(user.id);
  return user;
}

/** What a client keeps while its user is away. */
export interface Flow {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
}

export async function beginFlow(config: openid.Configuration, parameters: Record<string, string> = {}): Promise<Flow> {
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: "keys:read",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    ...parameters,
  });
  return { url, verifier, state };
}

/** The user's part: signs in and agrees. @returns where the browser is sent with the code. */
export async function passThrough(flow: Flow, email: string, browser = new Browser()): Promise<URL> {
  let page = await browser.follow(await browser.get(flow.url.href));
  for (let step = 0; step < 3 && !page.headers.has("location"); step++) {
    const html = await page.text();
    const form = html.includes('name="password"') ? { action: "sign-in", email, password } : { action: "allow" };
    page = await browser.follow(await browser.submit(form));
  }
  const location = page.headers.get("location");
  if (location === null) throw new Error(`the browser was not sent on: ${page.status} ${await page.text()}`);
  return new URL(location);
}
