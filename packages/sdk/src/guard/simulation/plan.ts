import type { Dice } from "./dice.js";

/** What is decided once for a schedule. */
export interface Plan {
  readonly mode: "lazy" | "full";
  readonly onUnavailable: "deny" | "allow-known";
  readonly maxKeys: number;
  /** Whether what is known is saved, and the process ends and begins again now and then. */
  readonly isSaved: boolean;
  /**
   * How the servers' clocks go. `fast`: twice as fast, on servers that do nothing else wrong. `drifting`: off by more than any
   * quartz, with connections that are held for as much less than an hour.
   */
  readonly serverClock: "true" | "fast" | "drifting";
}

export function planOf(dice: Dice): Plan {
  return {
    mode: dice.one(["lazy", "full"]),
    onUnavailable: dice.one(["deny", "deny", "allow-known"]),
    maxKeys: dice.one([100_000, 100_000, 3, 2]),
    isSaved: dice.happens(0.3),
    serverClock: dice.one(["true", "true", "true", "true", "fast", "drifting"]),
  };
}

/** By how much faster than ours the servers' clocks go. */
export const ratesOfServers: Readonly<Record<Plan["serverClock"], number>> = { true: 1, fast: 2, drifting: 1.08 };

/**
 * For how long a connection is held where clocks drift: until its first sign of life, which takes no longer than 11 seconds. The clocks
 * are off by less than the second then that is granted.
 */
export const driftingStreamMs = 1;
