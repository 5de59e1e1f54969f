import type { Clock } from "../../../platform/clock.js";
import type { Database, Key, Transaction } from "../../../platform/database/index.js";
import { type AuditActor, systemActor } from "../../audit/index.js";
import type { Events } from "../../events/index.js";
import type { Keys } from "../../keys/index.js";
import type { Findings } from "../findings/findings.service.js";
import { findPolicy, type LifecyclePolicy, needsUpkeep, toPolicy } from "../policy/policy.js";
import * as store from "./upkeep.store.js";

const dayMs = 24 * 60 * 60_000;
/** How often the keys of a tenant are looked at, in milliseconds. */
const everyMs = 60 * 60_000;
/** How many keys one look changes at most of each kind; the rest follow at once, after the other tenants. */
const usualPerLook = 200;

/** Keyplane itself, where no person has asked for a change. */
export const lifecycleActor: AuditActor = { ...systemActor, id: "lifecycle", requestId: "lifecycle" };

/** What one look asks for, of one key. */
type Step = (tx: Transaction, key: Key) => Promise<unknown>;

/**
 * Looks after keys that a tenant's policy does not want: reminds of each once, and disables it when its time of grace is over.
 *
 * What was done is kept in the transaction that does it, with a finding for each key, so it is done once, however many processes
 * run and whenever one of them ends; a look that a crash has cut off is made again an hour later.
 */
export function createUpkeep(deps: {
  clock: Clock;
  database: Database;
  events: Events;
  findings: Findings;
  keys: Pick<Keys, "hold" | "disableAs">;
  /** Whether it is known when keys were last used: else none is idle. */
  isUseKnown: () => Promise<boolean>;
  /** How many keys one look changes at most of each kind; for tests. */
  maxPerLook?: number;
}) {
  const { clock, database, events, findings, keys, isUseKnown, maxPerLook = usualPerLook } = deps;

  /** Takes one step for each key, in transactions of their own. */
  async function forEach(ids: readonly string[], stopped: () => boolean, step: Step): Promise<boolean> {
    for (const id of ids) {
      if (stopped()) break;
      await events.transaction(async (tx) => {
        const key = await keys.hold(tx, id);
        if (key) await step(tx, key);
      });
    }
    return ids.length === maxPerLook;
  }

  /** @returns whether there may be more to do. */
  async function look(policy: LifecyclePolicy, stopped: () => boolean): Promise<boolean> {
    const { prisma } = database;
    const { tenantId } = policy;
    const now = clock.now();
    const at = new Date(now);
    let isMore = false;
    for (const unwanted of store.unwantedBy(policy, now)) {
      const { kind, action, reason } = unwanted;
      const open = (tx: Transaction, key: Key) => findings.find(tx, key.id, { kind });

      const closing = await store.findToClose(prisma, tenantId, unwanted, maxPerLook);
      const isMoreToClose = await forEach(closing, stopped, async (tx, key) => {
        const finding = await open(tx, key);
        if (finding) await findings.close(tx, lifecycleActor, finding, "It does not apply any more.");
      });
      isMore ||= isMoreToClose;
      if (action === "IGNORE" || (kind === "IDLE" && !(await isUseKnown()))) continue;

      const reminding = await store.findToRemind(prisma, tenantId, unwanted, at, maxPerLook);
      const isMoreToRemind = await forEach(reminding, stopped, async (tx, key) => {
        if (await open(tx, key)) return;
        await findings.raise(tx, lifecycleActor, key, { kind, reason });
      });
      isMore ||= isMoreToRemind;
      if (action !== "DISABLE") continue;

      const before = new Date(now - policy.graceDays * dayMs);
      const disabling = await store.findToDisable(prisma, tenantId, unwanted, at, before, maxPerLook);
      const isMoreToDisable = await forEach(disabling, stopped, async (tx, key) => {
        const finding = await open(tx, key);
        // Looked at again, because the key may have been used or changed since it was found.
        const still = await store.findToDisable(tx, tenantId, unwanted, at, before, 1, key.id);
        if (!finding || still.length === 0) return;
        await keys.disableAs(tx, lifecycleActor, key, reason);
        await findings.setAction(tx, finding, "DISABLED");
      });
      isMore ||= isMoreToDisable;
    }
    return isMore;
  }

  return {
    isAnyDue: (now: Date): Promise<boolean> => store.isAnyDue(database.prisma, now),

    /** Looks at the keys of one tenant that is due. @returns false when none is. */
    async settleOne(stopped: () => boolean): Promise<boolean> {
      const now = clock.now();
      const nextAt = new Date(now + everyMs);
      const row = await store.takeDue(database.prisma, new Date(now), nextAt);
      if (!row) return false;
      const policy = toPolicy(row);
      const isMore = await look(policy, stopped);
      const isNeeded = needsUpkeep(await findPolicy(database.prisma, policy.tenantId));
      if (isMore) await store.setNext(database.prisma, policy.tenantId, nextAt, new Date(now));
      else if (!isNeeded) await store.setNext(database.prisma, policy.tenantId, nextAt, null);
      return true;
    },
  };
}

export type Upkeep = ReturnType<typeof createUpkeep>;
