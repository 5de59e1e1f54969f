import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Authenticate, RequestOrigin } from "../modules/auth/index.js";
import { prepareExport, type Usage, type UsageExport } from "../modules/usage/index.js";
import { KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";

/** How many exports run at once: each may be read slowly, and for long. */
const maxExports = 8;

/** `/export/<name>?…`: usage as CSV or NDJSON, sent while it is read. Asks for the same permissions as GraphQL. */
export function createExports(deps: { authenticate: Authenticate; usage: Usage; logger: Logger }): Endpoint {
  const { authenticate, usage, logger } = deps;
  let running = 0;

  async function answer(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): Promise<void> {
    const principal = await authenticate(request.headers.authorization, origin);
    if (running >= maxExports) {
      throw new KeyplaneError("UNAVAILABLE", `This server runs ${maxExports} exports already. Try again in a moment.`);
    }
    running += 1;
    try {
      const url = new URL(request.url ?? "/", "http://localhost");
      const name = url.pathname.slice("/export/".length);
      await send(response, origin, await prepareExport(usage, principal, name, url.searchParams));
    } finally {
      running -= 1;
    }
  }

  return (request, response, origin) => {
    answer(request, response, origin).catch((error: unknown) => {
      // A reader that went away is no failure.
      if (!response.destroyed) refuse(response, origin.requestId, error, logger);
    });
  };
}

async function send(response: ServerResponse, { requestId }: RequestOrigin, found: UsageExport): Promise<void> {
  const { format, fileName, rows } = found;
  response.writeHead(200, {
    "content-type": format.contentType,
    "content-disposition": `attachment; filename="${fileName}"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  });
  async function* text(): AsyncGenerator<string> {
    let first = true;
    for await (const page of rows) {
      if (page.length > 0) yield format.write(page, first);
      if (page.length > 0) first = false;
    }
  }
  await pipeline(Readable.from(text()), response);
}
