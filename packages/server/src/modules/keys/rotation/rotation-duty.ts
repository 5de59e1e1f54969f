import type { Clock } from "../../../platform/clock.js";
import type { Database, Transaction } from "../../../platform/database/index.js";
import type { Duty } from "../../../platform/scheduler.js";
import type { Events } from "../../events/index.js";
import { planExpiry } from "../expiry/expiry-plan.js";
import type { DeliveredRotation } from "./delivered-rotation.js";
import * as store from "./key-rotation.store.js";

/** Plans anew when the keys of a tenant have to be rotated, in the transaction that changes its policy. */
export function createPlanRotations({ clock }: { readonly clock: Clock }) {
  return (tx: Transaction, tenantId: string): Promise<void> =>
    store.planRotationsOf(tx, tenantId, new Date(clock.now()));
}

/**
 * Tells ROTATION_DUE and ROTATION_OVERDUE when their time has come: the same plan as of an expiry, for the day by which a key
 * has to get a new secret. Where a receiver is registered, the new secret is handed over before. Each is told once, however many processes run and whenever one of them ends.
 *
 * @param deps.reminders how long before to remind, in milliseconds.
 */
export function createRotationDuty(deps: {
  database: Database;
  events: Events;
  clock: Clock;
  reminders: readonly number[];
  delivery: DeliveredRotation;
}): Duty {
  const { database, events, clock, reminders, delivery } = deps;

  async function settleOne(tx: Transaction): Promise<boolean> {
    const now = clock.now();
    const due = await store.takeDue(tx, new Date(now));
    if (!due) return false;
    const { keyId, tenantId, ownerId, teamId, everyMs, issuedAt } = due;
    if (everyMs === null || due.isOver) {
      await store.settleDue(tx, keyId, new Date(now), { dueAt: null, overdueToldFor: due.overdueToldFor });
      return true;
    }
    const rotateBy = issuedAt.getTime() + Number(everyMs);
    const { event, dueAt } = planExpiry({ expiresAt: rotateBy, plannedAt: due.plannedAt.getTime() }, reminders, now);
    const isOverdue = event === "EXPIRED";
    // Planned anew, for a receiver or by another policy: an overdue secret is told of once all the same.
    const wasTold = isOverdue && due.overdueToldFor?.getTime() === issuedAt.getTime();
    if (event && !wasTold) {
      const reason = `has to be rotated by ${new Date(rotateBy).toISOString()}`;
      await events.append(tx, {
        type: isOverdue ? "ROTATION_OVERDUE" : "ROTATION_DUE",
        tenantId,
        keyId,
        userId: ownerId,
        teamIds: teamId === null ? [] : [teamId],
        reason,
      });
    }
    const nextAt = await deliver(tx, due, rotateBy, Number(everyMs), now);
    const next = [dueAt, nextAt].filter((time) => time !== null);
    await store.settleDue(tx, keyId, new Date(now), {
      dueAt: next.length === 0 ? null : new Date(Math.min(...next)),
      overdueToldFor: isOverdue ? issuedAt : due.overdueToldFor,
    });
    return true;
  }

  /** Hands a new secret over when its time has come. @returns when that is, or when to try again; null: nothing is to come. */
  async function deliver(
    tx: Transaction,
    { keyId, webhookId }: store.DueRotation,
    rotateBy: number,
    everyMs: number,
    now: number,
  ): Promise<number | null> {
    if (webhookId === null) return null;
    const deliverAt = delivery.deliverAt(rotateBy, everyMs);
    if (now < deliverAt) return deliverAt;
    return delivery.prepare(tx, keyId, webhookId, rotateBy);
  }

  return {
    isAnyDue: (now) => store.isAnyDue(database.prisma, now),
    settleOne: () => events.transaction(settleOne),
  };
}
