import { type IncomingHttpHeaders, request } from "node:http";

/** An answer without anything that a client library does with it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends exactly these bytes with exactly these headers, which `fetch` does not let one do.
 *
 * @param options.chunks sent one by one without a Content-Length, unless the headers name one.
 */
export function rawRequest(
  url: string,
  options: { method?: string; headers?: Record<string, string>; chunks?: readonly (string | Buffer)[] } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, chunks = [] } = options;
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(parts).toString(),
        }),
      );
    });
    // A server that has refused a body closes the connection while we still send: its answer is what counts.
    outgoing.on("error", (error) => setTimeout(() => reject(error), 1_000).unref());
    for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  });
}
