import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldName, textOfFieldName } from "./field-names.js";

const odd = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("%", ".", "$", "\0", "2", "e", "_") }),
  fc.constantFrom("", "%", "__proto__", "constructor", "a.b", "$inc", "%2e", "42"),
);

test("every text has a name of its own and is read back from it", () => {
  fc.assert(
    fc.property(odd, (text) => {
      expect(textOfFieldName(fieldName(text))).toBe(text);
    }),
  );
});

test("no name means anything to MongoDB or JavaScript", () => {
  fc.assert(
    fc.property(odd, (text) => {
      expect(fieldName(text)).toMatch(/^(?!__proto__$)[^.$\0]+$/u);
    }),
  );
});

test("an ordinary name stays as it is", () => {
  expect(fieldName("input_tokens")).toBe("input_tokens");
});
