import { describe, expect, test } from "vitest";
import { canonicalAddress, networkOf, wideNetworkOf } from "./network-of.js";

describe("the one spelling of an address", () => {
  test.for([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["64:ff9b::192.0.2.7", "64:ff9b::c000:207"],
    ["fe80::1%eth0", "fe80::1"],
    ["010.0.0.1", null],
    ["10.1", null],
    ["localhost", null],
    ["", null],
  ] as const)("%s is %s", ([address, canonical]) => {
    expect(canonicalAddress(address)).toBe(canonical);
    if (canonical !== null) expect(canonicalAddress(canonical)).toBe(canonical);
  });
});

describe("whose guesses are counted together", () => {
  test.for([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff::1", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["2001:DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:1::2:3", "2001:db8:1:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    [null, "unknown"],
    ["", "unknown"],
    ["10.1", "unknown"],
    ["localhost", "unknown"],
  ] as const)("%s is of %s", ([address, network]) => {
    expect(networkOf(address)).toBe(network);
  });

  test("neighbours in IPv4 and networks beside each other in IPv6 are apart", () => {
    const all = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"].map(networkOf);
    expect(new Set(all).size).toBe(4);
  });
});

describe("the network of many customers", () => {
  test.for([
    ["192.0.2.77", "192.0.2.0/24"],
    ["::ffff:192.0.2.77", "192.0.2.0/24"],
    ["2001:db8:1:2::5", "2001:db8:1::/48"],
    ["2001:db8::", "2001:db8:0::/48"],
    ["nowhere", null],
    ["", null],
  ] as const)("%s is of %s", ([address, network]) => {
    expect(wideNetworkOf(address)).toBe(network);
  });
});
