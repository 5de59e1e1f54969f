import type { Transaction } from "../../platform/database/index.js";
import { LimitReachedError } from "../../platform/errors.js";
import type { Events } from "../events/index.js";
import type { ScopeDifference } from "../roles/index.js";
import { findKeysTouched, type KeysOf } from "./keys.store.js";

/** How many keys one change of a role or team may concern: each has an event of its own, all in one transaction. */
const maxKeysTold = 100_000;

/**
 * Makes the function that tells verifiers which keys can use other scopes from now on, because a role or a team allows others.
 * Each of those keys has an UPDATED event, so that whoever follows events, of whatever version, reads exactly those again.
 *
 * The caller holds the role, team or user whose change it is; `holdBounds` keeps keys from being made or changed under it.
 */
export function createTellKeys({ events, max = maxKeysTold }: { events: Pick<Events, "appendAll">; max?: number }) {
  return async (tx: Transaction, of: KeysOf, difference: ScopeDifference, reason: string): Promise<void> => {
    if (difference.kind === "none") return;
    const keys = await findKeysTouched(tx, of, difference, max + 1);
    if (keys.length > max) {
      throw new LimitReachedError(
        `This changes what more than ${max} keys can use, which is more than can be told to verifiers at once. Make another role or team, and move users or keys to it step by step.`,
      );
    }
    await events.appendAll(
      tx,
      keys.map(({ id, tenantId, ownerId, teamId }) => ({
        type: "UPDATED",
        tenantId,
        keyId: id,
        userId: ownerId,
        teamIds: teamId === null ? [] : [teamId],
        reason,
      })),
    );
  };
}
