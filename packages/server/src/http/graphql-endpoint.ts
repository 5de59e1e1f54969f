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
    if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
    const declared = checkDeclaredLength(request, limits.bodyBytes);
    if (declared === "too-large") return refuseBody(response, requestId);
    if (declared === "ok") return execute(request, response, principal);
    readUnknownLength(request, limits.bodyBytes).then(
      (check) => (check === "ok" ? execute(request, response, principal) : refuseBody(response, requestId)),
      (error: unknown) => logger.debug({ err: error, requestId }, "the caller went away while sending"),
    );
  }

  function execute(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const context: Context = { principal, services, loaders: createLoaders(services, principal) };
    graphql(request, response, context).catch((error: unknown) => refuse(response, principal.requestId, error));
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

function refuseBody(response: ServerResponse, requestId: string): void {
  // The rest of the body is not read, so this connection cannot serve another request.
  response.setHeader("connection", "close");
  sendError(response, { code: "PAYLOAD_TOO_LARGE", requestId });
}
