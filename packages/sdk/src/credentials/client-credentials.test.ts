import { afterEach, vi } from "vitest";
import {
  AuthenticationError,
  ConnectionError,
  RateLimitedError,
  RequestError,
  ServerError,
  TimeoutError,
} from "../client/errors.js";
import { Keyplane } from "../client/keyplane.js";
import type { Fetch } from "../client/options.js";
import { deadAddress, drop, hang, json, next, type Reply, stream, text } from "../test-helpers/fake-server.js";
import { describe, expect, test } from "../test-helpers/story.js";
import { client, tokenEndpoint } from "../test-helpers/token-endpoint.js";
import type { ClientCredentials } from "./credentials.js";

const viewer = () => json(200, { data: { viewer: { name: "orders" } } });

afterEach(() => vi.restoreAllMocks());

/** The clock shows a minute later. */
function afterMinute(): void {
  const now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now + 60_000);
}

function keyplaneAt(url: string, clientCredentials: Partial<ClientCredentials> = {}): Keyplane {
  return new Keyplane({ url, credentials: { clientCredentials: { ...client, ...clientCredentials } }, maxRetries: 0 });
}

describe("client credentials", () => {
  test("fetch one token for all requests, as RFC 6749 says", async ({ story }) => {
    const endpoint = tokenEndpoint(viewer);
    story.server.replies(endpoint.reply);
    const keyplane = keyplaneAt(story.server.url, {
      scope: "keys:verify keys:read",
      resource: "https://keyplane.example",
    });
    const answers = await Promise.all([keyplane.viewer(), keyplane.viewer(), keyplane.viewer()]);
    expect(answers).toEqual(Array(3).fill({ name: "orders" }));
    expect(endpoint.issued).toBe(1);
    expect(Object.fromEntries(endpoint.forms[0]?.form ?? [])).toEqual({
      grant_type: "client_credentials",
      scope: "keys:verify keys:read",
      resource: "https://keyplane.example",
    });
    expect(story.server.requests[0]?.headers).toMatchObject({
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    });
  });

  test("a change whose token was refused is sent once more with another one", async ({ story }) => {
    const endpoint = tokenEndpoint(viewer);
    story.server.replies(endpoint.reply);
    const keyplane = keyplaneAt(story.server.url);
    await keyplane.viewer();
    endpoint.endToken();
    afterMinute();
    await Promise.all([keyplane.request("mutation { viewer }"), keyplane.viewer()]);
    expect(endpoint.issued).toBe(2);
    // At once after it came, another one would be refused as well.
    endpoint.endToken();
    await expect(keyplane.viewer()).rejects.toThrow(AuthenticationError);
    expect(endpoint.issued).toBe(2);
  });

  test("a stream outlives its token: it is opened again with the next one, and nobody is told of an interruption", async ({
    story,
  }) => {
    const event = (cursor: string) => ({ __typename: "KeyEvent", cursor, type: "REVOKED" });
    const ended = next({ errors: [{ message: "ended", extensions: { code: "UNAUTHENTICATED" } }] });
    let opened = 0;
    const endpoint = tokenEndpoint(() =>
      opened++ === 0
        ? stream([next({ data: { keyEvents: event("1") } }), ended])
        : stream([next({ data: { keyEvents: event("2") } })], "open"),
    );
    story.server.replies(endpoint.reply);
    const interruptions: unknown[] = [];
    const keyplane = keyplaneAt(story.server.url);
    const events = keyplane.keyEvents.follow({ after: "0" }, { onInterrupted: (error) => interruptions.push(error) });
    expect((await events.next()).value).toMatchObject({ cursor: "1" });
    afterMinute();
    expect((await events.next()).value).toMatchObject({ cursor: "2" });
    await events.return?.();
    expect(interruptions).toEqual([]);
    expect(endpoint.issued).toBe(2);
    expect(
      story.server.requests.filter(({ query }) => query !== "").map(({ variables }) => variables["after"]),
    ).toEqual(["0", "1"]);
  });

  test("their headers for a proxy go to no foreign token endpoint", async ({ story }) => {
    const endpoint = tokenEndpoint(viewer);
    story.server.replies(endpoint.reply);
    const headers = { "x-proxy": "secret" };
    const credentials = { clientCredentials: { ...client, tokenUrl: `${story.server.url}/oauth/token` } };
    const fetch: Fetch = (url, init) =>
      globalThis.fetch(url.replace("http://keyplane.example", story.server.url), init);
    await new Keyplane({ url: "http://keyplane.example", credentials, headers, fetch }).viewer();
    expect(story.server.requests.map((request) => request.headers["x-proxy"])).toEqual([undefined, "secret"]);
    await new Keyplane({ url: story.server.url, credentials, headers }).viewer();
    expect(story.server.requests.map((request) => request.headers["x-proxy"])).toContain("secret");
  });
});

describe("a token endpoint that gives no token", () => {
  const cases: readonly (readonly [name: string, Reply, type: unknown, words: string])[] = [
    ["does not know the client", json(401, { error: "invalid_client" }), AuthenticationError, "Check clientId"],
    ["has disabled it", json(400, { error: "unauthorized_client" }), AuthenticationError, "unauthorized_client"],
    ["does not give this scope", json(400, { error: "invalid_scope" }), RequestError, "Check scope"],
    ["does not know the resource", json(400, { error: "invalid_target" }), RequestError, "invalid_target"],
    ["has too much to do", json(429, { error: "slow_down" }), RateLimitedError, "429"],
    ["has failed", json(503, { error: "temporarily_unavailable" }), ServerError, "503"],
    ["is another page", text(200, "<html>"), ServerError, "no bearer token"],
    ["is not there", text(404, "nothing"), RequestError, "404"],
    ["redirects", text(302, "", { location: "/login" }), RequestError, "302"],
    [
      "gives another kind of token",
      json(200, { access_token: "a", token_type: "mac" }),
      ServerError,
      "no bearer token",
    ],
    ["gives a token that is none", json(200, { access_token: "a b", token_type: "Bearer" }), ServerError, "no bearer"],
    ["breaks off", drop, ConnectionError, "cannot be reached"],
  ];
  test.for(cases)("because it %s is told as what it is", async ([, reply, type, words], { story }) => {
    story.server.replies(reply);
    const error = await keyplaneAt(story.server.url)
      .viewer()
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(words);
  });

  test("because it hangs ends with the time of an attempt", async ({ story }) => {
    story.server.replies(hang);
    const keyplane = new Keyplane({
      url: story.server.url,
      credentials: { clientCredentials: client },
      timeoutMs: 50,
      maxRetries: 0,
    });
    await expect(keyplane.viewer()).rejects.toThrow(TimeoutError);
  });

  test("because nobody is there is a connection that failed", async () => {
    await expect(keyplaneAt(await deadAddress()).viewer()).rejects.toThrow(ConnectionError);
  });

  test("never gets the secret into an error, not even where the answer repeats it", async ({ story }) => {
    const basic = Buffer.from("x").toString("base64");
    story.server.replies((response, request) =>
      json(401, {
        error: "invalid_client",
        error_description: `${client.clientSecret} ${request.headers.authorization ?? basic}`,
      })(response, request),
    );
    const error = (await keyplaneAt(story.server.url)
      .viewer()
      .catch((thrown: unknown) => thrown)) as Error;
    const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
    expect(shown).not.toContain(client.clientSecret);
    expect(shown).not.toContain(story.server.requests[0]?.headers.authorization?.replace("Basic ", ""));
    expect(shown).toContain("[token]");
  });
});

test.for([
  [{ clientId: "" }, "clientCredentials.clientId is missing"],
  [{ clientSecret: undefined }, "clientCredentials.clientSecret is missing"],
  [{ clientSecret: "secret\n" }, "white space"],
  [{ tokenUrl: "oauth" }, "tokenUrl is no address"],
] as const)("%j is refused at once", ([wrong, words]) => {
  expect(() => keyplaneAt("http://localhost", wrong)).toThrow(words);
});
