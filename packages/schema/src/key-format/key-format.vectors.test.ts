import { describe, expect, test } from "vitest";
import file from "../../vectors/key-format.json" with { type: "json" };
import type { Environment } from "../environments.js";
import { generateKey } from "./generate-key.js";
import { parseKey, parseManagementToken } from "./parse-key.js";

/** The layout of one vector; README.md describes it. */
interface ParseVector {
  readonly name: string;
  readonly input: { readonly as: string; readonly text: string };
  readonly expected: { readonly ok: boolean; readonly problem?: string; readonly hintIncludes?: string };
}
const parseVectors: readonly ParseVector[] = file.parse;

describe("vectors of generateKey", () => {
  test.each(file.generate)("$name", ({ input, expected }) => {
    const bytes = Uint8Array.from(input.randomHex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const { prefix, environment } = input;
    expect(generateKey({ prefix, environment: environment as Environment, random: () => bytes })).toEqual(expected);
  });
});

describe("vectors of parseKey and parseManagementToken", () => {
  test.each(parseVectors)("$name", ({ input, expected }) => {
    const { hintIncludes, ...rest } = expected;
    const result = input.as === "api-key" ? parseKey(input.text) : parseManagementToken(input.text);
    expect(result).toEqual(
      hintIncludes === undefined ? rest : { ...rest, hint: expect.stringContaining(hintIncludes) },
    );
  });

  test("there is one for every problem", () => {
    const problems = parseVectors.flatMap(({ expected }) => expected.problem ?? []);
    expect(new Set(problems)).toEqual(
      new Set(["empty", "too-short", "too-long", "illegal-character", "foreign-format", "checksum"]),
    );
  });

  test("every vector has a name of its own", () => {
    const names = parseVectors.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
