import type { KeyFormatResult, KeyRecord } from "@keyplane/schema";
import type { Principal } from "../../auth/index.js";
import { addressOf, metersOf, tagsOf, type UsageEvent, userAgentOf } from "../../usage/index.js";
import type { Verdict } from "./verdict.js";
import type { VerifyKeyInput } from "./verify-key-input.js";

/** A verification that was just answered. */
interface Verification {
  readonly principal: Principal;
  readonly input: VerifyKeyInput;
  readonly format: KeyFormatResult;
  /** What the caller may see of the key; null for an unknown one. */
  readonly found: KeyRecord | null;
  /** By what it is counted. */
  readonly api: string | null | undefined;
  readonly verdict: Pick<Verdict, "valid" | "code">;
  /** Epoch milliseconds. */
  readonly now: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** What a verification leaves as usage: never the key, only its visible start. */
export function usageOf({ principal, input, format, found, api, verdict, now, startedAt }: Verification): UsageEvent {
  const { valid, code } = verdict;
  return {
    at: now,
    // An unknown key belongs to nobody: all that is known is in whose name it was asked for.
    tenantId: found?.key.tenantId ?? principal.tenantId ?? undefined,
    keyId: found?.key.id,
    userId: found?.key.ownerId,
    code,
    api: api ?? undefined,
    // A refused call costs nothing.
    cost: valid ? (input.cost ?? 1) : 0,
    tags: tagsOf(input.tags),
    meters: valid ? metersOf(input.meters) : undefined,
    latencyMs: Math.round((performance.now() - startedAt) * 1_000) / 1_000,
    ip: addressOf(input.ip),
    userAgent: input.userAgent == null ? undefined : userAgentOf(input.userAgent),
    start: format.start,
    source: "SERVER",
  };
}

/**
 * What a guess leaves that was refused unseen, because its caller had made too many before: whose key it is, or whether there is
 * one, nobody has looked. It counts, too, so that it shows where keys that nobody knows come from.
 */
export function usageOfUnseen(guess: Omit<Verification, "found" | "verdict">): UsageEvent {
  return usageOf({ ...guess, found: null, verdict: { valid: false, code: "RATE_LIMITED" } });
}
