import ipaddr from "ipaddr.js";
import { readCallerAddress } from "./decision/cidr.js";

/**
 * The one spelling of an address that all others are compared by: IPv6 as RFC 5952 has it, an IPv4-mapped address (`::ffff:192.0.2.1`)
 * as the IPv4 address, without a zone. null for a text that is no address.
 */
export function canonicalAddress(address: string): string | null {
  const ip = readCallerAddress(address) as ReturnType<typeof ipaddr.parse> | null;
  return ip === null ? null : ip.toString();
}

/**
 * The network whose addresses are one guesser's: an IPv4 address itself, of an IPv6 address the first 64 bits, because every
 * customer of a provider has that many (RFC 6177). A mapped IPv4 address is the IPv4 address.
 *
 * @param address null, or a text that is no address: all those are counted together.
 */
export function networkOf(address: string | null): string {
  return (address === null ? null : networkWithin(address, 32, 64)) ?? "unknown";
}

/**
 * The network of many customers that an address belongs to: the first 24 bits of an IPv4 address, of an IPv6 address the first 48,
 * which is what a site gets. null for a text that is no address.
 */
export function wideNetworkOf(address: string): string | null {
  return networkWithin(address, 24, 48);
}

/** @param bits4 how many bits of an IPv4 address count, a multiple of 8. @param bits6 of an IPv6 address, a multiple of 16. */
function networkWithin(address: string, bits4: number, bits6: number): string | null {
  const ip = readCallerAddress(address);
  if (ip === null) return null;
  if (!(ip instanceof ipaddr.IPv6)) {
    const text = (ip as ReturnType<typeof ipaddr.parse>).toString();
    if (bits4 === 32) return text;
    const kept = text.split(".").slice(0, bits4 / 8);
    return `${[...kept, ...Array<string>(4 - kept.length).fill("0")].join(".")}/${bits4}`;
  }
  const parts = ip.parts.slice(0, bits6 / 16).map((part) => part.toString(16));
  return `${parts.join(":")}::/${bits6}`;
}
