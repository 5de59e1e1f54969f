import { type HygieneCheck, hygieneChecks } from "@keyplane/schema";

/** What one check costs. */
export interface CheckResult {
  readonly check: HygieneCheck;
  /** How many keys it concerns. */
  readonly affected: number;
  /** Points of 100, with fractions. */
  readonly lost: number;
}

/**
 * How well a tenant's keys are kept: 100 points, of which each check takes up to its weight.
 *
 * - `LEAKED`: one such key takes all, because one open door is enough.
 * - Every other check takes `weight × affected / keys`.
 *
 * The score is what is left, rounded down: 100 means that nothing at all was found. Without keys it is 100.
 *
 * @param keys how many keys are in use.
 * @param affected how many of them each check concerns.
 */
export function hygieneOf(
  keys: number,
  affected: Readonly<Record<HygieneCheck, number>>,
): { readonly score: number; readonly checks: readonly CheckResult[] } {
  const checks = (Object.keys(hygieneChecks) as HygieneCheck[]).map((check): CheckResult => {
    const count = affected[check];
    const share = keys === 0 ? 0 : check === "LEAKED" ? Math.min(count, 1) : count / keys;
    return { check, affected: count, lost: hygieneChecks[check].weight * share };
  });
  const lost = checks.reduce((sum, each) => sum + each.lost, 0);
  // Weights are whole numbers, so only fractions of shares can be off: a billionth is no point.
  return { score: Math.max(0, Math.floor(100 - lost + 1e-9)), checks };
}
