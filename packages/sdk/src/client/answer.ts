import { errorFor } from "./error-for.js";
import { type KeyplaneError, type KeyplaneErrorDetails, RequestError, ServerError } from "./errors.js";
import { redact, type Secrets } from "./redact.js";
import { parseRetryAfter } from "./retry-after.js";

/** What came back: the response, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: string;
}

/** What is needed to word an error: `token` and other secrets so that they can be left out, `now` in epoch milliseconds. */
export interface AnswerContext {
  readonly url: string;
  readonly token: Secrets;
  readonly now: number;
}

/** The parts of a GraphQL answer that are read here. All come from outside and may be missing or of another type. */
interface GraphqlError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/**
 * The data of a GraphQL answer (https://graphql.github.io/graphql-over-http/draft/). An answer with errors has none:
 * partial data with a hole that looks like a null is worse than an error.
 *
 * @throws KeyplaneError of the class that fits.
 */
export function readAnswer(answer: RawAnswer, context: AnswerContext): unknown {
  const parsed = parseBody(answer.body);
  const [error] = errorsOf(parsed);
  if (error) throw fromGraphqlError(error, answer, context);
  if (answer.status >= 200 && answer.status < 300 && parsed && isRecord(parsed["data"])) return parsed["data"];
  throw withoutGraphql(answer, context);
}

function fromGraphqlError(
  { message, extensions }: GraphqlError,
  answer: RawAnswer,
  context: AnswerContext,
): KeyplaneError {
  const { code, requestId, retryAfterMs, docsUrl } = extensions;
  const base = detailsOf(answer, context);
  return errorFor(redact(message, context.token), {
    ...base,
    code: typeof code === "string" ? code : codeForStatus(answer.status),
    requestId: typeof requestId === "string" ? requestId : base.requestId,
    retryAfterMs: typeof retryAfterMs === "number" && retryAfterMs >= 0 ? retryAfterMs : base.retryAfterMs,
    docsUrl: typeof docsUrl === "string" ? docsUrl : undefined,
  });
}

/** An answer that is not GraphQL: of a proxy, of a server that is just stopping, or of something else altogether. */
function withoutGraphql(answer: RawAnswer, context: AnswerContext): KeyplaneError {
  const { status } = answer;
  const details = { ...detailsOf(answer, context), code: codeForStatus(status) };
  // A browser hides the status of a redirect behind a 0.
  if (status === 0 || (status >= 300 && status < 400)) {
    const message = `${context.url} redirects, and keys are not sent after a redirect. Use the final address as url.`;
    return new RequestError(message, details);
  }
  if (status >= 200 && status < 300) {
    return new ServerError(`What answers at ${context.url} is no Keyplane server. Check url.`, details);
  }
  if (status === 404 || status === 405) {
    return new RequestError(`Nothing of Keyplane is at ${context.url} (HTTP ${status}). Check url.`, details);
  }
  return errorFor(`Keyplane, or a proxy before it, answered HTTP ${status}.`, details);
}

function detailsOf(answer: RawAnswer, { now }: AnswerContext): Omit<KeyplaneErrorDetails, "code"> {
  return {
    status: answer.status,
    requestId: answer.header("x-request-id") ?? undefined,
    retryAfterMs: parseRetryAfter(answer.header("retry-after"), now),
  };
}

/** The code that a server of ours would have given with this status. */
export function codeForStatus(status: number): string {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 403) return "FORBIDDEN";
  if (status === 408 || status === 504) return "TIMEOUT";
  if (status === 413) return "PAYLOAD_TOO_LARGE";
  if (status === 429) return "RATE_LIMITED";
  if (status === 502 || status === 503) return "UNAVAILABLE";
  if (status >= 500) return "INTERNAL";
  return status >= 400 ? "BAD_REQUEST" : "INVALID_RESPONSE";
}

function parseBody(body: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : null;
  } catch {
    return null; // not JSON, so not GraphQL: the status tells the rest
  }
}

function errorsOf(parsed: Record<string, unknown> | null): readonly GraphqlError[] {
  const errors = parsed?.["errors"];
  if (!Array.isArray(errors)) return [];
  return errors.filter(isRecord).map(({ message, extensions }) => ({
    message: typeof message === "string" ? message : "The server gave no reason.",
    extensions: isRecord(extensions) ? extensions : {},
  }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
