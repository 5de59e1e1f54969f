const minute = 60_000;
const day = 24 * 60 * minute;

/** How long what belongs to a session lives. Milliseconds. */
export const sessionLifetimes = {
  /** An access token. Short, although the end of a session counts at once: it may be shown to others than us. */
  accessMs: 10 * minute,
  /** A session that nobody renews. */
  idleMs: 30 * day,
  /** A session that is renewed. */
  absoluteMs: 90 * day,
  /** A used refresh token may be sent again, by whoever did not get the answer. */
  retryMs: 10_000,
  /** Ended sessions are kept for so long after their last possible moment. */
  keptMs: 7 * day,
} as const;

/** Sessions of one user at a time; the oldest ends when there would be one more. */
export const maxSessionsPerUser = 100;
