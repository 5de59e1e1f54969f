import { type ServerResponse, STATUS_CODES } from "node:http";
import { docsUrlForError, type ErrorCode, errorCodes, verdictCodes } from "@keyplane/schema";
import type { Verdict } from "../modules/keys/index.js";
import type { RateLimitedError } from "../platform/errors.js";
import type { ExposedReason } from "./forward-auth-options.js";
import { headerValue } from "./header-value.js";
import { retryAfter } from "./refusal.js";
import { sendText } from "./responses.js";

/**
 * Tells a gateway a verdict. Of a valid key everything about the caller is told, and what there is none of as an empty header, so that
 * the gateway replaces whatever its client has written there. Of a refused one only the code and the key: gateways pass
 * refusals on to a client who may have found the key, and need not learn whose it is.
 *
 * @param wasPresented whether the client sent any key.
 * @param exposeReason how much of the reason of a refusal is told: a gateway that passes refusals on passes all of it on.
 */
export function sendVerdict(
  response: ServerResponse,
  verdict: Verdict,
  wasPresented: boolean,
  exposeReason: ExposedReason = "code",
): void {
  const { code, key, owner, requestId } = verdict;
  const { httpStatus } = verdictCodes[code];
  if (verdict.valid) {
    const headers = {
      ...alwaysSent(code, requestId),
      "x-keyplane-key-id": headerValue(key?.id ?? ""),
      "x-keyplane-owner-id": headerValue(owner?.id ?? ""),
      "x-keyplane-owner-external-id": headerValue(owner?.externalId ?? ""),
      "x-keyplane-tenant-id": headerValue(verdict.tenantId ?? ""),
      "x-keyplane-scopes": headerValue(verdict.scopes.join(" ")),
    };
    return sendText(response, httpStatus, headers, "", requestId);
  }
  if (exposeReason === "none") return sendBare(response, verdict);
  const { title, message } = verdictCodes[code];
  const { hint, missingScopes, retryAfterMs } = verdict;
  const headers = {
    ...alwaysSent(code, requestId),
    ...(key && { "x-keyplane-key-id": headerValue(key.id) }),
    ...challengeOf(verdict, wasPresented),
    ...waitOf(retryAfterMs),
  };
  sendProblem(response, httpStatus, headers, {
    type: verdict.docsUrl,
    title,
    status: httpStatus,
    // The verdict's own message may repeat a reason that was written for operators.
    detail: exposeReason === "message" ? verdict.message : message,
    code,
    ...(hint !== null && { hint }),
    ...(missingScopes.length > 0 && { missingScopes }),
    ...(retryAfterMs !== null && { retryAfterMs }),
    requestId,
  });
}

/** Of a refusal, what a client needs in order to go on, and nothing of why. */
function sendBare(response: ServerResponse, { code, requestId, retryAfterMs }: Verdict): void {
  const { httpStatus } = verdictCodes[code];
  const headers = {
    "x-keyplane-request-id": requestId,
    "cache-control": "no-store",
    ...(httpStatus === 401 && { "www-authenticate": 'Bearer realm="keyplane"' }),
    ...waitOf(retryAfterMs),
  };
  const title = STATUS_CODES[httpStatus] ?? "Refused";
  sendProblem(response, httpStatus, headers, { type: "about:blank", title, status: httpStatus, requestId });
}

/** Rounded up: a second early would be refused again. */
function waitOf(retryAfterMs: number | null): Record<string, string> {
  return retryAfterMs === null ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) };
}

/**
 * Tells a gateway that too many unknown keys came through it, and this one was not looked up: its client may come back. Not the
 * gateway's mistake, so not a 500.
 */
export function sendHeldUp(response: ServerResponse, error: RateLimitedError, requestId: string): void {
  const { code, message, docsUrl, retryAfterMs } = error;
  const { httpStatus, title } = errorCodes[code];
  sendProblem(
    response,
    httpStatus,
    { ...alwaysSent(code, requestId), "retry-after": retryAfter(error) },
    { type: docsUrl, title, status: httpStatus, detail: message, code, retryAfterMs, requestId },
  );
}

/**
 * Tells a gateway that there is no verdict. Never with a status that could count as one, least of all with 401 or 403, which
 * nginx would pass on as if the client's key were at fault.
 */
export function sendNoVerdict(
  response: ServerResponse,
  { code, message, requestId }: { code: ErrorCode; message: string; requestId: string },
): void {
  const status = Math.max(500, errorCodes[code].httpStatus);
  const { title } = errorCodes[code];
  sendProblem(response, status, alwaysSent(code, requestId), {
    type: docsUrlForError(code),
    title,
    status,
    detail: message,
    code,
    requestId,
  });
}

function alwaysSent(code: string, requestId: string): Record<string, string> {
  return { "x-keyplane-code": code, "x-keyplane-request-id": requestId, "cache-control": "no-store" };
}

/** RFC 6750, section 3. Texts are none of a client's: scopes are checked, and have no quotes. */
function challengeOf({ code, missingScopes }: Verdict, wasPresented: boolean): Record<string, string> {
  if (code === "INSUFFICIENT_SCOPE") {
    return {
      "www-authenticate": `Bearer realm="keyplane", error="insufficient_scope", scope="${missingScopes.join(" ")}"`,
    };
  }
  if (verdictCodes[code].httpStatus !== 401) return {};
  return { "www-authenticate": `Bearer realm="keyplane"${wasPresented ? ', error="invalid_token"' : ""}` };
}

function sendProblem(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  problem: Readonly<Record<string, unknown>> & { readonly requestId: string },
): void {
  const contentType = { "content-type": "application/problem+json; charset=utf-8" };
  sendText(response, status, { ...contentType, ...headers }, JSON.stringify(problem), problem.requestId);
}
