import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { createAddressOf, type TrustedProxies } from "./caller-address.js";

function addressOf(trusted: TrustedProxies, remoteAddress: string | undefined, forwarded?: string | string[]) {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return createAddressOf(trusted)({ socket: { remoteAddress }, headers } as unknown as IncomingMessage);
}

const proxies = ["10.0.0.0/8", "2001:db8:1::/48"];

describe("where a request came from", () => {
  test.for([
    ["is the connection's address when nobody is trusted", false, "203.0.113.9", "192.0.2.1", "203.0.113.9"],
    ["is what the proxy saw when whoever connects is trusted", true, "203.0.113.9", "192.0.2.1", "192.0.2.1"],
    ["is the last entry, because a caller writes those before", true, "203.0.113.9", "8.8.8.8, 192.0.2.1", "192.0.2.1"],
    ["is the connection's address when a trusted proxy says nothing", true, "203.0.113.9", undefined, "203.0.113.9"],
    ["is the connection's address when what it says is none", true, "203.0.113.9", "unknown", "203.0.113.9"],
    ["is what a proxy of the list saw", proxies, "10.1.2.3", "192.0.2.1", "192.0.2.1"],
    ["is the connection's address when that is no proxy's", proxies, "203.0.113.9", "192.0.2.1", "203.0.113.9"],
    ["is found behind several proxies", proxies, "10.1.2.3", "192.0.2.1, 10.9.9.9, 10.8.8.8", "192.0.2.1"],
    ["is not what the caller wrote", proxies, "10.1.2.3", "8.8.8.8, 192.0.2.1, 10.9.9.9", "192.0.2.1"],
    ["is the last known when an entry is no address", proxies, "10.1.2.3", "192.0.2.1, nonsense, 10.9.9.9", "10.9.9.9"],
    ["is a proxy's own when it asks for itself", proxies, "10.1.2.3", undefined, "10.1.2.3"],
    ["is found in IPv6, mapped IPv4 too", proxies, "::ffff:10.1.2.3", "2001:db8:2::1, 2001:db8:1::5", "2001:db8:2::1"],
  ] as const)("%s", ([, trusted, remote, forwarded, expected]) => {
    expect(addressOf(trusted, remote, forwarded)).toBe(expected);
  });

  test("ends, however long the list", () => {
    const chain = Array.from({ length: 5_000 }, () => "10.0.0.1").join(",");
    expect(addressOf(proxies, "10.1.2.3", chain)).toBe("10.0.0.1");
  });

  test("is not known of a connection that is gone", () => {
    expect(addressOf(proxies, undefined, "192.0.2.1")).toBeNull();
    expect(addressOf(false, undefined)).toBeNull();
  });
});
