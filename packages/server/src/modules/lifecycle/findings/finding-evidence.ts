/** From how many places a key was used, and how many it may be: what a finding SHARED is founded on. */
export type SharedEvidence = {
  readonly windowHours: number;
  readonly addresses: number;
  readonly networks: number;
  readonly userAgents: number;
  readonly maxAddresses: number | null;
  readonly maxNetworks: number | null;
  readonly maxUserAgents: number | null;
};

/** Some of these places, the latest first. */
export type SharedSamples = {
  readonly addresses: string[];
  readonly networks: string[];
  readonly userAgents: string[];
};
