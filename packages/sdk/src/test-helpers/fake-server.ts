import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a request brought. */
export interface SeenRequest {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** As it came. */
  readonly body: string;
  readonly query: string;
  readonly variables: { readonly [name: string]: unknown; readonly input?: Record<string, unknown> };
}

/** What the server does with one request. */
export type Reply = (response: ServerResponse, request: SeenRequest) => void;

/** A server that does what it is told: the outside world of the client, with all its bad days. */
export interface FakeServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** One reply for each request to come; the last one goes on for ever. */
  replies(...replies: readonly Reply[]): void;
  close(): Promise<void>;
}

/** @param owner for whom it answers; a request that was not foreseen is answered with that name. */
export async function startFakeServer(owner: string): Promise<FakeServer> {
  const requests: SeenRequest[] = [];
  let queue: readonly Reply[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      // A GET has no body, and a token endpoint gets a form.
      const { query, variables } = JSON.parse(body.startsWith("{") ? body : '{"query":"","variables":{}}') as Pick<
        SeenRequest,
        "query" | "variables"
      >;
      const seen = { path: request.url, headers: request.headers, body, query, variables };
      requests.push(seen);
      const [reply = text(500, `no reply for ${owner}`), ...rest] = queue;
      if (rest.length > 0) queue = rest;
      reply(response, seen);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    replies(...replies) {
      queue = replies;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An address at which nothing listens. */
export async function deadAddress(): Promise<string> {
  const server = await startFakeServer("nobody");
  await server.close();
  return server.url;
}

/** Data, as GraphQL answers it. */
export function data(value: unknown): Reply {
  return json(200, { data: value });
}

/** A top-level GraphQL error. */
export function failure(status: number, code: string, extensions: Record<string, unknown> = {}, message = code): Reply {
  return json(status, { errors: [{ message, extensions: { code, ...extensions } }] });
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown): Reply {
  return text(status, JSON.stringify(body), { "content-type": "application/json" });
}

/** An answer that is not of a GraphQL server, for example of a proxy. */
export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => response.writeHead(status, headers).end(body);
}

/** The connection breaks before anything was answered. */
export const drop: Reply = (response) => response.destroy();

/** The connection breaks in the middle of the answer. */
export const breakOff: Reply = (response) => {
  response.writeHead(200, { "content-length": "1000" }).write('{"data":', () => response.destroy());
};

/** Never answers. */
export const hang: Reply = () => {};

/** Begins to answer and never ends. */
export const stall: Reply = (response) => {
  response.writeHead(200, { "content-length": "1000" }).write('{"data":');
};

/** Server-sent events in these pieces, and then the end of the connection; with `open`, it stays open. */
export function stream(pieces: readonly string[], after: "end" | "open" | "break" = "end"): Reply {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    if (after === "end") response.end();
    if (after === "break") response.write(":\n\n", () => response.destroy());
  };
}

/** One event of GraphQL over server-sent events. */
export function next(result: unknown): string {
  return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
}

/** The end of a subscription. */
export const complete = "event: complete\ndata:\n\n";
