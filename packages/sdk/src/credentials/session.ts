import { errorFor } from "../client/error-for.js";
import { AuthenticationError, ServerError } from "../client/errors.js";
import { sendAnonymously } from "./anonymous.js";
import type { TokenEndpointDeps } from "./client-credentials.js";
import type { SessionCredentials, SessionTokens } from "./credentials.js";
import { type IssuedToken, RenewingToken } from "./renewing-token.js";

const document = `mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on RefreshSessionPayload { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }
    ... on Error { code message docsUrl }
    ... on RateLimitedError { retryAfterMs }
  }
}`;

interface Refreshed {
  readonly refreshSession:
    | ({ readonly __typename: "RefreshSessionPayload" } & Required<SessionTokens>)
    | {
        readonly __typename: string;
        readonly code: string;
        readonly message: string;
        readonly docsUrl: string;
        readonly retryAfterMs?: number;
      };
}

/**
 * Exchanges a refresh token for the next tokens of its session. The one that was given has been used then.
 *
 * @param url the GraphQL endpoint.
 * @throws AuthenticationError when the session has ended: somebody has to sign in again; and any other KeyplaneError, after which
 * the same refresh token may be tried once more.
 */
export async function refreshSession(
  refreshToken: string,
  url: string,
  deps: TokenEndpointDeps,
): Promise<Required<SessionTokens>> {
  // Without the access token: with one that has ended, the server would refuse the request before it looks at it.
  const data = (await sendAnonymously(document, { input: { refreshToken } }, refreshToken, url, deps)) as Refreshed;
  const { refreshSession: result } = data;
  if ("code" in result) {
    const { code, message, docsUrl, retryAfterMs } = result;
    const passes = code === "RATE_LIMITED" || code === "LIMIT_REACHED" || code === "UNAVAILABLE";
    if (passes) throw errorFor(message, { code, docsUrl, retryAfterMs });
    throw new AuthenticationError(message, { code: "UNAUTHENTICATED", docsUrl });
  }
  const { accessToken, accessTokenExpiresAt, refreshToken: next, refreshTokenExpiresAt } = result;
  if (typeof accessToken !== "string" || typeof next !== "string") {
    throw new ServerError(`What answers at ${url} refreshes no sessions.`, { code: "INVALID_RESPONSE" });
  }
  return { accessToken, accessTokenExpiresAt, refreshToken: next, refreshTokenExpiresAt };
}

/** A session that refreshes itself and tells its new tokens. */
export function renewingSession(session: SessionCredentials, url: string, deps: TokenEndpointDeps): RenewingToken {
  let { refreshToken } = session;
  let ended: AuthenticationError | null = null;
  const renewal = async (): Promise<IssuedToken> => {
    // Presenting a refresh token again that was refused looks like a theft, and changes nothing.
    if (ended) throw ended;
    try {
      const tokens = await refreshSession(refreshToken, url, deps);
      refreshToken = tokens.refreshToken;
      await session.onRefresh(tokens);
      return { token: tokens.accessToken, endsAt: endOf(tokens) };
    } catch (error) {
      if (error instanceof AuthenticationError) ended = error;
      throw error;
    }
  };
  return new RenewingToken(renewal, { token: session.accessToken, endsAt: endOf(session) }, deps.runtime);
}

/** When an access token ends; null when that is not said. */
export function endOf({ accessTokenExpiresAt }: Pick<SessionTokens, "accessTokenExpiresAt">): number | null {
  const end = accessTokenExpiresAt === undefined ? Number.NaN : Date.parse(accessTokenExpiresAt);
  return Number.isNaN(end) ? null : end;
}
