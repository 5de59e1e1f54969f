import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestOrigin } from "../../auth/index.js";
import type { VerifiedClaims } from "../../signing/index.js";

/** What the library does not hand through to its store: from where a request came, and the token that it shows. */
export interface RequestScope {
  readonly origin: RequestOrigin;
  /** The claims of the access token that is to be introspected or revoked, once its signature was verified. */
  readonly presented: VerifiedClaims | null;
}

/** The scope of the request that runs. */
export const requestScope = new AsyncLocalStorage<RequestScope>();

const nowhere: RequestOrigin = { requestId: "oauth", address: null };

/** From where the request that runs came. */
export function currentOrigin(): RequestOrigin {
  return requestScope.getStore()?.origin ?? nowhere;
}
