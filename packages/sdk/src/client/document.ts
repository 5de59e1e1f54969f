import { type DocumentNodeLike, isDocumentNode, printDocument } from "./print-document.js";

/** Carries a document's types through the compiler; never there at run time. The same shape as graphql-codegen's. */
export interface DocumentTypes<Result, Variables> {
  readonly __apiType?: (variables: Variables) => Result;
}

/** A GraphQL document as a plain string that knows the types of its result and of its variables. */
export type TypedDocument<Result, Variables> = string & DocumentTypes<Result, Variables>;

/**
 * What `keyplane.request` takes: a plain string, a {@link TypedDocument}, graphql-codegen's `TypedDocumentString`, or a
 * parsed document (`TypedDocumentNode`, or the bare `DocumentNode` of graphql-js and `gql`).
 */
export type RequestDocument<Result, Variables> =
  | string
  | TypedDocument<Result, Variables>
  | (DocumentTypes<Result, Variables> & (DocumentNodeLike | { toString(): string }));

/** What a document does; one with several operations counts as the most consequential of them. */
export type OperationKind = "query" | "mutation" | "subscription";

/** The text to send. */
export function textOfDocument(document: RequestDocument<unknown, never>): string {
  return isDocumentNode(document) ? printDocument(document) : document.toString();
}

// Strings before comments: a # inside a string begins no comment, and a quote inside a comment begins no string.
const stringsAndComments = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*/g;
const keywordAndName = /\b(query|mutation|subscription|fragment)\b(?:\s+\w+)?/g;

/**
 * Finds out whether a document changes anything, which decides whether it may be sent twice. Reads no more of the
 * grammar than that takes (https://spec.graphql.org/October2021/#sec-Document): definitions begin outside all braces.
 */
export function operationKindOf(text: string): OperationKind {
  let outside = "";
  let depth = 0;
  for (const character of text.replaceAll(stringsAndComments, " ")) {
    if (character === "{" || character === "(") depth++;
    else if (character === "}" || character === ")") depth--;
    else if (depth === 0) outside += character;
    if (character === "}") outside += ";"; // or the end of one definition would run into the beginning of the next
  }
  // The name goes with its keyword, so that a query called "mutation" stays a query.
  const kinds = [...outside.matchAll(keywordAndName)].map((match) => match[1]);
  if (kinds.includes("subscription")) return "subscription";
  return kinds.includes("mutation") ? "mutation" : "query";
}
