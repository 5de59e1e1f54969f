import type { GuardVerdict } from "../../guard/guard.js";

/** What stands in a quoted string of RFC 9651 without escapes. */
const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/;
/** The largest integer of RFC 9651. */
const highest = 999_999_999_999_999;

/**
 * The headers that tell a caller where the rate limits of the call stand, of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` with how much
 * each allows (`q`), `RateLimit` with what is left of it (`r`) and in how many seconds it is whole again (`t`); of one that has refused the call,
 * when to come again: the draft wants that `t` tells what `Retry-After` does, and whoever waits for the whole of a long window waits for nothing.
 * A limit is named by whose it is and its name: `key-per-minute`. None where the verdict has no limits.
 */
export function rateLimitHeaders({
  rateLimits,
  retryAfterMs,
}: Pick<GuardVerdict, "rateLimits" | "retryAfterMs">): Readonly<Record<string, string>> {
  const told = rateLimits
    .map((limit) => ({ ...limit, name: `${limit.target.toLowerCase()}-${limit.name}` }))
    .filter(({ name }) => quotable.test(name));
  if (told.length === 0) return {};
  return {
    "ratelimit-policy": told.map(({ name, limit }) => `"${name}";q=${whole(limit)}`).join(", "),
    ratelimit: told
      .map(({ name, remaining, resetAt, exceeded }) => {
        const ms = exceeded && retryAfterMs !== null ? retryAfterMs : Date.parse(resetAt) - Date.now();
        return `"${name}";r=${whole(remaining)};t=${whole(secondsIn(ms))}`;
      })
      .join(", "),
  };
}

/** Rounded up: a second early there would be less than was told. */
function secondsIn(ms: number): number {
  return Math.ceil(ms / 1_000);
}

function whole(value: number): number {
  return Math.max(0, Math.min(highest, Math.floor(value) || 0));
}
