import type { IncomingMessage } from "node:http";

/** Any of these shows that a script of the page's own origin sent the request: a form or a link cannot set a header. */
const headers = ["x-graphql-yoga-csrf", "graphql-require-preflight", "apollo-require-preflight"] as const;

/**
 * Whether a browser would have asked before sending this request across origins (a CORS preflight, which we never grant).
 * `application/json` and the headers above make it ask; a GET, a form or plain text without them do not.
 */
export function isPreflighted(request: IncomingMessage): boolean {
  if (request.method === "POST" && /^application\/json\b/i.test(request.headers["content-type"] ?? "")) return true;
  return headers.some((name) => request.headers[name] !== undefined);
}

/** Whether the body is said to be JSON. No other form is read: each would be one more way past the checks. */
export function isJson(request: IncomingMessage): boolean {
  return /^application\/json *(?:;|$)/i.test(request.headers["content-type"] ?? "");
}
