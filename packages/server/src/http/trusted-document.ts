import { hash } from "node:crypto";
import { isObject } from "./verify-input.js";

/**
 * Makes the function that recognises a document which SDKs send word for word, so that its answer needs no GraphQL.
 *
 * @param document.operation its operation's name, which a request may name.
 * @param document.hashes the SHA-256 of each version of its text. All of them select the same fields in the same order.
 * @param document.maxBytes a body larger than this is none of an SDK's; it would only be parsed twice.
 * @returns the variables of a request for it, as they came; null for any other body: GraphQL says what is wrong with that.
 */
export function createTrustedDocument(document: {
  readonly operation: string;
  readonly hashes: readonly string[];
  readonly maxBytes: number;
}): (body: Buffer) => Record<string, unknown> | null {
  const { operation, hashes, maxBytes } = document;
  /** The text whose hash was found last: all of an SDK's requests have the same, and comparing is faster than hashing. */
  let knownText = "";

  function isTrusted(query: string): boolean {
    if (query === knownText) return true;
    if (!hashes.includes(hash("sha256", query, "hex"))) return false;
    knownText = query;
    return true;
  }

  return (body) => {
    if (body.length > maxBytes) return null;
    let request: unknown;
    try {
      request = JSON.parse(body.toString());
    } catch {
      return null;
    }
    if (!isObject(request) || typeof request.query !== "string" || request.extensions !== undefined) return null;
    if (request.operationName !== undefined && request.operationName !== operation) return null;
    const { query, variables = {} } = request;
    return isObject(variables) && isTrusted(query) ? variables : null;
  };
}
