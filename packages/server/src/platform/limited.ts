import { kindOfId, type LimitTarget } from "@keyplane/schema";

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

/**
 * What somebody who counts has found of a limit and keeps there, so that a call need not look for it. It is no part of the limit: those that
 * keep different things are equal (`isDeepStrictEqual`), or whoever compares memory with the store would find a difference.
 */
export class Held {
  #what: object | undefined;

  get what(): object | undefined {
    return this.#what;
  }

  keep(what: object): void {
    this.#what = what;
  }
}

/** A rate limit with the name by which it is counted, which no other has. */
export interface CountedRule extends RateLimitRule {
  /** What it is set on. */
  readonly target: LimitTarget;
  readonly countedAs: string;
  /** Where it is counted. Left out of one that is looked for each time. */
  readonly held?: Held;
}

/** The limits of something that limits calls: a key, a user, a tenant, an API. */
export interface Limited {
  readonly id: string;
  readonly rules: readonly CountedRule[];
  readonly quotaId: string | null;
  /** What is known of its quota. */
  readonly held: Held;
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
  const target = limitTargetOf(id);
  return {
    id,
    rules: rules.map((rule) => ({ ...rule, target, countedAs: `${id}/${rule.name}`, held: new Held() })),
    quotaId: quotaId ?? null,
    held: new Held(),
  };
}

/** What limits of a thing with this id are set on. */
export function limitTargetOf(id: string): LimitTarget {
  return targetsByKind[kindOfId(id) ?? ""] ?? "KEY";
}

const targetsByKind: Readonly<Record<string, LimitTarget>> = { User: "USER", Tenant: "TENANT", Api: "API" };

/** The rate limits that a column holds. */
export function rulesOf(rateLimits: unknown): readonly RateLimitRule[] {
  return Array.isArray(rateLimits) ? (rateLimits as RateLimitRule[]) : [];
}
