import { AuthenticationError } from "../../client/errors.js";
import type { TokenEndpointDeps } from "../../credentials/client-credentials.js";
import type { TokenProvider } from "../../credentials/credentials.js";
import { type IssuedToken, RenewingToken } from "../../credentials/renewing-token.js";
import { endOf, refreshSession } from "../../credentials/session.js";
import type { SessionStore, StoredSession } from "./session-store.js";

const signInAgain = "Sign in with: keyplane sign-in";

/** How an error says that nobody is signed in. */
export function notSignedIn(url: string): AuthenticationError {
  const message = `Nobody is signed in at ${url}. ${signInAgain}, or set KEYPLANE_TOKEN.`;
  return new AuthenticationError(message, { code: "UNAUTHENTICATED" });
}

/**
 * A session that several processes of the program share. Its refresh token can be used once, and using it a second time looks
 * like a theft: so only one process refreshes at a time, and whoever waited takes what the other one has brought.
 *
 * @param url the server's address. @throws AuthenticationError when nobody is signed in there.
 */
export function sharedSession(store: SessionStore, url: string, deps: TokenEndpointDeps): TokenProvider {
  const first = store.find(url);
  if (!first) throw notSignedIn(url);
  let known = first;

  const renewal = (): Promise<IssuedToken> =>
    store.exclusively(async () => {
      const stored = store.find(url);
      if (!stored) throw notSignedIn(url);
      const isNewer = stored.accessToken !== known.accessToken && !hasEnded(stored, deps.runtime.now());
      known = isNewer ? stored : await refreshed(stored);
      return issuedOf(known);
    });

  async function refreshed(stored: StoredSession): Promise<StoredSession> {
    try {
      const next = { ...stored, ...(await refreshSession(stored.refreshToken, `${url}/graphql`, deps)) };
      store.save(url, next, false);
      return next;
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error;
      store.remove(url);
      const message = `The session at ${url} has ended. ${signInAgain}`;
      throw new AuthenticationError(message, { code: "UNAUTHENTICATED", cause: error });
    }
  }

  const renewing = new RenewingToken(renewal, issuedOf(first), deps.runtime);
  return { token: () => renewing.token(), renew: (refused) => renewing.renew(refused) };
}

function issuedOf(session: StoredSession): IssuedToken {
  return { token: session.accessToken, endsAt: endOf(session) };
}

function hasEnded(session: StoredSession, now: number): boolean {
  const end = endOf(session);
  return end !== null && end <= now;
}
