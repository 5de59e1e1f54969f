import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BadUserInputError, InvalidInputError } from "./errors.js";
import {
  areScopes,
  idempotencyKeySchema,
  idSchema,
  optional,
  parseArguments,
  parseInput,
  scopesSchema,
  searchSchema,
  text,
} from "./validation.js";

/** The messages with which a schema refuses a value; none when it takes it. */
const refusals = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map((issue) => issue.message) ?? [];

describe("parseInput", () => {
  const schema = z.object({ name: text("name", 5), list: z.array(text("entry", 5)) });

  test("gives what the schema makes of the input", () => {
    expect(parseInput(schema, { name: " a ", list: [], unknown: 1 })).toEqual({ name: "a", list: [] });
  });

  test("names every problem at once, each with its place", () => {
    expect.assertions(2);
    try {
      parseInput(schema, { name: "", list: ["a", "too long"] });
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error).toMatchObject({
        message: "name: Give the name; it cannot be empty. list.1: Shorten the entry to at most 5 characters.",
        issues: [
          { path: ["name"], message: "Give the name; it cannot be empty." },
          { path: ["list", "1"], message: "Shorten the entry to at most 5 characters." },
        ],
      });
    }
  });

  test("arguments of a query are refused with the same words, as a mistake of the caller's", () => {
    expect(() => parseArguments(schema, { name: "", list: [] })).toThrow(
      new BadUserInputError("name: Give the name; it cannot be empty."),
    );
  });
});

describe("text", () => {
  const schema = text("name", 5);

  test.each([
    [" a b\t", "a b"],
    ["\u00a0x\u3000", "x"],
    ["ÄÖÜ株式", "ÄÖÜ株式"],
    ["🔑🔑🔑🔑🔑", "🔑🔑🔑🔑🔑"],
    ["<b>&'", "<b>&'"],
    ["e\u0301", "\u00e9"],
  ])("%j is kept as %j", (given, kept) => {
    expect(schema.parse(given)).toBe(kept);
  });

  test.each([
    ["", "Give the name; it cannot be empty."],
    [" \t\n ", "Give the name; it cannot be empty."],
    ["\u200b\u200d", "Give the name; it cannot be empty."],
    ["123456", "Shorten the name to at most 5 characters."],
    ["🔑🔑🔑🔑🔑🔑", "Shorten the name to at most 5 characters."],
    ["x".repeat(1_000_000), "Shorten the name to at most 5 characters."],
    ["a\nb", "Remove line breaks and control characters from the name."],
    ["a\u2028b", "Remove line breaks and control characters from the name."],
    ["a\0b", "Remove line breaks and control characters from the name."],
    ["a\u007fb", "Remove line breaks and control characters from the name."],
    ["a\ud800b", "Remove line breaks and control characters from the name."],
    ["a\u202eb", "Remove line breaks and control characters from the name."],
  ])("%j is refused once, and says what to do", (given, message) => {
    expect(refusals(schema, given)).toEqual([message]);
  });
});

describe("optional", () => {
  test("absent and null both mean not given", () => {
    const schema = z.object({ name: optional(text("name", 5)) });
    expect([{}, { name: null }, { name: undefined }].map((input) => parseInput(schema, input).name)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(parseInput(schema, { name: "a" })).toEqual({ name: "a" });
  });
});

describe("idSchema", () => {
  test.each(["key_0123456789ABCDEFGHIJKLMN", "anything", "0"])("%j is looked for", (id) => {
    expect(idSchema.parse(id)).toBe(id);
  });

  test.each(["", " ", "a b", "a\0", "a-b", "é", "\ud800", "x".repeat(65)])("%j finds nothing", (id) => {
    expect(idSchema.parse(id)).toBe("none");
  });
});

describe("searchSchema", () => {
  test.each([
    ["100%", "100\\%"],
    ["a_b", "a\\_b"],
    ["a\\b", "a\\\\b"],
    [" plain ", "plain"],
  ])("%j is looked for as it is: LIKE reads %j", (given, pattern) => {
    expect(searchSchema.parse(given)).toBe(pattern);
  });
});

describe("idempotencyKeySchema", () => {
  test.each(["x", "x".repeat(128), "6f1c1e6a-7b1c-4a43-9b1b-0a8c0f5d6f3e", "!~"])("%j is fine", (key) => {
    expect(idempotencyKeySchema.parse(key)).toBe(key);
  });

  test.each([
    ["", "Leave idempotencyKey out or give it 1 to 128 characters, e.g. a UUID."],
    ["x".repeat(129), "Shorten idempotencyKey to at most 128 characters, e.g. a UUID."],
    ["a b", "Use printable ASCII without spaces in idempotencyKey, e.g. a UUID."],
    ["é", "Use printable ASCII without spaces in idempotencyKey, e.g. a UUID."],
  ])("%j is refused once, and says what to do", (key, message) => {
    expect(refusals(idempotencyKeySchema, key)).toEqual([message]);
  });
});

describe("scopesSchema", () => {
  test("keeps the order and removes doubles", () => {
    expect(scopesSchema.parse(["b", "a", "b"])).toEqual(["b", "a"]);
    expect(scopesSchema.parse([])).toEqual([]);
  });

  test("takes all of the alphabet of RFC 6749, and 128 characters", () => {
    const printable = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
    const alphabet = printable.filter((character) => !'"\\'.includes(character)).join("");
    expect(scopesSchema.parse([alphabet, "x".repeat(128)])).toEqual([alphabet, "x".repeat(128)]);
  });

  test.each([
    ["", "Remove the empty scope."],
    ["x".repeat(129), "Shorten this scope to at most 128 characters."],
    ["a b", 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".'],
    ['a"', 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".'],
    ["a\\", 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".'],
    ["a\0", 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".'],
  ])("%j is refused once, and says what to do", (scope, message) => {
    expect(refusals(scopesSchema, ["fine", scope])).toEqual([message]);
  });

  test("more than 100 are too many", () => {
    const scopes = Array.from({ length: 101 }, (_, index) => `s${index}`);
    expect(scopesSchema.parse(scopes.slice(1))).toHaveLength(100);
    expect(refusals(scopesSchema, scopes)).toEqual(["Give at most 100 scopes."]);
  });
});

describe("areScopes", () => {
  test("says of any list what scopesSchema says", () => {
    const scope = fc.oneof(
      fc.string({ minLength: 1, maxLength: 3 }),
      fc.constantFrom("orders:read", "", " ", '"', "\\", "\u007f", "\n", "x".repeat(128), "x".repeat(129)),
    );
    const lists = fc.oneof(fc.array(scope, { maxLength: 3 }), fc.constantFrom(100, 101).map(listOf));
    fc.assert(fc.property(lists, (scopes) => areScopes(scopes) === scopesSchema.safeParse(scopes).success));
  });
});

function listOf(length: number): string[] {
  return Array.from({ length }, (_, index) => `s${index}`);
}
