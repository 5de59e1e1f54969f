import { createId, maxLimit } from "@keyplane/schema";
import { Temporal } from "temporal-polyfill";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Prisma, Quota, Transaction } from "../../platform/database/index.js";
import { LimitReachedError, NotFoundError } from "../../platform/errors.js";
import { type RateLimitRule, rulesOf } from "../../platform/limited.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import { periodAt } from "./lib/periods.js";
import { type LimitedTarget, type Locks, lockQuotaTarget, lockTarget } from "./limit-targets.js";
import {
  quotaTargetSchema,
  type SetQuotaInput,
  setQuotaSchema,
  setRateLimitsSchema,
  topUpQuotaSchema,
  usualAnchor,
} from "./limits.input.js";
import { dropLostLeases, findQuotaOf, insertEntry, lockQuota, unusedOfLeases } from "./quotas/quota.store.js";
import type { QuotaAccounts } from "./quotas/quota-accounts.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly locks: Locks;
  readonly accounts: QuotaAccounts;
}

/** The rate limits of something. */
export interface RateLimitsOf {
  readonly targetId: string;
  readonly rateLimits: readonly RateLimitRule[];
}

/** The quota of something; null: there is none. */
export interface QuotaOf {
  readonly targetId: string;
  readonly quota: Quota | null;
}

export type Limits = ReturnType<typeof createLimits>;

/** What keys, users and tenants may use, and how fast APIs may be called. */
export function createLimits({ audit, clock, events, idempotency, locks, accounts }: Deps) {
  /** Keeps what a change needs kept besides the change itself. The event says which quota to ask for anew. */
  async function tell(
    tx: Transaction,
    principal: Principal,
    change: {
      readonly target: LimitedTarget;
      readonly action: string;
      readonly before: object | null;
      readonly after: object | null;
      readonly quotaId?: string;
      readonly reason?: string | undefined;
      /** Whether only what is known of the quota changes, and nothing of its target. */
      readonly isOnlyOfQuota?: true;
    },
  ): Promise<void> {
    const { target, action, before, after, quotaId, reason } = change;
    const of = { type: target.type, id: target.id } as const;
    await audit.record(tx, {
      actor: actorOf(principal),
      action,
      tenantId: target.tenantId,
      target: of,
      before,
      after,
      reason,
    });
    const subject = quotaId === undefined ? {} : { subjectId: quotaId };
    if (change.isOnlyOfQuota) await events.append(tx, { type: "QUOTA_CHANGED", tenantId: target.tenantId, ...subject });
    else await events.append(tx, { ...(await target.event()), ...subject, reason: reason ?? null });
  }

  /** Changes a quota that is there. @throws NotFoundError when its target has none. */
  function changeQuota(
    principal: Principal,
    targetId: string,
    work: (tx: Transaction, target: LimitedTarget, quota: Quota) => Promise<Quota | null>,
  ): Promise<QuotaOf> {
    return events.transaction(async (tx) => {
      const target = await lockQuotaTarget(locks, tx, principal, targetId);
      const quota = await lockOwnQuota(tx, target, target.quotaId);
      if (!quota) throw noQuota();
      return { targetId, quota: await work(tx, target, quota) };
    });
  }

  /** Reads a quota for a change, unless it is another's: a row that was changed past Keyplane may name that. */
  async function lockOwnQuota(tx: Transaction, target: LimitedTarget, id: string | null): Promise<Quota | null> {
    const quota = id === null ? null : await lockQuota(tx, id, clock.now());
    return quota?.targetId === target.id ? quota : null;
  }

  return {
    /**
     * Sets all rate limits of a key, user, tenant or API. They count from the next verification on; what was used counts on for a limit that
     * keeps its name.
     *
     * @throws InvalidInputError, NotFoundError, ConflictError for what is gone, ForbiddenError.
     */
    async setRateLimits(principal: Principal, rawInput: unknown): Promise<RateLimitsOf> {
      authorize(principal, "limits:update");
      const { targetId, rateLimits } = parseInput(setRateLimitsSchema, rawInput);
      return events.transaction(async (tx) => {
        const target = await lockTarget(locks, tx, principal, targetId);
        const before = rulesOf(target.rateLimits);
        if (!changes({ rateLimits: before }, { rateLimits })) return { targetId, rateLimits };
        const json = rateLimits as unknown as Prisma.InputJsonValue;
        await target.update({ rateLimits: json, updatedAt: new Date(clock.now()) });
        const action = `${actionOf(target)}.rate_limits_set`;
        await tell(tx, principal, { target, action, before: { rateLimits: before }, after: { rateLimits } });
        return { targetId, rateLimits };
      });
    },

    /**
     * Gives a key, user or tenant a quota, or changes the one that it has: what is not named stays as it is, and so does what was used and added
     * in the present period, whichever period follows it now. A target that names no quota or another's, which only a change past Keyplane can
     * have done, names its own again.
     *
     * @throws as setRateLimits does.
     */
    async setQuota(principal: Principal, rawInput: unknown): Promise<QuotaOf> {
      authorize(principal, "limits:update");
      const { targetId, reason, ...input } = parseInput(setQuotaSchema, rawInput);
      return events.transaction(async (tx) => {
        const target = await lockQuotaTarget(locks, tx, principal, targetId);
        const now = new Date(clock.now());
        const before = await lockOwnQuota(tx, target, (await findQuotaOf(tx, targetId))?.id ?? null);
        const definition = definitionOf(input, before);
        const { refill } = definition;
        const isNamed = before !== null && target.quotaId === before.id;
        if (isNamed && !changes<Partial<Quota>>(before, definition)) return { targetId, quota: before };
        const { start, end } = periodAt(definition, now.getTime());
        const periodStart = refill === "NEVER" ? (before?.periodStart ?? now) : new Date(start);
        const periodEnd = end === null ? null : new Date(end);
        // What was taken in the present period is due in the history when that ends, whenever that is now.
        const dueAt = before !== null && before.used > 0 ? periodEnd : null;
        const columns = { ...definition, periodStart, periodEnd, dueAt, updatedAt: now };
        const quota = before
          ? await tx.quota.update({ where: { id: before.id }, data: columns })
          : await tx.quota.create({
              data: { id: createId("Quota"), tenantId: target.tenantId, targetId, ...columns, createdAt: now },
            });
        if (!isNamed) await target.update({ quotaId: quota.id, updatedAt: now });
        await insertEntry(tx, quota, { type: "SET", at: now, reason });
        const action = `${actionOf(target)}.quota_set`;
        await tell(tx, principal, { target, action, before, after: quota, quotaId: quota.id, reason });
        return { targetId, quota };
      });
    },

    /** Takes the quota away: nothing is counted any more. @throws NotFoundError also when there is none. */
    async removeQuota(principal: Principal, rawInput: unknown): Promise<QuotaOf> {
      authorize(principal, "limits:update");
      const { targetId, reason } = parseInput(quotaTargetSchema, rawInput);
      return changeQuota(principal, targetId, async (tx, target, quota) => {
        await target.update({ quotaId: null, updatedAt: new Date(clock.now()) });
        await insertEntry(tx, quota, { type: "REMOVED", at: new Date(clock.now()), reason });
        await tx.quota.delete({ where: { id: quota.id } });
        const action = `${actionOf(target)}.quota_removed`;
        await tell(tx, principal, { target, action, before: quota, after: null, quotaId: quota.id, reason });
        return null;
      });
    },

    /**
     * Adds to a quota: for the present period, or for good where it is never refilled.
     *
     * @throws as removeQuota does; LimitReachedError when too much would be added in one period.
     */
    async topUpQuota(principal: Principal, rawInput: unknown): Promise<QuotaOf> {
      authorize(principal, "limits:update");
      const { idempotencyKey, ...input } = parseInput(topUpQuotaSchema, rawInput);
      const { targetId, amount, reason } = input;
      const attempt = { operation: "topUpQuota", idempotencyKey, input };
      await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const target = await lockQuotaTarget(locks, tx, principal, targetId);
        const now = new Date(clock.now());
        const before = await lockOwnQuota(tx, target, target.quotaId);
        if (!before) throw noQuota();
        if (before.toppedUp + amount > maxLimit) {
          throw new LimitReachedError(
            `A quota is topped up by at most ${maxLimit} in a period, and this one was by ${before.toppedUp}. Raise its limit with setQuota.`,
          );
        }
        const data = { toppedUp: { increment: amount }, updatedAt: now };
        const quota = await tx.quota.update({ where: { id: before.id }, data });
        await insertEntry(tx, quota, { type: "TOPPED_UP", at: now, amount, reason });
        const action = `${actionOf(target)}.quota_topped_up`;
        await tell(tx, principal, {
          target,
          action,
          before,
          after: quota,
          quotaId: quota.id,
          reason,
          isOnlyOfQuota: true,
        });
        return { targetId };
      });
      return changeQuota(principal, targetId, async (_, __, quota) => quota);
    },

    /**
     * Makes a quota whole again before its time. What other servers may still use of what they hold counts as used, so that nothing is
     * admitted twice, until they hear of the reset and give it back, which is at once. What they have used in the last half minute, since they
     * last said how much they have, stays counted. What lost servers hold is dropped: they use none of it any more.
     *
     * @throws as removeQuota does.
     */
    async resetQuota(principal: Principal, rawInput: unknown): Promise<QuotaOf> {
      authorize(principal, "limits:update");
      const { targetId, reason } = parseInput(quotaTargetSchema, rawInput);
      // What this process holds is settled before, so that where there is one process, nothing is left.
      await accounts.giveBack(await quotaIdOf(principal, targetId));
      return changeQuota(principal, targetId, async (tx, target, before) => {
        const now = new Date(clock.now());
        await dropLostLeases(tx, before);
        const data = { used: await unusedOfLeases(tx, before), updatedAt: now };
        const quota = await tx.quota.update({ where: { id: before.id }, data });
        await insertEntry(tx, before, { type: "RESET", at: now, reason });
        const action = `${actionOf(target)}.quota_reset`;
        await tell(tx, principal, {
          target,
          action,
          before,
          after: quota,
          quotaId: quota.id,
          reason,
          isOnlyOfQuota: true,
        });
        return quota;
      });
    },
  };

  async function quotaIdOf(principal: Principal, targetId: string): Promise<string | null> {
    return events.transaction(async (tx) => (await lockQuotaTarget(locks, tx, principal, targetId)).quotaId);
  }
}

function actionOf({ type }: LimitedTarget): string {
  return type.toLowerCase();
}

type Definition = Pick<Quota, "limit" | "refill" | "timeZone" | "anchor">;

/** What a quota is to be: as asked, and otherwise as it was. */
function definitionOf(asked: Omit<SetQuotaInput, "targetId" | "reason">, before: Quota | null): Definition {
  const { limit } = asked;
  const refill = asked.refill ?? before?.refill ?? "NEVER";
  const timeZone = asked.timeZone ?? before?.timeZone ?? "UTC";
  // Periods that begin as in the calendar go on to do so, by the clock of another time zone.
  const isUsual = before === null || before.anchor.getTime() === usualAnchorIn(before.timeZone).getTime();
  return { limit, refill, timeZone, anchor: asked.anchor ?? (isUsual ? usualAnchorIn(timeZone) : before.anchor) };
}

function usualAnchorIn(timeZone: string): Date {
  return new Date(Temporal.PlainDateTime.from(usualAnchor).toZonedDateTime(timeZone).epochMilliseconds);
}

const noQuota = (): NotFoundError => new NotFoundError("quota", "targetId", "Give it one with setQuota first.");
