import type { IncomingMessage, ServerResponse } from "node:http";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal } from "../modules/auth/index.js";
import { KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { readBody, tooLarge } from "./body.js";
import { isJson, isPreflighted } from "./csrf.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";
import { refuseBody, sendError } from "./responses.js";
import { withCaller } from "./with-caller.js";

/** A request whose caller is known, and whose body has come. */
export interface JsonCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
  /** The body, parsed; whatever JSON can say. */
  readonly input: unknown;
}

/**
 * An endpoint that takes JSON by POST: settles who calls, that a browser's page cannot have been tricked into calling, and
 * how large the body is, in this order and before any parsing. Every limit is that of `/graphql`.
 *
 * @param deps.example an input, for the words of refusals.
 * @param deps.tooLargeMessage what to say of a body over the limit.
 * @param answer what it throws or rejects with is answered as a refusal.
 */
export function createJsonEndpoint(
  deps: {
    readonly authenticate: Authenticate;
    readonly logger: Logger;
    readonly timeLimitMs: number;
    readonly example: string;
    readonly tooLargeMessage: string;
  },
  answer: (call: JsonCall) => void | Promise<void>,
): Endpoint {
  const { authenticate, logger, timeLimitMs, example, tooLargeMessage } = deps;

  function run(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const { requestId } = principal;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return sendError(response, { code: "BAD_REQUEST", message: "Send a POST with JSON.", requestId, status: 405 });
    }
    if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
    if (!isJson(request)) {
      const message = "Send the input as JSON, with Content-Type: application/json.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId, status: 415 });
    }
    readBody(request, limits.bodyBytes).then(
      (body) => {
        if (body === tooLarge) return refuseBody(response, requestId, tooLargeMessage);
        answerBody(request, response, principal, body);
      },
      (error: unknown) => logger.debug({ err: error, requestId }, "the caller went away while sending"),
    );
  }

  function answerBody(request: IncomingMessage, response: ServerResponse, principal: Principal, body: Buffer): void {
    const fail = (error: unknown): void => refuse(response, principal.requestId, error, logger);
    try {
      // No promise where there is nothing to wait for: most verifications are answered from memory.
      answer({ request, response, principal, input: parseJson(body, example) })?.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  return (request, response, origin) =>
    withCaller(
      { authenticate, timeLimitMs },
      request.headers.authorization,
      origin,
      (principal) => run(request, response, principal),
      (error) => refuse(response, origin.requestId, error, logger),
    );
}

function parseJson(body: Buffer, example: string): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new KeyplaneError("BAD_REQUEST", `The body is not JSON. Send an object such as ${example}.`);
  }
}
