import { breakOff, data, deadAddress, drop, failure, hang, type Reply, text } from "../test-helpers/fake-server.js";
import { describe, expect, fakeRuntime, secret, test } from "../test-helpers/story.js";
import { AbortedError, ConnectionError, KeyplaneError, RateLimitedError, ServerError } from "./errors.js";
import { withRetries } from "./retry.js";

const verdict = { valid: true, code: "VALID" };
const success = data({ verifyKey: verdict, updateKey: { __typename: "UpdateKeyPayload", key: {} } });
const unavailable = text(503, "");

describe("an operation that may be sent twice", () => {
  const passing: Record<string, Reply> = {
    "a connection that breaks": drop,
    "an answer that breaks off": breakOff,
    "HTTP 408": text(408, ""),
    "HTTP 429": text(429, ""),
    "HTTP 502": text(502, ""),
    "HTTP 503": unavailable,
    "HTTP 504": text(504, ""),
    "the code UNAVAILABLE": failure(200, "UNAVAILABLE"),
    "the code TIMEOUT": failure(200, "TIMEOUT"),
  };
  for (const [name, reply] of Object.entries(passing)) {
    test(`is repeated after ${name}`, async ({ story }) => {
      story.server.replies(reply, success);
      expect(await story.keys.verify({ key: secret })).toEqual(verdict);
      expect(story.server.requests).toHaveLength(2);
    });
  }

  test("is repeated when an attempt takes too long, each with its own time", async ({ story }) => {
    story.server.replies(hang, hang, success);
    expect(await story.keys.verify({ key: secret }, { timeoutMs: 500 })).toEqual(verdict);
  });

  const lasting: Record<string, Reply> = {
    "a wrong token": failure(401, "UNAUTHENTICATED"),
    "a missing permission": failure(200, "FORBIDDEN"),
    "a wrong document": failure(400, "GRAPHQL_VALIDATION_FAILED"),
    "a fault of the server": failure(500, "INTERNAL"),
    "HTTP 500": text(500, ""),
    "HTTP 404": text(404, ""),
    "an answer that is no GraphQL": text(200, "<html>"),
  };
  for (const [name, reply] of Object.entries(lasting)) {
    test(`is not repeated after ${name}, which would only fail again`, async ({ story }) => {
      story.server.replies(reply, success);
      await expect(story.keys.verify({ key: secret })).rejects.toBeInstanceOf(KeyplaneError);
      expect(story.server.requests).toHaveLength(1);
    });
  }

  test("ends with the last error when the retries are used up", async ({ story }) => {
    story.server.replies(drop, drop, unavailable);
    await expect(story.keys.verify({ key: secret })).rejects.toBeInstanceOf(ServerError);
    expect(story.server.requests).toHaveLength(3);
  });

  test("is sent once when the client or the call asks for no retries", async ({ story }) => {
    story.server.replies(unavailable);
    await expect(story.with({ maxRetries: 0 }).verify({ key: secret })).rejects.toThrow(ServerError);
    await expect(story.keys.verify({ key: secret }, { maxRetries: 0 })).rejects.toThrow(ServerError);
    expect(story.server.requests).toHaveLength(2);
  });
});

describe("an operation that must not be sent twice", () => {
  test("is not repeated when its outcome is not known", async ({ story }) => {
    story.server.replies(drop, success);
    await expect(story.keys.update({ id: "key_1", name: "new" })).rejects.toMatchObject({ neverSent: false });
    expect(story.server.requests).toHaveLength(1);
  });

  test("is repeated when the rate limit kept it from being done", async ({ story }) => {
    story.server.replies(failure(429, "RATE_LIMITED"), success);
    expect(await story.keys.update({ id: "key_1", name: "new" })).toHaveProperty("key");
  });

  test("is repeated when it is certain that it was never sent", async ({ story }) => {
    const keys = story.with({ url: await deadAddress() });
    await expect(keys.update({ id: "key_1" })).rejects.toMatchObject({ code: "CONNECTION_FAILED", neverSent: true });
    expect(story.runtime.waits).toHaveLength(2);
  });
});

describe("the wait before a retry", () => {
  test("doubles its limit each time up to 8 s, and falls anywhere below it", async () => {
    const failing = async (random: number): Promise<readonly number[]> => {
      const runtime = fakeRuntime(random);
      const limits = { repeatable: "always", maxRetries: 8, signal: undefined } as const;
      const attempt = () => Promise.reject(new ConnectionError("", { neverSent: true }));
      await expect(withRetries(attempt, limits, runtime)).rejects.toThrow(ConnectionError);
      return runtime.waits;
    };
    expect(await failing(1)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    expect(await failing(0.5)).toEqual([125, 250, 500, 1000, 2000, 4000, 4000, 4000]);
    expect(await failing(0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  const asked: Record<string, [Reply, number]> = {
    "Retry-After in seconds": [text(503, "", { "retry-after": "2" }), 2000],
    "Retry-After as a date": [text(503, "", { "retry-after": "Sun, 31 Jan 2027 12:00:03 GMT" }), 3000],
    retryAfterMs: [failure(503, "UNAVAILABLE", { retryAfterMs: 1500 }), 1500],
  };
  for (const [name, [reply, ms]] of Object.entries(asked)) {
    test(`is never shorter than the server asks by ${name}`, async ({ story }) => {
      story.server.replies(reply, success);
      await story.keys.verify({ key: secret });
      expect(story.runtime.waits).toEqual([ms + 125]);
    });
  }

  test("does not begin when the server asks for more than 30 s: the caller decides then", async ({ story }) => {
    story.server.replies(text(429, "", { "retry-after": "3600" }), success);
    const refused = story.keys.verify({ key: secret });
    await expect(refused).rejects.toBeInstanceOf(RateLimitedError);
    await expect(refused).rejects.toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
    expect(story.runtime.waits).toEqual([]);
  });

  test("ends at once when the caller aborts", async ({ story }) => {
    story.server.replies(unavailable);
    const { signal } = abortsAfter(() => story.runtime.waits.length === 1);
    await expect(story.keys.verify({ key: secret }, { signal, maxRetries: 10 })).rejects.toBeInstanceOf(AbortedError);
    expect(story.server.requests.length).toBeLessThan(10);
  });
});

/** A signal that aborts as soon as something has happened. */
function abortsAfter(happened: () => boolean): AbortController {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (!happened()) return;
    clearInterval(timer);
    controller.abort(new Error("shutting down"));
  }, 0);
  return controller;
}
