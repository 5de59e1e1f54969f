import ipaddr from "ipaddr.js";
import { readCallerAddress } from "./decision/cidr.js";

/**
 * The network whose addresses are one guesser's: an IPv4 address itself, of an IPv6 address the first 64 bits, because every
 * customer of a provider has that many (RFC 6177). A mapped IPv4 address is the IPv4 address.
 *
 * @param address null, or a text that is no address: all those are counted together.
 */
export function networkOf(address: string | null): string {
  const ip = address === null ? null : readCallerAddress(address);
  if (ip === null) return "unknown";
  if (!(ip instanceof ipaddr.IPv6)) return (ip as ReturnType<typeof ipaddr.parse>).toString();
  return `${ip.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}
