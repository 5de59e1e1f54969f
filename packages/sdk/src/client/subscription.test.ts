import {
  breakOff,
  complete,
  failure,
  hang,
  json,
  next,
  type Reply,
  stream,
  text,
} from "../test-helpers/fake-server.js";
import { describe, expect, fakeRuntime, type Story, test, token } from "../test-helpers/story.js";
import {
  AbortedError,
  AuthenticationError,
  ConnectionError,
  RequestError,
  ServerError,
  TimeoutError,
} from "./errors.js";
import { resolveOptions } from "./resolve-options.js";
import { createSubscribe, type SubscribeOptions } from "./subscription.js";

const document = "subscription { tick }";

function subscribe({ server }: Story, options?: SubscribeOptions): AsyncGenerator<{ tick: number }> {
  return createSubscribe(resolveOptions({ url: server.url, token }), fakeRuntime())(document, { a: 1 }, options);
}

async function collect(story: Story, options?: SubscribeOptions): Promise<number[]> {
  const ticks: number[] = [];
  for await (const { tick } of subscribe(story, options)) ticks.push(tick);
  return ticks;
}

const tick = (value: number): string => next({ data: { tick: value } });

describe("a stream", () => {
  test("is a POST that asks for events, and answers the data of each until it is complete", async ({ story }) => {
    story.server.replies(stream([":\n\n", tick(1), tick(2), complete]));
    expect(await collect(story)).toEqual([1, 2]);
    expect(story.server.requests).toMatchObject([
      {
        path: "/graphql",
        query: document,
        variables: { a: 1 },
        headers: {
          accept: "text/event-stream",
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
        },
      },
    ]);
  });

  test("is not opened before its first event is asked for", async ({ story }) => {
    story.server.replies(stream([complete]));
    const events = subscribe(story);
    await new Promise((resolve) => setImmediate(resolve));
    expect(story.server.requests).toHaveLength(0);
    await events.next();
    expect(story.server.requests).toHaveLength(1);
  });

  test("keeps characters whole that are cut in two on the way", async ({ story }) => {
    const bytes = Buffer.from(next({ data: { tick: "é💡" } }) + complete);
    const reply: Reply = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      const write = (at: number): void => {
        if (at === bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 1), () => write(at + 1));
      };
      write(0);
    };
    story.server.replies(reply);
    expect(await collect(story)).toEqual(["é💡"]);
  });

  test("says when it is open, before the first event", async ({ story }) => {
    story.server.replies(stream([tick(1), complete]));
    const order: string[] = [];
    for await (const event of subscribe(story, { onOpen: () => order.push("open") })) order.push(`tick ${event.tick}`);
    expect(order).toEqual(["open", "tick 1"]);
  });

  test("ends its connection when nobody listens any more", async ({ story }) => {
    let closed: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      closed = resolve;
    });
    story.server.replies((response, request) => {
      response.on("close", closed);
      stream([tick(1)], "open")(response, request);
    });
    for await (const event of subscribe(story)) {
      expect(event.tick).toBe(1);
      break;
    }
    await end;
  });
});

describe("a failure", () => {
  test("within the stream is the error of its code", async ({ story }) => {
    const errors = [{ message: "ended", extensions: { code: "UNAUTHENTICATED" } }];
    story.server.replies(stream([tick(1), next({ errors }), complete]));
    const events = subscribe(story);
    expect((await events.next()).value).toEqual({ tick: 1 });
    const error = await events.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", message: "ended" });
  });

  const answers: Record<string, [Reply, abstract new (...args: never[]) => Error, string]> = {
    "a refusal before the stream": [failure(401, "UNAUTHENTICATED"), AuthenticationError, "UNAUTHENTICATED"],
    "no room on the server": [failure(503, "UNAVAILABLE"), ServerError, "UNAVAILABLE"],
    "a wrong document, with the status 200": [failure(200, "BAD_USER_INPUT"), RequestError, "BAD_USER_INPUT"],
    "a page of a proxy": [text(200, "<html>", { "content-type": "text/html" }), ServerError, "INVALID_RESPONSE"],
    "data without a stream": [json(200, { data: { tick: 1 } }), ServerError, "INVALID_RESPONSE"],
    "a stream that ends before it is complete": [stream([]), ConnectionError, "CONNECTION_FAILED"],
    "a stream that breaks": [stream([], "break"), ConnectionError, "CONNECTION_FAILED"],
    "an answer that breaks": [breakOff, ConnectionError, "CONNECTION_FAILED"],
    "an event that is no JSON": [stream(["event: next\ndata: {\n\n"]), ServerError, "INVALID_RESPONSE"],
    "an event without end": [stream(["data: ".padEnd(4_000_010, "x")], "open"), ServerError, "INVALID_RESPONSE"],
  };
  for (const [name, [reply, type, code]] of Object.entries(answers)) {
    test(`is thrown: ${name}`, async ({ story }) => {
      story.server.replies(reply);
      const error = await collect(story).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ code });
      expect(JSON.stringify(error)).not.toContain(token);
    });
  }

  test("is a server that does not answer in time, or goes silent", async ({ story }) => {
    story.server.replies(hang, stream([tick(1)], "open"));
    await expect(collect(story, { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(collect(story, { idleTimeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
  });

  test("is the caller's signal, before and after the stream is open", async ({ story }) => {
    await expect(collect(story, { signal: AbortSignal.abort("why") })).rejects.toBeInstanceOf(AbortedError);
    expect(story.server.requests).toHaveLength(0);
    const controller = new AbortController();
    story.server.replies(stream([":\n\n"], "open"));
    const pending = collect(story, { signal: controller.signal, onOpen: () => controller.abort() });
    await expect(pending).rejects.toBeInstanceOf(AbortedError);
  });

  test("is a fetch that gives no body to read piece by piece", async () => {
    const headers = new Headers({ "content-type": "text/event-stream" });
    const fetch = async () => ({ status: 200, headers, text: async () => "" });
    const events = createSubscribe(resolveOptions({ url: "http://x", token, fetch }), fakeRuntime())(document, {});
    await expect(events.next()).rejects.toThrow("option fetch");
  });
});
