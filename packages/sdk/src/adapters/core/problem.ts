import { verdictCodes } from "@keyplane/schema";
import type { GuardVerdict } from "../../guard/guard.js";
import type { ExposedReason } from "./options.js";
import { docsUrlForProblem, problemCodes } from "./problem-codes.js";

/** An answer to a request that is not let in, complete with its headers. */
export interface Problem {
  readonly status: number;
  /** By their names in lower case. None has a text that a client wrote. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of RFC 9457. */
  readonly body: string;
}

/** How problems are told. */
export interface ProblemWords {
  /** The realm of `WWW-Authenticate`: printable ASCII without quotes and backslashes. */
  readonly realm: string;
  /** How much callers read: the verdict's own message may repeat a reason that was written for operators. */
  readonly exposeReason: ExposedReason;
  /** Below which address the pages about codes are, without a slash at its end. */
  readonly docsUrl: string;
}

/** The characters that a scope may have in a quoted list (RFC 6750, section 3). */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** Of a code that a newer server has added. */
const newerCode = { title: "Key refused", detail: "The key is refused. The code says why.", httpStatus: 403 };
/** In seconds. Clients read no more into an integer. */
const longestRetryAfter = 2 ** 31 - 1;

/**
 * What to tell the caller whose key is refused: what a gateway in front of Keyplane would tell as well. Nothing of the owner and
 * no reason that somebody has typed, because the caller may have found the key.
 */
export function problemOf(verdict: GuardVerdict, { realm, exposeReason, docsUrl }: ProblemWords): Problem {
  const { hint, missingScopes, requestId } = verdict;
  // A verdict that counts as valid, yet was not good enough to let the request in, is none.
  const isNone = verdict.valid || verdict.code === "VALID";
  const code = isNone ? "UNAVAILABLE" : verdict.code;
  const { title, detail, httpStatus } = textsOf(code);
  const retryAfterMs = code === "UNAVAILABLE" ? 1_000 : finite(verdict.retryAfterMs);
  if (exposeReason === "none") return bare(httpStatus, realm, retryAfterMs, requestId);
  const headers = {
    ...challengeOf(code, httpStatus, missingScopes, realm),
    // Rounded up: a second early would be refused again.
    ...(retryAfterMs !== null && { "retry-after": String(secondsIn(retryAfterMs)) }),
  };
  return answer(httpStatus, headers, {
    type: isNone ? docsUrlForProblem("UNAVAILABLE", docsUrl) : verdict.docsUrl,
    title,
    status: httpStatus,
    detail: exposeReason === "message" && !isNone ? verdict.message : detail,
    code,
    ...(hint !== null && { hint }),
    ...(missingScopes.length > 0 && { missingScopes }),
    ...(retryAfterMs !== null && { retryAfterMs }),
    requestId,
  });
}

/** What to tell the caller who has presented no key, or several. */
export function problemOfRequest(code: "KEY_MISSING" | "KEY_AMBIGUOUS", { realm, docsUrl }: ProblemWords): Problem {
  const { title, detail, httpStatus } = problemCodes[code];
  // Of a request without credentials no error is told (RFC 6750, section 3.1).
  const error = code === "KEY_AMBIGUOUS" ? ', error="invalid_request"' : "";
  const headers = { "www-authenticate": `Bearer realm="${realm}"${error}` };
  const type = docsUrlForProblem(code, docsUrl);
  return answer(httpStatus, headers, { type, title, status: httpStatus, detail, code });
}

/** The phrases of RFC 9110, which are the titles of problems without a type of their own (RFC 9457, section 4.2.1). */
const phrases: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  410: "Gone",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** A refusal of which nothing is told but what a client needs in order to go on. */
function bare(status: number, realm: string, retryAfterMs: number | null, requestId: string): Problem {
  const headers = {
    ...(status === 401 && { "www-authenticate": `Bearer realm="${realm}"` }),
    ...(retryAfterMs !== null && { "retry-after": String(secondsIn(retryAfterMs)) }),
  };
  return answer(status, headers, { type: "about:blank", title: phrases[status] ?? "Refused", status, requestId });
}

function answer(status: number, headers: Record<string, string>, problem: Record<string, unknown>): Problem {
  const always = { "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store" };
  return { status, headers: { ...always, ...headers }, body: JSON.stringify(problem) };
}

function textsOf(code: string): { title: string; detail: string; httpStatus: number } {
  if (code === "UNAVAILABLE") return problemCodes.UNAVAILABLE;
  if (!Object.hasOwn(verdictCodes, code)) return newerCode;
  const { title, message, httpStatus } = verdictCodes[code as keyof typeof verdictCodes];
  return { title, detail: message, httpStatus };
}

/** RFC 6750, section 3. */
function challengeOf(
  code: string,
  status: number,
  missingScopes: readonly string[],
  realm: string,
): Record<string, string> {
  if (code === "INSUFFICIENT_SCOPE") {
    // Scopes may be made of a request by a function of the application's: what could end the quotes stands in the body alone.
    const scope = missingScopes.filter((each) => scopeToken.test(each)).join(" ");
    return { "www-authenticate": `Bearer realm="${realm}", error="insufficient_scope", scope="${scope}"` };
  }
  return status === 401 ? { "www-authenticate": `Bearer realm="${realm}", error="invalid_token"` } : {};
}

function secondsIn(ms: number): number {
  return Math.min(longestRetryAfter, Math.max(1, Math.ceil(ms / 1_000)));
}

function finite(ms: number | null): number | null {
  return ms !== null && Number.isFinite(ms) ? ms : null;
}
