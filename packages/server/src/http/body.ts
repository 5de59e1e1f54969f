import type { IncomingMessage } from "node:http";

/** What came of looking at a request's body. */
export type BodyCheck = "ok" | "too-large";

/**
 * Makes sure that a body is not larger than allowed. Node reads no more than Content-Length says, so a small one needs no
 * counting and stays a stream; a body of unknown length is read here and handed on whole, as `request.body`.
 */
export async function readUnknownLength(request: IncomingMessage, maxBytes: number): Promise<BodyCheck> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return "too-large";
    chunks.push(chunk);
  }
  (request as IncomingMessage & { body?: Buffer }).body = Buffer.concat(chunks);
  return "ok";
}

/** Whether the declared length is allowed; undefined when none is declared. */
export function checkDeclaredLength(request: IncomingMessage, maxBytes: number): BodyCheck | undefined {
  const declared = request.headers["content-length"];
  if (declared !== undefined) return Number(declared) > maxBytes ? "too-large" : "ok";
  return request.headers["transfer-encoding"] === undefined ? "ok" : undefined;
}
