import type { InputIssue } from "../../../platform/errors.js";

/** The part of a tenant that is its key policy. Lifetimes are milliseconds. */
export interface KeyPolicy {
  readonly keyPrefix: string;
  readonly defaultKeyLifetimeMs: bigint | null;
  readonly maxKeyLifetimeMs: bigint | null;
  readonly maxKeysPerUser: number | null;
  readonly allowedScopes: readonly string[];
  readonly restrictScopes: boolean;
}

/** When a new key expires if its creator does not say: the default lifetime, else the longest that is allowed. */
export function defaultExpiry(policy: KeyPolicy, now: number): Date | null {
  const lifetime = policy.defaultKeyLifetimeMs ?? policy.maxKeyLifetimeMs;
  return lifetime === null ? null : new Date(now + Number(lifetime));
}

/** What is wrong with an expiry under a policy. The lifetime counts from now: from creation, update or rotation. */
export function expiryIssues(policy: KeyPolicy, expiresAt: Date | null, now: number): InputIssue[] {
  const path = ["expiresAt"];
  if (expiresAt !== null && expiresAt.getTime() <= now) {
    return [{ path, message: "Give a time in the future; revoke or disable the key to stop it at once." }];
  }
  if (policy.maxKeyLifetimeMs === null) return [];
  const latest = now + Number(policy.maxKeyLifetimeMs);
  if (expiresAt !== null && expiresAt.getTime() <= latest) return [];
  return [{ path, message: `The tenant's policy allows a lifetime until ${new Date(latest).toISOString()} at most.` }];
}

/** What is wrong with scopes under a policy. */
export function scopeIssues(policy: KeyPolicy, scopes: readonly string[]): InputIssue[] {
  if (!policy.restrictScopes) return [];
  const beyond = scopes.filter((scope) => !policy.allowedScopes.includes(scope));
  if (beyond.length === 0) return [];
  const allowed = policy.allowedScopes.join(", ") || "none";
  return [
    { path: ["scopes"], message: `The tenant's policy does not allow ${beyond.join(", ")}. It allows: ${allowed}.` },
  ];
}

/** Something that may say how long old secrets work on. */
type Overlapping = { readonly rotationOverlapMs: bigint | null };

/** How long old secrets of a key work on where that is left to the policy, in milliseconds: the key's own first; null: neither says. */
export function policyOverlap(policy: Overlapping, key: Overlapping): number | null {
  const overlapMs = key.rotationOverlapMs ?? policy.rotationOverlapMs;
  return overlapMs === null ? null : Number(overlapMs);
}
