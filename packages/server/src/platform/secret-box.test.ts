import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSecretBox } from "./secret-box.js";

const secret = "kp_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0GsQOQ";
const key = randomBytes(32);
const box = createSecretBox(key);

describe("secret box", () => {
  test("opens what it has sealed, for the same purpose, also after a restart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (text, purpose) => {
        expect(createSecretBox(key).open(box.seal(text, purpose), purpose)).toBe(text);
      }),
    );
  });

  test("seals the same secret differently each time, and shows nothing of it", () => {
    const [first, second] = [box.seal(secret, "a"), box.seal(secret, "a")];
    expect(first).not.toEqual(second);
    for (const sealed of [first, second]) expect(Buffer.from(sealed).includes(secret.slice(0, 8))).toBe(false);
  });

  test("opens nothing for another purpose: rows cannot be swapped", () => {
    expect(box.open(box.seal(secret, "a"), "b")).toBeNull();
  });

  test("opens nothing with another key", () => {
    expect(createSecretBox(randomBytes(32)).open(box.seal(secret, "a"), "a")).toBeNull();
  });

  test("opens nothing that was changed, in any byte", () => {
    const sealed = box.seal(secret, "a");
    for (let index = 0; index < sealed.length; index++) {
      const changed = sealed.map((byte, place) => (place === index ? byte ^ 1 : byte));
      expect(box.open(changed, "a"), `byte ${index}`).toBeNull();
    }
  });

  test("opens nothing that is cut off, at any length", () => {
    const sealed = box.seal(secret, "a");
    for (let length = 0; length < sealed.length; length++) {
      expect(box.open(sealed.slice(0, length), "a"), `${length} bytes`).toBeNull();
    }
  });
});
