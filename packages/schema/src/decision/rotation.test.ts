import { describe, expect, test } from "vitest";
import { parseKey } from "../key-format/parse-key.js";
import { decide, validUntil } from "./decide.js";
import { refusesOverdue, rotateBy } from "./rotation.js";
import type { KeyRecord } from "./types.js";

const format = parseKey("kp_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0GsQOQ");
const issuedAt = Date.UTC(2030, 0, 1);
const day = 24 * 60 * 60_000;

function recordOf(key: Partial<KeyRecord["key"]>, tenant: Partial<KeyRecord["tenant"]>): KeyRecord {
  return {
    secret: { start: "kp_live_0000", supersededAt: null, stopsAt: null },
    key: {
      id: "key_1",
      tenantId: "ten_1",
      ownerId: "usr_1",
      name: "k",
      environment: "LIVE",
      scopes: [],
      scopeBounds: null,
      metadata: {},
      allowedIps: [],
      deniedIps: [],
      expiresAt: null,
      revokedAt: null,
      revokedReason: null,
      disabledAt: null,
      disabledReason: null,
      deletedAt: null,
      issuedAt,
      ...key,
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
    tenant: { id: "ten_1", status: "ACTIVE", since: null, reason: null, ...tenant },
  };
}

describe("a key that has to be rotated", () => {
  test("the shorter of its own interval and its tenant's counts", () => {
    expect(rotateBy(recordOf({}, {}))).toBeNull();
    expect(rotateBy(recordOf({ rotateEveryMs: day }, {}))).toBe(issuedAt + day);
    expect(rotateBy(recordOf({}, { rotateEveryMs: 2 * day }))).toBe(issuedAt + 2 * day);
    expect(rotateBy(recordOf({ rotateEveryMs: day }, { rotateEveryMs: 2 * day }))).toBe(issuedAt + day);
    expect(rotateBy(recordOf({ rotateEveryMs: 3 * day }, { rotateEveryMs: 2 * day }))).toBe(issuedAt + 2 * day);
    expect(rotateBy(recordOf({ issuedAt: null }, { rotateEveryMs: day }))).toBeNull();
  });

  test("is valid before; from that millisecond on it has a hint, or is refused as EXPIRED", () => {
    const [warned, refused] = [
      recordOf({}, { rotateEveryMs: day }),
      recordOf({}, { rotateEveryMs: day, rotationOverdue: "REFUSE" }),
    ];
    for (const record of [warned, refused]) {
      expect(decide(record, { format }, issuedAt + day - 1)).toMatchObject({ code: "VALID", hint: null });
      expect(validUntil(record, format, issuedAt)).toBe(issuedAt + day);
      // Whoever remembers decisions has to decide anew, or the hint would not be told.
      expect(validUntil(record, format, issuedAt + day)).toBeNull();
    }
    expect(decide(warned, { format }, issuedAt + day)).toMatchObject({
      code: "VALID",
      valid: true,
      hint: expect.stringMatching(
        /^The key should have got a new secret by 2030-01-02T00:00:00\.000Z\. Rotate it with rotateKey, and overlapMs: null .*: left out, the old secret stops at once\.$/,
      ),
    });
    expect(decide(refused, { format }, issuedAt + day)).toMatchObject({
      code: "EXPIRED",
      valid: false,
      message: expect.stringContaining("by 2030-01-02T00:00:00.000Z"),
    });
  });

  test("is refused where key or tenant says so: a key is as strict as it says or stricter, never laxer than its tenant", () => {
    const says = [undefined, null, "WARN", "REFUSE"] as const;
    const intervals = [null, day, 2 * day] as const;
    for (const own of says) {
      for (const ofTenant of says) {
        for (const every of intervals) {
          for (const everyOfTenant of intervals) {
            const record = recordOf(
              { rotateEveryMs: every, rotationOverdue: own },
              { rotateEveryMs: everyOfTenant, rotationOverdue: ofTenant },
            );
            const due = Math.min(every ?? Number.POSITIVE_INFINITY, everyOfTenant ?? Number.POSITIVE_INFINITY);
            const isRefused = own === "REFUSE" || ofTenant === "REFUSE";
            expect(refusesOverdue(record)).toBe(isRefused);
            for (const after of [day - 1, day, 2 * day - 1, 2 * day]) {
              const { code, hint } = decide(record, { format }, issuedAt + after);
              const isOverdue = after >= due;
              expect({ code, isWarned: hint !== null, record }).toEqual({
                code: isOverdue && isRefused ? "EXPIRED" : "VALID",
                isWarned: isOverdue && !isRefused,
                record,
              });
            }
          }
        }
      }
    }
  });

  test("is told who refuses it", () => {
    const messageOf = (key: object, tenant: object) =>
      decide(recordOf({ rotateEveryMs: day, ...key }, tenant), { format }, issuedAt + day).message;
    const refuse = { rotationOverdue: "REFUSE" };
    expect(messageOf(refuse, {})).toContain("and it is to be refused when it is overdue");
    expect(messageOf({}, refuse)).toContain("and its tenant refuses keys that are overdue");
    expect(messageOf(refuse, refuse)).toContain("and its tenant refuses keys that are overdue");
  });

  test("with a time that cannot be read is refused where overdue keys are", () => {
    const record = recordOf({ issuedAt: Number.NaN }, { rotateEveryMs: day, rotationOverdue: "REFUSE" });
    expect(decide(record, { format }, issuedAt).code).toBe("EXPIRED");
  });
});
