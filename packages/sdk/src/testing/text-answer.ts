import type { FetchResponse } from "../client/options.js";

const encoder = new TextEncoder();

/** A response that is complete. */
export function textAnswer(status: number, body: string, type = "application/json"): FetchResponse {
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
