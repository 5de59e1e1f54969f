import type { LimitTarget } from "../limits.js";
import { allows, effectiveScopes } from "./effective-scopes.js";
import { formatTime, isReached, refuse } from "./refusal.js";
import type { Decision, DecisionRequest, KeyRecord, RateLimitState, ScopeBounds } from "./types.js";

/** Whether a key has all scopes that a call needs. They are compared exactly: no wildcard and no hierarchy can surprise anybody. */
export function hasScopes(keyScopes: readonly string[], scopes: readonly string[]): boolean {
  for (let index = 0; index < scopes.length; index++) if (!hasScope(keyScopes, scopes[index] as string)) return false;
  return true;
}

/** As `includes`, which takes longer for a frozen list. */
function hasScope(keyScopes: readonly string[], scope: string): boolean {
  for (let index = 0; index < keyScopes.length; index++) if (keyScopes[index] === scope) return true;
  return false;
}

/** INSUFFICIENT_SCOPE: the key was not given a scope, or its owner's role or its team does not allow it. */
export function checkScopes({ key }: KeyRecord, { scopes }: DecisionRequest): Decision | null {
  if (scopes === undefined) return null;
  const effective = effectiveScopes(key);
  if (hasScopes(effective, scopes)) return null;
  const missingScopes = [...new Set(scopes)].filter((scope) => !effective.includes(scope));
  const sentences = [
    lacking(missingScopes.filter((scope) => !key.scopes.includes(scope))),
    ...withheld(
      missingScopes.filter((scope) => key.scopes.includes(scope)),
      key.scopeBounds,
    ),
  ];
  return refuse("INSUFFICIENT_SCOPE", sentences.filter(Boolean).join(" "), { missingScopes });
}

function lacking(scopes: readonly string[]): string {
  if (scopes.length === 0) return "";
  return `The key lacks ${named(scopes)}. Add what is missing with updateKey, or use another key.`;
}

/** Why scopes that the key carries cannot be used. */
function withheld(scopes: readonly string[], bounds: ScopeBounds | null): string[] {
  const byRole = scopes.filter((scope) => !allows(bounds?.role ?? null, scope));
  const byTeam = scopes.filter((scope) => !allows(bounds?.team ?? null, scope));
  return [
    byRole.length === 0
      ? ""
      : `The key carries ${named(byRole)}, but the role of its owner does not allow that. Change keyScopes of the role with updateRole, or the owner's role with updateUser.`,
    byTeam.length === 0
      ? ""
      : `The key carries ${named(byTeam)}, but its team does not allow that. Change keyScopes of the team with updateTeam, or the key's team with updateKey.`,
  ];
}

function named(scopes: readonly string[]): string {
  return `${scopes.length === 1 ? "the scope" : "the scopes"} ${scopes.join(", ")}`;
}

/** API_NOT_GRANTED, API_RETIRED. */
export function checkApi(request: DecisionRequest, now: number): Decision | null {
  if (request.api === undefined) return null;
  return checkApiGrant(request) ?? checkApiVersion(request, now);
}

/** API_NOT_GRANTED. */
export function checkApiGrant({ api }: DecisionRequest): Decision | null {
  if (api === undefined || api.grant === "GRANTED") return null;
  if (api.grant === "PENDING") {
    return refuse(
      "API_NOT_GRANTED",
      `Access to ${api.name} was requested and waits for approval. Try again once it is approved.`,
    );
  }
  if (api.grant === "REFUSED") {
    return refuse("API_NOT_GRANTED", `Access to ${api.name} was requested and refused. Ask its owner for the reason.`);
  }
  if (api.grant === "REVOKED") {
    return refuse(
      "API_NOT_GRANTED",
      `The access of the key to ${api.name} was revoked. Ask the API's owner, or request it again.`,
    );
  }
  if (api.grant === "UNKNOWN") {
    return refuse(
      "API_NOT_GRANTED",
      `The tenant of the key has no API or version ${api.name}. Correct the api that the verifier asks for, or create it with createApi.`,
    );
  }
  return refuse("API_NOT_GRANTED", `The key has no access to ${api.name}. Request access and wait for the approval.`);
}

/** API_RETIRED. */
export function checkApiVersion({ api }: DecisionRequest, now: number): Decision | null {
  if (api === undefined || api.retiredAt === null || !isReached(api.retiredAt, now)) return null;
  return refuse(
    "API_RETIRED",
    `${api.name} was retired at ${formatTime(api.retiredAt)}. Move to a version that is in service.`,
  );
}

/** RATE_LIMITED for an unknown or mistyped key, when too many of them came from the caller's network. A key that is known is never held up. */
export function checkHeldUp(record: KeyRecord | null, { format, heldUpMs = 0 }: DecisionRequest): Decision | null {
  // What has not the form of a key is no guess: whoever made a mistake with it is told which.
  if (record !== null || heldUpMs <= 0 || (!format.ok && format.problem !== "checksum")) return null;
  return refuse(
    "RATE_LIMITED",
    `Too many unknown or mistyped keys came from this address, and this one is not known. Wait ${heldUpMs} ms and try again.`,
    { retryAfterMs: heldUpMs, hint: format.ok ? null : format.hint },
  );
}

/** What `retryAfterMs` says at most, about 24.8 days: GraphQL's Int holds no more. The message has the whole time. */
const longestWaitMs = 2 ** 31 - 1;

/** RATE_LIMITED, QUOTA_EXCEEDED. */
export function checkLimits(request: DecisionRequest, now: number): Decision | null {
  if (request.limits === undefined) return null;
  return checkRateLimits(request, now) ?? checkQuota(request, now);
}

/** RATE_LIMITED. */
export function checkRateLimits({ limits }: DecisionRequest, now: number): Decision | null {
  if (limits === undefined) return null;
  const exceeded = limits.rateLimits.filter((state) => state.exceeded);
  if (exceeded.length > 0) {
    const never = exceeded.filter(({ retryAt }) => retryAt === null);
    if (never.length > 0) {
      return refuse(
        "RATE_LIMITED",
        `This call costs more than a limit ever allows at once (${namesOf(never)}). Make it smaller, or raise the limit, or its burst where it has one.`,
      );
    }
    // The latest of them: before that, at least one limit would refuse again.
    const waitMs = Math.max(0, ...exceeded.map(({ retryAt, resetAt }) => (retryAt ?? resetAt) - now));
    const retryAfterMs = Math.min(longestWaitMs, waitMs);
    return refuse("RATE_LIMITED", `Too many calls (${namesOf(exceeded)}). Wait ${retryAfterMs} ms and try again.`, {
      retryAfterMs,
    });
  }
  return null;
}

const namesOf = (states: readonly RateLimitState[]): string =>
  states.map(({ name, target }) => name + sharedBy[target]).join(", ");

/** QUOTA_EXCEEDED. */
export function checkQuota({ limits, cost = 1 }: DecisionRequest, now: number): Decision | null {
  const quota = limits?.quota;
  if (!quota?.exceeded) return null;
  if (cost > quota.limit) {
    return refuse(
      "QUOTA_EXCEEDED",
      `This call costs more than the quota of ${quota.limit}${sharedBy[quota.target]} ever allows. Make it smaller, or raise the quota.`,
    );
  }
  const state = `The quota of ${quota.limit}${sharedBy[quota.target]} is ${quota.remaining > 0 ? `used up but for ${quota.remaining}, and the call costs more` : "used up"}.`;
  if (quota.resetAt === null) return refuse("QUOTA_EXCEEDED", `${state} Raise it to go on.`);
  return refuse("QUOTA_EXCEEDED", `${state} It resets at ${formatTime(quota.resetAt)}; raise it to go on before.`, {
    retryAfterMs: Math.min(longestWaitMs, Math.max(0, quota.resetAt - now)),
  });
}

/** Behind a limit: with whom the key shares it. */
const sharedBy: Readonly<Record<LimitTarget, string>> = {
  KEY: "",
  USER: " that all keys of the owner share",
  TENANT: " that all keys of the tenant share",
  API: " that all calls of the API share",
};
