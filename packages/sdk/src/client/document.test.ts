import { describe, expect, test } from "vitest";
import * as documents from "../_generated/documents.js";
import { operationKindOf, textOfDocument } from "./document.js";

describe("what a document does", () => {
  const documentsByKind = {
    query: [
      "{ viewer { id } }",
      "query { viewer { id } }",
      "query mutation { viewer { id } }",
      "query A($a: T = {mutation: 1}) { a } fragment mutation on T { mutation }",
      '{ a(text: "mutation { } \\" mutation") }',
      '{ a(text: """\nmutation "quoted" {\n""") }',
      "# mutation { a }\n{ a }",
    ],
    mutation: [
      "mutation { a }",
      "mutation A($a: T!) @live { a }",
      "query A { a } mutation B { b }",
      "fragment query on T { a } mutation { a }",
      'query A { a(text: "#") } mutation B { b }',
      '{ a } # comment with a " quote\nmutation B { b }',
    ],
    subscription: ["subscription { a }", "mutation A { a } subscription B { b }"],
  };
  for (const [kind, texts] of Object.entries(documentsByKind)) {
    test.each(texts)(`%s is a ${kind}`, (text) => expect(operationKindOf(text)).toBe(kind));
  }

  test.each(Object.entries(documents))("is told rightly for %s", (name, text) => {
    const kind = name.startsWith("Follow") ? "subscription" : "mutation";
    expect(operationKindOf(text)).toBe(/^(?:Get|List|Viewer|Diagnose|CanDocument$)/.test(name) ? "query" : kind);
  });
});

test("a TypedDocumentString gives its text", () => {
  class TypedDocumentString extends String {
    constructor(private text: string) {
      super(text);
    }
    override toString(): string {
      return this.text;
    }
  }
  expect(textOfDocument(new TypedDocumentString("{ viewer { id } }"))).toBe("{ viewer { id } }");
});
