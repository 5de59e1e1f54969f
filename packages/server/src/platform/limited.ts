/** What a rate limit counts. */
export type RateLimitUnit = "REQUESTS" | "COST";

/** A rate limit as it is set on something. */
export interface RateLimitRule {
  readonly name: string;
  /** How much it allows within each `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
  /** How much of it may be used at once; null: all of it. */
  readonly burst: number | null;
  readonly unit: RateLimitUnit;
}

/** A rate limit with the name by which it is counted, which no other has. */
export interface CountedRule extends RateLimitRule {
  readonly countedAs: string;
  /** What counts it keeps here where it counts, so that a call need not look for it. */
  held?: unknown;
}

/** The limits of something that limits calls: a key, a user, a tenant, an API. */
export interface Limited {
  readonly id: string;
  readonly rules: readonly CountedRule[];
  readonly quotaId: string | null;
  /** What counts the quota keeps here what it knows of it, so that a call need not look for it. */
  held?: unknown;
}

/** The columns in which limits are kept, of whatever table. */
export interface LimitColumns {
  readonly id: string;
  readonly rateLimits: unknown;
  /** Left out of what has rate limits only. */
  readonly quotaId?: string | null;
}

/** The limits that a row has; null where it has none, which is what nearly all have. */
export function limitedOf({ id, rateLimits, quotaId }: LimitColumns): Limited | null {
  const rules = rulesOf(rateLimits);
  if (rules.length === 0 && !quotaId) return null;
  return {
    id,
    rules: rules.map((rule) => ({ ...rule, countedAs: `${id}/${rule.name}`, held: undefined })),
    quotaId: quotaId ?? null,
    held: undefined,
  };
}

/** The rate limits that a column holds. */
export function rulesOf(rateLimits: unknown): readonly RateLimitRule[] {
  return Array.isArray(rateLimits) ? (rateLimits as RateLimitRule[]) : [];
}
