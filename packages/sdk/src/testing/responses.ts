import { docsUrlForError, type ErrorCode } from "@keyplane/schema";
import type { FetchResponse } from "../client/options.js";

const encoder = new TextEncoder();

/** An answer of GraphQL. */
export function data(value: unknown): FetchResponse {
  return answer(200, JSON.stringify({ data: value }));
}

/** An answer of HTTP; its body can be read as a text, or in one piece. */
export function answer(status: number, body: string, type = "application/json"): FetchResponse {
  const pieces = [encoder.encode(body)];
  return {
    status,
    headers: { get: (name) => (name === "content-type" ? type : null) },
    text: async () => body,
    body: {
      getReader: () => ({
        read: async () => ({ done: pieces.length === 0, value: pieces.shift() }),
        cancel: async () => undefined,
      }),
    },
  };
}

/** An answer that is nothing but an error. */
export function failure(status: number, code: ErrorCode, message: string): FetchResponse {
  const extensions = { code, docsUrl: docsUrlForError(code) };
  return answer(status, JSON.stringify({ errors: [{ message, extensions }] }));
}
