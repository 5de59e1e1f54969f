import { describe, expect, test } from "vitest";
import { token } from "../test-helpers/story.js";
import { resolveOptions, withCallOptions } from "./resolve-options.js";

const good = { url: "http://localhost:4000", token };

/** Options as JavaScript callers, or a missing variable, can give them. */
function resolveAny(options: Record<string, unknown>): unknown {
  return resolveOptions({ ...good, ...options });
}

test("what is left out has its default", () => {
  expect(resolveOptions(good)).toMatchObject({ timeoutMs: 10_000, maxRetries: 2, headers: {} });
});

describe("url", () => {
  const endpoints = {
    "http://localhost:4000": "http://localhost:4000/graphql",
    "http://localhost:4000/": "http://localhost:4000/graphql",
    "https://example.com/keyplane/": "https://example.com/keyplane/graphql",
    "https://example.com/graphql": "https://example.com/graphql",
    "https://example.com/graphql/": "https://example.com/graphql",
    "HTTPS://EXAMPLE.com": "https://example.com/graphql",
  };
  for (const [url, endpoint] of Object.entries(endpoints)) {
    test(`${url} leads to ${endpoint}`, () => expect(resolveOptions({ ...good, url }).url).toBe(endpoint));
  }

  const refused = {
    "is missing": [undefined, null, ""],
    "is no address": ["localhost", "//localhost", "http://"],
    "must begin with http": ["ftp://localhost", "localhost:4000", "file:///etc"],
    "a user or a password": ["http://user:password@localhost"],
    "without ? or #": ["http://localhost?x=1", "http://localhost#x"],
  };
  for (const [reason, urls] of Object.entries(refused)) {
    test.each(urls)(`%s is refused because it ${reason}`, (url) => {
      expect(() => resolveAny({ url })).toThrow(TypeError);
      expect(() => resolveAny({ url })).toThrow(reason);
    });
  }
});

describe("token", () => {
  const refused = {
    "is missing": [undefined, null, ""],
    "must be a string": [42, {}],
    "without Bearer": [`Bearer ${token}`, `bearer ${token}`],
    "white space": [`${token}\n`, ` ${token}`, "two words", "schlüssel"],
  };
  for (const [reason, tokens] of Object.entries(refused)) {
    test.each(tokens)(`case %# is refused because it ${reason}, without being repeated`, (bad) => {
      expect(() => resolveAny({ token: bad })).toThrow(TypeError);
      expect(() => resolveAny({ token: bad })).toThrow(reason);
      expect(() => resolveAny({ token: bad })).not.toThrow(token);
    });
  }
});

describe("limits", () => {
  test.each([0, -1, 1.5, Number.NaN, 2_147_483_648, "10"])("timeoutMs %s is refused", (timeoutMs) => {
    expect(() => resolveAny({ timeoutMs })).toThrow("timeoutMs must be");
  });

  test.each([-1, 11, 0.5, Number.POSITIVE_INFINITY])("maxRetries %s is refused", (maxRetries) => {
    expect(() => resolveAny({ maxRetries })).toThrow("maxRetries must be");
  });

  test("those of a call are checked too, and win", () => {
    const options = resolveOptions(good);
    expect(withCallOptions(options, { timeoutMs: 5, maxRetries: 0 })).toMatchObject({ timeoutMs: 5, maxRetries: 0 });
    expect(withCallOptions(options, { timeoutMs: undefined })).toMatchObject({ timeoutMs: 10_000 });
    expect(() => withCallOptions(options, { timeoutMs: 0 })).toThrow("timeoutMs must be");
  });
});

test("a fetch that is none is refused", () => {
  expect(() => resolveAny({ fetch: "fetch" })).toThrow("fetch must be a function");
});
