import type { Clock } from "../../../platform/clock.js";
import type { Database, Key, KeyFinding, Transaction, User } from "../../../platform/database/index.js";
import { KeyplaneError } from "../../../platform/errors.js";
import type { Logger } from "../../../platform/logger.js";
import type { Duty } from "../../../platform/scheduler.js";
import type { Events } from "../../events/index.js";
import type { Keys } from "../../keys/index.js";
import type { Mail } from "../../mail/index.js";
import { originsKeptMs, type UsageRecording } from "../../usage/index.js";
import type { SharedEvidence } from "../findings/finding-evidence.js";
import { raiseAndMail } from "../findings/finding-mail.js";
import type { Findings, NewFinding } from "../findings/findings.service.js";
import { findPolicy, type LifecyclePolicy } from "../policy/policy.js";
import { lifecycleActor } from "../upkeep/upkeep.js";
import * as store from "./shared-keys.store.js";
import { placesInWords, sharedMail } from "./shared-mail.js";
import { boundsOf, isShared, type KeyPlaces } from "./shared-rule.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** How often keys are looked at, by one of all servers on a store of usage; milliseconds. */
const everyMs = 15 * minuteMs;
/** How often a server asks whether it is its turn, or the store is back. */
const askEveryMs = minuteMs;
/** How often old places are taken from findings, in milliseconds: also while the store of usage is away. */
const clearEveryMs = hourMs;
/** How many keys of a tenant are dealt with in one look, those of most networks first. */
const maxPerLook = 200;
const tenantsAtOnce = 500;
/** How many places of each kind a finding shows. */
const samples = 5;

/**
 * Finds keys that are used from too many places. From where a key was used, the usage thread notes beside counting; a look asks it for
 * the keys above the tenant's bounds, so it costs by the number of places and not of calls, and verification knows nothing of it. While
 * the store of usage is away, it waits.
 */
export function createSharedKeys(deps: {
  clock: Clock;
  database: Database;
  events: Events;
  findings: Findings;
  keys: Pick<Keys, "hold" | "disableAs">;
  logger: Pick<Logger, "warn">;
  mail: Pick<Mail, "enqueue" | "kick">;
  recording: Pick<UsageRecording, "ask">;
}): Duty {
  const { clock, database, events, findings, keys, logger, mail, recording } = deps;
  const { prisma } = database;
  let nextAskAt = 0;
  let nextClearAt = 0;
  /** Whether a look of ours was cut off. */
  let isOurs = false;

  /** What is known of a key's places since an instant, as a finding keeps it. */
  async function readPlaces(tenantId: string, keyId: string, from: number, policy: LifecyclePolicy) {
    const { samples: found, ...places } = await recording.ask("originsOfKey", { tenantId, keyId, from, samples });
    const evidence: SharedEvidence = {
      windowHours: policy.sharedWindowHours,
      ...places,
      maxAddresses: policy.sharedMaxAddresses,
      maxNetworks: policy.sharedMaxNetworks,
      maxUserAgents: policy.sharedMaxUserAgents,
    };
    return { evidence, samples: found };
  }

  function raise(tx: Transaction, key: Key, finding: NewFinding & { evidence: SharedEvidence }): Promise<KeyFinding> {
    const write = (owner: User) => sharedMail(owner, key, finding.evidence);
    return raiseAndMail(tx, { findings, mail, write }, lifecycleActor, key, finding);
  }

  /** Deals with a key that is above the bounds: raises a finding once, and disables it when its time of grace is over. */
  async function settle(policy: LifecyclePolicy, { keyId }: KeyPlaces & { readonly keyId: string }): Promise<void> {
    const { tenantId } = policy;
    const now = clock.now();
    const since = await store.placesCountFrom(prisma, keyId, new Date(now));
    const from = Math.max(now - policy.sharedWindowHours * hourMs, since);
    const { evidence, samples: found } = await readPlaces(tenantId, keyId, from, policy);
    if (!isShared(evidence, policy)) return;
    const reason = `it ${placesInWords(evidence)}`;
    await events.transaction(async (tx) => {
      const key = await keys.hold(tx, keyId);
      if (!key || key.tenantId !== tenantId || !isInUse(key, now)) return;
      // Resolved or rotated while the places were read: the next look counts from then.
      if ((await store.placesCountFrom(tx, keyId, new Date(clock.now()))) !== since) return;
      const open = await findings.find(tx, keyId, { kind: "SHARED" });
      const finding = open
        ? await findings.renew(tx, open, evidence, found)
        : await raise(tx, key, { kind: "SHARED", evidence, samples: found, reason });
      const isDue = finding.firstAt.getTime() <= now - policy.graceDays * dayMs;
      if (policy.sharedAction !== "DISABLE" || finding.action !== "NONE" || !isDue) return;
      await keys.disableAs(tx, lifecycleActor, key, `shared: ${reason}`);
      await findings.setAction(tx, finding, "DISABLED");
    });
  }

  async function lookAt(tenantId: string, stopped: () => boolean): Promise<void> {
    const policy = await findPolicy(prisma, tenantId);
    if (policy.sharedAction === "IGNORE") return;
    const found = await recording.ask("keysOfManyOrigins", {
      tenantId,
      from: clock.now() - policy.sharedWindowHours * hourMs,
      above: boundsOf(policy),
      all: policy.sharedRule === "ALL",
      take: maxPerLook,
    });
    for (const key of found) if (!stopped()) await settle(policy, key);
  }

  /** A tenant that cannot be looked at must not keep the others from it. */
  const tellOf = (tenantId: string) => (err: unknown) => {
    if (isAway(err)) throw err;
    logger.warn({ err, tenantId }, "a tenant's keys were not looked at for being shared; the next look tries again");
  };

  /** Of keys that are gone, nothing is left to do. */
  async function closeGone(): Promise<void> {
    for (const keyId of await store.findToClose(prisma, maxPerLook)) {
      await events.transaction(async (tx) => {
        await keys.hold(tx, keyId);
        const finding = await findings.find(tx, keyId, { kind: "SHARED" });
        if (finding) await findings.close(tx, lifecycleActor, finding, "It does not apply any more.");
      });
    }
  }

  async function look(stopped: () => boolean): Promise<void> {
    await closeGone();
    for (let after = "", page: string[]; !stopped(); after = page.at(-1) ?? "") {
      page = await store.findTenants(prisma, after, tenantsAtOnce);
      for (const tenantId of page) if (!stopped()) await lookAt(tenantId, stopped).catch(tellOf(tenantId));
      if (page.length < tenantsAtOnce) break;
    }
    mail.kick();
  }

  return {
    isAnyDue: (now) => Promise.resolve(now.getTime() >= nextAskAt),

    async settleOne(stopped) {
      const now = clock.now();
      nextAskAt = now + askEveryMs;
      if (now >= nextClearAt) {
        // Kept no longer there than the places themselves are.
        await store.clearSamples(prisma, new Date(now - originsKeptMs));
        nextClearAt = now + clearEveryMs;
      }
      try {
        isOurs ||= await recording.ask("takeTurn", { what: "shared-keys", now, nextAt: now + everyMs });
        if (isOurs) await look(stopped);
        isOurs = false;
      } catch (error) {
        // The store of usage says in the log that it is away, and metrics do.
        if (!isAway(error)) throw error;
      }
      return false;
    },
  };
}

/** Whether the store of usage is away: then nobody can be looked at. */
function isAway(error: unknown): boolean {
  return error instanceof KeyplaneError && error.code === "UNAVAILABLE";
}

/** Whether a key could be accepted as far as it goes by itself. */
function isInUse({ revokedAt, deletedAt, disabledAt, expiresAt }: Key, now: number): boolean {
  return !revokedAt && !deletedAt && !disabledAt && (expiresAt === null || expiresAt.getTime() > now);
}
