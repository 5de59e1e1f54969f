import { type HygieneCheck, hygieneChecks } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import type { Database, Tenant } from "../../../platform/database/index.js";
import { authorize, type Principal, visibleTo } from "../../auth/index.js";
import { findPolicy } from "../policy/policy.js";
import { countDisabledLeaks, countHygiene, findSamples } from "./hygiene.store.js";
import { hygieneOf } from "./hygiene-score.js";

const dayMs = 24 * 60 * 60_000;
/** What counts where the tenant's policy says nothing, in days. */
const usualIdleDays = 90;
const usualSecretDays = 365;
/** How many keys of each check the report shows. */
const maxSamples = 5;

/** How well the keys of a tenant are kept, and what to do. */
export interface HygieneReport {
  readonly tenantId: string;
  readonly at: Date;
  readonly score: number;
  readonly keys: number;
  /** Keys that are not in use because they leaked, and of which nobody has dealt with that. */
  readonly disabledLeaks: number;
  readonly checks: readonly HygieneCheckReport[];
}

export interface HygieneCheckReport {
  readonly check: HygieneCheck;
  /** Whether it can be told; where not, it concerns no key and takes no points. */
  readonly known: boolean;
  readonly affected: number;
  readonly weight: number;
  readonly lost: number;
  readonly advice: string;
  readonly sampleKeyIds: readonly string[];
}

export type Hygiene = ReturnType<typeof createHygiene>;

export function createHygiene(deps: {
  clock: Clock;
  database: Database;
  /** A tenant, as far as the caller may see it. */
  findTenant: (principal: Principal, id: string) => Promise<Tenant | null>;
  /** Whether it is known when keys were last used: else none is called idle. */
  isUseKnown: () => Promise<boolean>;
}) {
  const { clock, database, findTenant, isUseKnown } = deps;
  return {
    /**
     * The report of those keys of a tenant that the caller may see; null when there is no such tenant for the caller.
     *
     * @throws ForbiddenError without `keys:read`.
     */
    async report(principal: Principal, tenantId: string): Promise<HygieneReport | null> {
      authorize(principal, "keys:read");
      if (!(await findTenant(principal, tenantId))) return null;
      const { prisma } = database;
      const now = clock.now();
      const { idleAfterDays } = await findPolicy(prisma, tenantId);
      const limits = {
        now: new Date(now),
        unusedSince: new Date(now - (idleAfterDays ?? usualIdleDays) * dayMs),
        usualSecretMs: usualSecretDays * dayMs,
      };
      const visibility = visibleTo(principal);
      // Before it is counted: what was used until now is counted then.
      const known: Partial<Record<HygieneCheck, boolean>> = { IDLE: await isUseKnown() };
      const counted = await countHygiene(prisma, tenantId, visibility, limits);
      const { keys } = counted;
      const { score, checks } = hygieneOf(keys, known.IDLE ? counted.affected : { ...counted.affected, IDLE: 0 });
      return {
        tenantId,
        at: limits.now,
        score,
        keys,
        disabledLeaks: await countDisabledLeaks(prisma, tenantId, visibility, limits),
        checks: await Promise.all(
          checks.map(async (each) => ({
            ...each,
            known: known[each.check] ?? true,
            weight: hygieneChecks[each.check].weight,
            advice: hygieneChecks[each.check].advice,
            sampleKeyIds:
              each.affected === 0
                ? []
                : await findSamples(prisma, tenantId, visibility, limits, each.check, maxSamples),
          })),
        ),
      };
    },
  };
}
