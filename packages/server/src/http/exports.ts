import type { IncomingMessage, ServerResponse } from "node:http";
import type { Permission } from "@keyplane/schema";
import { type Authenticate, haveSameBounds, type Principal, type RequestOrigin } from "../modules/auth/index.js";
import { type ExportSources, prepareExport, type UsageExport } from "../modules/usage/index.js";
import { KeyplaneError, NotFoundError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { sendExport } from "./export-sending.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { AnswerEnded, usualIdleMs } from "./paced-writing.js";
import { refuse } from "./refusal.js";
import { sendError } from "./responses.js";

/** How many exports run at once: each may be read slowly, and for long. */
export const maxExports = 8;
/** How many of them with one token, so that nobody closes exports for everybody. */
export const maxExportsOfToken = 2;

export interface ExportsDeps {
  readonly authenticate: Authenticate;
  readonly sources: ExportSources;
  readonly logger: Logger;
  /** How long a reader may take nothing before its export ends, in milliseconds; 30 seconds when it is left out. */
  readonly idleMs?: number | undefined;
}

/**
 * `/export/<name>?…`: usage as CSV or NDJSON, sent while it is read. Asks for the same permissions as GraphQL, and again
 * with every page: an export may take longer than its token is good for.
 */
export function createExports({ authenticate, sources, logger, idleMs = usualIdleMs }: ExportsDeps): Endpoint {
  const places = new Places();

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    origin: RequestOrigin,
    gone: AbortSignal,
  ): Promise<void> {
    const { authorization } = request.headers;
    const principal = await authenticate(authorization, origin);
    const leave = places.take(principal.id);
    // At once, also while a page is still being read: that is bounded by the queue of questions.
    gone.addEventListener("abort", leave);
    try {
      const url = new URL(request.url ?? "/", "http://localhost");
      const name = url.pathname.slice("/export/".length);
      const found = await prepareExport(sources, principal, name, url.searchParams, gone);
      const checkReader = () => insistOn(found.needs, principal, authorization, origin);
      writeHead(response, origin, found);
      await sendExport(response, found, { idleMs, checkReader });
    } finally {
      leave();
    }
  }

  /** @throws AnswerEnded when the token may no longer read what this export sends. */
  async function insistOn(
    needs: Permission,
    before: Principal,
    authorization: string | undefined,
    origin: RequestOrigin,
  ): Promise<void> {
    let now: Principal;
    try {
      now = await authenticate(authorization, origin);
    } catch (error) {
      if (error instanceof KeyplaneError && error.code === "UNAUTHENTICATED") throw new AnswerEnded(error.message);
      throw error;
    }
    if (!haveSameBounds(now, before) || !now.permissions.has(needs))
      throw new AnswerEnded("Its token may see less than before.");
  }

  return (request, response, origin) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    answer(request, response, origin, gone.signal).catch((error: unknown) => {
      const { requestId } = origin;
      if (gone.signal.aborted) return logger.debug({ err: error, requestId }, "the reader of an export went away");
      // GraphQL answers this with 200, as a part of an answer; here it is all of it.
      if (error instanceof NotFoundError && !response.headersSent)
        return sendError(response, { code: error.code, message: error.message, requestId, status: 404 });
      if (!(error instanceof AnswerEnded)) return refuse(response, requestId, error, logger);
      logger.info({ requestId, reason: error.message }, "an export was ended before its end");
      response.destroy();
    });
  };
}

/** Who exports at the moment. */
class Places {
  readonly #byToken = new Map<string, number>();
  #taken = 0;

  /** @returns what gives the place back, once, however often it is called. @throws UNAVAILABLE when there is none. */
  take(tokenId: string): () => void {
    const own = this.#byToken.get(tokenId) ?? 0;
    if (own >= maxExportsOfToken) {
      throw new KeyplaneError(
        "UNAVAILABLE",
        `${maxExportsOfToken} exports with this token run already. Try again when one has ended.`,
      );
    }
    if (this.#taken >= maxExports) {
      throw new KeyplaneError("UNAVAILABLE", `This server runs ${maxExports} exports already. Try again in a moment.`);
    }
    this.#taken += 1;
    this.#byToken.set(tokenId, own + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#taken -= 1;
      const left = (this.#byToken.get(tokenId) ?? 1) - 1;
      if (left === 0) this.#byToken.delete(tokenId);
      else this.#byToken.set(tokenId, left);
    };
  }
}

function writeHead(response: ServerResponse, { requestId }: RequestOrigin, { format, fileName }: UsageExport): void {
  response.writeHead(200, {
    "content-type": format.contentType,
    "content-disposition": `attachment; filename="${fileName}"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  });
}
