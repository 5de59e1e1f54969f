import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal } from "../modules/auth/index.js";
import type { Verdict, Verify } from "../modules/keys/index.js";
import { KeyplaneError, RateLimitedError } from "../platform/errors.js";
import { faultOf } from "../platform/fault.js";
import type { Logger } from "../platform/logger.js";
import { sendHeldUp, sendNoVerdict, sendVerdict } from "./forward-auth-answer.js";
import { readForwardAuthOptions } from "./forward-auth-options.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { withTimeLimit } from "./time-limit.js";
import { withCaller } from "./with-caller.js";

/** Gateways ask with every request; one line a minute tells what is wrong as well as thousands. */
const warnEveryMs = 60_000;
/** As long as what `verifyKey` takes for an address. */
const maxAddressLength = 64;

/**
 * `/v1/forward-auth`: for gateways that ask, with a copy of each request's headers, whether to let it in (nginx `auth_request`,
 * Traefik ForwardAuth, Caddy forward_auth, Envoy ext_authz). The answer is a status and headers. Any method, because some
 * gateways keep their client's; a body is not read, and the URL never carries a key.
 */
export function createForwardAuth(deps: {
  authenticate: Authenticate;
  verify: Verify;
  logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  timeLimitMs?: number | undefined;
}): Endpoint {
  const { authenticate, verify, logger, timeLimitMs = limits.timeMs } = deps;
  let warnedAt = Number.NEGATIVE_INFINITY;

  function answer(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const { headers, url = "" } = request;
    const mark = url.indexOf("?");
    const { ipHeader, exposeReason, ...options } = readForwardAuthOptions(mark < 0 ? "" : url.slice(mark + 1));
    const key = presentedKey(headers);
    const ip = ipHeader === undefined ? undefined : addressIn(headers[ipHeader]);
    const send = (found: Verdict): void => sendVerdict(response, found, key !== "", exposeReason);
    const verdict = verify(principal, { ...options, key, ip, userAgent: headers["user-agent"] });
    if (!(verdict instanceof Promise)) return send(verdict);
    withTimeLimit(verdict, timeLimitMs)
      .then(send)
      .catch((error: unknown) => {
        // What clients have tried too often is no mistake of the gateway's.
        if (error instanceof RateLimitedError) return sendHeldUp(response, error, principal.requestId);
        fail(response, principal.requestId, error);
      });
  }

  function fail(response: ServerResponse, requestId: string, error: unknown): void {
    // An answer that has begun cannot become another one; a gateway takes one that breaks off for a failure.
    if (response.headersSent) {
      logger.error({ err: error, requestId }, "a gateway's request failed while it was answered");
      return void response.destroy();
    }
    if (!(error instanceof KeyplaneError)) {
      logger.error({ err: error, requestId }, "a gateway's request failed");
      return sendNoVerdict(response, { ...faultOf(error, requestId), requestId });
    }
    if (performance.now() - warnedAt >= warnEveryMs) {
      warnedAt = performance.now();
      logger.warn(
        { err: error, requestId },
        "a gateway gets no verdicts; its requests are refused until this is mended",
      );
    }
    sendNoVerdict(response, { code: error.code, message: `Gateway: ${error.message}`, requestId });
  }

  return (request, response, origin) =>
    withCaller(
      { authenticate, timeLimitMs },
      gatewayAuthorization(request.headers),
      origin,
      (principal) => answer(request, response, principal),
      (error) => fail(response, origin.requestId, error),
    );
}

/** The gateway's own token: in a header of its own, so that `Authorization` is free for the client's key. */
function gatewayAuthorization(headers: IncomingHttpHeaders): string | undefined {
  const token = headers["x-keyplane-token"];
  return token === undefined ? headers.authorization : `Bearer ${String(token)}`;
}

/** The key as the client sent it; "" when it sent none. Unchanged, because what is wrong about it is found later. */
function presentedKey(headers: IncomingHttpHeaders): string {
  const own = headers["x-api-key"];
  if (own) return String(own);
  const { authorization } = headers;
  // Without a header of its own, the gateway's token is what stands in Authorization.
  if (authorization === undefined || headers["x-keyplane-token"] === undefined) return "";
  const space = authorization.indexOf(" ");
  if (space < 0) return authorization;
  // The credentials of another scheme are not ours to look at.
  return authorization.slice(0, space).toLowerCase() === "bearer" ? authorization.slice(space + 1).trimStart() : "";
}

/** Proxies append the address that they saw; what stands before it, a client may have written. */
function addressIn(header: string | string[] | undefined): string | undefined {
  const last = String(header ?? "")
    .split(",")
    .at(-1)
    ?.trim();
  return last && last.length <= maxAddressLength && isIP(last) ? last : undefined;
}
