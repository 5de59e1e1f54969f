import type { DecisionRequest } from "@keyplane/schema";
import type { GuardRequest } from "./guard.js";

/** What `decide` checks of a call. */
export type AskedOfKey = Pick<DecisionRequest, "scopes" | "environment" | "ip">;

/** Lists of scopes that were found to be well formed: the same few are asked for again and again. */
const wellFormedScopes = new WeakSet<readonly string[]>();

/**
 * What `decide` has to check, out of a request.
 *
 * @throws TypeError that names what is wrong: it would not be refused otherwise, but never checked.
 */
export function checkRequest(key: string, { scopes, environment, ip }: GuardRequest): AskedOfKey {
  if (typeof key !== "string") throw new TypeError(`key must be the presented text, not ${typeof key}.`);
  if (scopes !== undefined && !wellFormedScopes.has(scopes)) {
    if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string" && scope !== "")) {
      throw new TypeError("scopes must be a list of texts.");
    }
    // Frozen, or somebody could change it behind our back.
    if (Object.isFrozen(scopes)) wellFormedScopes.add(scopes);
  }
  if (environment !== undefined && environment !== "LIVE" && environment !== "TEST") {
    throw new TypeError(`environment must be LIVE or TEST, not ${String(environment)}.`);
  }
  if (ip !== undefined && typeof ip !== "string") throw new TypeError(`ip must be a text, not ${typeof ip}.`);
  return { scopes, environment: environment as AskedOfKey["environment"], ip };
}
