import type { IncomingMessage, ServerResponse } from "node:http";
import { resyncReasons } from "@keyplane/schema";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal } from "../modules/auth/index.js";
import type { KeyEventPoll, KeyEvents } from "../modules/events/index.js";
import { KeyplaneError, UnauthenticatedError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { readKeyEventsParameters } from "./key-events-parameters.js";
import { currentSince, type EndReason, type OpenStreams, tokenEndedMessage } from "./open-streams.js";
import { publicUrlHeader } from "./public-url-header.js";
import { refuse } from "./refusal.js";
import { sendError, sendText } from "./responses.js";
import { createStillAllowed } from "./same-caller.js";
import { withTimeLimit } from "./time-limit.js";
import { withCaller } from "./with-caller.js";

/**
 * `GET /v1/key-events`: the subscription `keyEvents` for networks that let no stream through. Answers as soon as there is
 * something, or after `waitMs`; whoever asks again with the cursor of the answer misses nothing.
 */
export function createKeyEventsEndpoint(deps: {
  authenticate: Authenticate;
  keyEvents: KeyEvents;
  streams: OpenStreams;
  logger: Logger;
  /** Told to guards, see {@link publicUrlHeader}. */
  publicUrl: string | null;
  /** Milliseconds for all but the waiting; the usual limit when it is left out. */
  timeLimitMs?: number | undefined;
}): Endpoint {
  const { authenticate, keyEvents, streams, logger, timeLimitMs = limits.timeMs } = deps;
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    ...publicUrlHeader(deps.publicUrl),
  };

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
    openedAt: number,
  ): Promise<void> {
    if (request.method !== "GET") {
      response.setHeader("allow", "GET");
      const message = "Send a GET, with what you ask in the address.";
      return sendError(response, { code: "BAD_REQUEST", message, requestId: principal.requestId, status: 405 });
    }
    const { waitMs, ...args } = readKeyEventsParameters(new URL(request.url ?? "/", "http://localhost").searchParams);
    const refusal = streams.refusalFor(principal);
    if (refusal) throw refusal;

    const ending = new AbortController();
    response.once("close", () => ending.abort());
    const allowed = createStillAllowed(authenticate, request.headers.authorization, principal);
    const release = streams.hold(principal, allowed, (reason) => ending.abort(reason));
    try {
      const polling = keyEvents.poll(principal, args, { signal: ending.signal, waitMs });
      const poll = await withTimeLimit(polling, waitMs + timeLimitMs);
      if (ending.signal.reason === ("token ended" satisfies EndReason))
        throw new UnauthenticatedError(tokenEndedMessage);
      if (!poll) throw new KeyplaneError("UNAVAILABLE", "This server is stopping. Try again.");
      sendText(response, 200, headers, jsonOf(poll, openedAt), principal.requestId);
    } finally {
      release();
      ending.abort();
    }
  }

  return (request, response, origin) => {
    const openedAt = performance.now();
    const fail = (error: unknown): void => {
      if (!response.destroyed) refuse(response, origin.requestId, error, logger);
    };
    withCaller(
      { authenticate, timeLimitMs },
      request.headers.authorization,
      origin,
      (principal) => void answer(request, response, principal, openedAt).catch(fail),
      fail,
    );
  };
}

function jsonOf({ events, resync, cursor, completeSince }: KeyEventPoll, openedAt: number): string {
  return JSON.stringify({
    events: events.map(({ cursor, type, occurredAt, tenantId, keyId, userId, reason }) => ({
      cursor,
      type,
      occurredAt,
      tenantId,
      keyId,
      userId,
      reason,
    })),
    resync: resync && { code: resync.code, cursor: resync.cursor, reason: resyncReasons[resync.code].description },
    cursor,
    current: currentSince(completeSince, openedAt),
  });
}
