import { limits } from "../graphql/limits.js";
import type { Authenticate } from "../modules/auth/index.js";
import type { Verdict, Verify, VerifyKeyInput } from "../modules/keys/index.js";
import { BadUserInputError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { createJsonEndpoint } from "./json-endpoint.js";
import { sendText } from "./responses.js";
import { withTimeLimit } from "./time-limit.js";
import { verdictJson } from "./verdict-json.js";
import { isVerifyKeyInput, problemOfVerifyKeyInput } from "./verify-input.js";

const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };

/**
 * `POST /v1/verify`: `verifyKey` for clients without GraphQL. The body is the fields of its input, the answer its verdict; a
 * refused key is an answer with 200 here, too.
 */
export function createVerifyEndpoint(deps: {
  authenticate: Authenticate;
  verify: Verify;
  logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  timeLimitMs?: number | undefined;
}): Endpoint {
  const { authenticate, verify, logger, timeLimitMs = limits.timeMs } = deps;
  const words = {
    example: '{"key":"kp_live_…"}',
    tooLargeMessage: "The request body is larger than 1 MB. Send only the key and its call.",
  };
  return createJsonEndpoint({ authenticate, logger, timeLimitMs, ...words }, ({ response, principal, input }) => {
    const send = (verdict: Verdict): void =>
      sendText(response, 200, headers, verdictJson(verdict), principal.requestId);
    const verdict = verify(principal, checked(input));
    if (!(verdict instanceof Promise)) return send(verdict);
    return withTimeLimit(verdict, timeLimitMs).then(send);
  });
}

/** @throws BadUserInputError naming what is wrong. */
function checked(input: unknown): VerifyKeyInput {
  if (isVerifyKeyInput(input)) return input;
  throw new BadUserInputError(problemOfVerifyKeyInput(input) ?? "");
}
