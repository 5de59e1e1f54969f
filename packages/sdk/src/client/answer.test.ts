import { errorCodes } from "@keyplane/schema";
import { data, failure, json, type Reply, text } from "../test-helpers/fake-server.js";
import { describe, expect, secret, test, token } from "../test-helpers/story.js";
import * as errors from "./errors.js";

const { AuthenticationError, PermissionError, RateLimitedError, RequestError, ServerError, TimeoutError } = errors;

describe("an answer becomes the error that says what to do about it", () => {
  const answers: Record<string, [Reply, typeof errors.KeyplaneError, object]> = {
    "a code beats the status": [failure(200, "UNAUTHENTICATED"), AuthenticationError, { code: "UNAUTHENTICATED" }],
    "401 without GraphQL": [text(401, "<html>"), AuthenticationError, { code: "UNAUTHENTICATED", status: 401 }],
    "a missing permission": [failure(200, "FORBIDDEN"), PermissionError, { code: "FORBIDDEN", status: 200 }],
    "403 without GraphQL": [text(403, ""), PermissionError, { code: "FORBIDDEN", status: 403 }],
    "429 without GraphQL": [text(429, ""), RateLimitedError, { code: "RATE_LIMITED", status: 429 }],
    "a time limit of the server": [failure(504, "TIMEOUT"), TimeoutError, { code: "TIMEOUT", status: 504 }],
    "504 of a proxy": [text(504, ""), TimeoutError, { code: "TIMEOUT", status: 504 }],
    "a wrong document": [failure(400, "GRAPHQL_VALIDATION_FAILED"), RequestError, { status: 400 }],
    "too large a body": [text(413, ""), RequestError, { code: "PAYLOAD_TOO_LARGE", status: 413 }],
    "no GraphQL there": [text(404, "not here"), RequestError, { code: "BAD_REQUEST", status: 404 }],
    "a fault of the server": [failure(200, "INTERNAL"), ServerError, { code: "INTERNAL" }],
    "503 without GraphQL": [text(503, ""), ServerError, { code: "UNAVAILABLE", status: 503 }],
    "500 without GraphQL": [text(500, ""), ServerError, { code: "INTERNAL", status: 500 }],
    "a code of a newer server": [failure(200, "FULL_MOON"), RequestError, { code: "FULL_MOON", status: 200 }],
    "a newer server's code with a 5xx": [failure(507, "FULL_MOON"), ServerError, { code: "FULL_MOON" }],
    "a page instead of GraphQL": [text(200, "<html>"), ServerError, { code: "INVALID_RESPONSE", status: 200 }],
    "JSON that is no GraphQL": [json(200, [1, 2]), ServerError, { code: "INVALID_RESPONSE" }],
    "neither data nor errors": [json(200, { data: null }), ServerError, { code: "INVALID_RESPONSE" }],
    "an error without a code": [json(400, { errors: [{}] }), RequestError, { message: "The server gave no reason." }],
    "errors beside data": [
      json(200, { data: { verifyKey: null }, errors: [{ message: "x", extensions: { code: "INTERNAL" } }] }),
      ServerError,
      { code: "INTERNAL", message: "x" },
    ],
  };
  for (const [name, [reply, type, details]] of Object.entries(answers)) {
    test(name, async ({ story }) => {
      story.server.replies(reply);
      const failed = story.keys.verify({ key: secret }, { maxRetries: 0 });
      await expect(failed).rejects.toBeInstanceOf(type);
      await expect(failed).rejects.toBeInstanceOf(errors.KeyplaneError);
      await expect(failed).rejects.toMatchObject({ name: type.kind, ...details });
    });
  }

  test("every code that the server can throw has a class of its kind", async ({ story }) => {
    for (const [code, { httpStatus, where }] of Object.entries(errorCodes)) {
      if (where === "result") continue;
      story.server.replies(failure(httpStatus, code));
      const error: unknown = await story.keys
        .verify({ key: secret }, { maxRetries: 0 })
        .catch((thrown: unknown) => thrown);
      const expected = httpStatus === 504 ? TimeoutError : httpStatus >= 500 ? ServerError : undefined;
      if (expected) expect(error, code).toBeInstanceOf(expected);
      else expect(error, code).not.toBeInstanceOf(ServerError);
      expect(error).toMatchObject({ code, status: httpStatus });
    }
  });
});

describe("an error", () => {
  test("carries the server's words, page, request id and patience", async ({ story }) => {
    const extensions = { docsUrl: "https://docs.example/x", requestId: "req_1", retryAfterMs: 40_000 };
    story.server.replies(failure(503, "UNAVAILABLE", extensions, "Try again in a moment."));
    await expect(story.keys.verify({ key: secret })).rejects.toMatchObject({
      message: "Try again in a moment.",
      code: "UNAVAILABLE",
      status: 503,
      ...extensions,
    });
  });

  test("takes the request id from the header when there is no GraphQL", async ({ story }) => {
    story.server.replies(text(500, "", { "x-request-id": "req_2" }));
    await expect(story.keys.verify({ key: secret })).rejects.toMatchObject({ requestId: "req_2" });
  });

  test("says where it looked when the address is wrong", async ({ story }) => {
    for (const reply of [text(404, ""), text(200, "<html>"), text(301, "", { location: "/" })]) {
      story.server.replies(reply);
      await expect(story.keys.verify({ key: secret })).rejects.toThrow(`${story.server.url}/graphql`);
    }
  });

  test("of nonsense in the extensions is an error all the same", async ({ story }) => {
    story.server.replies(
      json(200, { errors: [{ message: 7, extensions: { code: 7, requestId: [], retryAfterMs: "x" } }] }),
    );
    await expect(story.keys.verify({ key: secret })).rejects.toMatchObject({
      code: "INVALID_RESPONSE",
      requestId: undefined,
      retryAfterMs: undefined,
    });
  });

  test("never repeats a token or a key, whatever the server says", async ({ story }) => {
    const echo = `Variable "$input" got invalid value { key: "${secret}", token: "${token}" }; cut: ${secret.slice(0, 30)}`;
    story.server.replies(failure(400, "BAD_USER_INPUT", {}, echo));
    const error: unknown = await story.keys.verify({ key: secret }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: 'Variable "$input" got invalid value { key: "kp_live_003a…", token: "[token]" }; cut: kp_live_003a…',
    });
  });
});

test("an answer with unknown fields is passed on as it is", async ({ story }) => {
  story.server.replies(data({ verifyKey: { valid: true, moon: "full" } }));
  expect(await story.keys.verify({ key: secret })).toEqual({ valid: true, moon: "full" });
});
