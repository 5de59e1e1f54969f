import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "./crc32.js";
import { generateKey, startOf } from "./generate-key.js";
import { isValidPrefix } from "./prefix.js";

describe("crc32", () => {
  test("is the CRC-32 of IEEE 802.3", () => {
    expect(crc32("123456789")).toBe(0xcbf43926); // the check value that every catalogue of CRCs gives
    expect(crc32("")).toBe(0);
    expect(crc32("123456789 and more", 9)).toBe(0xcbf43926);
  });
});

describe("generateKey", () => {
  test("two keys are never the same", () => {
    const secrets = Array.from({ length: 200 }, () => generateKey({ prefix: "kp", environment: "LIVE" }).secret);
    expect(new Set(secrets).size).toBe(200);
  });

  test("the start shows prefix, environment and four characters, no more", () => {
    const { secret, start } = generateKey({ prefix: "acme", environment: "TEST" });
    expect(start).toMatch(/^acme_test_[0-9A-Za-z]{4}$/);
    expect(secret.startsWith(start)).toBe(true);
    expect(startOf(secret)).toBe(start);
  });

  test.each(["", "a", "thirteenchars", "Kp", "k_p", "k-p", "kp "])("refuses the prefix %j", (prefix) => {
    expect(() => generateKey({ prefix, environment: "LIVE" })).toThrow(RangeError);
  });

  test.each([0, 31, 33])("refuses a source that gives %i bytes for 32", (length) => {
    expect(() => generateKey({ prefix: "kp", environment: "LIVE", random: () => new Uint8Array(length) })).toThrow(
      RangeError,
    );
  });
});

describe("isValidPrefix", () => {
  test("accepts 2 to 12 of a-z and 0-9", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{2,12}$/), (prefix) => {
        expect(isValidPrefix(prefix)).toBe(prefix !== "keyplane");
      }),
    );
  });

  test.each(["", "a", "thirteenchars", "Kp", "k_p", "kp\n", "keyplane"])("refuses %j", (prefix) => {
    expect(isValidPrefix(prefix)).toBe(false);
  });
});
