import type { Db, Key, User } from "../../platform/database/index.js";
import { LimitReachedError } from "../../platform/errors.js";
import { countLiveKeys } from "./keys.store.js";
import type { KeyPolicy } from "./lib/key-policy.js";
import { keyStatusAt } from "./lib/key-status.js";

/**
 * Refuses one more key for an owner who has as many as the policy allows. The owner must be locked, so that two
 * creations at once cannot both see the last free place.
 *
 * @throws LimitReachedError
 */
export async function refuseTooManyKeys(db: Db, policy: KeyPolicy, owner: User, now: number): Promise<void> {
  if (policy.maxKeysPerUser === null) return;
  const live = await countLiveKeys(db, owner.tenantId, owner.id, new Date(now));
  if (live < policy.maxKeysPerUser) return;
  throw new LimitReachedError(
    `This user has ${live} ${live === 1 ? "key" : "keys"}, and the tenant's policy allows ${policy.maxKeysPerUser}. Revoke one that is not needed, or raise maxKeysPerUser with updateTenant.`,
  );
}

/** Whether a key counts among those that the policy allows a user: it could be accepted, or could be once enabled or released. */
export function countsForLimit(
  key: Pick<Key, "revokedAt" | "expiresAt" | "quarantinedAt" | "disabledAt" | "deletedAt">,
  now: number,
) {
  return key.deletedAt === null && !["REVOKED", "EXPIRED"].includes(keyStatusAt(key, now));
}
