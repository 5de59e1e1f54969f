import {
  type AskedApi,
  apiLabelPattern,
  apiLabelWords,
  askedApi,
  type DecisionRequest,
  type KeyRecord,
} from "@keyplane/schema";
import type { GuardRequest } from "./guard.js";

/** What `decide` checks of a call. */
export type AskedOfKey = Pick<DecisionRequest, "scopes" | "environment" | "ip">;

/**
 * Refuses a request that nobody can decide about.
 *
 * @throws TypeError that names what is wrong: it would not be refused otherwise, but never checked.
 */
export function checkRequest(key: string, { scopes, environment, ip, api }: GuardRequest): void {
  if (typeof key !== "string") throw new TypeError(`key must be the presented text, not ${typeof key}.`);
  if (scopes !== undefined && !areTexts(scopes)) throw new TypeError("scopes must be a list of texts.");
  if (environment !== undefined && environment !== "LIVE" && environment !== "TEST") {
    throw new TypeError(`environment must be LIVE or TEST, not ${String(environment)}.`);
  }
  if (api !== undefined && (typeof api !== "string" || !apiLabelPattern.test(api))) {
    throw new TypeError(`api must name an API with ${apiLabelWords}.`);
  }
  if (ip !== undefined && typeof ip !== "string") throw new TypeError(`ip must be a text, not ${typeof ip}.`);
}

/**
 * Whether a request is one that may be taken without looking at each of its scopes: a scope that is no text is no key's, so
 * whoever finds all of them has found texts. Of others, {@link checkRequest} says what is wrong.
 */
export function isCommon(key: string, { scopes, ip }: GuardRequest): boolean {
  return (
    typeof key === "string" &&
    (scopes === undefined || Array.isArray(scopes)) &&
    (ip === undefined || typeof ip === "string")
  );
}

/** What `decide` has to check, of a request that was found well formed. */
export function askedOf({ scopes, environment, ip }: GuardRequest): AskedOfKey {
  return { scopes, environment: environment as AskedOfKey["environment"], ip };
}

/** How a key stands to the API that a call asked for; undefined where there is nothing to check. */
export function askedApiOf(record: KeyRecord | null, api: string | null | undefined): AskedApi | undefined {
  if (record === null || api == null) return undefined;
  return askedApi(record.tenant.apis ?? [], record.key.grants ?? [], api);
}

function areTexts(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (let index = 0; index < value.length; index++) {
    const item: unknown = value[index];
    if (typeof item !== "string" || item === "") return false;
  }
  return true;
}
