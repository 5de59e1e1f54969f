import type { IncomingMessage, ServerResponse } from "node:http";
import type { YogaServerInstance } from "graphql-yoga";
import { type Context, createLoaders, type Services } from "../graphql/context.js";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal, RequestOrigin } from "../modules/auth/index.js";
import { KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { checkDeclaredLength, readUnknownLength } from "./body.js";
import { isPreflighted } from "./csrf.js";
import { sendError } from "./responses.js";

export type Endpoint = (request: IncomingMessage, response: ServerResponse, origin: RequestOrigin) => void;

/**
 * `/graphql`: settles who calls, that a browser's page cannot have been tricked into calling, and how large the body is,
 * in this order and before any parsing; then hands over to GraphQL.
 */
export function createGraphqlEndpoint(deps: {
  authenticate: Authenticate;
  graphql: YogaServerInstance<Context, object>;
  services: Services;
  logger: Logger;
}): Endpoint {
  const { authenticate, graphql, services, logger } = deps;

  function refuse(response: ServerResponse, requestId: string, error: unknown): void {
    // An answer that has begun cannot become another one; the caller sees that it breaks off.
    if (response.headersSent) {
      logger.error({ err: error, requestId }, "a request failed while it was answered");
      response.destroy();
      return;
    }
    if (error instanceof KeyplaneError) {
      if (error.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", 'Bearer realm="keyplane"');
      sendError(response, { code: error.code, message: error.message, requestId });
      return;
    }
    logger.error({ err: error, requestId }, "a request failed before GraphQL");
    sendError(response, { code: "UNAVAILABLE", requestId });
  }

  function run(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const { requestId } = principal;
    if (request.method !== "POST" && request.method !== "GET") {
      response.setHeader("allow", "GET, POST");
      const message = "GraphQL is asked by POST, or by GET for queries.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId, status: 405 });
    }
    if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
    const declared = checkDeclaredLength(request, limits.bodyBytes);
    if (declared === "too-large") return refuseBody(response, requestId);
    if (declared === "ok") return void execute(request, response, principal);
    readUnknownLength(request, limits.bodyBytes).then(
      (check) => (check === "ok" ? void execute(request, response, principal) : refuseBody(response, requestId)),
      (error: unknown) => logger.debug({ err: error, requestId }, "the caller went away while sending"),
    );
  }

  async function execute(request: IncomingMessage, response: ServerResponse, principal: Principal): Promise<void> {
    try {
      const context: Context = { principal, services, loaders: createLoaders(services, principal) };
      const answer = await graphql.handleNodeRequestAndResponse(request, response, context);
      if (answer) await sendAnswer(response, answer, principal.requestId);
    } catch (error) {
      refuse(response, principal.requestId, error);
    }
  }

  return (request, response, origin) => {
    try {
      const principal = authenticate(request.headers.authorization, origin);
      if (!(principal instanceof Promise)) return run(request, response, principal);
      principal
        .then((known) => run(request, response, known))
        .catch((error: unknown) => refuse(response, origin.requestId, error));
    } catch (error) {
      refuse(response, origin.requestId, error);
    }
  };
}

/**
 * Sends what GraphQL answered, headers and body in one write. Yoga's own way copies the context with its getters, merges
 * headers one by one and writes twice, which took a quarter of a verification's time.
 */
async function sendAnswer(response: ServerResponse, answer: Response, requestId: string): Promise<void> {
  const text = await answer.text();
  if (response.destroyed) return;
  const headers: Record<string, string | number> = { "x-request-id": requestId, "x-content-type-options": "nosniff" };
  answer.headers.forEach((value, name) => {
    headers[name] = value;
  });
  headers["content-length"] = Buffer.byteLength(text);
  response.writeHead(answer.status, headers);
  response.end(text);
}

function refuseBody(response: ServerResponse, requestId: string): void {
  // The rest of the body is not read, so this connection cannot serve another request.
  response.setHeader("connection", "close");
  sendError(response, { code: "PAYLOAD_TOO_LARGE", requestId });
}
