import type { Key, Tenant } from "../../../platform/database/index.js";
import { longestOwnOverlap, policyOverlap } from "../../keys/index.js";
import { durationWords } from "../lib/duration-words.js";
import type { Draft } from "./remedy.js";

/** How long an old secret works on beside the one that takes its place where no policy says so, in milliseconds: a day. */
const usualOverlapMs = 24 * 60 * 60 * 1_000;

/**
 * A rotation that lets the current secret work on as the key's policy says, else its tenant's, else for a day; sent by the key's own holder no longer than
 * that one may say.
 *
 * @param effectOf what it changes, by how long that is.
 */
export function renewal(
  tenant: Tenant,
  key: Key,
  now: number,
  effectOf: (overlapMs: number) => string,
): Pick<Draft, "input" | "effect" | "ofOwn"> {
  const of = (overlapMs: number) => ({ input: { id: key.id, overlapMs }, effect: effectOf(overlapMs) });
  const overlapMs = policyOverlap(tenant, key) ?? usualOverlapMs;
  const longest = longestOwnOverlap(tenant, key, now) ?? overlapMs;
  return { ...of(overlapMs), ...(longest < overlapMs && { ofOwn: of(longest) }) };
}

/** What becomes of a secret that is replaced, to go on after its name. */
export function worksOnWords(overlapMs: number): string {
  return overlapMs === 0 ? "stops at once" : `works on for ${durationWords(overlapMs)}, until it is replaced`;
}
