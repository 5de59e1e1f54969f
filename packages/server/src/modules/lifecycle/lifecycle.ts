import type { Clock } from "../../platform/clock.js";
import type { Database, Tenant } from "../../platform/database/index.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import type { Logger } from "../../platform/logger.js";
import type { Audit } from "../audit/index.js";
import type { Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Keys } from "../keys/index.js";
import type { Mail } from "../mail/index.js";
import type { Tenants } from "../tenants/index.js";
import type { UsageRecording } from "../usage/index.js";
import { createFindings } from "./findings/findings.service.js";
import { createHygiene } from "./hygiene/hygiene.service.js";
import { createLeaks } from "./leaks/leaks.service.js";
import { createLifecyclePolicies } from "./policy/policy.service.js";
import { createSharedKeys } from "./shared/shared-keys.js";
import { createIsUseKnown } from "./upkeep/known-use.js";
import { createUpkeep } from "./upkeep/upkeep.js";

export type Lifecycle = ReturnType<typeof createLifecycle>;

/** Keys that look after themselves: what is found about them, and what happens then by itself. */
export function createLifecycle(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  findTenant: (principal: Principal, id: string) => Promise<Tenant | null>;
  guesses: GuessLimiter;
  keys: Keys;
  logger: Logger;
  mail: Mail;
  /** Whether verifications are counted by themselves. */
  recordVerifications: boolean;
  recording: Pick<UsageRecording, "ask" | "settle" | "completeUntil">;
  tenants: Tenants;
}) {
  const findings = createFindings(deps);
  const isUseKnown = createIsUseKnown(deps);
  return {
    findings,
    hygiene: createHygiene({ ...deps, isUseKnown }),
    leaks: createLeaks({ ...deps, findings }),
    policies: createLifecyclePolicies(deps),
    sharedKeys: createSharedKeys({ ...deps, findings }),
    upkeep: createUpkeep({ ...deps, findings, isUseKnown }),
  };
}
