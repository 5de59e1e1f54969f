import { breakOff, data, deadAddress, hang, stall, text } from "../test-helpers/fake-server.js";
import { describe, expect, secret, test, token } from "../test-helpers/story.js";
import { AbortedError, ConnectionError, RequestError, TimeoutError } from "./errors.js";

const success = data({ verifyKey: { valid: true } });

describe("a request", () => {
  test("is a POST of JSON to /graphql with the token and the caller's headers", async ({ story }) => {
    story.server.replies(success);
    await story
      .with({ headers: { "X-Proxy": "a", "X-Call": "a" } })
      .verify({ key: secret }, { headers: { "x-call": "b" } });
    const [request] = story.server.requests;
    expect(request).toMatchObject({
      path: "/graphql",
      headers: {
        accept: "application/graphql-response+json, application/json",
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-proxy": "a",
        "x-call": "b",
      },
      variables: { input: { key: secret } },
    });
  });

  test("keeps its own headers, whatever the caller gives", async ({ story }) => {
    story.server.replies(success);
    await story
      .with({ headers: { Authorization: "Bearer other", "CONTENT-TYPE": "text/plain" } })
      .verify({ key: secret });
    expect(story.server.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    });
  });

  test("asks a token function before every attempt", async ({ story }) => {
    story.server.replies(text(503, ""), success);
    let asked = 0;
    await story.with({ token: async () => `token-${++asked}` }).verify({ key: secret });
    expect(story.server.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  test("goes through the fetch that was given", async ({ story }) => {
    const calls: string[] = [];
    const keys = story.with({
      url: "https://keyplane.example",
      fetch: async (url) => {
        calls.push(url);
        return { status: 200, headers: new Headers(), text: async () => '{"data":{"verifyKey":{"valid":true}}}' };
      },
    });
    expect(await keys.verify({ key: secret })).toEqual({ valid: true });
    expect(calls).toEqual(["https://keyplane.example/graphql"]);
  });

  test("does not follow a redirect, which would carry the key elsewhere", async ({ story }) => {
    story.server.replies(text(307, "", { location: "/elsewhere" }), success);
    await expect(story.keys.verify({ key: secret })).rejects.toBeInstanceOf(RequestError);
    expect(story.server.requests).toHaveLength(1);
  });
});

describe("an attempt", () => {
  for (const [name, reply] of Object.entries({ "no answer": hang, "half an answer": stall })) {
    test(`ends when there is ${name} in time`, async ({ story }) => {
      story.server.replies(reply);
      const late = story.keys.verify({ key: secret }, { timeoutMs: 30, maxRetries: 0 });
      await expect(late).rejects.toBeInstanceOf(TimeoutError);
      await expect(late).rejects.toMatchObject({ code: "TIMEOUT", status: undefined });
    });

    test(`ends when the caller aborts while there is ${name}`, async ({ story }) => {
      const controller = new AbortController();
      story.server.replies((response, request) => {
        reply(response, request);
        controller.abort(new Error("shutting down"));
      });
      const aborted = story.keys.verify({ key: secret }, { signal: controller.signal });
      await expect(aborted).rejects.toBeInstanceOf(AbortedError);
      await expect(aborted).rejects.toMatchObject({ code: "ABORTED", cause: new Error("shutting down") });
      expect(story.server.requests).toHaveLength(1);
    });
  }

  test("does not begin when the caller has aborted before", async ({ story }) => {
    const aborted = story.keys.verify({ key: secret }, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toBeInstanceOf(AbortedError);
    expect(story.server.requests).toHaveLength(0);
  });

  test("ends in time even when a fetch ignores its signal", async ({ story }) => {
    const keys = story.with({ fetch: () => new Promise(() => {}), timeoutMs: 30, maxRetries: 0 });
    await expect(keys.verify({ key: secret })).rejects.toBeInstanceOf(TimeoutError);
  });

  test("leaves nothing behind on the caller's signal", async ({ story }) => {
    story.server.replies(success);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    for (let call = 0; call < 5; call++) await story.keys.verify({ key: secret }, { signal });
    expect(listeners).toBe(0);
  });

  test("tells a request that was never sent from one whose answer was lost", async ({ story }) => {
    const dead = story.with({ url: await deadAddress(), maxRetries: 0 }).verify({ key: secret });
    await expect(dead).rejects.toBeInstanceOf(ConnectionError);
    await expect(dead).rejects.toMatchObject({ neverSent: true, status: undefined });
    story.server.replies(breakOff);
    const lost = story.keys.verify({ key: secret }, { maxRetries: 0 });
    await expect(lost).rejects.toMatchObject({ code: "CONNECTION_FAILED", neverSent: false, status: 200 });
  });
});
