import type { IncomingMessage } from "node:http";
import { CloseCode, makeServer } from "graphql-ws";
import type { WebSocket } from "ws";
import type { Principal, RequestOrigin } from "../modules/auth/index.js";
import { KeyplaneError } from "../platform/errors.js";
import { faultOf } from "../platform/fault.js";
import { closeSocket, goingAway, tryAgainLater } from "./close-socket.js";
import { currentOf, heartbeatMs, tokenEndedMessage } from "./open-streams.js";
import { createStillAllowed } from "./same-caller.js";
import { openSubscription, type Subscription, type WebSocketDeps } from "./websocket-subscription.js";

/** How long a socket may take to say who it is, in milliseconds. */
const initMs = 5_000;

/**
 * Speaks graphql-ws with one socket: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. The token comes in
 * `connection_init`, as `{ "authorization": "Bearer …" }`, or in the header of the request.
 */
export function serveSocket(
  deps: WebSocketDeps,
  request: IncomingMessage,
  socket: WebSocket,
  origin: RequestOrigin,
  onKnown: () => void,
): void {
  const { authenticate, streams, logger } = deps;
  const openedAt = performance.now();
  const subscriptions = new Map<string, Subscription>();
  /** Places of subscriptions beyond the first, which has the socket's own. */
  const places = new Map<string, () => void>();
  let principal: Principal | null = null;
  let release = (): void => {};

  const server = makeServer({
    connectionInitWaitTimeout: initMs,
    async onConnect({ connectionParams }) {
      const authorization = authorizationOf(connectionParams) ?? request.headers.authorization;
      const found = await identify(deps, authorization, origin);
      if (found instanceof KeyplaneError) {
        const mayRetry = found.code === "UNAVAILABLE" || found.code === "RATE_LIMITED";
        const code = mayRetry ? tryAgainLater : CloseCode.Unauthorized;
        closeSocket(socket, code, shortened(found.message));
        return false;
      }
      // It may have gone meanwhile.
      if (socket.readyState !== socket.OPEN) return false;
      const refusal = streams.refusalFor(found);
      if (refusal) {
        closeSocket(socket, tryAgainLater, shortened(refusal.message));
        return false;
      }
      principal = found;
      onKnown();
      release = streams.hold(found, createStillAllowed(authenticate, authorization, found), (reason) => {
        if (reason === "server stops") closeSocket(socket, goingAway, "This server is stopping. Connect again.");
        else closeSocket(socket, CloseCode.Unauthorized, tokenEndedMessage);
      });
      return true;
    },
    async onSubscribe(_, id, payload) {
      // graphql-ws lets nobody subscribe who was not let in.
      if (!principal) return [];
      const isFirst = subscriptions.size === 0;
      const opened = openSubscription(
        deps,
        principal,
        payload,
        subscriptions.size,
        isFirst ? null : streams.refusalFor(principal),
      );
      if (Array.isArray(opened)) return opened;
      subscriptions.set(id, opened);
      if (!isFirst) places.set(id, streams.count(principal));
      return opened.args;
    },
    subscribe: (args) => (args.rootValue as Subscription).subscribe(),
    onComplete: (_, id) => {
      subscriptions.delete(id);
      // The one that goes may be the first: whichever is left has the socket's place.
      const freed = places.has(id) ? id : [...places.keys()][0];
      if (freed === undefined) return;
      places.get(freed)?.();
      places.delete(freed);
    },
  });

  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve) => {
          // Resolves when the network has taken it: nothing more is asked of the subscription before. A send that fails
          // closes the socket.
          if (socket.readyState === socket.OPEN) socket.send(data, () => resolve());
          else resolve();
        }),
      close: (code, reason) => closeSocket(socket, code as CloseCode, reason ?? ""),
      onMessage: (take) =>
        void socket.on("message", (data) => {
          take((data as Buffer).toString()).catch((error: unknown) => {
            logger.error({ err: error, requestId: origin.requestId }, "a message on a socket failed");
            closeSocket(socket, CloseCode.InternalServerError, "Internal server error");
          });
        }),
    },
    { socket, request },
  );

  const heart = setInterval(() => beat(), heartbeatMs);
  let isAlive = true;
  socket.on("pong", () => {
    isAlive = true;
  });

  /** Ends a connection whose other side is gone, and says of each subscription how far it has told everything. */
  function beat(): void {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
    const current: Record<string, number> = {};
    for (const [id, { progress }] of subscriptions) {
      const ms = currentOf(progress, openedAt);
      if (ms !== null) current[id] = ms;
    }
    if (principal) socket.send(JSON.stringify({ type: "ping", payload: { current } }));
  }

  socket.once("close", (code, reason) => {
    clearInterval(heart);
    release();
    for (const giveBack of places.values()) giveBack();
    for (const { abort } of subscriptions.values()) abort();
    closed(code, String(reason)).catch((error: unknown) => logger.error({ err: error }, "a socket did not end well"));
  });
}

async function identify(
  { authenticate, logger }: WebSocketDeps,
  authorization: string | undefined,
  origin: RequestOrigin,
): Promise<Principal | KeyplaneError> {
  try {
    return await authenticate(authorization, origin);
  } catch (error) {
    if (error instanceof KeyplaneError) return error;
    const { code, message } = faultOf(error, origin.requestId);
    if (code !== "UNAVAILABLE") throw error;
    logger.error({ err: error, requestId: origin.requestId }, "a socket failed before GraphQL");
    return new KeyplaneError(code, message);
  }
}

function authorizationOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const value = params?.["authorization"] ?? params?.["Authorization"];
  return typeof value === "string" ? value : undefined;
}

/** The reason of a close frame has 123 bytes at most. */
function shortened(message: string): string {
  return message.length <= 120 ? message : `${message.slice(0, 117)}...`;
}
