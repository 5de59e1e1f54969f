const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How many failures are free, and what further ones cost. Times are milliseconds. */
export interface AttemptPolicy {
  /** So many failures cost nothing. */
  readonly free: number;
  /** The pause after the next one; it doubles with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** So long after the last failure all is forgotten. */
  readonly forgetMs: number;
  /** After so many failures in a row nobody gets in until they are forgotten. */
  readonly most?: number;
}

/** What is counted where. Add a kind here. */
export const attemptPolicies = {
  /** One account from one address: somebody who mistypes, or guesses. */
  pair: { free: 5, firstPauseMs: second, longestPauseMs: 15 * minute, forgetMs: 24 * hour, most: 100 },
  /**
   * One account from anywhere: guesses from many addresses. NIST SP 800-63B-4 allows 100 failures in a row. An address from which
   * the account's holder has signed in is not held up by this, so that nobody locks somebody else out.
   */
  account: { free: 20, firstPauseMs: second, longestPauseMs: 15 * minute, forgetMs: 24 * hour, most: 100 },
  /** What of the two above went to one user: holds nobody up, and says what a success takes back. */
  part: { free: Number.POSITIVE_INFINITY, firstPauseMs: 0, longestPauseMs: 0, forgetMs: 24 * hour },
  /** One address, whatever the account: the same password tried on many. Generous, because an office has one address. */
  address: { free: 100, firstPauseMs: second, longestPauseMs: 5 * minute, forgetMs: hour },
  /** Links to one account: nobody's mailbox is filled. */
  linkAccount: { free: 3, firstPauseMs: minute, longestPauseMs: hour, forgetMs: 24 * hour },
  linkAddress: { free: 100, firstPauseMs: 10 * second, longestPauseMs: hour, forgetMs: 24 * hour },
} as const satisfies Record<string, AttemptPolicy>;

export type AttemptKind = keyof typeof attemptPolicies;

/** How things stand with one counter. Times are epoch milliseconds. */
export interface AttemptState {
  readonly failures: number;
  readonly blockedUntil: number;
  readonly forgottenAt: number;
}

/** The state after one more attempt, which is taken for a failure until it is known to be none. */
export function afterFailure(state: AttemptState | null, policy: AttemptPolicy, now: number): AttemptState {
  const failures = (state && now < state.forgottenAt ? state.failures : 0) + 1;
  const forgottenAt = now + policy.forgetMs;
  if (policy.most !== undefined && failures >= policy.most) return { failures, blockedUntil: forgottenAt, forgottenAt };
  const beyond = failures - policy.free;
  // 2^30 s is beyond every longest pause.
  const pauseMs =
    beyond <= 0 ? 0 : Math.min(policy.firstPauseMs * 2 ** Math.min(beyond - 1, 30), policy.longestPauseMs);
  return { failures, blockedUntil: now + pauseMs, forgottenAt };
}
