import { allows, effectiveScopes } from "./effective-scopes.js";
import { formatTime, isReached, refuse } from "./refusal.js";
import type { Decision, DecisionRequest, KeyRecord, ScopeBounds } from "./types.js";

/** Whether a key has all scopes that a call needs. They are compared exactly: no wildcard and no hierarchy can surprise anybody. */
export function hasScopes(keyScopes: readonly string[], scopes: readonly string[]): boolean {
  for (const scope of scopes) if (!keyScopes.includes(scope)) return false;
  return true;
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
export function checkApi({ api }: DecisionRequest, now: number): Decision | null {
  if (api === undefined) return null;
  if (api.grant === "PENDING") {
    return refuse(
      "API_NOT_GRANTED",
      `Access to ${api.name} was requested and waits for approval. Try again once it is approved.`,
    );
  }
  if (api.grant === "REFUSED") {
    return refuse("API_NOT_GRANTED", `Access to ${api.name} was requested and refused. Ask its owner for the reason.`);
  }
  if (api.grant !== "GRANTED") {
    return refuse("API_NOT_GRANTED", `The key has no access to ${api.name}. Request access and wait for the approval.`);
  }
  if (api.retiredAt !== null && isReached(api.retiredAt, now)) {
    return refuse(
      "API_RETIRED",
      `${api.name} was retired at ${formatTime(api.retiredAt)}. Move to a version that is in service.`,
    );
  }
  return null;
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

/** RATE_LIMITED, QUOTA_EXCEEDED. */
export function checkLimits({ limits }: DecisionRequest, now: number): Decision | null {
  if (limits === undefined) return null;
  const exceeded = limits.rateLimits.filter((state) => state.exceeded);
  if (exceeded.length > 0) {
    // The latest of them: before that, at least one limit would refuse again.
    const retryAfterMs = Math.max(0, ...exceeded.map((state) => state.resetAt - now));
    const names = exceeded.map((state) => state.name).join(", ");
    return refuse("RATE_LIMITED", `Too many calls (${names}). Wait ${retryAfterMs} ms and try again.`, {
      retryAfterMs,
    });
  }
  const { quota } = limits;
  if (!quota?.exceeded) return null;
  if (quota.resetAt === null)
    return refuse("QUOTA_EXCEEDED", `The quota of ${quota.limit} is used up. Raise it to go on.`);
  return refuse(
    "QUOTA_EXCEEDED",
    `The quota of ${quota.limit} is used up. It resets at ${formatTime(quota.resetAt)}; raise it to go on before.`,
    { retryAfterMs: Math.max(0, quota.resetAt - now) },
  );
}
