import type { Key, Tenant } from "../../../platform/database/index.js";
import { policyOverlap } from "../../keys/index.js";
import { durationWords } from "../lib/duration-words.js";

/** How long an old secret works on beside the one that takes its place where no policy says so, in milliseconds: a day. */
const usualOverlapMs = 24 * 60 * 60 * 1_000;

/** How long the current secret works on once a remedy has renewed a key, in milliseconds: as the key's policy says, else its tenant's. */
export function renewalOverlapMs(tenant: Tenant, key: Key): number {
  return policyOverlap(tenant, key) ?? usualOverlapMs;
}

/** What becomes of a secret that is replaced, to go on after its name. */
export function worksOnWords(overlapMs: number): string {
  return overlapMs === 0
    ? "stops at once, as the rotation policy says"
    : `works on for ${durationWords(overlapMs)}, until it is replaced`;
}
