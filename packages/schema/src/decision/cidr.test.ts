import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCidrOrAddress, matchesCidr, rangesWithin } from "./cidr.js";

const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));

function toNumber(ip: string): bigint {
  return ip.split(".").reduce((value, part) => value * 256n + BigInt(part), 0n);
}

describe("matchesCidr", () => {
  test("compares exactly the bits before the mask", () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (ip, base, bits) => {
        const shift = BigInt(32 - bits);
        const expected = toNumber(ip) >> shift === toNumber(base) >> shift;
        expect(matchesCidr(ip, [`${base}/${bits}`])).toBe(expected);
      }),
    );
  });

  test("an IPv4 address and its IPv6 form are the same, in the list and in the address", () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), (ip, bits) => {
        for (const range of [ip, `::ffff:${ip}`, `${ip}/${bits}`, `::ffff:${ip}/${96 + bits}`]) {
          expect(matchesCidr(ip, [range])).toBe(true);
          expect(matchesCidr(`::ffff:${ip}`, [range])).toBe(true);
        }
      }),
    );
  });

  test.each([
    ["2001:db8::1", "2001:db8::/127", true],
    ["2001:db8::2", "2001:db8::/127", false],
    ["2001:DB8:0:0::1", "2001:db8::1", true],
    ["::1", "::/0", true],
    ["192.0.2.1", "::/0", false],
    ["2001:db8::1", "0.0.0.0/0", false],
    ["::ffff:c000:201", "192.0.2.1", true],
    ["fe80::1%eth0", "fe80::/10", true],
    ["192.0.2.1", "::ffff:0:0/90", false],
    ["192.0.2.1%eth0", "192.0.2.1", false],
  ])("%s in %s: %s", (ip, range, expected) => {
    expect(matchesCidr(ip, [range])).toBe(expected);
  });

  test("an empty list, a text that is no address, and an entry that is no range match nothing", () => {
    expect(matchesCidr("192.0.2.1", [])).toBe(false);
    expect(matchesCidr("nonsense", ["0.0.0.0/0", "::/0", "nonsense"])).toBe(false);
    expect(matchesCidr("192.0.2.1", ["nonsense", "192.0.2.1/x"])).toBe(false);
  });

  test("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (ip, range) => {
        expect(typeof matchesCidr(ip, [range])).toBe("boolean");
      }),
    );
  });
});

describe("isCidrOrAddress", () => {
  test.each([
    "192.0.2.1",
    "192.0.2.0/24",
    "192.0.2.77/24",
    "0.0.0.0/0",
    "::",
    "::/0",
    "2001:db8::/128",
    "::ffff:192.0.2.0/120",
  ])("accepts %s", (text) => {
    expect(isCidrOrAddress(text)).toBe(true);
  });

  test.each([
    "",
    "/",
    "/24",
    "192.0.2.1/",
    "192.0.2.1/33",
    "192.0.2.1/-1",
    "192.0.2.1/024",
    "192.0.2.1/255.255.255.0",
    "192.0.2.1/24/24",
    "192.0.2",
    "192.0.2.256",
    "010.0.0.1",
    "0x0a.0.0.1",
    "167772161",
    "192.0.2.1:443",
    " 192.0.2.1",
    "2001:db8::/129",
    "2001:db8::1::2",
    "[::1]",
    "fe80::1%eth0",
    "::192.0.2.1",
    "::ffff:010.0.0.1",
    "example.com",
    "*",
  ])("refuses %j", (text) => {
    expect(isCidrOrAddress(text)).toBe(false);
  });
});

describe("rangesWithin", () => {
  const range = fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`);

  test("what lies in the other, of both lists, allows just what both allow", () => {
    fc.assert(
      fc.property(fc.array(range), fc.array(range), ipv4, (one, other, ip) => {
        const both = [...rangesWithin(one, other), ...rangesWithin(other, one)];
        expect(matchesCidr(ip, both)).toBe(matchesCidr(ip, one) && matchesCidr(ip, other));
      }),
    );
  });

  test.each([
    ["10.1.0.0/16", "10.0.0.0/8", true],
    ["10.0.0.0/8", "10.1.0.0/16", false],
    ["10.1.2.3", "10.1.2.3/32", true],
    ["::ffff:10.1.0.0/112", "10.0.0.0/8", true],
    ["2001:db8::/48", "2001:db8::/32", true],
    ["10.0.0.0/8", "::/0", false],
    ["nonsense", "0.0.0.0/0", false],
    ["10.0.0.0/8", "nonsense", false],
  ])("%s in %s: %s", (inner, outer, expected) => {
    expect(rangesWithin([inner], [outer])).toEqual(expected ? [inner] : []);
  });
});
