import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { fastify } from "fastify";
import { createSchema, createYoga } from "graphql-yoga";
import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import { FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { keyplane as keyplaneExpress } from "./express.js";
import { keyplane as keyplaneFastify } from "./fastify.js";
import { withKey } from "./fetch.js";
import { keyplane as keyplaneHono } from "./hono.js";
import { useKeyplane } from "./yoga.js";

const headers = { authorization: "Bearer valid" };
const options = { closeOnRevocation: true };

/** An answer that begins and goes on for ever. */
interface Endless {
  /** Resolves when the first of it was read; then what follows: true when it broke off, false when it ended as it should. */
  brokeOff: Promise<boolean>;
}

/** Asks a server for a stream. */
async function overHttp(server: Server, path = "/"): Promise<Endless> {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, headers: { ...headers, accept: "text/event-stream" } });
    outgoing.on("error", reject).on("response", (response) => {
      const brokeOff = new Promise<boolean>((told) =>
        response.on("error", () => told(true)).on("end", () => told(false)),
      );
      response.once("data", () => resolve({ brokeOff }));
    });
    outgoing.end();
  });
}

async function overFetch(response: Response): Promise<Endless> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  return {
    brokeOff: rest().then(
      () => false,
      () => true,
    ),
  };
}

/** A stream of two pieces; the second comes, and the stream ends, when `end` is called. */
function stream(): { body: ReadableStream<Uint8Array>; end: () => void; cancelled: () => boolean } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let wasCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
      given.enqueue(new TextEncoder().encode("first\n"));
    },
    cancel() {
      wasCancelled = true;
    },
  });
  const end = (): void => {
    controller.enqueue(new TextEncoder().encode("last\n"));
    controller.close();
  };
  return { body, end, cancelled: () => wasCancelled };
}

interface Streaming {
  open(): Promise<Endless>;
  end(): void;
  close?(): void;
}

const streaming: Record<string, (guard: FakeGuard) => Promise<Streaming>> = {
  async Express(guard) {
    const ends: (() => void)[] = [];
    const app = express();
    app.get("/", keyplaneExpress(guard, options), (_, response) => {
      response.write("first\n");
      ends.push(() => response.end("last\n"));
    });
    const server = createServer(app);
    return { open: () => overHttp(server), end: () => ends[0]?.(), close: () => server.close() };
  },
  async Fastify(guard) {
    const ends: (() => void)[] = [];
    const app = fastify();
    await app.register(keyplaneFastify, { guard });
    app.get("/", { config: { keyplane: options } }, (_, reply) => {
      const { body, end } = stream();
      ends.push(end);
      return reply.send(body);
    });
    await app.ready();
    return { open: () => overHttp(app.server), end: () => ends[0]?.(), close: () => void app.close() };
  },
  async Hono(guard) {
    const { body, end } = stream();
    const app = new Hono().get("/", keyplaneHono(guard, options), (context) => context.body(body));
    return { open: async () => overFetch(await app.request("/", { headers })), end };
  },
  async fetch(guard) {
    const { body, end } = stream();
    const handler = withKey(guard, options, () => new Response(body));
    return { open: async () => overFetch(await handler(new Request("http://api.example/", { headers }))), end };
  },
  async Yoga(guard) {
    let end = (): void => undefined;
    const schema = createSchema({
      typeDefs: "type Query { a: Int } type Subscription { ticks: Int! }",
      resolvers: {
        Subscription: {
          ticks: {
            async *subscribe() {
              yield { ticks: 1 };
              await new Promise<void>((resolve) => (end = resolve));
            },
          },
        },
      },
    });
    const yoga = createYoga({ schema, plugins: [useKeyplane(guard, options)], logging: false });
    const server = createServer((...call) => void yoga(...call));
    const open = (): Promise<Endless> => overHttp(server, "/graphql?query=subscription{ticks}");
    return { open, end: () => end(), close: () => server.close() };
  },
};

describe.each(Object.entries(streaming))("an answer of %s with closeOnRevocation", (_, start) => {
  test("breaks off when its key is refused", async () => {
    const guard = new FakeGuard();
    const application = await start(guard);
    const { brokeOff } = await application.open();
    expect(guard.bound).toBe(1);
    guard.revoke("key_other");
    guard.revoke("key_orders");
    expect(await brokeOff).toBe(true);
    expect(guard.bound).toBe(0);
    application.close?.();
  });

  test("ends as it should otherwise, and is forgotten then", async () => {
    const guard = new FakeGuard();
    const application = await start(guard);
    const { brokeOff } = await application.open();
    application.end();
    expect(await brokeOff).toBe(false);
    await expect.poll(() => guard.bound).toBe(0);
    application.close?.();
  });
});

/** The key is refused after its verification and before anything is bound. */
class LateGuard extends FakeGuard {
  override async verify(...call: Parameters<FakeGuard["verify"]>): ReturnType<FakeGuard["verify"]> {
    const verdict = await super.verify(...call);
    this.revoke("key_orders");
    return verdict;
  }
}

describe("a key that is refused while its request is on the way", () => {
  test("is told as a refusal, and no handler of Express is reached", async () => {
    const handler = vi.fn();
    const app = express().use(keyplaneExpress(new LateGuard(), options), handler);
    const server = createServer(app).listen(0);
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { headers });
    expect([response.status, (await response.json()).code]).toEqual([401, "REVOKED"]);
    expect(handler).not.toHaveBeenCalled();
    server.close();
  });

  test("is told in place of what a handler has made in the meantime", async () => {
    const guard = new FakeGuard();
    const { body, cancelled } = stream();
    const handler = withKey(guard, options, () => {
      guard.revoke("key_orders");
      return new Response(body);
    });
    const response = await handler(new Request("http://api.example/", { headers }));
    expect([response.status, (await response.json()).code]).toEqual([401, "REVOKED"]);
    expect([cancelled(), guard.bound]).toEqual([true, 0]);
  });
});

describe("an answer that was bound is forgotten", () => {
  const call = (method = "GET"): Request => new Request("http://api.example/", { method, headers });

  test("when the handler throws", async () => {
    const guard = new FakeGuard();
    const handler = withKey(guard, options, () => {
      throw new RangeError("mine");
    });
    await expect(handler(call())).rejects.toThrow("mine");
    expect(guard.bound).toBe(0);
  });

  test("when it has no body, or none that anybody will read", async () => {
    const guard = new FakeGuard();
    await withKey(guard, options, () => new Response(null, { status: 204 }))(call());
    await withKey(guard, options, () => new Response(stream().body))(call("HEAD"));
    expect(guard.bound).toBe(0);
  });

  test("when its reader has gone, and the source learns of it", async () => {
    const guard = new FakeGuard();
    const { body, cancelled } = stream();
    const response = await withKey(
      guard,
      options,
      () => new Response(body, { status: 201, headers: { a: "b" } }),
    )(call());
    expect([response.status, response.headers.get("a"), guard.bound]).toEqual([201, "b", 1]);
    await response.body?.cancel();
    expect([cancelled(), guard.bound]).toEqual([true, 0]);
  });

  test("when its source fails, as which it fails, too", async () => {
    const guard = new FakeGuard();
    const body = new ReadableStream({ pull: () => Promise.reject(new RangeError("mine")) });
    const response = await withKey(guard, options, () => new Response(body))(call());
    await expect(response.text()).rejects.toThrow("mine");
    expect(guard.bound).toBe(0);
  });

  test("when the caller has gone while the key was verified", async () => {
    const guard = new FakeGuard();
    const response = {
      destroyed: true,
      once: vi.fn(),
      setHeader: vi.fn(),
      end: vi.fn(),
      destroy: vi.fn(),
      statusCode: 0,
    };
    const next = vi.fn();
    keyplaneExpress(guard, options)({ headers }, response, next);
    await expect.poll(() => next).toHaveBeenCalled();
    expect(guard.bound).toBe(0);
  });

  test("unless nothing was bound, which is so by default", async () => {
    const guard = new FakeGuard();
    expect(await (await withKey(guard, {}, () => new Response(stream().body))(call())).body).toBeTruthy();
    expect(guard.bound).toBe(0);
    expect(verdictOf("VALID").valid).toBe(true);
  });
});
