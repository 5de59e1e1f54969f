import type { Authenticate, Principal, RequestOrigin } from "../modules/auth/index.js";
import { withTimeLimit } from "./time-limit.js";

/**
 * Settles who calls, then calls `run`: at once, without a promise, when the token is known in memory.
 *
 * @param fail is told of a caller who is not known, of a store that does not answer in time, and of what `run` throws.
 */
export function withCaller(
  deps: { readonly authenticate: Authenticate; readonly timeLimitMs: number },
  authorization: string | undefined,
  origin: RequestOrigin,
  run: (principal: Principal) => void,
  fail: (error: unknown) => void,
): void {
  try {
    const principal = deps.authenticate(authorization, origin);
    if (!(principal instanceof Promise)) return run(principal);
    withTimeLimit(principal, deps.timeLimitMs).then(run).catch(fail);
  } catch (error) {
    fail(error);
  }
}
