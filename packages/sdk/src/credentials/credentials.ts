/** Who a client is to Keyplane: exactly one of these. What has to be renewed is renewed by the client itself. */
export type Credentials =
  | { readonly token: string | (() => string | Promise<string>) | undefined }
  | { readonly session: SessionCredentials }
  | { readonly clientCredentials: ClientCredentials }
  | { readonly provider: TokenProvider };

/** The tokens of a session, as signing in and each refresh answer them. */
export interface SessionTokens {
  /** What requests carry, for some minutes. */
  readonly accessToken: string;
  /** When it ends, ISO 8601. Default: not known, so that it is used until the server refuses it. */
  readonly accessTokenExpiresAt?: string | undefined;
  /** What the next access token is had for. It can be used once: its successor comes with the new access token. */
  readonly refreshToken: string;
  /** When it ends, ISO 8601, and the session with it unless it is used before. */
  readonly refreshTokenExpiresAt?: string | undefined;
}

/** A user's session, which the client refreshes for as long as the server lets it. */
export interface SessionCredentials extends SessionTokens {
  /**
   * Told the new tokens after each refresh, before anything is sent with them. Keep them where the next start finds them:
   * the refresh token before has been used, and using it again ends the session. When this fails, so does the call that
   * waited for it; the session itself goes on in memory.
   */
  readonly onRefresh: (tokens: Required<SessionTokens>) => void | Promise<void>;
  /** The session's id, which stays when its tokens change. Only a guard with a `snapshotFile` needs it. */
  readonly id?: string | undefined;
}

/**
 * A program's own credentials: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4). The secret goes to the
 * token endpoint and nowhere else.
 */
export interface ClientCredentials {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  /** Where tokens are had. Default: `/oauth/token` of the Keyplane server itself. */
  readonly tokenUrl?: string | undefined;
  /** What the token may do, separated by spaces. Default: all that the client may. */
  readonly scope?: string | undefined;
  /** For which server the token is (RFC 8707). Default: what the token endpoint takes it for. */
  readonly resource?: string | undefined;
}

/**
 * Tokens from somewhere else, such as a broker, or a session that several processes share.
 */
export interface TokenProvider {
  /** The token to use, asked before every attempt. */
  token(): string | Promise<string>;
  /**
   * Told that the server has refused this token. Answers another one, with which the request is sent once more; null when
   * there is none.
   */
  renew?(refused: string): Promise<string | null>;
  /** A name of whom the tokens stand for, which stays when they change. Only a guard with a `snapshotFile` needs it. */
  readonly identity?: string | undefined;
}
