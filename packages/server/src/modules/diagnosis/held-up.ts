import type { KeyGuesses } from "@keyplane/schema";
import type { Db } from "../../platform/database/index.js";
import type { Principal } from "../auth/index.js";
import { guesserOf } from "../keys/index.js";
import { findVerifiers } from "./diagnosis.store.js";

/** How long unknown keys from an address are held up. */
export interface HeldUp {
  readonly ip: string | undefined;
  /** In milliseconds; 0: not at all. */
  readonly ms: number;
  /** Whether it is the caller that has presented them. */
  readonly isOwn: boolean;
}

/**
 * Whether this server holds up an address that has tried out too many keys: with the caller, or else with another management token of the
 * tenant, which mostly is the one that the application verifies with. Asks memory, and takes no attempt.
 *
 * Of others only who may read the tenant's usage is told, which has these attempts, too; never of one who verifies for other tenants.
 *
 * @param tenantId of the key that is meant, or the caller's own; null: it is not known whose verifiers to ask.
 */
export async function heldUpOf(
  db: Db,
  addressGuesses: Pick<KeyGuesses, "waitMs">,
  principal: Principal,
  { tenantId, ip }: { readonly tenantId: string | null; readonly ip: string | undefined },
  now: number,
): Promise<HeldUp> {
  if (ip === undefined) return { ip, ms: 0, isOwn: true };
  const own = addressGuesses.waitMs(guesserOf(principal, ip), now);
  const maySeeOthers = principal.permissions.has("usage:read") && principal.onlyUserId === null;
  if (own > 0 || tenantId === null || !maySeeOthers) return { ip, ms: own, isOwn: true };
  const ids = await findVerifiers(db, tenantId, new Date(now));
  const longest = Math.max(0, ...ids.map((id) => addressGuesses.waitMs(guesserOf({ id }, ip), now)));
  return { ip, ms: longest, isOwn: false };
}
