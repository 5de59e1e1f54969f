import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UsageEvent } from "../usage-event.js";
import { lineOf, parseLine } from "./event-line.js";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("203.0.113.7", "curl/8.5.0", 'a"b\\c\n'),
);

const events: fc.Arbitrary<UsageEvent> = fc.record(
  {
    at: fc.integer({ min: 0, max: 4e12 }),
    code: fc.constantFrom("VALID" as const, "REVOKED" as const, "MALFORMED" as const),
    cost: fc.integer({ min: 0, max: 1_000_000 }),
    source: fc.constantFrom("SERVER" as const, "SDK" as const),
    tenantId: fc.constant("ten_0123456789abcdefghijklmn"),
    keyId: fc.constant("key_0123456789abcdefghijklmn"),
    userId: fc.constant("usr_0123456789abcdefghijklmn"),
    latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }).map((ms) => Math.round(ms * 1_000) / 1_000),
    start: fc.constant("kp_live_3fQz"),
    ip: text,
    userAgent: text,
    api: text,
    tags: fc.array(text, { maxLength: 3 }),
    meters: fc.dictionary(fc.constantFrom("tokens", "bytes"), fc.nat()),
    id: text,
  },
  { requiredKeys: ["at", "code", "cost", "source"] },
);

describe("a line of the spool", () => {
  test("says all of the event and nothing else, whatever callers have written", () => {
    fc.assert(
      fc.property(events, (event) => {
        const line = lineOf(event);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(parseLine(line.slice(0, -1))).toEqual(JSON.parse(JSON.stringify(event)));
      }),
    );
  });

  test("is read, too, as servers wrote it before", () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(parseLine(JSON.stringify(event))).toEqual(JSON.parse(JSON.stringify(event)));
      }),
    );
  });

  test.for(["", "{", "null", "7", '"text"', "{}", '{"at":1}', "[]", "[1]", '["VALID",1]', '[1,"VALID",1'])(
    "%s is refused",
    (line) => {
      expect(() => parseLine(line)).toThrow(SyntaxError);
    },
  );
});
