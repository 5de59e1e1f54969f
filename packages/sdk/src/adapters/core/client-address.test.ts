import { describe, expect, test } from "vitest";
import { addressIn, forwardedAddress } from "./client-address.js";
import { viewOfNode } from "./request-view.js";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  [" 192.0.2.1 ", "192.0.2.1"],
  ["192.0.2.1:4711", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1"],
  ["[2001:db8::1]:4711", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  ["", undefined],
  ["unknown", undefined],
  ["_hidden", undefined],
  ["192.0.2.1\r\nx: y", undefined],
  ["1".repeat(46), undefined],
  [undefined, undefined],
])("%j is the address %s", (text, address) => {
  expect(addressIn(text)).toBe(address);
});

describe("X-Forwarded-For", () => {
  const through = (value: string | string[], proxies: number): string | undefined =>
    forwardedAddress(viewOfNode({ headers: { "x-forwarded-for": value } }), proxies);

  test("is counted from its end: what stands before, anybody may have written", () => {
    expect(through("192.0.2.66, 198.51.100.1, 203.0.113.7", 1)).toBe("203.0.113.7");
    expect(through("192.0.2.66, 198.51.100.1, 203.0.113.7", 2)).toBe("198.51.100.1");
  });

  test("of several lines is one list", () => {
    const rawHeaders = ["X-Forwarded-For", "192.0.2.66", "x-forwarded-for", "203.0.113.7"];
    const headers = { "x-forwarded-for": "192.0.2.66, 203.0.113.7" };
    expect(forwardedAddress(viewOfNode({ headers, rawHeaders }), 1)).toBe("203.0.113.7");
  });

  test("that is too short tells nothing: the request came another way", () => {
    expect(through("203.0.113.7", 2)).toBeUndefined();
    expect(forwardedAddress(viewOfNode({ headers: {} }), 1)).toBeUndefined();
  });
});
