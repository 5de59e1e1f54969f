import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KeyFormatResult } from "../key-format/format-result.js";
import { type VerdictCode, verdictCodes } from "../verdict-codes.js";
import { recordChecks, textChecks } from "./checks.js";
import { decide } from "./decide.js";
import { examine } from "./examine.js";
import type { DecisionRequest, KeyRecord } from "./types.js";

const now = Date.UTC(2026, 0, 1);
const order = Object.keys(verdictCodes) as VerdictCode[];

interface Case {
  readonly record: KeyRecord;
  readonly request: DecisionRequest;
}

/** A key with everything set that a key can have, and nothing against it. */
const sound: Case = {
  record: {
    secret: { start: "kp_live_0000", supersededAt: now - 1000, stopsAt: now + 1 },
    key: {
      id: "key_1",
      tenantId: "ten_1",
      ownerId: "usr_1",
      name: "production",
      environment: "LIVE",
      scopes: ["read", "write"],
      scopeBounds: null,
      metadata: {},
      allowedIps: ["203.0.113.0/24"],
      deniedIps: ["198.51.100.0/24"],
      expiresAt: now + 1,
      revokedAt: null,
      revokedReason: null,
      disabledAt: null,
      disabledReason: null,
      deletedAt: null,
    },
    owner: {
      id: "usr_1",
      tenantId: "ten_1",
      name: "Ada",
      email: "ada@example.com",
      externalId: null,
      status: "ACTIVE",
      since: null,
      reason: null,
    },
    tenant: { id: "ten_1", status: "ACTIVE", since: null, reason: null },
  },
  request: {
    format: { ok: true, prefix: "kp", environment: "LIVE", start: "kp_live_0000" },
    scopes: ["read"],
    environment: "LIVE",
    ip: "203.0.113.9",
    api: { name: "orders v1", grant: "GRANTED", retiredAt: now + 1 },
    limits: {
      rateLimits: [{ name: "per second", limit: 10, remaining: 1, resetAt: now + 900, exceeded: false, target: "KEY" }],
      quota: { limit: 100, used: 1, remaining: 99, resetAt: now + 5000, exceeded: false, target: "KEY" },
    },
  },
};

type Spoil = (sound: Case) => Case;

const onKey =
  (change: Partial<KeyRecord["key"]>): Spoil =>
  ({ record, request }) => ({ record: { ...record, key: { ...record.key, ...change } }, request });
const onRequest =
  (change: Partial<DecisionRequest>): Spoil =>
  ({ record, request }) => ({ record, request: { ...request, ...change } });
const onApi =
  (change: Partial<NonNullable<DecisionRequest["api"]>>): Spoil =>
  ({ record, request }) => ({ record, request: { ...request, api: request.api && { ...request.api, ...change } } });
const onOwner =
  (change: Partial<KeyRecord["owner"]>): Spoil =>
  ({ record, request }) => ({ record: { ...record, owner: record.owner && { ...record.owner, ...change } }, request });
const malformed = (problem: "empty" | "checksum"): KeyFormatResult => ({ ok: false, problem, hint: "Mend it." });

/** For each code, one thing that makes it apply. */
const faults: Readonly<Record<Exclude<VerdictCode, "VALID">, Spoil>> = {
  MALFORMED: onRequest({ format: malformed("empty") }),
  CHECKSUM_MISMATCH: onRequest({ format: malformed("checksum") }),
  WRONG_ENVIRONMENT: onRequest({ environment: "TEST" }),
  NOT_FOUND: onKey({ deletedAt: now - 1 }),
  REVOKED: onKey({ revokedAt: now - 1 }),
  EXPIRED: onKey({ expiresAt: now }),
  SUPERSEDED: ({ record, request }) => ({ record: { ...record, secret: { ...record.secret, stopsAt: now } }, request }),
  QUARANTINED: onKey({ quarantinedAt: now - 1 }),
  DISABLED: onKey({ disabledAt: now - 1 }),
  OWNER_NOT_FOUND: ({ record, request }) => ({ record: { ...record, owner: null }, request }),
  OWNER_DISABLED: onOwner({ status: "DISABLED" }),
  TENANT_SUSPENDED: ({ record, request }) => ({
    record: { ...record, tenant: { ...record.tenant, status: "SUSPENDED" } },
    request,
  }),
  INSUFFICIENT_SCOPE: onRequest({ scopes: ["delete"] }),
  API_NOT_GRANTED: onApi({ grant: "NONE" }),
  API_RETIRED: onApi({ retiredAt: now }),
  IP_NOT_ALLOWED: onRequest({ ip: "198.51.100.1" }),
  RATE_LIMITED: ({ record, request }) => ({ record, request: { ...request, limits: exceed(request, "rate") } }),
  QUOTA_EXCEEDED: ({ record, request }) => ({ record, request: { ...request, limits: exceed(request, "quota") } }),
};

function exceed({ limits }: DecisionRequest, which: "rate" | "quota"): DecisionRequest["limits"] {
  if (!limits) return limits;
  if (which === "quota") return { ...limits, quota: limits.quota && { ...limits.quota, exceeded: true } };
  return { ...limits, rateLimits: limits.rateLimits.map((state) => ({ ...state, exceeded: true })) };
}

const refusals = order.filter((code) => code !== "VALID");
const someFaults = fc.subarray(refusals, { minLength: 1 });

/** Applies the last fault first, so that where two touch the same field, the one that comes first in the order stays. */
function spoil(codes: readonly Exclude<VerdictCode, "VALID">[]): Case {
  return codes.reduceRight((spoilt, code) => faults[code](spoilt), sound);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

describe("decide", () => {
  test("a key with nothing against it is valid, and costs no allocation", () => {
    const decision = decide(sound.record, sound.request, now);
    expect(decision).toMatchObject({ code: "VALID", valid: true });
    expect(decide(sound.record, sound.request, now)).toBe(decision);
    expect(Object.isFrozen(decision)).toBe(true);
  });

  test.each(refusals)("%s: one fault alone is told by its code", (code) => {
    const { record, request } = spoil([code]);
    expect(decide(record, request, now)).toMatchObject({ code, valid: false });
  });

  test("of several faults, the first in the contract's order is told, and none makes a key valid", () => {
    fc.assert(
      fc.property(someFaults, (codes) => {
        const { record, request } = spoil(codes);
        expect(decide(record, request, now)).toMatchObject({ code: codes[0], valid: false });
      }),
      { numRuns: 1000 },
    );
  });

  test("changes nothing it is given and answers the same to the same question", () => {
    fc.assert(
      fc.property(fc.subarray(refusals), (codes) => {
        const { record, request } = deepFreeze(structuredClone(spoil(codes)));
        expect(decide(record, request, now)).toEqual(decide(record, request, now));
      }),
    );
  });

  test("a key that has expired never works again", () => {
    const instants = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(instants, instants, instants, (expiresAt, one, other) => {
        const { record } = onKey({ expiresAt })(sound);
        const request: DecisionRequest = { format: sound.request.format };
        const earlier = decide(record, request, Math.min(one, other));
        const later = decide(record, request, Math.max(one, other));
        if (earlier.code === "EXPIRED") expect(later.code).toBe("EXPIRED");
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 9e15])(
    "a corrupt instant (%s) never throws",
    (instant) => {
      const everywhere = onKey({ expiresAt: instant })(sound);
      expect(() => decide(everywhere.record, sound.request, now)).not.toThrow();
      expect(decide(onKey({ revokedAt: instant })(sound).record, sound.request, now).code).toBe("REVOKED");
      expect(decide(onKey({ deletedAt: instant })(sound).record, sound.request, now).code).toBe("NOT_FOUND");
    },
  );

  test("an instant that is not a number refuses the key", () => {
    expect(decide(onKey({ expiresAt: Number.NaN })(sound).record, sound.request, now).code).toBe("EXPIRED");
    expect(decide(sound.record, sound.request, Number.NaN).valid).toBe(false);
  });

  test("a grant, an owner's or a tenant's state from a newer version refuses the key", () => {
    const unknown = "SOMETHING_NEW" as never;
    const api = { name: "orders v1", grant: unknown, retiredAt: null };
    expect(decide(sound.record, { ...sound.request, api }, now).code).toBe("API_NOT_GRANTED");
    expect(decide(onOwner({ status: unknown })(sound).record, sound.request, now).code).toBe("OWNER_DISABLED");
    const tenant = { ...sound.record.tenant, status: unknown };
    expect(decide({ ...sound.record, tenant }, sound.request, now).code).toBe("TENANT_SUSPENDED");
  });
});

test("a wait that is longer than GraphQL's Int holds is told as the longest that it does", () => {
  const quota = {
    limit: 1,
    used: 1,
    remaining: 0,
    resetAt: now + 365 * 86_400_000,
    exceeded: true,
    target: "KEY",
  } as const;
  const request = { ...sound.request, limits: { rateLimits: [], quota } };
  expect(decide(sound.record, request, now)).toMatchObject({ code: "QUOTA_EXCEEDED", retryAfterMs: 2_147_483_647 });
});

describe("examine", () => {
  const someRefusal = fc.constantFrom(...refusals);

  test("it has one check for each verdict code, in the order in which decide makes them, each with a name of its own", () => {
    const { checks } = examine(sound.record, sound.request, now);
    expect(checks.map(({ code }) => code)).toEqual(refusals);
    expect(new Set(checks.map(({ name }) => name)).size).toBe(refusals.length);
    const listed = [textChecks, ...recordChecks.map(({ codes }) => codes)].flatMap((codes) => Object.keys(codes));
    expect(listed).toEqual(refusals);
    expect(checks.every(({ outcome, wouldFail }) => outcome === "PASSED" && wouldFail === false)).toBe(true);
  });

  test("it decides as decide does: the checks before the first fault have passed, those after it were not reached", () => {
    fc.assert(
      fc.property(fc.subarray(refusals), fc.boolean(), (codes, isKnown) => {
        const { record, request } = spoil(codes);
        const asked = isKnown ? record : null;
        const { checks, decision } = examine(asked, request, now);
        expect(decision).toEqual(decide(asked, request, now));
        const failed = refusals.indexOf(decision.code as (typeof refusals)[number]);
        const expected = refusals.map((_, place) =>
          decision.valid || place < failed ? "PASSED" : place === failed ? "FAILED" : "NOT_REACHED",
        );
        expect(checks.map(({ outcome }) => outcome)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test("of a known key it tells every fault at once", () => {
    fc.assert(
      fc.property(fc.uniqueArray(someRefusal), (some) => {
        const codes = refusals.filter((code) => some.includes(code));
        // Faults that undo one another are left to the test above.
        fc.pre(!codes.includes("MALFORMED") && !codes.includes("CHECKSUM_MISMATCH"));
        fc.pre(!(codes.includes("OWNER_NOT_FOUND") && codes.includes("OWNER_DISABLED")));
        const { record, request } = spoil(codes);
        const { checks } = examine(record, request, now);
        for (const { code, wouldFail } of checks)
          expect([code, wouldFail]).toEqual([code, codes.includes(code as never)]);
      }),
      { numRuns: 500 },
    );
  });
});
