import type { IncomingMessage, ServerResponse } from "node:http";
import { limits } from "../graphql/limits.js";
import type { RequestOrigin } from "../modules/auth/index.js";
import { type AuthorizationServer, errorPage, type Page } from "../modules/oauth/index.js";
import type { Logger } from "../platform/logger.js";
import { readBody, tooLarge } from "./body.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";
import { refuseBody, sendError } from "./responses.js";
import { withTimeLimit } from "./time-limit.js";

/** What the library answers itself. */
const libraryPaths: readonly string[] = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
  "/oauth/authorize",
  "/oauth/session/end/confirm",
  "/oauth/token",
];
/** What it answers of a token, which is taken apart in front of it. */
const tokenPaths: readonly string[] = ["/oauth/introspect", "/oauth/revoke"];
const withId = /^\/oauth\/(?:authorize|interaction)\/[\w-]{1,64}$/;
const interactionPath = "/oauth/interaction/";

const maxFormBytes = 64 * 1024;

/** Every path of the authorization server; the last two stand for all that begin so. */
export const oauthPaths: readonly string[] = [
  ...libraryPaths,
  ...tokenPaths,
  "/oauth/authorize/:id",
  "/oauth/interaction/:id",
];

/** Whether a path is one of the authorization server's. */
export function isOAuthPath(path: string): boolean {
  return libraryPaths.includes(path) || tokenPaths.includes(path) || withId.test(path);
}

/** The authorization server over HTTP: `/oauth/…`, and the two documents that describe it (RFC 8414, OpenID Connect Discovery). */
export function createOAuthEndpoint(deps: {
  readonly server: AuthorizationServer;
  readonly issuer: () => string;
  readonly logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  readonly timeLimitMs?: number | undefined;
}): Endpoint {
  const { server, issuer, logger, timeLimitMs = limits.timeMs } = deps;

  /** What the library builds addresses of, and says of cookies, goes by the configured address: a request could claim any. */
  function settleAddress(request: IncomingMessage): void {
    const { host, protocol } = new URL(issuer());
    request.headers.host = host;
    request.headers["x-forwarded-host"] = host;
    request.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  }

  async function readForm(request: IncomingMessage, response: ServerResponse, { requestId }: RequestOrigin) {
    if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
      const message = "Send a form, with Content-Type: application/x-www-form-urlencoded.";
      sendError(response, { code: "BAD_REQUEST", message, requestId, status: 415 });
      return null;
    }
    const body = await readBody(request, maxFormBytes);
    if (body !== tooLarge) return new URLSearchParams(body.toString());
    refuseBody(response, requestId, "The form is too large: 64 KB at most.");
    return null;
  }

  async function aboutToken(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): Promise<void> {
    const form = await readForm(request, response, origin);
    if (form) await server.handleToken({ request, form }, response, origin);
  }

  async function interact(
    request: IncomingMessage,
    response: ServerResponse,
    uid: string,
    origin: RequestOrigin,
  ): Promise<void> {
    if (request.method === "GET" || request.method === "HEAD") {
      return sendPage(
        request,
        response,
        (await server.showInteraction(request, response, { uid, origin })) ?? over(),
        200,
      );
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "GET, HEAD, POST");
      const message = "Open this address in a browser.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId: origin.requestId, status: 405 });
    }
    // The cookie is sent by our own pages only (SameSite); this is for browsers that do not know that.
    if (isCrossSite(request, issuer())) return sendPage(request, response, over(), 403);
    const form = await readForm(request, response, origin);
    if (!form) return;
    const submitted = Object.fromEntries(form);
    const page = await server.submitInteraction(request, response, { uid, submitted, origin });
    if (page !== undefined) sendPage(request, response, page ?? over(), 400);
  }

  async function run(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    origin: RequestOrigin,
  ): Promise<void> {
    response.setHeader("x-request-id", origin.requestId);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    settleAddress(request);
    if (path.startsWith(interactionPath))
      return interact(request, response, path.slice(interactionPath.length), origin);
    if (tokenPaths.includes(path) && request.method === "POST") return aboutToken(request, response, origin);
    return server.handle(request, response, origin);
  }

  return (request, response, origin) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    withTimeLimit(run(request, response, path, origin), timeLimitMs).catch((error: unknown) =>
      refuse(response, origin.requestId, error, logger),
    );
  };
}

function over(): Page {
  return errorPage("interaction_over", "This page is over: it was used, or too much time has passed.");
}

/** Whether a page of another site made the browser send a form. */
function isCrossSite(request: IncomingMessage, own: string): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const { origin } = request.headers;
  return origin !== undefined && origin !== "null" && origin !== own;
}

function sendPage(request: IncomingMessage, response: ServerResponse, { html, policy }: Page, status: number): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(html),
    "content-security-policy": policy,
    "cache-control": "no-store",
    "x-frame-options": "DENY",
  });
  response.end(request.method === "HEAD" ? undefined : html);
}
