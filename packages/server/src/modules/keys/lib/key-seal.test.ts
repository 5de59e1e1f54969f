import { describe, expect, test } from "vitest";
import type { Key, KeySecret } from "../../../platform/database/index.js";
import { createKeySeal, sealedColumns } from "./key-seal.js";

const seal = createKeySeal(new Uint8Array(32));
const key = {
  id: "key_1",
  tenantId: "ten_1",
  ownerId: "usr_1",
  teamId: null,
  environment: "LIVE",
  scopes: ["a"],
  allowedIps: [],
  deniedIps: [],
  expiresAt: null,
  disabledAt: null,
  revokedAt: null,
  deletedAt: null,
  secretVersion: 1,
  rotateEveryMs: null,
  rotationOverdue: null,
  rotationOverlapMs: null,
  rotatedAt: null,
  createdAt: new Date(0),
} as unknown as Key;
const secrets = [
  { hash: "00", supersededAt: null, stopsAt: null, isPending: false, overlapMs: null },
] as unknown as KeySecret[];
const of = (changes: Partial<Key>): string => seal.of({ ...key, ...changes }, secrets);

describe("the checksum of a key", () => {
  test("that was written before a key had rules of its own for an overdue secret and its overlap is good", () => {
    expect(of({})).toBe("fc923a27.oI0s1bMGlwqeW3ckxT0pYsHVMSHh8R2dOB8kJoiSw8U");
    expect(of({ rotateEveryMs: 3_600_000n })).toBe("fc923a27.YNSHZp5DzKQFOLVDC-X8THf7kWKgF42XlqOzxBKYoiE");
  });

  test("is another for each set of rules, and for another day from which the secret counts", () => {
    const rules: Partial<Key>[] = [null, 3_600_000n].flatMap((rotateEveryMs) =>
      [null, "WARN", "REFUSE"].flatMap((rotationOverdue) =>
        [null, 0n, 3_600_000n].map((rotationOverlapMs) => ({ rotateEveryMs, rotationOverdue, rotationOverlapMs })),
      ),
    );
    expect(new Set(rules.map(of)).size).toBe(rules.length);
    const overdue = { rotationOverdue: "REFUSE" };
    expect(of({ ...overdue, rotatedAt: new Date(1) })).not.toBe(of(overdue));
  });

  test("is of those columns that are named as signed", () => {
    const other: Partial<Key> = { rotatedAt: new Date(1), rotationOverdue: "WARN", rotationOverlapMs: 5n };
    const ruled: Key = { ...key, rotateEveryMs: 1n, rotationOverdue: "REFUSE", rotationOverlapMs: 0n };
    for (const name of ["rotatedAt", "rotationOverdue", "rotationOverlapMs"] as const) {
      const changed = { ...ruled, [name]: other[name] };
      expect(seal.of(changed, secrets)).not.toBe(seal.of(ruled, secrets));
      expect(sealedColumns(changed)).toContain(name);
    }
    expect(sealedColumns(key)).not.toContain("rotationOverdue");
  });
});
