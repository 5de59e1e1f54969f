import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HashIndex } from "./hash-index.js";
import { hashOfHex, hashOfKey, hexOfHash } from "./key-hash.js";

describe("hashes", () => {
  test("are those of node:crypto, and come back from hexadecimal", async () => {
    for (const key of ["", "kp_live_x", "a".repeat(500), "é💡"]) {
      const hex = createHash("sha256").update(key).digest("hex");
      expect(hexOfHash(await hashOfKey(key))).toBe(hex);
      expect(hashOfHex(hex)).toEqual(Int32Array.from(await hashOfKey(key)));
    }
  });

  test.each(["", "ab", "g".repeat(64), "A".repeat(64), "0".repeat(65), "é".repeat(64)])("%j is none", (text) => {
    expect(() => hashOfHex(text)).toThrow(RangeError);
  });
});

/** Few different first words, so that slots are contested; and hashes that differ in one word only. */
const hash = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 7 }), fc.nat({ max: 2 })).map(([first, word, value]) => {
  const words = new Int32Array(8);
  words[0] = first * 61;
  words[word] = (words[word] as number) + value;
  return words;
});

test("an index holds what a Map would, whatever is put in and taken out", () => {
  const step = fc.record({ hash, isDeletion: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new HashIndex<number>(2);
      const map = new Map<string, number>();
      for (const [number, { hash: words, isDeletion }] of steps.entries()) {
        if (isDeletion) index.delete(words);
        else index.set(words, number);
        if (isDeletion) map.delete(words.join());
        else map.set(words.join(), number);
        expect(index.size).toBe(map.size);
      }
      for (const { hash: words } of steps) expect(index.get(words)).toBe(map.get(words.join()));
    }),
  );
});

test("what stands beside a hash is what was put there for it, or nothing, whatever is put in and taken out around it", () => {
  const step = fc.record({ hash, action: fc.constantFrom("set", "delete", "put") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const index = new HashIndex<number, string, string>(2);
      const put = new Map<string, number>();
      const entries = new Map<string, number>();
      for (const [number, { hash: words, action }] of steps.entries()) {
        const name = words.join();
        if (action === "set") index.set(words, number);
        else if (action === "delete") index.delete(words);
        else if (index.get(words) !== undefined) {
          index.putBeside(index.entryOf(words), [number + 1, number, 7], `a${number}`, `b${number}`);
          put.set(name, number);
          continue;
        }
        put.delete(name);
        if (action === "delete") entries.delete(name);
        else if (action === "set") {
          const entry = index.entryOf(words);
          expect(entries.get(name) ?? entry).toBe(entry);
          entries.set(name, entry);
        }
      }
      for (const { hash: words } of steps) {
        const entry = index.entryOf(words);
        const number = put.get(words.join());
        expect(index.number(entry, 0)).toBe(number === undefined ? 0 : number + 1);
        if (number === undefined) continue;
        const beside = [index.number(entry, 1), index.number(entry, 2), index.first(entry), index.second(entry)];
        expect(beside).toEqual([number, 7, `a${number}`, `b${number}`]);
      }
    }),
  );
});

test("an index that was made room in at once holds the same as one that grew", () => {
  const index = new HashIndex<number>(2);
  const hashOf = (value: number) => hashOfKey(`kp_live_${value}`) as Int32Array;
  index.set(hashOf(0), 0);
  index.reserve(1_000);
  for (let value = 1; value < 2_000; value++) index.set(hashOf(value), value);
  for (let value = 0; value < 2_000; value++) expect(index.get(hashOf(value))).toBe(value);
});
