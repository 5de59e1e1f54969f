import type { IncomingMessage } from "node:http";

/** The body is larger than allowed; the rest of it was not read. */
export const tooLarge = Symbol("too large");

/**
 * Reads a whole body, never more than `maxBytes`.
 *
 * @returns tooLarge as soon as the declared length, or what has come so far, is more than that.
 * @throws when the caller goes away before the end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | typeof tooLarge> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLarge);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let hasEnded = false;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        resolve(tooLarge);
      } else chunks.push(chunk);
    });
    request.once("end", () => {
      hasEnded = true;
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.once("error", reject);
    request.once("close", () => {
      // Every request ends with "close". An error for each, with its stack, took a twelfth of a verification's time.
      if (!hasEnded) reject(new Error("the caller went away while sending"));
    });
  });
}

/** Hands a body that was read on to GraphQL, which expects a stream. */
export function replayBody(request: IncomingMessage, body: Buffer): void {
  const replayed = {
    // Yoga takes an object with nothing in it for no body.
    length: body.length,
    async *[Symbol.asyncIterator]() {
      yield body;
    },
  };
  (request as IncomingMessage & { body?: typeof replayed }).body = replayed;
}
