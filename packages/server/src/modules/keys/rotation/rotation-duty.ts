import type { Clock } from "../../../platform/clock.js";
import type { Database, Transaction } from "../../../platform/database/index.js";
import type { Duty } from "../../../platform/scheduler.js";
import type { Events } from "../../events/index.js";
import { planExpiry } from "../expiry/expiry-plan.js";
import * as store from "./key-rotation.store.js";

/** Plans anew when the keys of a tenant have to be rotated, in the transaction that changes its policy. */
export function createPlanRotations({ clock }: { readonly clock: Clock }) {
  return (tx: Transaction, tenantId: string): Promise<void> =>
    store.planRotationsOf(tx, tenantId, new Date(clock.now()));
}

/**
 * Tells ROTATION_DUE and ROTATION_OVERDUE when their time has come: the same plan as of an expiry, for the day by which a key
 * has to get a new secret. Each is told once, however many processes run and whenever one of them ends.
 *
 * @param deps.reminders how long before to remind, in milliseconds.
 */
export function createRotationDuty(deps: {
  database: Database;
  events: Events;
  clock: Clock;
  reminders: readonly number[];
}): Duty {
  const { database, events, clock, reminders } = deps;

  async function settleOne(tx: Transaction): Promise<boolean> {
    const now = clock.now();
    const due = await store.takeDue(tx, new Date(now));
    if (!due) return false;
    const { keyId, tenantId, ownerId, teamId, everyMs } = due;
    if (everyMs === null || due.isOver) {
      await store.settleDue(tx, keyId, new Date(now), null);
      return true;
    }
    const rotateBy = due.issuedAt.getTime() + Number(everyMs);
    const { event, dueAt } = planExpiry({ expiresAt: rotateBy, plannedAt: due.plannedAt.getTime() }, reminders, now);
    if (event) {
      const type = event === "EXPIRED" ? "ROTATION_OVERDUE" : "ROTATION_DUE";
      const reason = `has to be rotated by ${new Date(rotateBy).toISOString()}`;
      await events.append(tx, {
        type,
        tenantId,
        keyId,
        userId: ownerId,
        teamIds: teamId === null ? [] : [teamId],
        reason,
      });
    }
    await store.settleDue(tx, keyId, new Date(now), dueAt === null ? null : new Date(dueAt));
    return true;
  }

  return {
    isAnyDue: (now) => store.isAnyDue(database.prisma, now),
    settleOne: () => events.transaction(settleOne),
  };
}
