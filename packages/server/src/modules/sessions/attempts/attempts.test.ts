import { describe, expect, test } from "vitest";
import { addressGroup } from "./address-group.js";
import { type AttemptState, afterFailure, attemptPolicies } from "./attempt-policy.js";

describe("what counts as one address", () => {
  test.for([
    [null, "unknown"],
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:1::2:3", "2001:db8:1:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
  ] as const)("%s is %s", ([address, group]) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe("pauses", () => {
  const { pair, account } = attemptPolicies;

  test("begin after the free failures, double, and have an end", () => {
    let state: AttemptState | null = null;
    const pauses: number[] = [];
    for (let count = 0; count < 40; count++) {
      state = afterFailure(state, pair, 0);
      pauses.push(state.blockedUntil);
    }
    expect(pauses.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(pauses.slice(5, 9)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(new Set(pauses.slice(15))).toEqual(new Set([pair.longestPauseMs]));
  });

  test("are forgotten some time after the last failure", () => {
    const state = { failures: 50, blockedUntil: 0, forgottenAt: 1_000 };
    expect(afterFailure(state, pair, 999).failures).toBe(51);
    expect(afterFailure(state, pair, 1_000)).toMatchObject({ failures: 1, blockedUntil: 1_000 });
  });

  test("last until all is forgotten after a hundred failures in a row, as NIST SP 800-63B-4 asks", () => {
    const state = { failures: 99, blockedUntil: 0, forgottenAt: 1 };
    expect(afterFailure(state, account, 0)).toEqual({
      failures: 100,
      blockedUntil: account.forgetMs,
      forgottenAt: account.forgetMs,
    });
  });

  test("stay finite, however many failures there were", () => {
    const state = { failures: 2_000_000_000, blockedUntil: 0, forgottenAt: 1 };
    expect(afterFailure(state, attemptPolicies.address, 0).blockedUntil).toBe(attemptPolicies.address.longestPauseMs);
  });
});
