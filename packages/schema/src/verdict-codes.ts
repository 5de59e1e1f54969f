/**
 * Every verdict that a verification can have, in the order in which `decide` checks: the first that applies wins.
 *
 * Add it here: put a new code at its place in the order, add its check to `decision/`, a vector to `vectors/decisions.json`,
 * and run `pnpm generate`. The GraphQL enum and docs/reference/verdict-codes.md are made from this table.
 */

/** The texts of one verdict code. */
export interface VerdictCodeEntry {
  /** A few words, used as a heading. */
  readonly title: string;
  /** The default sentence of `Verdict.message`; it says what to do. `decide` adds times and reasons where it knows them. */
  readonly message: string;
  /** What has happened, for the documentation. */
  readonly cause: string;
  /** What mends it, for the documentation. */
  readonly remedy: string;
  /**
   * The HTTP status for the caller who presented the key, where a gateway or an adapter answers in place of the API: 401, present
   * another key; 403, this key may not; 410, the API has gone; 429, wait. `verifyKey` itself answers its own caller with 200.
   */
  readonly httpStatus: number;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/** The registry of verdict codes. */
export const verdictCodes = {
  VALID: {
    title: "Valid",
    message: "The key is valid.",
    cause: "Every check passed.",
    remedy: "Nothing to do: serve the request.",
    httpStatus: 200,
    retryable: false,
  },
  MALFORMED: {
    title: "Malformed key",
    message: "This is not the text of a Keyplane key. Read the hint, copy the whole key again, and send only the key.",
    cause:
      "The text does not have the form of a key: it is empty, cut off, too long, of another vendor, or has a character that no key has.",
    remedy: "Read `hint`: it names what is wrong and where. Copy the key again from where it was stored.",
    httpStatus: 401,
    retryable: false,
  },
  CHECKSUM_MISMATCH: {
    title: "Checksum does not match",
    message: "The key has a typing error: its checksum does not match. Copy the whole key again instead of typing it.",
    cause:
      "The text has the form of a key, but at least one character differs from the key that was issued, so no such key can exist.",
    remedy: "Copy the key again. If the original is lost, rotate the key and store the new secret.",
    httpStatus: 401,
    retryable: false,
  },
  WRONG_ENVIRONMENT: {
    title: "Wrong environment",
    message: "The key belongs to another environment. Use a live key for live traffic and a test key for tests.",
    cause: "A live key was presented where a test key is expected, or a test key where a live one is.",
    remedy: "Use a key of the expected environment, or correct the `environment` that the verifier asks for.",
    httpStatus: 401,
    retryable: false,
  },
  NOT_FOUND: {
    title: "Key not found",
    message:
      "No key with this secret exists here. Check that it was issued by this Keyplane; otherwise create a new key.",
    cause: "The key is well formed, but it was never issued by this installation, or it was deleted.",
    remedy:
      "Check the address of the control plane. A key deleted less than 30 days ago comes back with `restoreKey`; otherwise issue a new one with `createKey`.",
    httpStatus: 401,
    retryable: false,
  },
  REVOKED: {
    title: "Key revoked",
    message: "The key was revoked for good. Ask the owner of the API for a new key.",
    cause: "Somebody revoked the key with `revokeKey`. A revocation is final.",
    remedy: "Issue a new key with `createKey` if access should continue.",
    httpStatus: 401,
    retryable: false,
  },
  EXPIRED: {
    title: "Key expired",
    message: "The key has expired. Extend it with updateKey, or issue a new key.",
    cause:
      "The key's `expiresAt` has been reached, or it did not get a new secret in time and is refused for that, by its tenant's policy or by its own `rotationOverdue: REFUSE`; the message says which.",
    remedy:
      "Set a later `expiresAt` with `updateKey`, or issue a new key with `createKey`. Where the rotation is overdue, rotate it with `rotateKey`: `overlapMs: null` lets the old secret work on for as long as the policy says, and without `overlapMs` it stops at once.",
    httpStatus: 401,
    retryable: false,
  },
  SUPERSEDED: {
    title: "Secret superseded",
    message: "The key was rotated and this old secret has stopped. Use the key's new secret.",
    cause: "The key was rotated or reissued, and the overlap in which the old secret still worked is over.",
    remedy:
      "Deploy the new secret. If it is lost, rotate the key again and choose an overlap: `overlapMs: null` takes the policy's.",
    httpStatus: 401,
    retryable: false,
  },
  QUARANTINED: {
    title: "Key quarantined",
    message:
      "The key is quarantined, because its record cannot be trusted. The operator of this Keyplane has to look at it.",
    cause:
      "An integrity check found that the key's row or one of its secrets was changed past Keyplane, or contradicts its owner, team or tenant. `integrityFindings` says which.",
    remedy:
      "Find out who changed the database. Then issue a new key, or accept the key as it stands with `releaseKey`, and rotate it.",
    httpStatus: 403,
    retryable: false,
  },
  DISABLED: {
    title: "Key disabled",
    message: "The key is disabled for now. Enable it with enableKey.",
    cause:
      "Somebody disabled the key with `disableKey`, or the tenant's lifecycle policy did: a leaked, shared or idle key. The message says why.",
    remedy: "Enable it with `enableKey` when the reason for the pause is gone.",
    httpStatus: 401,
    retryable: false,
  },
  OWNER_NOT_FOUND: {
    title: "Owner not found",
    message: "The user whom this key belongs to no longer exists. Reissue the key to another user with reissueKey.",
    cause: "The key's owner was deleted, is missing, or belongs to another tenant than the key.",
    remedy:
      "Call `resolveInvalidUser`: it finds the user or creates them anew, reissues the key to them and tests it; with `dryRun: true` it only says what it would do. Or reissue the key yourself to an existing user of the same tenant with `reissueKey`.",
    httpStatus: 403,
    retryable: false,
  },
  OWNER_DISABLED: {
    title: "Owner disabled",
    message: "The user whom this key belongs to is disabled. Enable the user with enableUser, or reissue the key.",
    cause: "The key's owner was disabled with `disableUser`; all keys of that user are refused.",
    remedy: "Enable the user with `enableUser`, or reissue the key to another user with `reissueKey`.",
    httpStatus: 403,
    retryable: false,
  },
  TENANT_SUSPENDED: {
    title: "Tenant suspended",
    message: "The tenant of this key is suspended. Ask the operator of this Keyplane to resume it with resumeTenant.",
    cause: "The whole tenant was suspended or deleted; all its keys are refused.",
    remedy: "An installation administrator resumes it with `resumeTenant`.",
    httpStatus: 403,
    retryable: false,
  },
  INSUFFICIENT_SCOPE: {
    title: "Scope missing",
    message: "The key lacks a scope that this call needs. Add the missing scopes with updateKey, or use another key.",
    cause:
      "The verifier asked for scopes that the key cannot use; `missingScopes` names them. It does not carry them, or its owner's custom role or its team does not allow them: the message says which.",
    remedy:
      "Add the missing scopes to the key with `updateKey`, or use a key that has them. Where a role or team withholds them, change its `keyScopes` with `updateRole` or `updateTeam`.",
    httpStatus: 403,
    retryable: false,
  },
  API_NOT_GRANTED: {
    title: "API not granted",
    message: "The key has no access to this API. Request access and wait for the approval.",
    cause:
      "Access to the API was never requested, is waiting for approval, was refused or revoked; or the key's tenant has no such API or version.",
    remedy:
      "Request access with `requestApiAccess`, or have the request that waits approved with `approveApiAccess`. Correct the `api` that the verifier asks for.",
    httpStatus: 403,
    retryable: false,
  },
  API_RETIRED: {
    title: "API retired",
    message: "This version of the API is retired. Move to a version that is in service.",
    cause: "The API version's date of retirement has been reached.",
    remedy: "Call a newer version of the API.",
    httpStatus: 410,
    retryable: false,
  },
  IP_NOT_ALLOWED: {
    title: "Address not allowed",
    message: "The key may not be used from this address. Call from an allowed address, or change the key's lists.",
    cause:
      "The caller's address is on a deny list of the key, its owner or its tenant, or is not on one of their allow lists, or is unknown while there is such a list. The message says whose list it is.",
    remedy:
      "Change `allowedIps` or `deniedIps` with `updateKey`, `updateUser` or `updateTenant`, and pass the caller's `ip` when verifying.",
    httpStatus: 403,
    retryable: false,
  },
  RATE_LIMITED: {
    title: "Rate limit exceeded",
    message: "Too many calls. Wait for retryAfterMs milliseconds and try again.",
    cause:
      "A rate limit of the key, its owner, its tenant or the API is used up for the current window. Or the key is unknown, and too many unknown or mistyped keys came from the caller's address.",
    remedy:
      "Wait for `retryAfterMs`, spread the calls, or raise the limit with `setRateLimits`. A refused call costs nothing. An address that presents wrong keys is let in again by itself; keys that are known are verified from there all the same.",
    httpStatus: 429,
    retryable: true,
  },
  QUOTA_EXCEEDED: {
    title: "Quota used up",
    message: "The quota is used up. Wait until it resets, or raise it.",
    cause:
      "The quota of the key, its owner or its tenant has less left than the call costs: in the current period, or in all where it is never refilled.",
    remedy:
      "Wait for `retryAfterMs`; where it is null, waiting does not help. Or add to the quota with `topUpQuota`, make it whole with `resetQuota`, or raise it with `setQuota`. A refused call costs nothing.",
    httpStatus: 429,
    retryable: true,
  },
} as const satisfies Record<string, VerdictCodeEntry>;

/** The code of a verdict: `VALID`, or the first reason for which the key is refused. */
export type VerdictCode = keyof typeof verdictCodes;
