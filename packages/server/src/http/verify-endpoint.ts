import type { IncomingMessage, ServerResponse } from "node:http";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal } from "../modules/auth/index.js";
import type { Verdict, Verify, VerifyKeyInput } from "../modules/keys/index.js";
import { BadUserInputError, KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { readBody, tooLarge } from "./body.js";
import { isPreflighted } from "./csrf.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";
import { refuseBody, sendError, sendText } from "./responses.js";
import { withTimeLimit } from "./time-limit.js";
import { verdictJson } from "./verdict-json.js";
import { isVerifyKeyInput, problemOfVerifyKeyInput } from "./verify-input.js";
import { withCaller } from "./with-caller.js";

const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };

/**
 * `POST /v1/verify`: `verifyKey` for clients without GraphQL. The body is the fields of its input, the answer its verdict; a
 * refused key is an answer with 200 here, too. What comes before, and every limit, is that of `/graphql`.
 */
export function createVerifyEndpoint(deps: {
  authenticate: Authenticate;
  verify: Verify;
  logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  timeLimitMs?: number | undefined;
}): Endpoint {
  const { authenticate, verify, logger, timeLimitMs = limits.timeMs } = deps;

  function run(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const { requestId } = principal;
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return sendError(response, { code: "BAD_REQUEST", message: "Send a POST with JSON.", requestId, status: 405 });
    }
    if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
    if (!/^application\/json *(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
      const message = "Send the input as JSON, with Content-Type: application/json.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId, status: 415 });
    }
    readBody(request, limits.bodyBytes).then(
      (body) => {
        if (body === tooLarge) {
          return refuseBody(
            response,
            requestId,
            "The request body is larger than 1 MB. Send only the key and its call.",
          );
        }
        answer(response, principal, body);
      },
      (error: unknown) => logger.debug({ err: error, requestId }, "the caller went away while sending"),
    );
  }

  function answer(response: ServerResponse, principal: Principal, body: Buffer): void {
    const fail = (error: unknown): void => refuse(response, principal.requestId, error, logger);
    const send = (verdict: Verdict): void =>
      sendText(response, 200, headers, verdictJson(verdict), principal.requestId);
    try {
      const verdict = verify(principal, inputOf(body));
      if (!(verdict instanceof Promise)) return send(verdict);
      withTimeLimit(verdict, timeLimitMs).then(send).catch(fail);
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

/** @throws KeyplaneError naming what is wrong with the body. */
function inputOf(body: Buffer): VerifyKeyInput {
  let input: unknown;
  try {
    input = JSON.parse(body.toString());
  } catch {
    throw new KeyplaneError("BAD_REQUEST", 'The body is not JSON. Send an object such as {"key":"kp_live_…"}.');
  }
  if (isVerifyKeyInput(input)) return input;
  throw new BadUserInputError(problemOfVerifyKeyInput(input) ?? "");
}
