import { docsUrlForError, type ErrorCode, errorCodes, keyPattern } from "@keyplane/schema";
import { type ExecutionResult, GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { KeyplaneError, RateLimitedError } from "../platform/errors.js";
import { faultOf } from "../platform/fault.js";
import type { Logger } from "../platform/logger.js";
import type { Context } from "./context.js";

/**
 * Decides what a caller may read of what went wrong. Our own refusals and what is wrong with the request itself pass,
 * with a code and its page; everything else is a fault of ours: it goes to the log, and the caller gets the request's id.
 */
export function useErrorMasking(logger: Logger): Plugin {
  const mask = (part: ExecutionResult, requestId: string): void => {
    if (part.errors) part.errors = part.errors.map((error: unknown) => publicError(error, requestId, logger));
  };
  return {
    // What a subscription sends is no result of the request: each of its events is masked by itself.
    onSubscribe({ args }) {
      const { requestId } = (args.contextValue as unknown as Context).principal;
      return {
        onSubscribeResult: () => ({ onNext: ({ result }) => mask(result, requestId) }),
        onSubscribeError: ({ error, setError }) => setError(publicError(error, requestId, logger)),
      };
    },
    onResultProcess({ result, serverContext }) {
      const { requestId } = (serverContext as unknown as Context).principal;
      for (const part of Array.isArray(result) ? result : [result]) {
        if ("errors" in part) mask(part as ExecutionResult, requestId);
      }
    },
  };
}

/** What a caller may read of an error; what they may not goes to the log. */
export function publicError(error: unknown, requestId: string, logger: Logger): GraphQLError {
  const cause = rootCause(error);
  if (error instanceof GraphQLError && (cause instanceof KeyplaneError || isFaultOfRequest(error, cause))) {
    const code = cause instanceof KeyplaneError ? cause.code : codeOf(error);
    const message = error.message === validationAborted ? errorCodes[code].message : withoutValues(error.message);
    return rebuild(error, message.replace(keys, "[a key]"), {
      code,
      docsUrl: docsUrlForError(code),
      requestId,
      ...(cause instanceof RateLimitedError && { retryAfterMs: cause.retryAfterMs }),
      http: httpOf(error, code),
    });
  }
  logger.error({ err: cause, requestId }, "a request failed");
  const { code, message } = faultOf(cause, requestId);
  const extensions = { code, docsUrl: docsUrlForError(code), requestId };
  return error instanceof GraphQLError
    ? rebuild(error, message, { ...extensions, http: httpOf(error, code) })
    : new GraphQLError(message, { extensions: { ...extensions, http: { status: errorCodes[code].httpStatus } } });
}

function rebuild(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions,
  });
}

/** What is wrong with the document and not with the request that carries it. */
const documentCodes: readonly ErrorCode[] = [
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "QUERY_TOO_COMPLEX",
];

/**
 * The HTTP status of an answer without data. An error with a path comes with what was executed, and with 200. `spec`: a
 * client that accepts only `application/json` gets 200 for these, as the GraphQL over HTTP specification asks.
 */
function httpOf(error: GraphQLError, code: ErrorCode): Http | undefined {
  if (error.path !== undefined) return undefined;
  const { http } = extensionsOf(error) as { http?: Http };
  // What Yoga says of the request itself is more exact: 405 for a mutation by GET, with the methods that would do.
  if (http?.status !== undefined && !http.spec && code !== "INTERNAL" && code !== "UNAVAILABLE") return http;
  return { status: errorCodes[code].httpStatus, ...(documentCodes.includes(code) ? { spec: true } : {}) };
}

interface Http {
  readonly status?: number;
  readonly spec?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

function rootCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** GraphQL's own errors before execution, and those of scalars that refuse a value, speak of the request only. */
function isFaultOfRequest(error: GraphQLError, cause: unknown): boolean {
  if (!(cause instanceof GraphQLError)) return false;
  // An error with a path that has no other cause is a resolver's broken promise, such as null for a non-null field.
  return error.path === undefined || cause !== error || "code" in extensionsOf(error);
}

/** graphql-jit's errors are GraphQLErrors too, but have no extensions where their cause has none. */
function extensionsOf(error: GraphQLError): Readonly<Record<string, unknown>> {
  return (error as { readonly extensions?: Readonly<Record<string, unknown>> }).extensions ?? {};
}

/** A key within the document itself stands in an error as a name: "Cannot query field …". */
const keys = new RegExp(keyPattern, "g");

/**
 * graphql-js repeats the value of a variable that it refuses: with a misspelt field beside it, a whole API key would stand in
 * an error that clients log. What is kept says where the value is and what is wrong with it.
 */
function withoutValues(message: string): string {
  if (!message.startsWith('Variable "$')) return message;
  return message
    .replace(/; Value "[\s\S]*" does not exist in "(\w+)" enum\./, '; The value does not exist in "$1" enum.')
    .replace(/(; (?:\w+|Enum "\w+") cannot represent [\w -]*value): [\s\S]*$/, "$1.")
    .replace(/^(Variable "\$\w+" got invalid value) [\s\S]*?( at "[^"]*")?; ((?:(?!; )[\s\S])*)$/, "$1$2; $3");
}

// graphql-js gives no codes: its wording is part of its contract since version 14.
const tooManyTokens = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;
/** Comparing fields of the same name was given up: of a document made to take long. */
const validationAborted = "Validation aborted.";

function codeOf(error: GraphQLError): ErrorCode {
  const { message } = error;
  // Yoga knows these only as documents with a fault, and a batch that is too large only as a bad request.
  if (tooManyTokens.test(message) || message === validationAborted) return "QUERY_TOO_COMPLEX";
  const { code, http } = extensionsOf(error) as { code?: unknown; http?: { status?: number } };
  if (http?.status === errorCodes.BATCH_TOO_LARGE.httpStatus) return "BATCH_TOO_LARGE";
  if (typeof code === "string" && Object.hasOwn(errorCodes, code)) return code as ErrorCode;
  if (message.startsWith("Syntax Error")) return "GRAPHQL_PARSE_FAILED";
  if (message.startsWith('Variable "$')) return "BAD_USER_INPUT";
  return error.nodes ? "GRAPHQL_VALIDATION_FAILED" : "BAD_REQUEST";
}
