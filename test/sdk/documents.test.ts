import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, type DocumentNode, parse, stripIgnoredCharacters, validate } from "graphql";
import { describe, expect, test } from "vitest";
import * as documents from "../../packages/sdk/src/_generated/documents.js";
import { printDocument } from "../../packages/sdk/src/client/print-document.js";
import { root } from "./program.js";

const schema = buildSchema(readFileSync(join(root, "packages/schema/schema.graphql"), "utf8"));

describe("the documents of the SDK", () => {
  test.each(Object.entries(documents))("%s fits the schema and is without ignored characters", (_, text) => {
    expect(validate(schema, parse(text))).toEqual([]);
    expect(text).toBe(stripIgnoredCharacters(text));
  });

  test("cover every field that changes something, and every list", () => {
    const all = Object.values(documents).join("\n");
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    const queries = Object.keys(schema.getQueryType()?.getFields() ?? {}).filter((name) => name !== "node");
    const missing = [...mutations, ...queries].filter((name) => !new RegExp(`\\{${name}[({]`).test(all));
    expect(missing).toEqual([]);
  });
});

/** Everything that the grammar of executable documents has, where the schema does not matter. */
const everything = `
query Q($a: Int = 3, $b: [String!]! = ["x", "\\"y\\" \\n \\u00e9"], $c: In = {a: 1.5e3, b: [true, null], c: RED} @d, $e: T!) @d(x: $a) {
  alias: field(a: $a, b: {c: [$b, -1], d: """ block "text" with \\n no escape """}) @include(if: true) @skip(if: false) { id }
  ... on Type @d { id ...F @d }
  ... @include(if: $a) { id }
  ... { id }
  mutation
}
mutation { m }
subscription S { s }
fragment F on Type @d { id }
{ shorthand }`;

/** What a document means: its tree, without where things stand and how its strings are written. */
function meaningOf(text: string): string {
  return JSON.stringify(parse(text, { noLocation: true }), (name, value: unknown) =>
    name === "block" ? undefined : value,
  );
}

describe("a parsed document", () => {
  const texts = Object.entries({ "with everything": everything, ...documents });
  test.each(texts)("is sent with the meaning that it had: %s", (_, text) => {
    expect(meaningOf(printDocument(parse(text)))).toBe(meaningOf(text));
  });

  test("needs no locations, which graphql-codegen leaves out", () => {
    const generated = JSON.parse(JSON.stringify(parse(everything, { noLocation: true }))) as DocumentNode;
    expect(meaningOf(printDocument(generated))).toBe(meaningOf(everything));
  });

  test("that is no request is refused", () => {
    expect(() => printDocument(parse("type T { id: ID }"))).toThrow("A request cannot contain ObjectTypeDefinition.");
  });
});
