import ipaddr from "ipaddr.js";

/** The only part of IPv6 that is given out for addresses that anybody may reach: RFC 4291, and the IANA's registry. */
const globalUnicast = ipaddr.parseCIDR("2000::/3");

/** Addresses within public ranges that clouds answer themselves, with what only the machine itself may read. */
const cloudAddresses: readonly string[] = ["168.63.129.16"];

/**
 * Whether an address belongs to the public internet. Everything special is not: private, loopback, link-local with the clouds'
 * metadata, carrier-grade NAT, multicast, documentation, reserved; and every IPv6 form that carries an IPv4 address (mapped,
 * NAT64, 6to4, Teredo), because where it leads is for a translator to say.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast" || cloudAddresses.includes(text)) return false;
  return address.kind() === "ipv4" || address.match(globalUnicast);
}
