import { AbortedError, AuthenticationError, PermissionError } from "../client/errors.js";
import { describe, expect, test, vi } from "../test-helpers/guard-story.js";
import { aPageOf, fails, hangs, refused } from "../testing/troubles.js";

describe("the state", () => {
  test.for([
    ["lazy", ["current"]],
    ["full", ["loading", "current"]],
  ] as const)("at the start, in the mode %s, is told once for each change", async ([mode, expected], { story }) => {
    const { guard, states } = story.start({ mode });
    expect(guard.status()).toEqual({
      mode,
      state: "starting",
      connected: null,
      ageMs: Number.POSITIVE_INFINITY,
      keys: 0,
      complete: false,
      cursor: null,
      dropped: 0,
      lastError: null,
    });
    await story.time.advance(30_000);
    expect(states).toEqual(expected);
    expect(guard.status()).toMatchObject({ state: "current", connected: "stream", complete: mode === "full" });
    expect(guard.status().ageMs).toBeLessThanOrEqual(5_100);
  });

  test("goes from current to reconnecting, to stale, and back, each told once", async ({ story }) => {
    const { guard, states } = await story.follow();
    story.server.goAway(refused);
    await story.time.advance(1_000);
    expect(guard.status()).toMatchObject({ state: "reconnecting", connected: null, lastError: expect.any(Error) });
    await story.time.advance(60_000);
    expect(guard.status().state).toBe("stale");
    story.server.comeBack();
    await story.time.advance(31_000);
    expect(guard.status()).toMatchObject({ state: "current", lastError: null });
    expect(states).toEqual(["current", "reconnecting", "stale", "current"]);
  });

  test("is reconnecting, and not stale, for the moment after a gap", async ({ story }) => {
    const { states } = await story.follow();
    story.server.kill();
    story.server.forget();
    story.plane.createKey();
    story.server.forget();
    await story.time.advance(2_000);
    expect(states).toEqual(["current", "reconnecting", "current"]);
  });

  test("is closed after close, once and for all", async ({ story }) => {
    const { guard, states } = await story.follow();
    await Promise.all([guard.close(), guard.close()]);
    await story.moment();
    expect(states).toEqual(["current", "closed"]);
    expect(guard.status()).toMatchObject({ state: "closed", connected: null });
  });
});

describe("reconnecting", () => {
  test.for([
    ["as long as can be", 0, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
    ["half as long", 1, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
  ] as const)("waits from 1 s to 30 s, %s by the dice", async ([, random, expected], { story }) => {
    story.server.goAway(refused);
    const askedAt: number[] = [];
    const fetch: typeof story.server.fetch = (url, init) => {
      askedAt.push(story.time.now);
      return story.server.fetch(url, init);
    };
    story.start({ events: "stream", fetch }, random);
    while (askedAt.length <= expected.length) await story.time.advance(1_000);
    const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
    expect(pauses.slice(0, expected.length)).toEqual(expected);
  });

  test("begins with 1 s again after it succeeded, and goes on from where it was", async ({ story }) => {
    const { guard, key } = await story.withKey();
    for (let round = 0; round < 5; round++) {
      story.server.kill();
      await story.time.advance(900);
      expect(guard.status().state).toBe("reconnecting");
      if (round === 4) story.plane.revokeKey(key.id);
      await story.time.advance(200);
      expect(guard.status().state).toBe("current");
    }
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
  });

  test("is not needed for a stream that is silent for less than three heartbeats", async ({ story }) => {
    const { states } = await story.follow();
    await story.time.advance(600_000);
    expect(states).toEqual(["current"]);
    expect(story.server.asked.streams).toBe(1);
  });
});

describe("what a server of ours has not said is not final", () => {
  test.for([302, 403, 404, 405, 401] as const)(
    "a proxy that answers HTTP %d for a while is gone on from, with all that happened meanwhile",
    async (status, { story }) => {
      const { guard, key, states } = await story.withKey();
      story.server.goAway(aPageOf(status));
      await story.time.advance(60_000);
      story.plane.revokeKey(key.id);
      expect(guard.status().state).toBe("stale");
      story.server.comeBack();
      await story.time.advance(31_000);
      expect(states.slice(-2)).toEqual(["stale", "current"]);
      expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
    },
  );

  test("a server of ours that refuses the token is believed, and asked again: its tenant may be resumed", async ({
    story,
  }) => {
    const { guard, key, states } = await story.withKey();
    const closed = vi.fn();
    guard.bind(key.id, closed);
    story.server.goAway(fails(401, "UNAUTHENTICATED"));
    story.server.kill();
    await story.time.advance(2_000);
    expect(guard.status()).toMatchObject({ state: "failed", lastError: { code: "UNAUTHENTICATED" } });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    await story.time.advance(600_000);
    expect(guard.status().state).toBe("failed");
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    story.plane.revokeKey(key.id);
    story.server.comeBack();
    await story.time.advance(61_000);
    expect(states).toEqual(["current", "reconnecting", "failed", "stale", "current"]);
    expect(guard.status()).toMatchObject({ state: "current", connected: "stream", lastError: null });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
    expect(closed).toHaveBeenCalledOnce();
  });

  test("a refused token is tried less and less often, once a minute at last, by a stream and by polling", async ({
    story,
  }) => {
    for (const events of ["stream", "polling"] as const) {
      story.server.goAway(fails(401, "UNAUTHENTICATED"));
      const askedAt: number[] = [];
      const fetch: typeof story.server.fetch = (url, init) => {
        askedAt.push(story.time.now);
        return story.server.fetch(url, init);
      };
      const { guard, states } = story.start({ events, fetch });
      await story.time.advance(250_000);
      const pauses = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
      expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
      expect(states).toEqual(["failed"]);
      await guard.close();
      const asked = askedAt.length;
      await story.time.advance(120_000);
      expect(askedAt).toHaveLength(asked);
      expect(guard.status().state).toBe("closed");
    }
  });

  test("a server of ours that is lost after it refused the token is one that cannot be reached", async ({ story }) => {
    story.server.goAway(fails(401, "UNAUTHENTICATED"));
    const { guard, states } = story.start();
    await story.time.advance(2_000);
    story.server.goAway(refused);
    await story.time.advance(10_000);
    expect(states).toEqual(["failed", "reconnecting"]);
    expect(guard.status().lastError).toMatchObject({ code: "CONNECTION_FAILED" });
  });

  test("a function that gives tokens is asked again after one was refused, and after it failed itself", async ({
    story,
  }) => {
    let given = "";
    const token = () => (given === "" ? Promise.reject(new Error("the vault is sealed")) : given);
    const { guard, errors } = story.start({ token });
    await story.time.advance(5_000);
    expect(errors[0]).toMatchObject({ code: "CONNECTION_FAILED", cause: { message: "the vault is sealed" } });
    given = "a-token-that-has-expired";
    story.server.goAway(fails(401, "UNAUTHENTICATED"));
    await story.time.advance(30_000);
    expect(errors.at(-1)).toMatchObject({ code: "CONNECTION_FAILED", cause: { code: "UNAUTHENTICATED" } });
    story.server.comeBack();
    await story.time.advance(31_000);
    expect(guard.status().state).toBe("current");
  });
});

describe("where streams are blocked", () => {
  test("events are asked for instead, and a revocation is heard as soon", async ({ story }) => {
    story.server.troubles = { streams: hangs };
    const { guard, revocations } = story.start();
    const key = story.plane.createKey();
    await story.time.advance(16_000);
    expect(guard.status()).toMatchObject({ state: "current", connected: "polling" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
    expect(revocations).toHaveLength(1);
  });

  test("a stream is tried again after a minute, and taken when it passes", async ({ story }) => {
    story.server.troubles = { streams: hangs };
    const { guard, states } = story.start();
    await story.time.advance(20_000);
    const { streams } = story.server.asked;
    await story.time.advance(20_000);
    expect(story.server.asked.streams).toBe(streams);
    story.server.comeBack();
    await story.time.advance(50_000);
    expect(guard.status()).toMatchObject({ state: "current", connected: "stream" });
    expect(states).toEqual(["current"]);
  });

  test("polling waits at the server, and asks neither more often than it must nor less", async ({ story }) => {
    const { guard } = await story.follow({ events: "polling" });
    expect(guard.status()).toMatchObject({ state: "current", connected: "polling" });
    const { polls } = story.server.asked;
    await story.time.advance(100_000);
    expect(story.server.asked.polls - polls).toBe(10);
    expect(story.server.asked.streams).toBe(0);
  });

  test("polling for a tiny bound does not become a storm", async ({ story }) => {
    await story.follow({ events: "polling", maxStalenessMs: 0 });
    const { polls } = story.server.asked;
    await story.time.advance(10_000);
    expect(story.server.asked.polls - polls).toBeLessThanOrEqual(10);
  });

  test("a guard that must use streams does not poll", async ({ story }) => {
    story.server.troubles = { streams: hangs };
    story.start({ events: "stream" });
    await story.time.advance(120_000);
    expect(story.server.asked.polls).toBe(0);
  });
});

describe("ready", () => {
  test("resolves once the guard follows the server, in the mode full with all keys", async ({ story }) => {
    for (let count = 0; count < 3; count++) story.plane.createKey();
    const { guard } = story.start({ mode: "full" });
    const ready = guard.ready().then(() => guard.status());
    await story.time.advance(100);
    expect(await ready).toMatchObject({ state: "current", complete: true, keys: 3 });
  });

  test.for([
    [401, "UNAUTHENTICATED", AuthenticationError],
    [403, "FORBIDDEN", PermissionError],
  ] as const)(
    "rejects with HTTP %d for a token that does not do, and resolves once it does",
    async ([status, code, kind], { story }) => {
      story.server.goAway(fails(status, code));
      const { guard, states, errors } = story.start();
      const ready = guard.ready();
      ready.catch(() => undefined);
      await story.moment();
      await expect(ready).rejects.toBeInstanceOf(kind);
      expect(states).toEqual(["failed"]);
      expect(guard.status()).toMatchObject({ state: "failed", lastError: { code } });
      expect(errors).toMatchObject([{ code }]);
      await expect(guard.ready()).rejects.toBeInstanceOf(kind);
      story.server.comeBack();
      await story.time.advance(2_000);
      await guard.ready();
      expect(guard.status()).toMatchObject({ state: "current", lastError: null });
    },
  );

  test("rejects with AbortedError when the guard is closed before, whatever went wrong until then", async ({
    story,
  }) => {
    story.server.goAway(refused);
    const { guard } = story.start();
    const ready = guard.ready();
    ready.catch(() => undefined);
    await story.time.advance(5_000);
    await guard.close();
    await expect(ready).rejects.toBeInstanceOf(AbortedError);
  });

  test("need not be waited for: nobody hears of a rejection that nobody asked for", async ({ story }) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    story.server.goAway(fails(401, "UNAUTHENTICATED"));
    story.start();
    await story.time.advance(1_000);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("close", () => {
  test("hands usage over, ends the stream, and asks nothing any more", async ({ story }) => {
    const { guard, key } = await story.withKey();
    await guard.verify(key.secret);
    expect(story.server.usage.size).toBe(0);
    await guard.close();
    expect([...story.server.usage.values()]).toMatchObject([{ keyId: key.id }, { keyId: key.id }]);
    expect(story.server.openStreams).toBe(0);
    const asked = story.server.requests.length;
    story.plane.revokeKey(key.id);
    await story.time.advance(120_000);
    expect(story.server.requests).toHaveLength(asked);
  });

  test("ends polling, too", async ({ story }) => {
    const { guard } = await story.follow({ events: "polling" });
    await guard.close();
    const { polls } = story.server.asked;
    await story.time.advance(120_000);
    expect(story.server.asked.polls).toBe(polls);
  });

  test("leaves verifications as they are without a server: from memory within the bound, then UNAVAILABLE", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({ usage: false });
    await guard.close();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    await story.time.advance(31_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("does not wait for a verification under way, which ends", async ({ story }) => {
    const { guard } = await story.follow();
    const key = story.plane.createKey();
    story.server.troubles = { records: hangs };
    const verifying = guard.verify(key.secret);
    await story.moment();
    await guard.close();
    expect(await verifying).toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("usage that will not be counted", () => {
  test("is in the status, whether it was given up or something is wrong with it", async ({ story }) => {
    const onRejected = vi.fn();
    const { guard, key } = await story.withKey({ usage: { onRejected, onDrop: () => {}, maxQueue: 2 } });
    await guard.verify(key.secret, { usage: { tags: [""] } });
    expect(onRejected).toHaveBeenCalledOnce();
    expect(guard.status().dropped).toBe(1);
    for (let call = 0; call < 3; call++) await guard.verify(key.secret);
    expect(guard.status().dropped).toBe(3);
  });
});

describe("listeners", () => {
  test("that throw harm nobody, and what they throw is told as an error", async ({ story }) => {
    const { guard, errors, revocations } = await story.follow();
    guard.on("revoked", () => {
      throw new Error("of a listener");
    });
    guard.on("error", () => {
      throw new Error("of an error's listener");
    });
    const later = vi.fn();
    guard.on("revoked", later);
    story.plane.revokeKey(story.plane.createKey().id);
    await story.moment();
    expect(later).toHaveBeenCalledOnce();
    expect(revocations).toHaveLength(1);
    expect(errors.map(({ message }) => message)).toEqual(["of a listener"]);
  });

  test("hear nothing after they were taken off, and the same one may be there twice", async ({ story }) => {
    const { guard } = await story.follow();
    const heard = vi.fn();
    const stop = guard.on("revoked", heard);
    guard.on("revoked", heard);
    stop();
    story.plane.revokeKey(story.plane.createKey().id);
    await story.moment();
    expect(heard).toHaveBeenCalledOnce();
  });

  test("of something that never happens are refused", async ({ story }) => {
    const { guard } = story.start();
    expect(() => guard.on("revoke" as never, () => {})).toThrow(TypeError);
    expect(() => guard.on("revoked", "no function" as never)).toThrow(TypeError);
  });

  test("are told of a revocation with all that is known of it", async ({ story }) => {
    const { key, revocations } = await story.withKey();
    story.plane.revokeKey(key.id, "leaked");
    await story.moment();
    expect(revocations).toMatchObject([
      { type: "REVOKED", keyId: key.id, userId: key.ownerId, tenantId: key.tenantId, reason: "leaked" },
    ]);
    expect(revocations[0]?.occurredAt).toBeInstanceOf(Date);
  });
});
