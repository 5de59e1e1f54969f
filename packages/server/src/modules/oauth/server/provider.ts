import { createPublicKey, type JsonWebKey, type KeyObject, timingSafeEqual, webcrypto } from "node:crypto";
import type { CryptoKey, JWK } from "jose";
import type { Configuration, KoaContextWithOIDC, Provider } from "oidc-provider";
import type { Clock } from "../../../platform/clock.js";
import type { Logger } from "../../../platform/logger.js";
import { hashSecret } from "../../auth/index.js";
import { createAdapterFactory, secretHashesOf } from "./adapter.js";
import type { Artifacts } from "./artifacts.js";
import { type OAuthTokens, permissionsOfClient } from "./oauth-tokens.js";
import { errorPage } from "./pages.js";

/** Everything in seconds, as OAuth counts. */
export const lifetimes = {
  accessToken: 10 * 60,
  code: 60,
  /** How long somebody may take to sign in and agree. */
  interaction: 30 * 60,
  /** For how long the next client of the same browser is not asked for the password again. */
  browserSession: 10 * 60,
  refreshToken: 30 * 24 * 60 * 60,
  /** After that, the user is asked to agree anew. */
  grant: 365 * 24 * 60 * 60,
  idToken: 10 * 60,
} as const;

const algorithm = "ES256" as const;

export interface SigningPair {
  readonly id: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

interface Deps {
  readonly artifacts: Artifacts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tokens: OAuthTokens;
}

/** The library. Loaded when somebody first asks the authorization server: most installations never do. */
type Library = typeof import("oidc-provider");

/**
 * An authorization server by RFC 6749 and OpenID Connect with one signing key: the library's key set cannot change, so that a new
 * key means a new instance. Nothing is lost with the old one, because everything that it remembers is in the database.
 */
export function createProvider(library: Library, deps: Deps, issuer: string, key: SigningPair): Provider {
  const provider = new library.Provider(issuer, configurationOf(library, deps, issuer, key));
  // The server says in front of the library what its address is, whatever a request claims: see oauth-endpoint.ts.
  provider.proxy = true;
  // oxlint-disable-next-line typescript/no-unsafe-member-access -- the library has no type for its prototype
  (provider.Client.prototype as { compareClientSecret(secret: string): boolean }).compareClientSecret =
    compareClientSecret;
  provider.use(refusePublicIntrospection);
  provider.on("server_error", (_, error) => deps.logger.error({ err: error }, "the authorization server failed"));
  return provider;
}

/**
 * RFC 7662 section 2.1 demands that whoever asks about a token proves who they are, which a public client cannot. Said whatever the
 * token is, so that the refusal tells nothing of it.
 */
async function refusePublicIntrospection(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  // Unset for an address that the library does not know.
  const oidc = ctx.oidc as KoaContextWithOIDC["oidc"] | undefined;
  if (ctx.status !== 200 || oidc?.route !== "introspection" || oidc.client?.clientAuthMethod !== "none") return;
  ctx.status = 401;
  ctx.body = {
    error: "invalid_client",
    error_description: "a public client cannot introspect tokens: ask as a client with a secret",
  };
}

/** Secrets are kept as digests of 256 random bits, and compared as such. */
function compareClientSecret(this: { clientSecret: string }, secret: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  return secretHashesOf(this.clientSecret).some((hash) => {
    const kept = Buffer.from(hash);
    return kept.length === given.length && timingSafeEqual(kept, given);
  });
}

/** Lets the library sign with a key whose private half it never sees. */
function signingKeyOf(library: Library, { id, privateKey, publicJwk }: SigningPair) {
  const publicKey = createPublicKey({ format: "jwk", key: publicJwk as JsonWebKey });
  class SigningKey extends library.ExternalSigningKey {
    override keyObject(): KeyObject {
      return publicKey;
    }
    override async sign(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
      return new Uint8Array(await webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, data));
    }
  }
  const key = new SigningKey();
  Object.assign(key, { kid: id, alg: algorithm });
  return key;
}

function configurationOf(library: Library, deps: Deps, issuer: string, key: SigningPair): Configuration {
  const { artifacts, clock, tokens } = deps;
  const { errors } = library;

  /** What a token for a resource may carry (RFC 8707). Keyplane's own API is the resource that is named when none is. */
  async function resourceServerOf(ctx: KoaContextWithOIDC, resource: string) {
    const client = await tokens.activeClient(ctx.oidc.client?.clientId ?? "");
    const isOwn = resource === issuer || resource === `${issuer}/`;
    if (!client || !(isOwn || client.resources.includes(resource))) throw new errors.InvalidTarget();
    const scopes = isOwn ? permissionsOfClient(client) : client.resourceScopes;
    const { params } = ctx.oidc;
    // Nothing named means all that the client may have, which RFC 6749 section 3.3 lets us decide; the answer says it.
    if (params && params["scope"] === undefined && ctx.oidc.route !== "introspection")
      params["scope"] = scopes.join(" ") || undefined;
    // What it may not have is left out, which the answer says by its scope; a token that may do nothing is of no use to anybody.
    const asked = typeof params?.["scope"] === "string" ? params["scope"].split(" ").filter(Boolean) : [];
    const isProgram = ctx.oidc.route === "token" && params?.["grant_type"] === "client_credentials";
    if (isProgram && asked.length > 0 && !asked.some((scope) => scopes.includes(scope)))
      throw new errors.InvalidScope("the client may have none of the requested scopes", asked.join(" "));
    return {
      scope: scopes.join(" "),
      audience: isOwn ? issuer : resource,
      accessTokenFormat: "jwt" as const,
      accessTokenTTL: lifetimes.accessToken,
      jwt: { sign: { alg: algorithm } },
    };
  }

  return {
    adapter: createAdapterFactory({ artifacts, clock, tokens, errors }),
    jwks: { keys: [signingKeyOf(library, key)] },
    clientDefaults: { id_token_signed_response_alg: algorithm },
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
    responseTypes: ["code"],
    scopes: ["openid", "offline_access"],
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: () => Promise.resolve(false),
    allowOmittingSingleRegisteredRedirectUri: false,
    routes: {
      authorization: "/oauth/authorize",
      end_session: "/oauth/session/end",
      introspection: "/oauth/introspect",
      jwks: "/oauth/jwks",
      revocation: "/oauth/revoke",
      token: "/oauth/token",
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      externalSigningSupport: { enabled: true, ack: "experimental-01" },
      introspection: { enabled: true, allowedPolicy: (_, client, token) => mayIntrospect(client, token) },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => {
          const granted = [oneOf ?? []].flat();
          return granted.length === 0 || granted.includes(issuer) ? issuer : (granted[0] ?? issuer);
        },
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => resourceServerOf(ctx, resource),
      },
      // False and no error for another's token: whether it is one is not for this client to know.
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    formats: { customizers: { jwt: (_, token, jwt) => completeToken(token, jwt) } },
    findAccount: async (ctx, userId) => {
      const client = await tokens.activeClient(ctx.oidc.client?.clientId ?? "");
      const user = client && (await tokens.activeUser(client, userId));
      return user ? { accountId: user.id, claims: () => ({ sub: user.id }) } : undefined;
    },
    loadExistingGrant: async (ctx) => {
      const { client, result, session, provider } = ctx.oidc;
      const given = result?.consent?.grantId;
      const grantId = given ?? (await artifacts.findGrantId(client?.clientId ?? "", session?.accountId ?? ""));
      return grantId === undefined ? undefined : provider.Grant.find(grantId);
    },
    interactions: { url: (_, interaction) => `/oauth/interaction/${interaction.uid}`, policy: policyOf(library) },
    clientBasedCORS: (_, origin, client) => isOwnOrigin(origin, client.redirectUris ?? []),
    cookies: {
      names: { session: "keyplane_oauth", interaction: "keyplane_interaction", resume: "keyplane_resume" },
      long: { httpOnly: true, sameSite: "lax", path: "/oauth" },
      short: { httpOnly: true, sameSite: "lax", path: "/oauth" },
    },
    renderError: (ctx, out) => {
      const { html, policy } = errorPage(out.error, out.error_description);
      ctx.type = "html";
      ctx.set("content-security-policy", policy);
      ctx.body = html;
    },
    ttl: {
      AccessToken: () => lifetimes.accessToken,
      AuthorizationCode: () => lifetimes.code,
      ClientCredentials: () => lifetimes.accessToken,
      Grant: () => lifetimes.grant,
      IdToken: () => lifetimes.idToken,
      Interaction: () => lifetimes.interaction,
      RefreshToken: () => lifetimes.refreshToken,
      Session: () => lifetimes.browserSession,
    },
  };

  /** Times by our clock, and the grant that the token hangs on, so that taking it back ends the token. */
  function completeToken(
    token: { readonly grantId?: string | undefined; readonly expiration: number },
    jwt: { payload: Record<string, unknown> },
  ): void {
    const iat = Math.floor(clock.now() / 1000);
    Object.assign(jwt.payload, {
      iat,
      exp: iat + token.expiration,
      ...(token.grantId ? { grant_id: token.grantId } : {}),
    });
  }

  /** A program may ask about its own tokens, and about those that are meant for an API that it serves, in its own tenant. */
  async function mayIntrospect(
    client: { clientId: string; clientAuthMethod?: string | undefined },
    token: { clientId?: string | undefined; aud?: string | string[] | undefined },
  ): Promise<boolean> {
    if (client.clientAuthMethod === "none") return false;
    if (token.clientId === client.clientId) return true;
    const [asking, owner] = await Promise.all([
      tokens.activeClient(client.clientId),
      tokens.activeClient(token.clientId ?? ""),
    ]);
    if (!asking || !owner) return false;
    const isServed = [token.aud ?? []].flat().some((audience) => asking.resources.includes(audience));
    return isServed && (asking.tenantId === null || asking.tenantId === owner.tenantId);
  }
}

/** Asks for the password also when the browser's session is of somebody who may not sign in here any more, or not for this client. */
function policyOf({ interactionPolicy }: Library) {
  const policy = interactionPolicy.base();
  const check = new interactionPolicy.Check("account_not_accepted", "this account cannot be used here", (ctx) =>
    ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined
      ? interactionPolicy.Check.REQUEST_PROMPT
      : interactionPolicy.Check.NO_NEED_TO_PROMPT,
  );
  policy.get("login")?.checks.add(check);
  return policy;
}

/** Whether a page of this origin belongs to the client: it is where the client's users return to. */
function isOwnOrigin(origin: string, redirectUris: readonly string[]): boolean {
  return redirectUris.some((uri) => new URL(uri).origin === origin);
}
