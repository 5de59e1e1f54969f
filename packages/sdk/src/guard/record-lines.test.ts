import type { KeyRecord } from "@keyplane/schema";
import { describe, expect, test } from "vitest";
import { formatRecordLine, parseRecordLine, type RecordLine } from "./record-lines.js";

function line(scopeBounds: KeyRecord["key"]["scopeBounds"]): RecordLine {
  const never = { revokedAt: null, revokedReason: null, disabledAt: null, disabledReason: null, deletedAt: null };
  const of = { id: "key_a", tenantId: "ten_a", ownerId: "usr_a", name: "Key", environment: "LIVE" } as const;
  const lists = { scopes: ["a", "b"], metadata: {}, allowedIps: [], deniedIps: [], expiresAt: null };
  const state = { start: "kp_live_aaaa", supersededAt: null, stopsAt: null };
  const secrets = [{ hash: "a".repeat(64), state }];
  return { type: "key", line: { key: { ...of, ...lists, scopeBounds, ...never }, secrets, isServerDecided: false } };
}

test("a line of a key with rules for its rotation says the same after it was written and read", () => {
  const plain = line(null);
  if (plain.type !== "key") throw new Error("it is one of a key");
  for (const rules of [{ rotationOverdue: "REFUSE" }, { rotateEveryMs: 60_000, rotationOverdue: "WARN" }] as const) {
    const ruled: RecordLine = { type: "key", line: { ...plain.line, key: { ...plain.line.key, ...rules } } };
    expect(parseRecordLine(formatRecordLine(ruled))).toEqual(ruled);
  }
});

describe("a line of a key whose scopes are bounded", () => {
  test.each([null, { role: ["a"], team: null }, { role: null, team: [] }, { role: ["b", "c"], team: ["a"] }])(
    "says the same after it was written and read: %j",
    (bounds) => {
      expect(parseRecordLine(formatRecordLine(line(bounds)))).toEqual(line(bounds));
    },
  );

  test("has as its own scopes those that can be used: who does not know of bounds refuses the others, too", () => {
    expect(JSON.parse(formatRecordLine(line({ role: ["a"], team: null }))).scopes).toEqual(["a"]);
    expect(JSON.parse(formatRecordLine(line({ role: [], team: null })))).not.toHaveProperty("scopes");
    expect(JSON.parse(formatRecordLine(line(null)))).not.toHaveProperty("bounded");
  });
});
