import type { Settings } from "../env.js";
import { createLifecycle } from "../modules/lifecycle/index.js";
import { GuessLimiter } from "../platform/guess-limiter.js";
import type { Access } from "./access.js";
import type { Base } from "./base.js";
import type { Keys } from "./keys.js";
import type { Tenancy } from "./tenancy.js";

/** Keys that look after themselves, and who may report them. */
export type LifecycleGroup = ReturnType<typeof createLifecycleGroup>;

export function createLifecycleGroup(settings: Settings, base: Base, tenancy: Tenancy, access: Access, keys: Keys) {
  const { audit, clock, database, events, logger, recording } = base;
  return {
    lifecycle: createLifecycle({
      audit,
      clock,
      database,
      events,
      findTenant: (principal, id) => tenancy.tenantReads.findVisible(principal, id),
      guesses: keys.keyGuesses,
      keys: keys.keys,
      logger,
      mail: access.mail,
      recordVerifications: settings.recordVerifications,
      recording,
      tenants: tenancy.tenants,
    }),
    /** Wrong signatures of scanners, by network. */
    scannerGuesses: new GuessLimiter({
      clock,
      attempts: 60,
      windowMs: 60_000,
      refusal: "Too many messages from this network had a wrong signature.",
    }),
  };
}
