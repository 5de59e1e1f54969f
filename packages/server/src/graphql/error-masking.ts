import { docsUrlForError, type ErrorCode, errorCodes } from "@keyplane/schema";
import { GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import type { Context } from "./context.js";

/**
 * Decides what a caller may read of what went wrong. Our own refusals and what is wrong with the request itself pass,
 * with a code and its page; everything else is a fault of ours: it goes to the log, and the caller gets the request's id.
 */
export function useErrorMasking(logger: Logger): Plugin {
  return {
    onResultProcess({ result, serverContext }) {
      const { requestId } = (serverContext as unknown as Context).principal;
      for (const part of Array.isArray(result) ? result : [result]) {
        if ("errors" in part && part.errors) {
          part.errors = part.errors.map((error: unknown) => publicError(error, requestId, logger));
        }
      }
    },
  };
}

function publicError(error: unknown, requestId: string, logger: Logger): GraphQLError {
  const cause = rootCause(error);
  if (error instanceof GraphQLError && (cause instanceof KeyplaneError || isFaultOfRequest(error, cause))) {
    const code = cause instanceof KeyplaneError ? cause.code : codeOf(error);
    return rebuild(error, error.message, {
      code,
      docsUrl: docsUrlForError(code),
      requestId,
      http: extensionsOf(error)["http"],
    });
  }
  logger.error({ err: cause, requestId }, "a request failed");
  const message = `${errorCodes.INTERNAL.message} Request id: ${requestId}.`;
  const extensions = { code: "INTERNAL", docsUrl: docsUrlForError("INTERNAL"), requestId };
  return error instanceof GraphQLError
    ? rebuild(error, message, extensions)
    : new GraphQLError(message, { extensions });
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
  return (error.extensions as GraphQLError["extensions"] | undefined) ?? {};
}

function codeOf(error: GraphQLError): ErrorCode {
  const { code } = extensionsOf(error);
  if (typeof code === "string" && Object.hasOwn(errorCodes, code)) return code as ErrorCode;
  // graphql-js gives no codes: the wording of these two is part of its contract since version 14.
  if (error.message.startsWith("Syntax Error")) return "GRAPHQL_PARSE_FAILED";
  if (/^Variable "\$/.test(error.message)) return "BAD_USER_INPUT";
  return error.nodes ? "GRAPHQL_VALIDATION_FAILED" : "BAD_REQUEST";
}
