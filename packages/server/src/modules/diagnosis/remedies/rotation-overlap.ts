import type { Key, Tenant } from "../../../platform/database/index.js";
import { longestOwnOverlap } from "../../keys/index.js";
import type { Draft } from "./remedy.js";

/** How long an old secret works on beside the one that takes its place, in milliseconds: a day. */
const overlapMs = 24 * 60 * 60 * 1_000;

/** What a rotation does, by the time for which the old secret works on. */
export interface EffectByOverlap {
  readonly aDay: string;
  /** As long as the policy says, which is less. */
  readonly policy: string;
  readonly none: string;
}

/** A rotation with a day for the roll-out; of one's own key as long as the policy allows its holder, where that is less. */
export function rotationWithOverlap(
  key: Key,
  tenant: Tenant,
  now: number,
  { aDay, policy, none }: EffectByOverlap,
): Pick<Draft, "input" | "effect" | "ofOwn"> {
  const rotation = { input: { id: key.id, overlapMs }, effect: aDay };
  const longest = longestOwnOverlap(tenant, key, now);
  if (longest === null || longest >= overlapMs) return rotation;
  const ofOwn = { input: { id: key.id, overlapMs: longest }, effect: longest === 0 ? none : policy };
  return { ...rotation, ofOwn };
}
