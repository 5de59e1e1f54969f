import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base62Alphabet, encodeBase62, randomBase62 } from "./base62.js";
import { secureRandomBytes } from "./random.js";

function decode(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 62n + BigInt(base62Alphabet.indexOf(digit));
  return value;
}

describe("encodeBase62", () => {
  test("keeps the number and always has the full width", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const digits = encodeBase62(bytes, 43);
        expect(digits).toMatch(/^[0-9A-Za-z]{43}$/);
        expect(decode(digits)).toBe(BigInt(`0x${Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")}`));
      }),
    );
  });

  test("43 is the least width for 32 bytes", () => {
    const greatest = new Uint8Array(32).fill(255);
    expect(encodeBase62(greatest, 43)).toHaveLength(43);
    expect(() => encodeBase62(greatest, 42)).toThrow(RangeError);
  });
});

describe("randomBase62", () => {
  test("every digit is equally likely: all 256 bytes together give each digit exactly four times", () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
    const counts = new Map<string, number>();
    for (const digit of randomBase62(248, () => everyByte)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect(counts.size).toBe(62);
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });

  test("the platform's generator reaches every digit about equally often", () => {
    const counts = new Map<string, number>([...base62Alphabet].map((digit) => [digit, 0]));
    for (const digit of randomBase62(62_000, secureRandomBytes)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    // 1000 expected, standard deviation 31: ten of them never happen by chance.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(310);
  });

  test("a source that gives no usable bytes ends in an error, not in a loop", () => {
    expect(() => randomBase62(24, (length) => new Uint8Array(length).fill(255))).toThrow(/randomness/);
  });
});
