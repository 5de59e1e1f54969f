import { accepted, formatTime, isReached, refuse } from "./refusal.js";
import type { Decision, KeyRecord } from "./types.js";

const advice =
  "Rotate it with rotateKey, and overlapMs: null for as long an overlap as the policy says: left out, the old secret stops at once.";

type Rotated = Pick<KeyRecord, "secret" | "key" | "tenant">;

/** By when a key has to get a new secret, epoch milliseconds: the shorter of its own interval and its tenant's; null: never. */
export function rotateBy({ secret, key, tenant }: Rotated): number | null {
  const own = key.rotateEveryMs ?? null;
  const ofTenant = tenant.rotateEveryMs ?? null;
  if (own === null && ofTenant === null) return null;
  const issuedAt = secret.issuedAt ?? key.issuedAt;
  if (issuedAt == null) return null;
  return issuedAt + Math.min(own ?? Number.POSITIVE_INFINITY, ofTenant ?? Number.POSITIVE_INFINITY);
}

/** Whether a key is refused once it is overdue: the stricter of what it says itself and what its tenant says. */
export function refusesOverdue({ key, tenant }: Pick<KeyRecord, "key" | "tenant">): boolean {
  return tenant.rotationOverdue === "REFUSE" || key.rotationOverdue === "REFUSE";
}

/** EXPIRED for a secret that is older than it may be, where such keys are refused. */
export function checkRotationDue(record: KeyRecord, now: number): Decision | null {
  if (!refusesOverdue(record)) return null;
  const due = rotateBy(record);
  if (due === null || !isReached(due, now)) return null;
  const who =
    record.tenant.rotationOverdue === "REFUSE" ? "its tenant refuses keys that are" : "it is to be refused when it is";
  return refuse("EXPIRED", `The key had to get a new secret by ${formatTime(due)}, and ${who} overdue. ${advice}`);
}

/** Yes; with a hint where the key should have got a new secret by now. */
export function acceptance(record: KeyRecord, now: number): Decision {
  const due = rotateBy(record);
  if (due === null || !isReached(due, now)) return accepted;
  const hint = `The key should have got a new secret by ${formatTime(due)}. ${advice}`;
  return { ...accepted, hint };
}
