import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxMetadataBytes, maxMetadataDepth, metadataProblem } from "./metadata.js";

/** Objects within each other. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

/** An object whose JSON has this many bytes. */
const ofBytes = (bytes: number) => ({ a: "x".repeat(bytes - '{"a":""}'.length) });

describe("metadataProblem", () => {
  test.each([
    ["an empty object", {}],
    ["every kind of value", { a: null, b: true, c: -1.5e300, d: "x", e: [1, [2]], f: { g: {} }, "": 0 }],
    [`${maxMetadataBytes} bytes`, ofBytes(maxMetadataBytes)],
    [`${maxMetadataDepth} levels`, nested(maxMetadataDepth)],
    ["a text that only looks like an escaped NUL", { pattern: "\\u0000" }],
    ["characters of every plane", { "schlüssel 🔑": "値 🔑 \u{10ffff}" }],
    ["a field called constructor", { constructor: 1, toString: 2 }],
  ])("%s is fine", (_name, metadata) => {
    expect(metadataProblem(metadata)).toBeNull();
  });

  test.each([
    ["null", null, "Give a JSON object"],
    ["a list", [], "Give a JSON object"],
    ["a text", "{}", "Give a JSON object"],
    ["a byte too much", ofBytes(maxMetadataBytes + 1), "16384 bytes"],
    ["characters of several bytes", { a: "é".repeat(maxMetadataBytes / 2) }, "16384 bytes"],
    ["a level too deep", nested(maxMetadataDepth + 1), "8 levels"],
    ["lists a level too deep", { a: [[[[[[[[1]]]]]]]] }, "8 levels"],
    ["a depth that no recursion survives", nested(100_000), "8 levels"],
    ["half a million entries", { a: new Array(500_000).fill(0) }, "16384 bytes"],
    ["U+0000 in a text", { a: ["\0"] }, "U+0000"],
    ["U+0000 in a name", { "\0": 1 }, "U+0000"],
    ["half a character in a text", { a: { b: "\ud83d" } }, "halves of surrogate pairs"],
    ["half a character in a name", { "\udd11": 1 }, "halves of surrogate pairs"],
    ["a number that is none", JSON.parse('{"a":1e400}'), "as text"],
    ["a field that databases and programs lose", JSON.parse('{"a":{"__proto__":1}}'), "Rename the field __proto__"],
  ])("%s is refused, and says what to do", (_name, metadata, message) => {
    expect(metadataProblem(metadata)).toContain(message);
  });

  test("answers every JSON value within its bounds, and never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 12, stringUnit: "grapheme" }), (value) => {
        const problem = metadataProblem({ value });
        if (problem === null)
          expect(Buffer.byteLength(JSON.stringify({ value }))).toBeLessThanOrEqual(maxMetadataBytes);
      }),
    );
  });
});
