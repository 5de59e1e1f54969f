import { type VerdictCode, verdictCodes } from "../verdict-codes.js";
import type { Decision } from "./types.js";

const nothing: readonly string[] = Object.freeze([]);

/** The one decision that says yes. Shared and frozen, so that a valid key costs no allocation. */
export const accepted: Decision = Object.freeze({
  code: "VALID",
  valid: true,
  message: verdictCodes.VALID.message,
  hint: null,
  missingScopes: nothing,
  retryAfterMs: null,
});

/** A refusal with this code. Without a message of its own, it has the registry's. */
export function refuse(
  code: Exclude<VerdictCode, "VALID">,
  message: string = verdictCodes[code].message,
  details: Partial<Pick<Decision, "hint" | "missingScopes" | "retryAfterMs">> = {},
): Decision {
  return { code, valid: false, message, hint: null, missingScopes: nothing, retryAfterMs: null, ...details };
}

/** An instant as RFC 3339 in UTC. Corrupt data must lead to a refusal that reads oddly, never to an exception. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? "an unknown time" : date.toISOString();
}

/** `, because: <reason>`, or nothing where no reason was given. */
export function becauseOf(reason: string | null): string {
  return reason ? `, because: ${reason}` : "";
}

/** ` since <time>`, or nothing where the time is not known. */
export function sinceWhen(epochMs: number | null): string {
  return epochMs === null ? "" : ` since ${formatTime(epochMs)}`;
}

/**
 * Whether an instant is reached: at the very millisecond, yes. Asks for "not before" instead of "at or after", so that a
 * corrupt time (NaN) counts as reached and refuses the key.
 */
export function isReached(instant: number, now: number): boolean {
  return !(now < instant);
}
