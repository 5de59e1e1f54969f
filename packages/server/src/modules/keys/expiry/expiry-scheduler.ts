import type { Clock } from "../../../platform/clock.js";
import type { Database, Transaction } from "../../../platform/database/index.js";
import type { Logger } from "../../../platform/logger.js";
import type { Events } from "../../events/index.js";
import { planExpiry } from "./expiry-plan.js";
import * as store from "./key-expiry.store.js";

const intervalMs = 1_000;
/** How many keys one round settles at most, so that a million that expire at midnight do not keep the server from its work. */
const maxPerRound = 500;

/**
 * Tells EXPIRING and EXPIRED when their time has come. What was told is kept in the transaction that tells it, so each is told
 * once, however many processes run and whenever one of them ends.
 *
 * @param deps.reminders how long before the expiry to remind, in milliseconds.
 */
export function startExpiryScheduler(deps: {
  database: Database;
  events: Events;
  clock: Clock;
  logger: Logger;
  reminders: readonly number[];
}): { stop(): Promise<void> } {
  const { database, events, clock, logger, reminders } = deps;
  let running: Promise<void> | null = null;
  let stopped = false;

  async function round(): Promise<void> {
    if (!(await store.isAnyDue(database.prisma, new Date(clock.now())))) return;
    for (let count = 0; count < maxPerRound && !stopped; count++) if (!(await events.transaction(settleOne))) return;
  }

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

  const timer = setInterval(() => {
    running ??= round()
      .catch((error: unknown) => logger.warn({ err: error }, "expiries could not be told; trying again"))
      .finally(() => {
        running = null;
      });
  }, intervalMs).unref();

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
