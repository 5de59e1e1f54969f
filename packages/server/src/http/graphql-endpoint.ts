import type { IncomingMessage, ServerResponse } from "node:http";
import type { YogaServerInstance } from "graphql-yoga";
import { type Context, createLoaders, type Services } from "../graphql/context.js";
import { limits } from "../graphql/limits.js";
import {
  type Authenticate,
  anonymousPrincipal,
  missingTokenMessage,
  type Principal,
  type RequestOrigin,
} from "../modules/auth/index.js";
import type { Progress } from "../modules/events/index.js";
import { UnauthenticatedError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { readBody, replayBody, tooLarge } from "./body.js";
import { isJson, isPreflighted } from "./csrf.js";
import { createOpenOperations, maxOpenBody } from "./open-operations.js";
import { currentOf, type EventChunks, type OpenStreams } from "./open-streams.js";
import { publicUrlHeader } from "./public-url-header.js";
import { refuse } from "./refusal.js";
import { refuseBody, sendError, sendText } from "./responses.js";
import { createStillAllowed } from "./same-caller.js";
import { withTimeLimit } from "./time-limit.js";
import { createTrustedFollow } from "./trusted-follow.js";
import { createTrustedVerify } from "./trusted-verify.js";
import { withCaller } from "./with-caller.js";

export type Endpoint = (request: IncomingMessage, response: ServerResponse, origin: RequestOrigin) => void;

/**
 * `/graphql`: settles who calls, that a browser's page cannot have been tricked into calling, and how large the body is,
 * in this order and before any parsing; then hands over to GraphQL.
 */
export function createGraphqlEndpoint(deps: {
  authenticate: Authenticate;
  graphql: YogaServerInstance<Context, object>;
  services: Services;
  streams: OpenStreams;
  /** The mutations that somebody without a token may send. */
  openFields: ReadonlySet<string>;
  logger: Logger;
  /** Told to guards, which follow events here, see {@link publicUrlHeader}. */
  publicUrl: string | null;
  /** Milliseconds for what happens before GraphQL, which has a limit of its own; the usual one when it is left out. */
  timeLimitMs?: number | undefined;
}): Endpoint {
  const { authenticate, graphql, services, streams, openFields, logger, timeLimitMs = limits.timeMs } = deps;
  const told = publicUrlHeader(deps.publicUrl);
  const trustedVerify = createTrustedVerify(services.verify);
  const trustedFollow = createTrustedFollow(services.keyEvents);

  const fail = (response: ServerResponse, requestId: string, error: unknown): void =>
    refuse(response, requestId, error, logger);

  function run(request: IncomingMessage, response: ServerResponse, principal: Principal): void {
    const { requestId } = principal;
    if (request.method !== "POST" && request.method !== "GET") {
      response.setHeader("allow", "GET, POST");
      const message = "GraphQL is asked by POST, or by GET for queries.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId, status: 405 });
    }
    if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
    if (request.method === "GET") return void execute(request, response, principal);
    if (!isJson(request)) {
      const message = "Send GraphQL as JSON, with Content-Type: application/json.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId, status: 415 });
    }
    readBody(request, maxBodyOf(principal)).then(
      (body) => void answerBody(request, response, principal, body),
      (error: unknown) => logger.debug({ err: error, requestId }, "the caller went away while sending"),
    );
  }

  async function answerBody(
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
    body: Buffer | typeof tooLarge,
  ): Promise<void> {
    try {
      if (body === tooLarge) return refuseBody(response, principal.requestId);
      const contentType = plainContentType(request);
      const verified = contentType === null ? null : trustedVerify(body, principal);
      // What is in memory is answered at once and needs no timer.
      const text = verified instanceof Promise ? await withTimeLimit(verified, timeLimitMs) : verified;
      if (contentType !== null && text !== null) {
        return sendText(response, 200, { "content-type": contentType }, text, principal.requestId);
      }
      if (request.headers.accept === "text/event-stream" && (await follow(request, response, principal, body))) return;
      replayBody(request, body);
      await execute(request, response, principal);
    } catch (error) {
      fail(response, principal.requestId, error);
    }
  }

  /** @returns whether it was a subscription that needs no GraphQL. */
  async function follow(
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
    body: Buffer,
  ): Promise<boolean> {
    const ending = new AbortController();
    response.once("close", () => ending.abort());
    const openedAt = performance.now();
    const progress: Progress = { completeSince: null };
    const events = await withTimeLimit(trustedFollow(body, principal, { ending, progress }), timeLimitMs);
    if (!events) return false;
    await stream(request, response, principal, events, () => currentOf(progress, openedAt));
    return true;
  }

  async function execute(request: IncomingMessage, response: ServerResponse, principal: Principal): Promise<void> {
    try {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const openedAt = performance.now();
      const context: Context = {
        principal,
        services,
        loaders: createLoaders(services, principal),
        signal: gone.signal,
        progress: { completeSince: null },
      };
      const answer = await graphql.handleNodeRequestAndResponse(request, response, context);
      if (!answer) return;
      const headers: Record<string, string> = {};
      answer.headers.forEach((value, name) => {
        // As Yoga wrote it, with capitals for some: a stream would not be known as one.
        headers[name.toLowerCase()] = value;
      });
      if (headers["content-type"]?.startsWith("text/event-stream") && answer.body) {
        const current = (): number | null => currentOf(context.progress, openedAt);
        return await stream(request, response, principal, answer.body.getReader(), current);
      }
      sendText(response, answer.status, headers, await answer.text(), principal.requestId);
    } catch (error) {
      fail(response, principal.requestId, error);
    }
  }

  async function stream(
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
    events: EventChunks,
    current: () => number | null,
  ): Promise<void> {
    const { requestId } = principal;
    const refusal = streams.refusalFor(principal);
    if (refusal) {
      await events.cancel();
      throw refusal;
    }
    // Not Yoga's headers: its "content-encoding: none" is no coding.
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      // Proxies would gather events until a buffer is full.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-request-id": requestId,
      "x-content-type-options": "nosniff",
      ...told,
    });
    // Whoever has these knows that it follows, long before the first event.
    response.flushHeaders();
    const allowed = createStillAllowed(authenticate, request.headers.authorization, principal);
    await streams.send(response, events, principal, allowed, current);
  }

  /** Somebody without a token: one open mutation, such as a sign-in, or nothing. */
  async function answerAnonymous(
    request: IncomingMessage,
    response: ServerResponse,
    origin: RequestOrigin,
  ): Promise<void> {
    const { requestId } = origin;
    try {
      const body = await readBody(request, maxOpenBody);
      if (body === tooLarge || !isOpen(body) || !isPlainJson(request)) {
        if (body === tooLarge) response.setHeader("connection", "close");
        return fail(response, requestId, new UnauthenticatedError(noTokenMessage));
      }
      if (!isPreflighted(request)) return sendError(response, { code: "CSRF_HEADER_MISSING", requestId });
      replayBody(request, body);
      await execute(request, response, anonymousPrincipal(origin));
    } catch (error) {
      logger.debug({ err: error, requestId }, "the caller went away while sending");
    }
  }

  const isOpen = createOpenOperations(openFields);
  return (request, response, origin) => {
    if (request.headers.authorization === undefined && request.method === "POST") {
      return void answerAnonymous(request, response, origin);
    }
    withCaller(
      { authenticate, timeLimitMs },
      request.headers.authorization,
      origin,
      (principal) => run(request, response, principal),
      (error) => fail(response, origin.requestId, error),
    );
  };
}

/** Says nothing of the request: whoever has no token hears the same whatever they ask for. */
const noTokenMessage = `${missingTokenMessage} Without one, a request is one mutation of signing in, sent as plain JSON.`;

/** Whoever may report usage may send large batches of it. */
function maxBodyOf({ permissions }: Principal): number {
  return permissions.has("usage:record") ? limits.usageBodyBytes : limits.bodyBytes;
}

/** What a form says may be JSON, too, and mean something else: what was looked at must be what is executed. */
function isPlainJson({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return /^application\/json(?:; ?charset=utf-8)?$/i.test(headers["content-type"] ?? "");
}

/** The content type of an answer to a plain JSON request; null where GraphQL's rules for choosing one must be asked. */
function plainContentType({ headers }: IncomingMessage): string | null {
  if (!isPlainJson({ headers })) return null;
  if (headers.accept === "application/json") return "application/json; charset=utf-8";
  return headers.accept === sdkAccept ? "application/graphql-response+json; charset=utf-8" : null;
}

/** What the SDK accepts. */
const sdkAccept = "application/graphql-response+json, application/json";
