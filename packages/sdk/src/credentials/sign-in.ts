import type { KeyplaneOptions } from "../client/options.js";
import { resolveTransport } from "../client/resolve-options.js";
import type { Refusal } from "../client/results.js";
import { realRuntime } from "../client/runtime.js";
import { sendAnonymously } from "./anonymous.js";
import type { SessionTokens } from "./credentials.js";

/** Who signs in where. */
export interface SignInOptions extends Pick<KeyplaneOptions, "url" | "fetch" | "timeoutMs" | "headers"> {
  readonly email: string;
  readonly password: string;
  /** The user's tenant, by slug or id. Needed only where the address is used in several. */
  readonly tenant?: string | undefined;
}

/** The tokens of the new session, or why not. Which of address, tenant and password was wrong is not said. */
export type NewSessionResult = ({ readonly __typename: "SignInPayload" } & Required<SessionTokens>) | Refusal;

const document = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInPayload { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }
    ... on Error { code message docsUrl }
    ... on InvalidInputError { issues { path message } }
  }
}`;

/**
 * Signs a user in with a password. Give what it answers to a client, which refreshes the session from then on:
 *
 * @example
 * const tokens = unwrap(await signIn({ url, email, password }));
 * const keyplane = new Keyplane({ url, credentials: { session: { ...tokens, onRefresh: keep } } });
 * @throws KeyplaneError when there is no answer; it never shows the password. It is not repeated by itself: attempts are counted.
 */
export async function signIn({ email, password, tenant, ...options }: SignInOptions): Promise<NewSessionResult> {
  const { url, ...transport } = resolveTransport(options);
  const deps = { ...transport, runtime: realRuntime };
  const data = (await sendAnonymously(document, { input: { email, password, tenant } }, password, url, deps)) as {
    readonly signIn: NewSessionResult;
  };
  return data.signIn;
}
