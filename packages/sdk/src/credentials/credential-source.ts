import { checkToken } from "../client/check-token.js";
import { AuthenticationError } from "../client/errors.js";

/** Where every request of a client has its token from. */
export interface CredentialSource {
  /** The token to send now. */
  readonly token: () => string | Promise<string>;
  /** Told that the server has refused a token; answers another one, or null. Undefined: there is never another one. */
  readonly renew?: ((refused: string) => Promise<string | null>) | undefined;
  /** What stays when the token is renewed. `token`: the token itself is all there is. */
  readonly identity: CredentialIdentity;
}

/** Whom credentials stand for, for whatever is kept beyond a process's end. */
export type CredentialIdentity =
  | { readonly kind: "token" }
  | { readonly kind: "name"; readonly name: string }
  /** Nothing stays; `missing` says which option would name it. */
  | { readonly kind: "unknown"; readonly missing: string };

/**
 * Does work with the token. When the server refuses it, the work is done once more with another one, where there is one:
 * a refused token means that nothing was done.
 *
 * @throws TypeError when it is no token; what the renewal throws; what the work throws.
 */
export async function withToken<Result>(
  source: CredentialSource,
  work: (token: string) => Promise<Result>,
): Promise<Result> {
  const token: unknown = await source.token();
  checkToken(token);
  try {
    return await work(token);
  } catch (error) {
    const other = error instanceof AuthenticationError ? await source.renew?.(token) : null;
    if (other === null || other === undefined || other === token) throw error;
    checkToken(other);
    return work(other);
  }
}
