import { limits } from "../graphql/limits.js";
import type { Signing } from "../modules/signing/index.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { refuse } from "./refusal.js";
import { sendError } from "./responses.js";
import { withTimeLimit } from "./time-limit.js";

/** How long a JWKS may be remembered, in seconds: well below the hour that a new key is published before it signs. */
const maxAgeSeconds = 300;

/** `GET /oauth/jwks`: the public keys that verify this installation's tokens (RFC 7517). Public, and the same for everybody. */
export function createJwksEndpoint(deps: {
  readonly signing: Pick<Signing, "jwks">;
  readonly logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  readonly timeLimitMs?: number | undefined;
}): Endpoint {
  const { signing, logger, timeLimitMs = limits.timeMs } = deps;
  return (request, response, { requestId }) => {
    response.setHeader("x-request-id", requestId);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return sendError(response, { code: "BAD_REQUEST", message: "Ask for the keys by GET.", requestId, status: 405 });
    }
    withTimeLimit(signing.jwks(), timeLimitMs).then(
      (jwks) => {
        const text = JSON.stringify(jwks);
        response.writeHead(200, {
          "content-type": "application/jwk-set+json; charset=utf-8",
          "content-length": Buffer.byteLength(text),
          "cache-control": `public, max-age=${maxAgeSeconds}`,
          // Public keys: a page of any origin may verify with them.
          "access-control-allow-origin": "*",
          "x-content-type-options": "nosniff",
        });
        response.end(request.method === "HEAD" ? undefined : text);
      },
      (error: unknown) => refuse(response, requestId, error, logger),
    );
  };
}
