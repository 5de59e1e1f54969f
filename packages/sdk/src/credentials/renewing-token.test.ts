import { describe, expect, test } from "vitest";
import { AuthenticationError, ConnectionError, RateLimitedError } from "../client/errors.js";
import { type IssuedToken, RenewingToken } from "./renewing-token.js";

const start = Date.UTC(2027, 0, 31, 12);
const minute = 60_000;

/** A clock to move, and renewals that answer when they are told to. */
function story(first: IssuedToken | null = null, lifeMs: number | null = 10 * minute) {
  let now = start;
  let renewals = 0;
  let failure: Error | null = null;
  const renewing = new RenewingToken(
    async () => {
      renewals++;
      await Promise.resolve();
      if (failure) throw failure;
      return { token: `token-${renewals}`, endsAt: lifeMs === null ? null : now + lifeMs };
    },
    first,
    { now: () => now, random: () => 0 },
  );
  return {
    renewing,
    token: async () => renewing.token(),
    pass(ms: number) {
      now += ms;
    },
    fail(error: Error | null) {
      failure = error;
    },
    get renewals() {
      return renewals;
    },
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const away = new ConnectionError("away", { neverSent: true });

describe("a token that is renewed", () => {
  test("is fetched once for all that wait for it", async () => {
    const at = story();
    expect(await Promise.all([at.token(), at.token(), at.token()])).toEqual(["token-1", "token-1", "token-1"]);
    expect([await at.token(), at.renewals]).toEqual(["token-1", 1]);
  });

  test("is renewed before it ends, while it still is used", async () => {
    const at = story();
    await at.token();
    at.pass(9 * minute - 1);
    expect([await at.token(), at.renewals]).toEqual(["token-1", 1]);
    at.pass(1);
    expect(await at.token()).toBe("token-1");
    await at.settled();
    expect([await at.token(), at.renewals]).toEqual(["token-2", 2]);
  });

  test("is waited for when it has ended", async () => {
    const at = story();
    await at.token();
    at.pass(10 * minute);
    expect(await Promise.all([at.token(), at.token()])).toEqual(["token-2", "token-2"]);
  });

  test("of a short life is renewed when a fifth of it is left", async () => {
    const at = story(null, 10_000);
    await at.token();
    at.pass(7_999);
    await at.token();
    expect(at.renewals).toBe(1);
    at.pass(1);
    await at.token();
    expect(at.renewals).toBe(2);
  });

  test("of an unknown life is used until it is refused", async () => {
    const at = story(null, null);
    await at.token();
    at.pass(1000 * minute);
    expect(await at.token()).toBe("token-1");
    expect(await at.renewing.renew("token-1")).toBe("token-2");
  });

  test("that has ended on arrival, by our clock, is used all the same, and fetched no more often", async () => {
    const at = story(null, -60 * minute);
    expect([await at.token(), await at.token(), at.renewals]).toEqual(["token-1", "token-1", 1]);
  });

  test("is not asked for where one was given that still holds", async () => {
    const at = story({ token: "given", endsAt: start + minute });
    expect([await at.token(), at.renewals]).toEqual(["given", 0]);
    at.pass(minute);
    expect(await at.token()).toBe("token-1");
  });
});

describe("a token that the server refuses", () => {
  test("is replaced once, for all whose request was refused", async () => {
    const at = story({ token: "given", endsAt: null });
    const { renewing } = at;
    expect(await Promise.all([renewing.renew("given"), renewing.renew("given"), at.token()])).toEqual([
      "token-1",
      "token-1",
      "token-1",
    ]);
    expect(at.renewals).toBe(1);
    // Somebody whose request took longer.
    expect([await renewing.renew("given"), at.renewals]).toEqual(["token-1", 1]);
  });

  test("as soon as it came is not replaced: the next one would be refused, too", async () => {
    const at = story();
    await at.token();
    at.pass(9_999);
    expect([await at.renewing.renew("token-1"), at.renewals]).toEqual([null, 1]);
    at.pass(1);
    expect(await at.renewing.renew("token-1")).toBe("token-2");
  });
});

describe("a renewal that fails", () => {
  test("hurts nobody while the token holds, and is tried again after a pause", async () => {
    const at = story();
    await at.token();
    at.fail(away);
    at.pass(9.5 * minute);
    expect(await at.token()).toBe("token-1");
    await at.settled();
    expect([await at.token(), at.renewals]).toEqual(["token-1", 2]);
    at.pass(100);
    at.fail(null);
    await at.token();
    await at.settled();
    expect(await at.token()).toBe("token-3");
  });

  test("is told to all that need the token, and not repeated for each of them", async () => {
    const at = story();
    at.fail(away);
    await expect(Promise.all([at.token(), at.token()])).rejects.toBe(away);
    await expect(at.token()).rejects.toBe(away);
    expect(at.renewals).toBe(1);
  });

  test("is repeated with pauses that grow to 30 s", async () => {
    const at = story();
    at.fail(away);
    const pauses: number[] = [];
    for (let round = 0; round < 11; round++) {
      await at.token().catch(() => undefined);
      const before = at.renewals;
      let pause = 0;
      for (; at.renewals === before; pause += 100) {
        at.pass(100);
        await at.token().catch(() => undefined);
      }
      pauses.push(pause);
    }
    expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(pauses.slice(-3)).toEqual([25_600, 30_000, 30_000]);
  });

  test("is not repeated earlier than the server asks for", async () => {
    const at = story();
    at.fail(new RateLimitedError("slower", { code: "RATE_LIMITED", retryAfterMs: 5_000 }));
    await at.token().catch(() => undefined);
    at.pass(4_999);
    await at.token().catch(() => undefined);
    expect(at.renewals).toBe(1);
    at.pass(1);
    at.fail(null);
    expect(await at.token()).toBe("token-2");
  });

  test("for good is told as what it is", async () => {
    const at = story();
    at.fail(new AuthenticationError("no such client", { code: "UNAUTHENTICATED" }));
    await expect(at.token()).rejects.toThrow(AuthenticationError);
  });
});
