import { GraphQLError, type GraphQLScalarType, parseValue } from "graphql";
import { describe, expect, test } from "vitest";
import { schema } from "./schema.js";

const scalar = (name: string) => schema.getType(name) as GraphQLScalarType;

describe("DateTime", () => {
  const DateTime = scalar("DateTime");

  test.each([
    ["2027-01-31T12:00:00Z", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31t12:00:00z", "2027-01-31T12:00:00.000Z"],
    ["2027-01-31T12:00:00.1Z", "2027-01-31T12:00:00.100Z"],
    ["2027-01-31T12:00:00.123456789Z", "2027-01-31T12:00:00.123Z"],
    ["2027-01-31T12:00:00+05:30", "2027-01-31T06:30:00.000Z"],
    ["2027-01-31T00:00:00-00:00", "2027-01-31T00:00:00.000Z"],
    ["2028-02-29T23:59:59.999Z", "2028-02-29T23:59:59.999Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("%s is %s, as a variable and in the document", (text, expected) => {
    expect(DateTime.parseValue(text)).toEqual(new Date(expected));
    expect(DateTime.parseLiteral(parseValue(JSON.stringify(text)))).toEqual(new Date(expected));
    expect(DateTime.serialize(new Date(expected))).toBe(expected);
  });

  test.each([
    "",
    "now",
    "2027",
    "2027-01-31",
    "2027-01-31T12:00:00",
    "2027-01-31 12:00:00Z",
    "2027-01-31T12:00Z",
    "2027-01-31T12:00:00.Z",
    "2027-01-31T12:00:00.1234567890Z",
    "2027-01-31T12:00:00+0530",
    "2027-01-31T12:00:00+99:99",
    "2027-01-31T24:00:00Z",
    "2027-01-31T12:60:00Z",
    "2027-01-31T12:00:60Z",
    "2027-02-29T12:00:00Z",
    "2027-02-30T12:00:00Z",
    "2027-13-01T12:00:00Z",
    "2027-00-01T12:00:00Z",
    "2027-01-00T12:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "+12027-01-31T12:00:00Z",
    " 2027-01-31T12:00:00Z",
    "2027-01-31T12:00:00Z\n",
    "２027-01-31T12:00:00Z",
  ])("%j is refused, and says what to give", (text) => {
    const refusal = new GraphQLError(
      "Give a time in RFC 3339 between the years 1 and 9999, such as 2027-01-31T12:00:00Z.",
    );
    expect(() => DateTime.parseValue(text)).toThrow(refusal);
    expect(() => DateTime.parseLiteral(parseValue(JSON.stringify(text)))).toThrow(refusal);
  });

  test.each([0, 1_800_000_000_000, true, {}, [], new Date(0)])("%j is no text", (value) => {
    expect(() => DateTime.parseValue(value)).toThrow("Give a time in RFC 3339");
  });

  test.each(["1800000000000", "true", "NOW", "{}"])("the literal %s is no text", (literal) => {
    expect(() => DateTime.parseLiteral(parseValue(literal))).toThrow("Give a time in RFC 3339");
  });
});

describe("Milliseconds", () => {
  const Milliseconds = scalar("Milliseconds");

  test.each([0, 60_000, -1, 3_153_600_000_000, Number.MAX_SAFE_INTEGER])("%d goes in and out", (value) => {
    expect(Milliseconds.parseValue(value)).toBe(value);
    expect(Milliseconds.parseLiteral(parseValue(String(value)))).toBe(value);
    expect(Milliseconds.serialize(BigInt(value))).toBe(value);
  });

  test.each([1.5, 2 ** 53, Number.NaN, "60000", true, {}])("%j is refused, and says what to give", (value) => {
    expect(() => Milliseconds.parseValue(value)).toThrow("Give whole milliseconds");
  });

  test.each(["1.5", "9007199254740992", '"60000"', "true"])("the literal %s is refused", (literal) => {
    expect(() => Milliseconds.parseLiteral(parseValue(literal))).toThrow("Give whole milliseconds");
  });
});

describe("JSON", () => {
  const JSONScalar = scalar("JSON");

  test("a literal is what a variable with the same value would be, with its variables", () => {
    const literal = parseValue('{ a: [1, 1.5, true, null, "x"], b: { c: $c } }');
    const expected = { a: [1, 1.5, true, null, "x"], b: { c: 5 } };
    expect(JSON.parse(JSON.stringify(JSONScalar.parseLiteral(literal, { c: 5 })))).toEqual(expected);
    expect(JSONScalar.parseValue(expected)).toEqual(expected);
  });
});
