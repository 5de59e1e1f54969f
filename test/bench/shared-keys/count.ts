import { networkOf, wideNetworkOf } from "@keyplane/schema";
import type { Call } from "./traffic.js";

const hour = 60 * 60_000;

/** From how many places a key was used, as the server counts them. */
export interface Places {
  readonly addresses: number;
  readonly networks: number;
  readonly userAgents: number;
}

/** What a look at the end of each hour finds in the window before it. */
export function placesByHour(calls: readonly Call[], days: number, windowMs: number): Places[] {
  const sorted = [...calls].sort((a, b) => a.at - b.at);
  const last = {
    addresses: new Map<string, number>(),
    networks: new Map<string, number>(),
    userAgents: new Map<string, number>(),
  };
  const found: Places[] = [];
  let next = 0;
  for (let now = hour; now <= days * 24 * hour; now += hour) {
    for (; next < sorted.length && (sorted[next] as Call).at < now; next++) {
      const { at, ip, userAgent } = sorted[next] as Call;
      last.addresses.set(networkOf(ip), at);
      last.networks.set(wideNetworkOf(ip) ?? "", at);
      last.userAgents.set(userAgent, at);
    }
    const within = (times: Map<string, number>): number => {
      for (const [value, at] of times) if (at < now - windowMs) times.delete(value);
      return times.size;
    };
    found.push({
      addresses: within(last.addresses),
      networks: within(last.networks),
      userAgents: within(last.userAgents),
    });
  }
  return found;
}
