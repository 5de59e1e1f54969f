import { maxLimit } from "@keyplane/schema";
import type { CountedRule } from "../../../platform/limited.js";
import type { LimitReads, PeekedLimits } from "../../limits/index.js";
import { targetOf } from "./circumstance-words.js";

/**
 * For each rate limit that refuses a call, by what it is counted as, the least that lets such a call pass at once: a larger burst, a larger
 * limit, or both. It is tried out on what was used, and nothing is taken. Left out: what cannot be raised so far.
 */
export async function raisedRules(
  limitReads: Pick<LimitReads, "peek">,
  { rules, rateLimits }: Pick<PeekedLimits, "rules" | "rateLimits">,
  cost: number,
): Promise<ReadonlyMap<string, CountedRule>> {
  const raised = new Map<string, CountedRule>();
  for (const [place, rule] of rules.entries()) {
    if (!rateLimits[place]?.exceeded) continue;
    for (const candidate of candidates(rule, rule.unit === "COST" ? cost : 1)) {
      if (candidate.limit > maxLimit || !(await letsPass(limitReads, candidate, cost))) continue;
      raised.set(rule.countedAs, candidate);
      break;
    }
  }
  return raised;
}

/** From what changes least: what was used may be all of the limit, and the burst may have used as much of the window's time. */
function candidates(rule: CountedRule, amount: number): CountedRule[] {
  const limit = rule.limit + Math.max(rule.limit, amount);
  if (rule.burst === null) return [{ ...rule, limit }];
  const burstAlone = rule.burst + amount;
  const burst = Math.ceil((rule.burst * limit) / rule.limit) + amount;
  return [
    ...(burstAlone > rule.limit ? [] : [{ ...rule, burst: burstAlone }]),
    { ...rule, burst: null },
    { ...rule, limit },
    { ...rule, limit, burst: burst > limit ? null : burst },
  ];
}

async function letsPass(limitReads: Pick<LimitReads, "peek">, rule: CountedRule, cost: number): Promise<boolean> {
  // Counted as the limit that it would take the place of, of which only this one is asked for.
  const peeked = await limitReads.peek([{ id: targetOf(rule), rateLimits: [rule] }], cost);
  return peeked?.rateLimits[0]?.exceeded === false;
}
