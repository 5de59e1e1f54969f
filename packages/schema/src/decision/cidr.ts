import ipaddr from "ipaddr.js";

type Address = ReturnType<typeof ipaddr.parse>;

/** An address that was read. What it is made of is known here only, so that whoever bundles our types needs no others. */
export interface CallerAddress {
  readonly kind: () => string;
}

interface Range {
  readonly base: Address;
  /** How many leading bits count. */
  readonly bits: number;
}

/** The longest text of an IPv6 address, one that ends in dotted decimals; the parser sees nothing longer. */
const maxAddressLength = 45;
/** Longer than any name of a network card. */
const maxZoneLength = 32;
/** The first 96 bits of an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) are the same for all of them. */
const mappedBits = 96;
/** Four parts without leading zeros; whether each is at most 255, the parser says. */
const dottedDecimal = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/**
 * Whether an address lies in one of the ranges.
 *
 * An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) equals its IPv4 address, in the list as well as in `ip`. Otherwise the
 * two families are apart: `::/0` means every IPv6 address and no IPv4 address. A zone (`fe80::1%eth0`) is not compared.
 *
 * @param ip IPv4 or IPv6 address; a text that is no address matches nothing.
 * @param list CIDR ranges (RFC 4632, RFC 4291) or single addresses; entries that are neither match nothing.
 */
export function matchesCidr(ip: string, list: readonly string[]): boolean {
  const address = readCallerAddress(ip);
  return address !== null && isWithin(address, list);
}

/**
 * Whether a text is fit for an address list: an IPv4 or IPv6 address, or a range in CIDR notation.
 *
 * Bits behind the mask may be set: `10.1.2.3/8` is accepted and means `10.0.0.0/8`. Short (`10.1`), octal (`010.0.0.1`)
 * and hexadecimal IPv4 notations are refused, because programs disagree on what they mean.
 */
export function isCidrOrAddress(text: string): boolean {
  return readRange(text) !== null;
}

/**
 * The address of a caller, or null when the text is none. A zone is dropped: it names a network card of the machine that
 * saw the address, nothing that a list could mean.
 */
export function readCallerAddress(ip: string): CallerAddress | null {
  if (ip.length > maxAddressLength + maxZoneLength) return null;
  const address = readAddress(ip.includes(":") ? ip.replace(/%[\w.-]+$/, "") : ip);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * The entries of an address list that lie in a range of another one, each as a whole. Two ranges either lie one in the other or have no address
 * in common, so those of the one in the other and those of the other in the one are together what both lists allow.
 *
 * @param list CIDR ranges or single addresses, as `within`; entries that are neither lie nowhere.
 */
export function rangesWithin(list: readonly string[], within: readonly string[]): string[] {
  const outer = within.map(readRange).filter((range) => range !== null);
  return list.filter((entry) => {
    const range = readRange(entry);
    return range !== null && outer.some((each) => isInside(range, each));
  });
}

function isInside(range: Range, { base, bits }: Range): boolean {
  return range.bits >= bits && range.base.kind() === base.kind() && range.base.match([base, bits]);
}

/** {@link matchesCidr} for an address that is read already. */
export function isWithin(caller: CallerAddress, list: readonly string[]): boolean {
  const address = caller as Address;
  return list.some((entry) => {
    const range = readRange(entry);
    return range !== null && range.base.kind() === address.kind() && address.match([range.base, range.bits]);
  });
}

/** Guards the parser, which also takes octal numbers, and reads the deprecated `::192.0.2.1` as a mapped address. */
function readAddress(text: string): Address | null {
  if (text.length > maxAddressLength) return null;
  if (!text.includes(":")) return dottedDecimal.test(text) ? parse(text) : null;
  if (text.includes("%") || /^::\d+\./.test(text)) return null;
  const tail = text.slice(text.lastIndexOf(":") + 1);
  return tail.includes(".") && !dottedDecimal.test(tail) ? null : parse(text);
}

/** Parses once and catches: asking `isValid` first would parse each address three times, on the way of every request. */
function parse(text: string): Address | null {
  try {
    return text.includes(":") ? ipaddr.IPv6.parse(text) : ipaddr.IPv4.parse(text);
  } catch {
    return null; // throwing is how the parser says that this is no address
  }
}

function readRange(text: string): Range | null {
  const slash = text.indexOf("/");
  const base = readAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === null) return null;
  const bits = slash < 0 ? widthOf(base) : readBits(text.slice(slash + 1), widthOf(base));
  if (bits === null) return null;
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= mappedBits) {
    return { base: base.toIPv4Address(), bits: bits - mappedBits };
  }
  return { base, bits };
}

function readBits(text: string, width: number): number | null {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= width ? Number(text) : null;
}

function widthOf(address: Address): number {
  return address.kind() === "ipv4" ? 32 : 128;
}
