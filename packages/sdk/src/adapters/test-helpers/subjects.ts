import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express5 from "express";
import express4 from "express4";
import { fastify } from "fastify";
import { createSchema, createYoga } from "graphql-yoga";
import { Hono } from "hono";
import { WebSocket, WebSocketServer } from "ws";
import type { Guard } from "../../guard/guard.js";
import type { AdapterOptions, PreflightOption } from "../core/options.js";
import type { ValidVerdict } from "../core/verdict.js";
import { keyplane as keyplaneExpress, verdictOf } from "../express.js";
import { keyplane as keyplaneFastify } from "../fastify.js";
import { withKey } from "../fetch.js";
import { keyplane as keyplaneHono } from "../hono.js";
import { protectUpgrade } from "../ws.js";
import { useKeyplane } from "../yoga.js";

/** Options that every adapter has, with functions that need no framework's own request. */
export type AnyOptions = AdapterOptions<[]> & PreflightOption;

export interface Call {
  readonly method?: string;
  /** What follows the path, e.g. `?api_key=…`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** What the handler saw, when it was reached. */
  readonly handler: { readonly keyId: string; readonly owner: string; readonly code: string } | null;
}

/** An application that is protected by an adapter. */
export interface Application {
  send(call?: Call): Promise<Answer>;
  close(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** Without methods of HTTP: only upgrades come to it. */
  readonly onlyUpgrades?: boolean;
  readonly hasPreflight?: boolean;
  /** Whether it sees the other end of the connection. */
  readonly seesAddress?: boolean;
  start(guard: Guard, options?: AnyOptions): Promise<Application>;
}

/** Middleware in front of the adapter sets it; a refusal must keep it, or a browser would hide the problem. */
const cors = { name: "access-control-allow-origin", value: "https://app.example" };

function seen({ key, owner, code }: ValidVerdict): string {
  return JSON.stringify({ handler: { keyId: key.id, owner: owner.name, code } });
}

function express(framework: typeof express5): Subject["start"] {
  return async (guard, options) => {
    const app = framework();
    app.use((_, response, next) => {
      response.setHeader(cors.name, cors.value);
      next();
    });
    app.use(keyplaneExpress(guard, options));
    app.all("/orders", (incoming, response) => {
      response.send(incoming.method === "OPTIONS" ? "preflight" : seen(verdictOf(incoming)));
    });
    return overHttp(createServer(app));
  };
}

/** Every adapter, in a real application of its framework. */
export const subjects: readonly Subject[] = [
  { name: "Express 5", hasPreflight: true, seesAddress: true, start: express(express5) },
  { name: "Express 4", hasPreflight: true, seesAddress: true, start: express(express4 as unknown as typeof express5) },
  {
    name: "Fastify 5",
    hasPreflight: true,
    seesAddress: true,
    async start(guard, options) {
      const app = fastify({ forceCloseConnections: true });
      app.addHook("onRequest", async (_, reply) => void reply.header(cors.name, cors.value));
      await app.register(keyplaneFastify, { guard, ...options });
      app.get("/orders", async (incoming) => seen(verdictOf(incoming)));
      app.post("/orders", async (incoming) => seen(verdictOf(incoming)));
      app.options("/orders", async () => "preflight");
      await app.ready();
      return overHttp(app.server, () => app.close());
    },
  },
  {
    name: "Hono 4",
    hasPreflight: true,
    async start(guard, options) {
      const app = new Hono();
      app.use(async (context, next) => {
        context.res.headers.set(cors.name, cors.value);
        await next();
      });
      app.use("/orders", keyplaneHono(guard, options));
      app.options("/orders", (context) => context.text("preflight"));
      app.all("/orders", (context) => context.text(seen(context.get("keyplane"))));
      app.onError((_, context) => context.text("failed", 500));
      return overFetch(async (incoming) => app.fetch(incoming));
    },
  },
  {
    name: "fetch",
    async start(guard, options) {
      const handler = withKey(guard, { ...options }, async (_, { verdict }) => new Response(seen(verdict)));
      return overFetch(async (incoming) => handler(incoming).catch(() => new Response("failed", { status: 500 })));
    },
  },
  {
    name: "Yoga 5",
    seesAddress: true,
    async start(guard, options) {
      const schema = createSchema<{ keyplane: ValidVerdict }>({
        typeDefs: "type Query { seen: String! }",
        resolvers: { Query: { seen: (_, __, context) => seen(context.keyplane) } },
      });
      const yoga = createYoga({ schema, plugins: [useKeyplane(guard, options)], logging: false });
      const app = overHttp(
        createServer((...call) => void yoga(...call)),
        undefined,
        "/graphql",
      );
      return {
        ...app,
        send: async ({ method = "GET", query = "", headers } = {}) => {
          const answer = await app.send({ method, query: `?query={seen}&${query.slice(1)}`, headers: headers ?? {} });
          if (answer.status !== 200) return answer;
          const { data } = JSON.parse(answer.text || "{}") as { data?: { seen: string } };
          return { ...answer, handler: data ? (JSON.parse(data.seen) as Answer).handler : null };
        },
      };
    },
  },
  {
    name: "ws 8",
    onlyUpgrades: true,
    seesAddress: true,
    async start(guard, options) {
      const server = createServer();
      const sockets = new WebSocketServer({ noServer: true });
      sockets.on("connection", (socket, incoming) => socket.send(seen(verdictOf(incoming))));
      const onError = (): undefined => undefined;
      server.on("upgrade", protectUpgrade(sockets, guard, { ...options, onError }));
      const app = overHttp(server);
      return { ...app, send: (call = {}) => upgrade(server, call) };
    },
  },
];

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** @param path of the handler. */
function overHttp(server: Server, close?: () => Promise<unknown>, path = "/orders"): Application {
  const listening = new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    async send({ method = "GET", query = "", headers = {} } = {}) {
      await listening;
      const options = { port: portOf(server), method, path: path + query, headers: headers as OutgoingHttpHeaders };
      return new Promise((resolve, reject) => {
        const outgoing = request({ host: "127.0.0.1", ...options }, (response) => {
          read(response).then(resolve, reject);
        });
        outgoing.on("error", reject).end();
      });
    },
    async close() {
      await listening;
      server.closeAllConnections();
      await (close?.() ?? new Promise((resolve) => server.close(resolve)));
    },
  };
}

function overFetch(handle: (incoming: Request) => Promise<Response>): Application {
  return {
    async send({ method = "GET", query = "", headers = {} } = {}) {
      const all = new Headers();
      for (const [name, value] of Object.entries(headers)) for (const line of [value].flat()) all.append(name, line);
      const response = await handle(new Request(`http://api.example/orders${query}`, { method, headers: all }));
      return answerOf(response.status, Object.fromEntries(response.headers), await response.text());
    },
    close: async () => undefined,
  };
}

function upgrade(server: Server, { query = "", headers = {} }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const open = (): void => {
      const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}/orders${query}`, {
        headers: headers as Record<string, string>,
      });
      socket.on("message", (data) => {
        resolve(answerOf(200, {}, (data as Buffer).toString()));
        socket.close();
      });
      socket.on("unexpected-response", (_, response) => void read(response).then(resolve, reject));
      socket.on("error", reject);
    };
    if (server.listening) open();
    else server.once("listening", open);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  let text = "";
  for await (const piece of response) text += String(piece);
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return answerOf(response.statusCode ?? 0, headers, text);
}

function answerOf(status: number, headers: Record<string, string>, text: string): Answer {
  const handler = text.startsWith('{"handler"') ? (JSON.parse(text) as Answer).handler : null;
  return { status, headers, text, handler };
}
