import { checkRotationDue } from "@keyplane/schema";
import type { Key, Tenant } from "../../../platform/database/index.js";
import { toTenantState } from "../../tenants/index.js";
import { policyOverlap } from "../lib/key-policy.js";
import { toKeyState } from "../verification/key-states.js";

/** Of a secret that is the present one. */
const present = { start: "", supersededAt: null, stopsAt: null };

/** Whether a key is refused with its present secret, because that was not replaced in time. */
function isRefusedAsOverdue(tenant: Tenant, key: Key, now: number): boolean {
  const record = { secret: present, key: toKeyState(key), owner: null, tenant: toTenantState(tenant) };
  return checkRotationDue(record, now) !== null;
}

/**
 * The longest overlap that whoever may rotate only their own keys can give one, in milliseconds; null: any. It is the policy's, because
 * the holder of a key does not make the rules that bind it. Where no rule says, a secret that is refused as overdue gets none:
 * it would be accepted again.
 */
export function longestOwnOverlap(tenant: Tenant, key: Key, now: number): number | null {
  return policyOverlap(tenant, key) ?? (isRefusedAsOverdue(tenant, key, now) ? 0 : null);
}

/**
 * For how long the old secret works on when the new one is first used, in milliseconds. One that is refused as overdue by then is accepted
 * again for as long as the policy says at most: nobody decides anything at that moment.
 */
export function overlapAtFirstUse(tenant: Tenant, key: Key, overlapMs: number, now: number): number {
  if (!isRefusedAsOverdue(tenant, key, now)) return overlapMs;
  return Math.min(overlapMs, policyOverlap(tenant, key) ?? 0);
}
