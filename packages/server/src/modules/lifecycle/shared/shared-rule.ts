import type { SharedRule } from "@keyplane/schema";

/** From how many places a key was used within a window. */
export interface KeyPlaces {
  readonly addresses: number;
  readonly networks: number;
  readonly userAgents: number;
}

/** From how many places a key may be used before it counts as shared; null: as many as there are. */
export interface SharedLimits {
  readonly sharedRule: SharedRule;
  readonly sharedMaxAddresses: number | null;
  readonly sharedMaxNetworks: number | null;
  readonly sharedMaxUserAgents: number | null;
}

const bounds = [
  ["addresses", "sharedMaxAddresses"],
  ["networks", "sharedMaxNetworks"],
  ["userAgents", "sharedMaxUserAgents"],
] as const;

/** The bounds that a policy sets, by what they bound. */
export function boundsOf(limits: SharedLimits): { readonly of: keyof KeyPlaces; readonly max: number }[] {
  return bounds.flatMap(([of, name]) => {
    const max = limits[name];
    return max === null ? [] : [{ of, max }];
  });
}

/** Whether a key that was used from so many places counts as shared. Without any bound none does. */
export function isShared(places: KeyPlaces, limits: SharedLimits): boolean {
  const set = boundsOf(limits);
  const isAbove = ({ of, max }: (typeof set)[number]): boolean => places[of] > max;
  return set.length > 0 && (limits.sharedRule === "ALL" ? set.every(isAbove) : set.some(isAbove));
}
