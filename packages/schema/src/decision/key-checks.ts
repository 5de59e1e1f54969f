import type { MalformedKey, WellFormedKey } from "../key-format/format-result.js";
import { becauseOf, formatTime, isReached, refuse, sinceWhen } from "./refusal.js";
import { checkRotationDue } from "./rotation.js";
import type { Decision, DecisionRequest, KeyRecord } from "./types.js";

/** For how long after its deletion a key can be restored, in milliseconds: 30 days. */
export const restoreWindowMs = 30 * 24 * 60 * 60 * 1000;

/** MALFORMED, CHECKSUM_MISMATCH. */
export function refuseFormat(format: MalformedKey): Decision {
  const code = format.problem === "checksum" ? "CHECKSUM_MISMATCH" : "MALFORMED";
  return refuse(code, undefined, { hint: format.hint });
}

/** WRONG_ENVIRONMENT. Needs no record: the key's text says where it belongs. */
export function checkEnvironment(
  record: KeyRecord | null,
  format: WellFormedKey,
  request: DecisionRequest,
): Decision | null {
  const expected = request.environment;
  if (expected !== undefined && format.environment !== expected) {
    return refuse(
      "WRONG_ENVIRONMENT",
      `This is a ${format.environment} key, but a ${expected} key is needed. Use a ${expected} key.`,
    );
  }
  // Only corrupt data gets here: the environment stands in the text that was hashed.
  if (record !== null && record.key.environment !== format.environment) {
    return refuse(
      "WRONG_ENVIRONMENT",
      `The key's text says ${format.environment}, but it is stored as a ${record.key.environment} key. Rotate the key to mend its record.`,
    );
  }
  return null;
}

/** NOT_FOUND for a record that exists: the key was deleted, or its record contradicts itself. */
export function checkExistence({ key, tenant }: KeyRecord, now: number): Decision | null {
  if (key.deletedAt !== null) {
    const until = key.deletedAt + restoreWindowMs;
    const mend = isReached(until, now)
      ? "It can no longer be restored; create a new key."
      : `restoreKey brings it back within 30 days, until ${formatTime(until)}.`;
    return refuse("NOT_FOUND", `The key was deleted at ${formatTime(key.deletedAt)}. ${mend}`);
  }
  if (tenant.id !== key.tenantId) {
    return refuse(
      "NOT_FOUND",
      "The key's record contradicts its tenant's, so it is refused. Examine it with diagnoseKey.",
    );
  }
  return null;
}

/** Without an overlap a secret stops at once, whatever the time: a verifier whose clock is behind must not accept it longer. */
function hasStopped(supersededAt: number, stopsAt: number | null, now: number): boolean {
  return stopsAt === null || stopsAt <= supersededAt || isReached(stopsAt, now);
}

/**
 * REVOKED. A revocation or a disabling counts whatever its time: a verifier whose clock is behind must refuse at once, too.
 */
export function checkRevocation({ key }: KeyRecord): Decision | null {
  if (key.revokedAt === null) return null;
  const when = `${formatTime(key.revokedAt)}${becauseOf(key.revokedReason)}`;
  return refuse("REVOKED", `The key was revoked for good at ${when}. Ask the owner of the API for a new key.`);
}

/** EXPIRED: by its own date, or because it was not rotated in time and such keys are refused. */
export function checkExpiry(record: KeyRecord, now: number): Decision | null {
  const { key } = record;
  if (key.expiresAt === null || !isReached(key.expiresAt, now)) return checkRotationDue(record, now);
  return refuse(
    "EXPIRED",
    `The key expired at ${formatTime(key.expiresAt)}. Extend it with updateKey, or issue a new key.`,
  );
}

/** SUPERSEDED. */
export function checkRotation({ secret }: KeyRecord, now: number): Decision | null {
  if (secret.supersededAt === null || !hasStopped(secret.supersededAt, secret.stopsAt, now)) return null;
  const rotated = formatTime(secret.supersededAt);
  const stopped = formatTime(secret.stopsAt ?? secret.supersededAt);
  return refuse(
    "SUPERSEDED",
    `The key got a new secret at ${rotated}, and this old one stopped at ${stopped}. Use the new secret.`,
  );
}

/** QUARANTINED: an integrity check has found that the key's record cannot be trusted. */
export function checkQuarantine({ key }: KeyRecord): Decision | null {
  if (key.quarantinedAt == null) return null;
  return refuse(
    "QUARANTINED",
    `The key is quarantined since ${formatTime(key.quarantinedAt)}, because its record cannot be trusted. The operator of this Keyplane has to look at it.`,
  );
}

/** DISABLED. As a revocation, it counts whatever its time. */
export function checkEnabled({ key }: KeyRecord): Decision | null {
  if (key.disabledAt === null) return null;
  const when = `${formatTime(key.disabledAt)}${becauseOf(key.disabledReason)}`;
  return refuse("DISABLED", `The key is disabled since ${when}. Enable it with enableKey.`);
}

/**
 * The five checks of the key itself, in their order, for `decide`: most keys have nothing against them, which is seen here at one glance
 * instead of by five calls.
 */
export function checkKey(record: KeyRecord, now: number): Decision | null {
  const { key, secret, tenant } = record;
  // Where overdue keys are refused, what is due has to be looked at.
  const isRotated = tenant.rotationOverdue !== "REFUSE" && key.rotationOverdue !== "REFUSE";
  const isUnexpired = (key.expiresAt === null || now < key.expiresAt) && isRotated;
  const isHeld = key.disabledAt !== null || key.quarantinedAt != null;
  if (key.revokedAt === null && isUnexpired && secret.supersededAt === null && !isHeld) return null;
  return (
    checkRevocation(record) ??
    checkExpiry(record, now) ??
    checkRotation(record, now) ??
    checkQuarantine(record) ??
    checkEnabled(record)
  );
}

/** The two checks of the owner, for `decide`. */
export function checkOwnerAndStatus(record: KeyRecord): Decision | null {
  const { key, owner } = record;
  const isSound = owner?.status === "ACTIVE" && owner.id === key.ownerId && owner.tenantId === key.tenantId;
  return isSound ? null : (checkOwner(record) ?? checkOwnerStatus(record));
}

/** OWNER_NOT_FOUND. An owner that contradicts the key's record is as good as none. */
export function checkOwner({ key, owner }: KeyRecord): Decision | null {
  if (owner === null) return refuse("OWNER_NOT_FOUND");
  if (owner.id !== key.ownerId || owner.tenantId !== key.tenantId) {
    return refuse(
      "OWNER_NOT_FOUND",
      "The key's record contradicts its owner's, so the owner counts as missing. Reissue the key to a user of its tenant with reissueKey.",
    );
  }
  if (owner.status !== "DELETED") return null;
  const when = owner.since === null ? "" : ` at ${formatTime(owner.since)}`;
  return refuse(
    "OWNER_NOT_FOUND",
    `The user whom this key belongs to was deleted${when}${becauseOf(owner.reason)}. Reissue the key to another user with reissueKey.`,
  );
}

/** OWNER_DISABLED: whatever is not ACTIVE. {@link checkOwner}, which comes before, refuses one that is missing, deleted or another key's. */
export function checkOwnerStatus({ key, owner }: KeyRecord): Decision | null {
  if (owner === null || owner.status === "ACTIVE" || owner.status === "DELETED") return null;
  if (owner.id !== key.ownerId || owner.tenantId !== key.tenantId) return null;
  const { since, reason } = owner;
  return refuse(
    "OWNER_DISABLED",
    `The user whom this key belongs to is disabled${sinceWhen(since)}${becauseOf(reason)}. Enable the user with enableUser, or reissue the key.`,
  );
}

/** TENANT_SUSPENDED. */
export function checkTenant({ tenant }: KeyRecord): Decision | null {
  const { status, since, reason } = tenant;
  if (status === "ACTIVE") return null;
  if (status === "DELETED") {
    return refuse(
      "TENANT_SUSPENDED",
      `The tenant of this key is deleted${sinceWhen(since)}${becauseOf(reason)}. Its keys cannot be used.`,
    );
  }
  return refuse(
    "TENANT_SUSPENDED",
    `The tenant of this key is suspended${sinceWhen(since)}${becauseOf(reason)}. The operator resumes it with resumeTenant.`,
  );
}
