import type { Adapter, AdapterFactory, AdapterPayload, errors } from "oidc-provider";
import type { Clock } from "../../../platform/clock.js";
import { KeyplaneError } from "../../../platform/errors.js";
import type { ClientState } from "../clients/client-states.js";
import type { Artifacts } from "./artifacts.js";
import { type OAuthTokens, readClaims, type TokenClaims } from "./oauth-tokens.js";
import { requestScope } from "./request-scope.js";

interface Deps {
  readonly artifacts: Artifacts;
  readonly clock: Clock;
  readonly tokens: OAuthTokens;
  /** The library's own errors: a code that was used meanwhile must be refused in its words. */
  readonly errors: typeof errors;
}

/** Between the digests of a client's two secrets while both work. */
const separator = ".";

/** The digests that a client's secret is compared with. */
export function secretHashesOf(clientSecret: string): readonly string[] {
  return clientSecret.split(separator);
}

/** The library's store, on our tables. Access tokens are not kept: what it asks of one comes from the token itself. */
export function createAdapterFactory({ artifacts, clock, tokens, errors: libraryErrors }: Deps): AdapterFactory {
  /** The access token that this request shows, as the library would have kept it; undefined when it is good for nothing. */
  async function presentedToken(kind: string, id: string): Promise<AdapterPayload | undefined> {
    const presented = requestScope.getStore()?.presented;
    const token = presented && readClaims(presented);
    if (!presented || token?.jti !== id || kind !== kindOf(token)) return undefined;
    if (!(await isGood(token))) return undefined;
    // The library goes by the system's clock, and the token by ours.
    const shift = Math.floor(Date.now() / 1000) - Math.floor(clock.now() / 1000);
    return {
      kind,
      jti: id,
      clientId: token.clientId,
      ...(token.userId === null ? {} : { accountId: token.userId }),
      ...(token.grantId === null ? {} : { grantId: token.grantId }),
      aud: presented.aud,
      scope: token.scopes.join(" "),
      iat: (presented.iat ?? 0) + shift,
      exp: presented.exp + shift,
    };
  }

  async function isGood(token: TokenClaims): Promise<boolean> {
    try {
      await tokens.refuseOver(token);
      return true;
    } catch (error) {
      if (error instanceof KeyplaneError && error.code === "UNAUTHENTICATED") return false;
      throw error;
    }
  }

  async function revokePresented(kind: string, id: string): Promise<void> {
    const presented = requestScope.getStore()?.presented;
    const token = presented && readClaims(presented);
    if (token?.jti === id && kind === kindOf(token)) await artifacts.revokeToken(token);
  }

  async function findClient(id: string): Promise<AdapterPayload | undefined> {
    const client = await tokens.activeClient(id);
    return client ? metadataOf(client, clock.now()) : undefined;
  }

  return (kind): Adapter => {
    const isAccessToken = kind === "AccessToken" || kind === "ClientCredentials";
    return {
      async upsert(id, payload, expiresIn) {
        if (expiresIn === undefined) throw new Error(`${kind} would be kept for ever`);
        await artifacts.save(kind, id, payload, expiresIn);
      },
      async find(id) {
        if (kind === "Client") return findClient(id);
        if (isAccessToken) return presentedToken(kind, id);
        return artifacts.find(kind, id);
      },
      async findByUid(uid) {
        return artifacts.findSession(uid);
      },
      // The device flow is off.
      findByUserCode: () => Promise.resolve(undefined),
      async consume(id) {
        // The library looks before it marks; of two requests at once, only this tells who was first.
        if (!(await artifacts.consume(kind, id))) throw new libraryErrors.InvalidGrant("already used");
      },
      async destroy(id) {
        await (isAccessToken ? revokePresented(kind, id) : artifacts.remove(kind, id));
      },
      async revokeByGrantId(grantId) {
        await artifacts.removeOfGrant(kind, grantId);
      },
    };
  };
}

function kindOf(token: TokenClaims): string {
  return token.userId === null ? "ClientCredentials" : "AccessToken";
}

/** A client in the words of RFC 7591. In the place of the secret stand the digests of those that work now. */
function metadataOf(client: ClientState, now: number): AdapterPayload {
  const { secretHash, previousSecretHash, previousSecretExpiresAt } = client;
  const isInOverlap = previousSecretExpiresAt !== null && now < previousSecretExpiresAt;
  const hashes = [secretHash, isInOverlap ? previousSecretHash : null].filter((hash) => hash !== null);
  const usesCode = client.grantTypes.includes("AUTHORIZATION_CODE");
  return {
    client_id: client.id,
    client_name: client.name,
    ...(hashes.length > 0 ? { client_secret: hashes.join(separator) } : {}),
    token_endpoint_auth_method: secretHash === null ? "none" : "client_secret_basic",
    grant_types: client.grantTypes.map((each) => each.toLowerCase()),
    response_types: usesCode ? ["code"] : [],
    redirect_uris: [...client.redirectUris],
  };
}
