import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * The network whose addresses are one guesser's: an IPv4 address itself, of an IPv6 address the first 64 bits, because every
 * customer of a provider has that many (RFC 6177). A mapped IPv4 address is the IPv4 address.
 *
 * @param address null, or a text that is no address: all those are counted together.
 */
export function networkOf(address: string | null): string {
  if (address === null || isIP(address) === 0) return "unknown";
  const ip = ipaddr.process(address);
  if (!(ip instanceof ipaddr.IPv6)) return ip.toString();
  return `${ip.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
