import { checkToken } from "../client/check-token.js";
import { fetchClientToken, type ResolvedClientCredentials, type TokenEndpointDeps } from "./client-credentials.js";
import type { CredentialSource } from "./credential-source.js";
import type { ClientCredentials, Credentials, SessionCredentials, TokenProvider } from "./credentials.js";
import { RenewingToken } from "./renewing-token.js";
import { renewingSession } from "./session.js";

/** What credentials may be given as. */
export interface GivenCredentials {
  readonly token?: string | (() => string | Promise<string>) | undefined;
  readonly credentials?: Credentials | undefined;
}

const kinds = ["token", "session", "clientCredentials", "provider"] as const;

/**
 * Checks credentials and makes of them where every request has its token from.
 *
 * @param url the GraphQL endpoint.
 * @throws TypeError that names the option, what it got and what it wants; never a secret.
 */
export function resolveCredentials(
  { token, credentials }: GivenCredentials,
  url: string,
  deps: TokenEndpointDeps,
): CredentialSource {
  if (credentials === undefined) return ofToken(token);
  if (token !== undefined) throw new TypeError("Pass token or credentials, not both.");
  if (typeof credentials !== "object" || credentials === null) {
    throw new TypeError(`credentials must be an object, not ${typeof credentials}.`);
  }
  const given = kinds.filter((kind) => kind in credentials);
  if (given.length !== 1) throw new TypeError(`credentials must be exactly one of ${kinds.join(", ")}.`);
  if ("token" in credentials) return ofToken(credentials.token);
  if ("session" in credentials) return ofSession(credentials.session, url, deps);
  if ("provider" in credentials) return ofProvider(credentials.provider);
  return ofClient(credentials.clientCredentials, url, deps);
}

function ofToken(token: GivenCredentials["token"]): CredentialSource {
  if (typeof token !== "function") checkToken(token);
  return { token: typeof token === "function" ? token : () => token, identity: { kind: "token" } };
}

function ofSession(session: SessionCredentials, url: string, deps: TokenEndpointDeps): CredentialSource {
  checkSecret("session.accessToken", session.accessToken);
  checkSecret("session.refreshToken", session.refreshToken);
  if (typeof session.onRefresh !== "function") {
    throw new TypeError(
      "session.onRefresh must be a function that keeps the new tokens: the old ones are of no use then.",
    );
  }
  const renewing = renewingSession(session, url, deps);
  const { id } = session;
  return {
    ...sourceOf(renewing),
    identity: id === undefined ? { kind: "unknown", missing: "session.id" } : { kind: "name", name: `session ${id}` },
  };
}

function ofClient(client: ClientCredentials, url: string, deps: TokenEndpointDeps): CredentialSource {
  const { clientId, clientSecret, tokenUrl = url.replace(/\/graphql$/, "/oauth/token"), scope, resource } = client;
  checkSecret("clientCredentials.clientId", clientId);
  checkSecret("clientCredentials.clientSecret", clientSecret);
  if (!URL.canParse(tokenUrl) || !/^https?:$/.test(new URL(tokenUrl).protocol)) {
    throw new TypeError(
      "clientCredentials.tokenUrl is no address. Pass one such as https://keyplane.example.com/oauth/token.",
    );
  }
  const resolved: ResolvedClientCredentials = { clientId, clientSecret, tokenUrl, scope, resource };
  // Headers that are meant for a proxy before Keyplane are not for somebody else's token endpoint.
  const headers = new URL(tokenUrl).origin === new URL(url).origin ? deps.headers : {};
  const renewing = new RenewingToken(() => fetchClientToken(resolved, { ...deps, headers }), null, deps.runtime);
  // Not the secret: it can be rotated, and the client stays who it is. What narrows its tokens belongs to it.
  const name = JSON.stringify(["client", tokenUrl, clientId, scope ?? null, resource ?? null]);
  return { ...sourceOf(renewing), identity: { kind: "name", name } };
}

function ofProvider(provider: TokenProvider): CredentialSource {
  if (typeof provider?.token !== "function") throw new TypeError("provider.token must be a function.");
  if (provider.renew !== undefined && typeof provider.renew !== "function") {
    throw new TypeError("provider.renew must be a function.");
  }
  const { identity } = provider;
  return {
    token: () => provider.token(),
    renew: provider.renew && (async (refused) => (await provider.renew?.(refused)) ?? null),
    identity:
      identity === undefined
        ? { kind: "unknown", missing: "provider.identity" }
        : { kind: "name", name: `provider ${identity}` },
  };
}

function sourceOf(renewing: RenewingToken): Pick<CredentialSource, "token" | "renew"> {
  return { token: () => renewing.token(), renew: (refused) => renewing.renew(refused) };
}

function checkSecret(option: string, value: unknown): asserts value is string {
  if (typeof value !== "string" || value === "") {
    throw new TypeError(`${option} is missing. Check that the variable that holds it is set.`);
  }
  if (/^\s|\s$/.test(value)) throw new TypeError(`${option} has white space around it. Trim it after reading it.`);
}
