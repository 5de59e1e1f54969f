import type { IncomingMessage, ServerResponse } from "node:http";
import { networkOf } from "@keyplane/schema";
import { limits } from "../graphql/limits.js";
import type { RequestOrigin } from "../modules/auth/index.js";
import { type Leaks, readScannedMatches } from "../modules/lifecycle/index.js";
import { UnauthenticatedError } from "../platform/errors.js";
import type { GuessLimiter } from "../platform/guess-limiter.js";
import type { Logger } from "../platform/logger.js";
import { isSignedBy, type ScannerKeys } from "../platform/scanner-keys.js";
import { readBody, tooLarge } from "./body.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";
import { refuseBody, sendError, sendJson } from "./responses.js";

/**
 * `POST /v1/secret-scanning`: GitHub's secret scanning partner protocol. Who sends it is shown by a signature of the raw body, by
 * a key that the operator has configured; there is no token. The answer tells a sender who has a key only whether it is one.
 *
 * @param deps.keys null: the operator has configured none, and the address answers as one that there is not.
 * @param deps.guesses how many wrong signatures one network may send.
 */
export function createSecretScanning(deps: {
  keys: ScannerKeys | null;
  leaks: Pick<Leaks, "scan">;
  guesses: GuessLimiter;
  logger: Logger;
}): Endpoint {
  const { keys, leaks, guesses, logger } = deps;

  async function run(request: IncomingMessage, response: ServerResponse, scanner: ScannerKeys, origin: RequestOrigin) {
    const { requestId } = origin;
    // Taken before anything is read, and given back to whoever can sign.
    const network = networkOf(origin.address);
    guesses.take(network);
    const body = await readBody(request, limits.bodyBytes);
    if (body === tooLarge)
      return refuseBody(response, requestId, "The message is larger than 1 MB. Send fewer matches.");
    const key = scanner.get(headerOf(request, "github-public-key-identifier"));
    if (!key || !isSignedBy(key, body, headerOf(request, "github-public-key-signature"))) {
      throw new UnauthenticatedError(
        "The signature does not fit the message and the configured keys. See KEYPLANE_SECRET_SCANNING_KEYS.",
      );
    }
    guesses.giveBack(network);
    const labels = await leaks.scan(readScannedMatches(body), origin);
    sendJson(response, 200, labels);
  }

  return (request, response, origin) => {
    const { requestId } = origin;
    if (keys === null) {
      const message = "This server takes no reports of secret scanners. Set KEYPLANE_SECRET_SCANNING_KEYS.";
      return sendError(response, { code: "NOT_FOUND", message, requestId, status: 404 });
    }
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return sendError(response, { code: "BAD_REQUEST", message: "Send a POST with JSON.", requestId, status: 405 });
    }
    response.setHeader("x-request-id", requestId);
    run(request, response, keys, origin).catch((error: unknown) => refuse(response, requestId, error, logger));
  };
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" && value.length <= 1_000 ? value : "";
}
