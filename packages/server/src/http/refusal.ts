import type { ServerResponse } from "node:http";
import { KeyplaneError, RateLimitedError } from "../platform/errors.js";
import { faultOf } from "../platform/fault.js";
import type { Logger } from "../platform/logger.js";
import { sendError } from "./responses.js";

/** Answers with what went wrong: a refusal of ours in its own words, anything else as a fault with the request's id. */
export function refuse(response: ServerResponse, requestId: string, error: unknown, logger: Logger): void {
  // An answer that has begun cannot become another one; the caller sees that it breaks off.
  if (response.headersSent) {
    logger.error({ err: error, requestId }, "a request failed while it was answered");
    response.destroy();
    return;
  }
  if (error instanceof KeyplaneError) {
    if (error.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", 'Bearer realm="keyplane"');
    if (error instanceof RateLimitedError) response.setHeader("retry-after", retryAfter(error));
    sendError(response, { code: error.code, message: error.message, requestId, ...detailsOf(error) });
    return;
  }
  logger.error({ err: error, requestId }, "a request failed before GraphQL");
  sendError(response, { ...faultOf(error, requestId), requestId });
}

/** The header `Retry-After`, in seconds. Rounded up: a second early would be refused again. */
export function retryAfter({ retryAfterMs }: RateLimitedError): string {
  return String(Math.ceil(retryAfterMs / 1_000));
}

function detailsOf(error: KeyplaneError): { readonly retryAfterMs?: number } {
  return error instanceof RateLimitedError ? { retryAfterMs: error.retryAfterMs } : {};
}
