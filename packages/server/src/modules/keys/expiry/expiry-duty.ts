import type { Clock } from "../../../platform/clock.js";
import type { Database, Transaction } from "../../../platform/database/index.js";
import type { Duty } from "../../../platform/scheduler.js";
import type { Events } from "../../events/index.js";
import { planExpiry } from "./expiry-plan.js";
import * as store from "./key-expiry.store.js";

/**
 * Tells EXPIRING and EXPIRED when their time has come. What was told is kept in the transaction that tells it, so each is told
 * once, however many processes run and whenever one of them ends.
 *
 * @param deps.reminders how long before the expiry to remind, in milliseconds.
 */
export function createExpiryDuty(deps: {
  database: Database;
  events: Events;
  clock: Clock;
  reminders: readonly number[];
}): Duty {
  const { database, events, clock, reminders } = deps;

  /** One key in a transaction of its own: an event's place is that of the first thing that its transaction holds. */
  async function settleOne(tx: Transaction): Promise<boolean> {
    const now = clock.now();
    const due = await store.takeDue(tx, new Date(now));
    if (!due) return false;
    const { keyId, tenantId, ownerId, expiresAt } = due;
    // Whoever sets an expiry plans it; this is for what was changed by hand.
    if (expiresAt && !due.isOver && expiresAt.getTime() !== due.plannedFor.getTime()) {
      await store.scheduleExpiry(tx, { id: keyId, expiresAt }, reminders, now);
      return true;
    }
    if (!expiresAt || due.isOver) {
      await store.settleDue(tx, keyId, new Date(now), null);
      return true;
    }
    const times = { expiresAt: expiresAt.getTime(), plannedAt: due.plannedAt.getTime() };
    const { event, dueAt } = planExpiry(times, reminders, now);
    if (event) {
      const reason = event === "EXPIRING" ? `expires at ${expiresAt.toISOString()}` : null;
      await events.append(tx, { type: event, tenantId, keyId, userId: ownerId, reason });
    }
    await store.settleDue(tx, keyId, new Date(now), dueAt === null ? null : new Date(dueAt));
    return true;
  }

  return {
    isAnyDue: (now) => store.isAnyDue(database.prisma, now),
    settleOne: () => events.transaction(settleOne),
  };
}
