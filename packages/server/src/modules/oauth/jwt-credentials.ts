import { decodeJwt, type JWTPayload } from "jose";
import { UnauthenticatedError } from "../../platform/errors.js";
import type { Credential, RequestOrigin } from "../auth/index.js";
import { JwtRefusal, type Signing } from "../signing/index.js";
import type { ExternalTokens } from "./issuers/external-tokens.js";
import { accessTokenType } from "./server/authorization-server.js";
import { type OAuthTokens, readClaims } from "./server/oauth-tokens.js";

/** Longer ones are not even taken apart. */
const maxLength = 16_384;

type Found = Credential | null | Promise<Credential | null>;

export type JwtCredentials = ReturnType<typeof createJwtCredentials>;

/**
 * The one place that takes a caller's JSON Web Token apart and says by its claims whose it is: our sessions', our OAuth clients',
 * or somebody else's. What it reads here is not verified; whoever it hands the token to verifies it as a whole.
 */
export function createJwtCredentials(deps: {
  issuer: () => string;
  signing: Pick<Signing, "verify">;
  oauthTokens: OAuthTokens;
  externalTokens: ExternalTokens;
  findSession: (jwt: string) => Found;
}) {
  const { issuer, signing, oauthTokens, externalTokens, findSession } = deps;

  async function ofClient(jwt: string): Promise<Credential | null> {
    try {
      const claims = await signing.verify(jwt, { typ: accessTokenType, audience: issuer() });
      const token = readClaims(claims);
      return token && (await oauthTokens.credentialOf(token));
    } catch (error) {
      if (!(error instanceof JwtRefusal)) throw error;
      // One that we have signed: its holder guesses nothing, and can be told.
      if (error.problem === "expired") {
        throw new UnauthenticatedError("This access token has expired. Get a new one at /oauth/token.");
      }
      return null;
    }
  }

  return {
    /**
     * The credential of a token; null when nobody has signed it who is trusted here.
     *
     * @throws UnauthenticatedError, also as a rejection, where it can be said why it is not accepted all the same;
     * RateLimitedError.
     */
    find(jwt: string, origin: RequestOrigin): Found {
      const claims = claimsOf(jwt);
      if (!claims) return null;
      if (claims.iss !== issuer()) return externalTokens.credentialOf(jwt, claims, origin);
      const { client_id: clientId } = claims;
      return typeof clientId === "string" && clientId.startsWith("cli_") ? ofClient(jwt) : findSession(jwt);
    },
  };
}

function claimsOf(jwt: string): JWTPayload | null {
  if (jwt.length > maxLength) return null;
  try {
    return decodeJwt(jwt);
  } catch {
    return null;
  }
}
