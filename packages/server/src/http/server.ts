import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RequestOrigin } from "../modules/auth/index.js";
import { isExport } from "../modules/usage/index.js";
import type { Logger } from "../platform/logger.js";
import { createRequestIds } from "../platform/request-id.js";
import { createAddressOf, type TrustedProxies } from "./caller-address.js";
import { isDocsPath } from "./docs-pages.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { answerHealth, answerReadiness } from "./health.js";
import { isOAuthPath, oauthPaths } from "./oauth-endpoint.js";
import type { OpenStreams } from "./open-streams.js";
import type { Pages } from "./pages.js";
import { sendError } from "./responses.js";
import type { WebSocketEndpoint } from "./websocket-endpoint.js";

/** How long requests that run may take to end when the server stops, in milliseconds. */
const drainMs = 15_000;
/** How often connections are closed whose last request has ended meanwhile, in milliseconds. */
const sweepMs = 50;

/** The API without GraphQL. Add an endpoint here, and in `compose/http.ts`. */
const v1Names = ["verify", "forward-auth", "verification-records", "key-events", "secret-scanning"] as const;
type V1Name = (typeof v1Names)[number];

export interface HttpServer {
  /** Starts to listen. @returns the address, with the port that was taken. @throws what node:http reports, e.g. EADDRINUSE. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Refuses what is new, finishes what runs, then resolves. */
  stop(): Promise<void>;
}

export function createHttpServer(deps: {
  graphql: Endpoint;
  /** By the last part of their path, `/v1/<name>`; each says itself which methods it takes. */
  v1: Readonly<Record<V1Name, Endpoint>>;
  metrics: Endpoint;
  jwks: Endpoint;
  oauth: Endpoint;
  exports: Endpoint;
  pages: Pages;
  ping: () => Promise<void>;
  streams: OpenStreams;
  webSockets: WebSocketEndpoint;
  trustProxy: TrustedProxies;
  logger: Logger;
}): HttpServer {
  const { graphql, v1, metrics, jwks, oauth, exports, pages, ping, streams, webSockets, trustProxy, logger } = deps;
  const nextRequestId = createRequestIds();
  const addressOf = createAddressOf(trustProxy);
  const endpoints = new Map(v1Names.map((name) => [`/v1/${name}`, v1[name]]));
  let stopping = false;

  function route(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin): void {
    const url = request.url ?? "/";
    const end = url.indexOf("?");
    const path = end < 0 ? url : url.slice(0, end);
    // First, because nearly every request is one.
    if (path === "/graphql") {
      if (pages.isForPlayground(request)) {
        response.setHeader("x-request-id", origin.requestId);
        return pages.sendPlayground(request, response);
      }
      // GraphQL sends the request's id itself, with all other headers at once.
      if (stopping) return refuseWhileStopping(response, origin);
      return graphql(request, response, origin);
    }
    const endpoint = endpoints.get(path);
    if (endpoint) {
      if (stopping) return refuseWhileStopping(response, origin);
      return endpoint(request, response, origin);
    }
    if (path === "/oauth/jwks") return jwks(request, response, origin);
    if (isOAuthPath(path)) {
      if (stopping) return refuseWhileStopping(response, origin);
      return oauth(request, response, origin);
    }
    response.setHeader("x-request-id", origin.requestId);
    if (request.method !== "GET" && request.method !== "HEAD") return refuseUnknown(response, origin);
    if (path === "/healthz") return answerHealth(response);
    if (path === "/readyz") return void answerReadiness(response, { stopping, ping });
    if (path === "/metrics") return metrics(request, response, origin);
    if (path.startsWith("/export/") && isExport(path.slice("/export/".length)))
      return exports(request, response, origin);
    if (isDocsPath(path)) return pages.sendDocs(path, request, response, () => refuseUnknown(response, origin));
    if (path === "/password") return pages.sendPassword(request, response);
    if (path === "/sign-in") return pages.sendSignIn(request, response);
    if (path === "/usage") return pages.sendUsage(request, response);
    if (path === "/") return pages.sendLanding(request, response);
    return refuseUnknown(response, origin);
  }

  const server: Server = createServer(
    // Long enough for slow networks, short enough that idle half-requests cannot hold the server.
    {
      requestTimeout: 30_000,
      headersTimeout: 15_000,
      // How often those two are looked at: by itself, half a minute.
      connectionsCheckingInterval: 5_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      const origin = { requestId: nextRequestId(), address: addressOf(request) };
      if (stopping) response.setHeader("connection", "close");
      if (logger.isLevelEnabled("debug")) logRequest(request, response, origin, logger);
      route(request, response, origin);
    },
  );

  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  /** Connections on which nobody waits for an answer: node:http does not count one that never sent anything among the idle ones. */
  const closeIdle = (): void => {
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };

  server.on("upgrade", (request, socket, head) => {
    if (stopping) return void socket.destroy();
    webSockets.upgrade(request, socket, head, { requestId: nextRequestId(), address: addressOf(request) });
  });

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          server.on("error", (error) => logger.error({ err: error }, "the http server failed"));
          const address = server.address();
          resolve({ port: typeof address === "object" && address ? address.port : port });
        });
      }),

    stop: () =>
      new Promise((resolve) => {
        stopping = true;
        streams.stop();
        const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
        // A request that began before may keep its connection alive; nobody may wait for the next one on it.
        const sweep = setInterval(closeIdle, sweepMs);
        server.close(() => {
          clearTimeout(deadline);
          clearInterval(sweep);
          resolve();
        });
        closeIdle();
      }),
  };
}

function refuseUnknown(response: ServerResponse, { requestId }: RequestOrigin): void {
  const message = "There is nothing here. GraphQL is at POST /graphql, the playground at GET /graphql in a browser.";
  sendError(response, { code: "NOT_FOUND", message, requestId, status: 404 });
}

function refuseWhileStopping(response: ServerResponse, { requestId }: RequestOrigin): void {
  response.setHeader("retry-after", "1");
  sendError(response, { code: "UNAVAILABLE", message: "This server is stopping. Try again.", requestId });
}

/** Every path that answers something. Add one here; a test then asks for whom it is. */
export const servedPaths: readonly string[] = [
  "/graphql",
  ...v1Names.map((name) => `/v1/${name}`),
  "/healthz",
  "/readyz",
  "/metrics",
  "/oauth/jwks",
  ...oauthPaths,
  "/export/usage",
  "/export/usage-events",
  "/export/invalid-attempts",
  "/export/keys",
  "/docs",
  "/usage",
  "/sign-in",
  "/password",
  "/",
];

function logRequest(request: IncomingMessage, response: ServerResponse, origin: RequestOrigin, logger: Logger): void {
  const startedAt = performance.now();
  response.once("close", () => {
    const ms = Math.round((performance.now() - startedAt) * 10) / 10;
    // Only a path that we serve, and without its query: a careless caller may have put a secret anywhere else.
    const asked = (request.url ?? "").split("?", 1)[0] ?? "";
    const path =
      servedPaths.includes(asked) || isOAuthPath(asked) ? asked.replace(/^(\/oauth\/\w+\/).*$/, "$1…") : "unknown";
    logger.debug(
      { requestId: origin.requestId, method: request.method, path, status: response.statusCode, ms },
      "request",
    );
  });
}
