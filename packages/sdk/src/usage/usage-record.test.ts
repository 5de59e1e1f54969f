import { describe, expect, expectTypeOf, test } from "vitest";
import type { UsageEventInput } from "../_generated/schema-types.js";
import type { Verdict } from "../entities.js";
import { completeRecord, type UsageRecord } from "./usage-record.js";

const now = Date.UTC(2027, 0, 31, 12);
const hour = 3_600_000;
const complete = (record: unknown): UsageEventInput => completeRecord(record as UsageRecord, now).event;

describe("a call that is complete", () => {
  test("has all that was given, and is not the object that was given", () => {
    const record: UsageRecord = {
      id: "e1",
      at: "2027-01-31T12:30:00+01:00",
      keyId: "key_1",
      tenantId: "ten_1",
      code: "RATE_LIMITED",
      api: "orders/v2",
      cost: 0,
      tags: ["eu", "größer"],
      meters: [{ name: "tokens", value: 1_200 }],
      latencyMs: 12.5,
      ip: "203.0.113.7",
      userAgent: "curl/8",
      start: "kp_live_3fQz",
    };
    expect(completeRecord(record, now)).toEqual({
      event: { ...record, at: "2027-01-31T11:30:00.000Z" },
      at: now - hour / 2,
    });
  });

  test("has a time and an id of its own where none was given", () => {
    const [a, b] = [complete({}), complete({ id: null, at: null, keyId: undefined })];
    expect(a).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), at: "2027-01-31T12:00:00.000Z" });
    expect(b.id).not.toBe(a.id);
  });

  test("cuts a long user agent, which is another's to write", () => {
    expect(complete({ userAgent: "x".repeat(1_000) }).userAgent).toHaveLength(256);
  });

  test("may have a code that only a newer server knows, as a verdict may", () => {
    expect(complete({ code: "STOLEN" }).code).toBe("STOLEN");
    expectTypeOf<Verdict["code"]>().toExtend<UsageRecord["code"]>();
  });
});

const refused: Record<string, [record: unknown, words: string]> = {
  "no object": [undefined, "Give a call as an object."],
  "an unknown field": [{ tokens: 1 }, "tokens: There is no such field."],
  "a field of every object": [{ constructor: 1 }, "constructor: There is no such field."],
  "an id that is too long": [{ id: "x".repeat(65) }, "id: Give 1 to 64"],
  "an id with a space": [{ id: "a b" }, "id: Give 1 to 64"],
  "a number as id": [{ id: 7 }, "id: Give 1 to 64"],
  "a time that is none": [{ at: "yesterday" }, "at: Give a Date"],
  "an invalid Date": [{ at: new Date(Number.NaN) }, "at: Give a Date"],
  "a number as time": [{ at: 5 }, "at: Give a Date"],
  "a time of the day before yesterday": [{ at: new Date(now - 24 * hour - 1) }, "at: This is more than 24 hours ago"],
  "a time of the day after tomorrow": [{ at: new Date(now + 24 * hour + 1) }, "at: This is more than a day ahead"],
  "a code in lower case": [{ code: "valid" }, "code: Give the code"],
  "an API with a space": [{ api: "my orders" }, "api: Give 1 to 64"],
  "a fraction as cost": [{ cost: 0.5 }, "cost: Give a whole number"],
  "a cost that is no number": [{ cost: "1" }, "cost: Give a whole number"],
  "too high a cost": [{ cost: 1_000_001 }, "cost: Give a whole number"],
  "a latency below zero": [{ latencyMs: -0.1 }, "latencyMs: Give milliseconds"],
  "a latency that is not finite": [{ latencyMs: Number.POSITIVE_INFINITY }, "latencyMs: Give milliseconds"],
  "too many tags": [{ tags: Array(21).fill("a") }, "tags: Give at most 20."],
  "a text as tags": [{ tags: "a" }, "tags: Give at most 20."],
  "an empty tag": [{ tags: [""] }, "tags: Give tags of 1 to 64"],
  "a tag of two lines": [{ tags: ["a\nb"] }, "tags: Give tags of 1 to 64"],
  "a tag with DEL": [{ tags: ["a\u007f"] }, "tags: Give tags of 1 to 64"],
  "too many meters": [{ meters: Array(11).fill({ name: "a", value: 1 }) }, "meters: Give at most 10."],
  "a meter twice": [{ meters: Array(2).fill({ name: "a", value: 1 }) }, "meters: Name each meter once."],
  "a meter in upper case": [{ meters: [{ name: "Tokens", value: 1 }] }, "meters: Name a meter"],
  "half a unit of a meter": [{ meters: [{ name: "a", value: 0.5 }] }, "meters: Give a whole number"],
  "nothing as a meter": [{ meters: [null] }, "null"],
  "an address that is too long": [{ ip: "1".repeat(65) }, "ip: Give one address"],
  "a whole key as start": [{ start: "kp_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0GsQOQ" }, "start: Give only"],
  "no text as user agent": [{ userAgent: {} }, "userAgent: Give a text."],
};

describe("a call is refused with", () => {
  for (const [name, [record, words]] of Object.entries(refused)) {
    test(`${name}`, () => expect(() => complete(record)).toThrow(words));
  }
});

describe("a call is taken at the very limit:", () => {
  const taken: Record<string, unknown> = {
    "24 hours old": { at: new Date(now - 24 * hour) },
    "an id of 64": { id: "!".repeat(64) },
    "20 tags of 64": { tags: Array(20).fill("x".repeat(64)) },
    "the highest cost": { cost: 1_000_000 },
    "the highest meter": { meters: [{ name: "a".repeat(32), value: 1_000_000_000_000 }] },
    "a latency of a day": { latencyMs: 86_400_000 },
    "a start of 24": { start: "a".repeat(24) },
    "an API of 64": { api: "a".repeat(64) },
    "a version of an API": { api: "orders@v1" },
  };
  for (const [name, record] of Object.entries(taken)) {
    test(`${name}`, () => expect(complete(record)).toMatchObject({ id: expect.any(String) }));
  }
});
