import { BSON, Decimal128, Double, Long } from "bson";
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyValue } from "../testing/arbitraries.js";
import { compareValues } from "./compare.js";
import { decode, decodePlain } from "./decode.js";
import { encodeAny } from "./encode.js";
import { EMPTY_ARRAY, KeyWriter } from "./key-encoding.js";
import type { Value } from "./values.js";

const bytesOf = (...values: Value[]): Buffer => {
  const writer = new KeyWriter();
  for (const value of values) writer.value(value);
  return writer.bytes();
};
const down = (value: Value): Buffer => new KeyWriter().value(value, true).bytes();

test("keys sort as the values do", () => {
  fc.assert(
    fc.property(anyValue, anyValue, (a, b) => {
      expect(Math.sign(Buffer.compare(bytesOf(a), bytesOf(b)))).toBe(Math.sign(compareValues(a, b)) + 0);
      expect(Math.sign(Buffer.compare(down(a), down(b))) + 0).toBe(-Math.sign(compareValues(a, b)) + 0);
    }),
    { numRuns: 3000 },
  );
});

test("compound keys sort by the first value, then by the second", () => {
  fc.assert(
    fc.property(anyValue, anyValue, anyValue, anyValue, (a, b, c, d) => {
      const order = compareValues(a, c) || compareValues(b, d);
      expect(Math.sign(Buffer.compare(bytesOf(a, b), bytesOf(c, d)))).toBe(Math.sign(order) + 0);
    }),
    { numRuns: 2000 },
  );
});

test("the order is a total one", () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 3, maxLength: 3 }), (values) => {
      const [a, b, c] = values.toSorted(compareValues);
      expect(compareValues(a, b)).toBeLessThanOrEqual(0);
      expect(compareValues(b, c)).toBeLessThanOrEqual(0);
      expect(compareValues(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 2000 },
  );
});

test("types sort in MongoDB's order, an empty array before null", () => {
  const inOrder: Value[] = [EMPTY_ARRAY, null, -1, "", {}, [], new Date(0), /x/];
  const keys = inOrder.map((value) => bytesOf(value));
  expect(keys.toSorted(Buffer.compare)).toEqual(keys);
});

test("int64 beyond 2^53 differ from their neighbours", () => {
  const big = 2n ** 62n;
  expect(Buffer.compare(bytesOf(big), bytesOf(big + 1n))).toBe(-1);
  expect(bytesOf(big)).toEqual(bytesOf(Number(big)));
});

test("a Decimal128 that no double equals is refused by name, not rounded", () => {
  expect(() => bytesOf(Decimal128.fromString("0.1"))).toThrow("cannot index the Decimal128 0.1");
});

test("what is decoded and encoded again has the same bytes", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "$x"), anyValue, { noNullPrototype: true }),
      (doc) => {
        const bytes = encodeAny(doc);
        expect(encodeAny(decode(bytes))).toEqual(bytes);
      },
    ),
    { numRuns: 1000 },
  );
});

test("numbers keep their types, and lose them where that is asked for", () => {
  const bytes = Buffer.from(
    BSON.serialize({ int: 1, double: new Double(1), long: Long.fromNumber(1), far: Long.MAX_VALUE, half: 0.5 }),
  );
  expect(decode(bytes)).toEqual({ int: 1, double: new Double(1), long: 1n, far: 2n ** 63n - 1n, half: 0.5 });
  expect(decodePlain(bytes)).toEqual({ int: 1, double: 1, long: 1, far: 2n ** 63n - 1n, half: 0.5 });
});

test("only the fields that are asked for are decoded", () => {
  const bytes = encodeAny({ a: 1, b: { c: [1, "x"] }, d: new Date(0), e: null, f: "f" });
  expect(decode(bytes, new Set(["f", "b"]))).toEqual({ b: { c: [1, "x"] }, f: "f" });
});

test("no bytes make the decoder do anything but answer or refuse", () => {
  const valid = encodeAny({ a: 1, b: { c: [1, "x"] }, d: new Date(0), s: "text" });
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const broken = Buffer.from(valid);
      broken[at] = byte;
      try {
        decode(broken);
      } catch (error) {
        expect((error as Error).name).toBe("MongoServerFault");
      }
    }),
    { numRuns: 2000 },
  );
});
