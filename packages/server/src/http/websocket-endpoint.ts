import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { networkOf } from "@keyplane/schema";
import { handleProtocols } from "graphql-ws";
import { WebSocketServer } from "ws";
import { limits } from "../graphql/limits.js";
import type { RequestOrigin } from "../modules/auth/index.js";
import { serveSocket } from "./websocket-protocol.js";
import type { WebSocketDeps } from "./websocket-subscription.js";

/** How many sockets may be open, those included that have not said yet who they are. */
const maxSockets = 10_000;
/** How many of these may be of one address, or of one network of IPv6: strangers must not take the places of all. */
export const maxUnknownOfNetwork = 200;

/** `/graphql` as a WebSocket, by the protocol of graphql-ws. */
export interface WebSocketEndpoint {
  /** Takes over a request to upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, origin: RequestOrigin): void;
}

/**
 * Opens sockets. A page of another site can open one too, but gains nothing: a browser adds no token of ours by itself, so
 * there is no CSRF header to ask for.
 */
export function createWebSocketEndpoint(deps: WebSocketDeps): WebSocketEndpoint {
  const { streams, logger } = deps;
  const server = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: limits.bodyBytes,
    // Compression keeps a window of memory for each socket.
    perMessageDeflate: false,
  });
  const unknown = new Map<string, number>();
  return {
    upgrade(request, socket, head, origin) {
      socket.on("error", () => socket.destroy());
      if (!/^\/graphql(?:\?|$)/.test(request.url ?? "")) return refuse(socket, 404);
      if (streams.isFull || server.clients.size >= maxSockets) return refuse(socket, 503);
      const network = networkOf(origin.address);
      const waiting = unknown.get(network) ?? 0;
      if (waiting >= maxUnknownOfNetwork) return refuse(socket, 503);
      unknown.set(network, waiting + 1);
      let isUnknown = true;
      const known = (): void => {
        if (!isUnknown) return;
        isUnknown = false;
        const left = (unknown.get(network) ?? 0) - 1;
        if (left > 0) unknown.set(network, left);
        else unknown.delete(network);
      };
      socket.once("close", known);
      server.handleUpgrade(request, socket, head, (opened) => {
        opened.on("error", (error) => logger.debug({ err: error, requestId: origin.requestId }, "a socket failed"));
        serveSocket(deps, request, opened, origin, known);
      });
    },
  };
}

/** Answers a request to upgrade as plain HTTP. */
function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
