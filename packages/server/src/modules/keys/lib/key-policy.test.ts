import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultExpiry, expiryIssues, type KeyPolicy, scopeIssues } from "./key-policy.js";

const now = Date.parse("2026-01-01T00:00:00Z");
const none: KeyPolicy = {
  keyPrefix: "kp",
  defaultKeyLifetimeMs: null,
  maxKeyLifetimeMs: null,
  maxKeysPerUser: null,
  allowedScopes: [],
  restrictScopes: false,
};

describe("defaultExpiry", () => {
  test.each([
    ["no policy: never", {}, null],
    ["the default lifetime", { defaultKeyLifetimeMs: 60_000n }, now + 60_000],
    ["without a default, the longest lifetime", { maxKeyLifetimeMs: 90_000n }, now + 90_000],
    ["the default before the longest", { defaultKeyLifetimeMs: 60_000n, maxKeyLifetimeMs: 90_000n }, now + 60_000],
  ])("%s", (_name, policy, expected) => {
    expect(defaultExpiry({ ...none, ...policy }, now)?.getTime() ?? null).toBe(expected);
  });

  test("never breaks the policy that it follows", () => {
    const lifetime = fc.option(fc.bigInt({ min: 60_000n, max: 3_153_600_000_000n }), { nil: null });
    fc.assert(
      fc.property(lifetime, lifetime, fc.integer({ min: 0, max: 4_102_444_800_000 }), (first, second, time) => {
        // updateTenant keeps the default below the longest.
        const [shorter, longer] =
          first !== null && second !== null && first > second ? [second, first] : [first, second];
        const policy = { ...none, defaultKeyLifetimeMs: shorter, maxKeyLifetimeMs: longer };
        expect(expiryIssues(policy, defaultExpiry(policy, time), time)).toEqual([]);
      }),
    );
  });
});

describe("expiryIssues", () => {
  const longest = { ...none, maxKeyLifetimeMs: 60_000n };

  test.each([
    ["never, where nothing limits it", none, null],
    ["the next millisecond", none, now + 1],
    ["the last millisecond of the longest lifetime", longest, now + 60_000],
  ])("%s is fine", (_name, policy, expiresAt) => {
    expect(expiryIssues(policy, expiresAt === null ? null : new Date(expiresAt), now)).toEqual([]);
  });

  test.each([
    ["this very millisecond", none, now, "in the future"],
    ["the past", longest, now - 1, "in the future"],
    ["a millisecond beyond the longest lifetime", longest, now + 60_001, "2026-01-01T00:01:00.000Z at most"],
    ["never, where a longest lifetime is set", longest, null, "2026-01-01T00:01:00.000Z at most"],
  ])("%s is not", (_name, policy, expiresAt, message) => {
    expect(expiryIssues(policy, expiresAt === null ? null : new Date(expiresAt), now)).toEqual([
      { path: ["expiresAt"], message: expect.stringContaining(message) },
    ]);
  });
});

describe("scopeIssues", () => {
  const some = { ...none, restrictScopes: true, allowedScopes: ["orders:read", "orders:write"] };

  test("without a ceiling every scope is fine, with one those within it, in any order", () => {
    expect(scopeIssues(none, ["anything"])).toEqual([]);
    expect(scopeIssues(some, [])).toEqual([]);
    expect(scopeIssues(some, ["orders:write", "orders:read"])).toEqual([]);
  });

  test("names what is not allowed, and what is", () => {
    expect(scopeIssues(some, ["orders:read", "admin", "ORDERS:READ"])).toEqual([
      {
        path: ["scopes"],
        message: "The tenant's policy does not allow admin, ORDERS:READ. It allows: orders:read, orders:write.",
      },
    ]);
  });

  test("an empty ceiling allows none", () => {
    expect(scopeIssues({ ...none, restrictScopes: true }, ["a"])).toMatchObject([
      { message: "The tenant's policy does not allow a. It allows: none." },
    ]);
  });
});
