import { AuthenticationError, ConnectionError } from "../client/errors.js";
import { Keyplane } from "../client/keyplane.js";
import { drop, failure, json, type Reply } from "../test-helpers/fake-server.js";
import { describe, expect, test } from "../test-helpers/story.js";
import type { SessionCredentials, SessionTokens } from "./credentials.js";

const past = "2020-01-01T00:00:00.000Z";
const future = "2100-01-01T00:00:00.000Z";

function tokens(n: number, accessTokenExpiresAt = future): Required<SessionTokens> {
  return {
    accessToken: `access-${n}`,
    accessTokenExpiresAt,
    refreshToken: `refresh-${n}`,
    refreshTokenExpiresAt: future,
  };
}

/** A server with one session, whose refresh tokens can be used once. */
function sessionServer(accessTokenExpiresAt?: string) {
  let n = 1;
  const reply: Reply = (response, request) => {
    if (request.query.includes("refreshSession")) {
      const given = request.variables.input?.["refreshToken"];
      if (given !== `refresh-${n}`) {
        const refusal = {
          __typename: "SignInRefusedError",
          code: "UNAUTHENTICATED",
          message: "Sign in again.",
          docsUrl: "",
        };
        return json(200, { data: { refreshSession: refusal } })(response, request);
      }
      n++;
      const refreshSession = { __typename: "RefreshSessionPayload", ...tokens(n, accessTokenExpiresAt) };
      return json(200, { data: { refreshSession } })(response, request);
    }
    if (request.headers.authorization !== `Bearer access-${n}`)
      return failure(401, "UNAUTHENTICATED")(response, request);
    return json(200, { data: { viewer: { name: "ada" } } })(response, request);
  };
  return { reply, refreshes: () => n - 1 };
}

function keyplaneAt(
  url: string,
  session: Partial<SessionCredentials> = {},
): { keyplane: Keyplane; told: SessionTokens[] } {
  const told: SessionTokens[] = [];
  const given = { ...tokens(1), onRefresh: (next: SessionTokens) => void told.push(next), ...session };
  return { keyplane: new Keyplane({ url, credentials: { session: given }, maxRetries: 0 }), told };
}

describe("a session", () => {
  test("is refreshed once when its access token has ended, and tells its new tokens", async ({ story }) => {
    const server = sessionServer();
    story.server.replies(server.reply);
    const { keyplane, told } = keyplaneAt(story.server.url, { accessTokenExpiresAt: past });
    expect(await Promise.all([keyplane.viewer(), keyplane.viewer()])).toHaveLength(2);
    expect(told).toEqual([tokens(2)]);
    // The token that has ended would have the request refused before the refresh token is looked at.
    expect(story.server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test("is refreshed when the server refuses a token that holds by our clock", async ({ story }) => {
    const server = sessionServer(past);
    story.server.replies(server.reply);
    const { keyplane } = keyplaneAt(story.server.url, { accessToken: "ended", accessTokenExpiresAt: undefined });
    await keyplane.viewer();
    await keyplane.viewer();
    expect(server.refreshes()).toBe(1);
  });

  test("keeps its tokens before it uses them", async ({ story }) => {
    story.server.replies(sessionServer().reply);
    const order: string[] = [];
    const { keyplane } = keyplaneAt(story.server.url, {
      accessTokenExpiresAt: past,
      onRefresh: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`kept after ${story.server.requests.length}`);
      },
    });
    await keyplane.viewer();
    expect([order, story.server.requests.length]).toEqual([["kept after 1"], 2]);
  });

  test("goes on in memory when its tokens cannot be kept, and says so", async ({ story }) => {
    story.server.replies(sessionServer().reply);
    let isFull = true;
    const { keyplane } = keyplaneAt(story.server.url, {
      accessTokenExpiresAt: past,
      onRefresh: () => {
        if (isFull) throw new Error("the disk is full");
      },
    });
    await expect(keyplane.viewer()).rejects.toThrow("the disk is full");
    isFull = false;
    await new Promise((resolve) => setTimeout(resolve, 110)); // the pause after a renewal that failed
    expect(await keyplane.viewer()).toEqual({ name: "ada" });
  });

  test("that has ended is told as such, and its refresh token is not presented again", async ({ story }) => {
    const server = sessionServer();
    story.server.replies(server.reply);
    const { keyplane, told } = keyplaneAt(story.server.url, { refreshToken: "refresh-0", accessTokenExpiresAt: past });
    await expect(keyplane.viewer()).rejects.toThrow(AuthenticationError);
    await new Promise((resolve) => setTimeout(resolve, 110));
    await expect(keyplane.viewer()).rejects.toThrow("Sign in again");
    expect([told, story.server.requests.length]).toEqual([[], 1]);
  });

  test("outlives a connection that broke while it was refreshed", async ({ story }) => {
    const server = sessionServer();
    story.server.replies(drop, server.reply);
    const { keyplane } = keyplaneAt(story.server.url, { accessTokenExpiresAt: past });
    await expect(keyplane.viewer()).rejects.toThrow(ConnectionError);
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect(await keyplane.viewer()).toEqual({ name: "ada" });
  });

  test("shows its tokens in no error", async ({ story }) => {
    story.server.replies((response, request) =>
      failure(500, "INTERNAL", {}, `no ${String(request.variables.input?.["refreshToken"])}`)(response, request),
    );
    const { keyplane } = keyplaneAt(story.server.url, { accessTokenExpiresAt: past });
    await expect(keyplane.viewer()).rejects.toThrow("no [token]");
  });
});

describe("credentials", () => {
  const url = "http://localhost";
  const session = { ...tokens(1), onRefresh: () => undefined };
  test.for([
    [{ token: "a", credentials: { token: "b" } }, "token or credentials, not both"],
    [{ credentials: {} }, "exactly one of token, session"],
    [{ credentials: { token: "a", session } }, "exactly one of"],
    [{ credentials: "a" }, "must be an object"],
    [{ credentials: { token: undefined } }, "token is missing"],
    [{ credentials: { session: { ...session, onRefresh: undefined } } }, "session.onRefresh"],
    [{ credentials: { session: { ...session, refreshToken: "" } } }, "session.refreshToken is missing"],
    [{ credentials: { provider: {} } }, "provider.token must be a function"],
    [{ credentials: { provider: { token: () => "a", renew: 1 } } }, "provider.renew must be a function"],
    [{}, "token is missing"],
  ] as const)("case %# is refused with words that say why", ([given, words]) => {
    expect(() => new Keyplane({ url, ...given } as never)).toThrow(TypeError);
    expect(() => new Keyplane({ url, ...given } as never)).toThrow(words);
  });

  test("of a provider are renewed by it", async ({ story }) => {
    story.server.replies(failure(401, "UNAUTHENTICATED"), json(200, { data: { viewer: { name: "ada" } } }));
    const refused: string[] = [];
    const provider = {
      token: () => "one",
      renew: async (token: string) => {
        refused.push(token);
        return "two";
      },
    };
    await new Keyplane({ url: story.server.url, credentials: { provider } }).viewer();
    expect(refused).toEqual(["one"]);
    expect(story.server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer one", "Bearer two"]);
  });

  test("that are a token are never renewed", async ({ story }) => {
    story.server.replies(failure(401, "UNAUTHENTICATED"));
    const keyplane = new Keyplane({ url: story.server.url, credentials: { token: async () => "one" } });
    await expect(keyplane.viewer()).rejects.toThrow(AuthenticationError);
    expect(story.server.requests).toHaveLength(1);
  });
});
