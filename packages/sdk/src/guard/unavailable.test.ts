import { generateKey } from "@keyplane/schema";
import { describe, expect, test } from "../test-helpers/guard-story.js";
import { aPage, fails, hangs, refused } from "../testing/troubles.js";

const boundMs = 30_000;

describe("without the network", () => {
  test("what is known counts until it is maxStalenessMs old, and then nothing", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.goAway(refused);
    await story.time.advance(boundMs - 1_000);
    const last = await guard.verify(key.secret);
    expect(last).toMatchObject({ code: "VALID", source: "local" });
    expect(last.ageMs).toBeLessThanOrEqual(boundMs);
    await story.time.advance(1_500);
    const { valid, code, key: shown, source, ageMs, docsUrl } = await guard.verify(key.secret);
    expect({ valid, code, shown, source }).toEqual({ valid: false, code: "UNAVAILABLE", shown: null, source: "stale" });
    expect(ageMs).toBeGreaterThan(boundMs);
    expect(docsUrl).toContain("#unavailable");
  });

  test("another bound counts as well, down to asking the server each time", async ({ story }) => {
    const { guard, key } = await story.withKey({ maxStalenessMs: 0 });
    await story.time.advance(1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "server" });
    story.server.goAway(refused);
    await story.time.advance(1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test.for(["refused", "hanging", "failing", "under maintenance"] as const)(
    "with a server that is %s, too, once the cut is older than the bound",
    async (how, { story }) => {
      const { guard, key } = await story.withKey({ usage: false });
      story.server.goAway(
        { refused, hanging: hangs, failing: fails(500, "INTERNAL"), "under maintenance": aPage }[how],
      );
      await story.time.advance(boundMs + 1_000);
      const verifying = guard.verify(key.secret);
      await story.time.advance(3_000);
      expect(await verifying).toMatchObject({ code: "UNAVAILABLE", source: "stale" });
      story.server.comeBack();
      await story.time.advance(40_000);
      expect(guard.status()).toMatchObject({ state: "current", lastError: null });
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
    },
  );

  test("but with a server that can be asked, it is asked for each key that is too old", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.goAway(refused);
    delete story.server.troubles.records;
    await story.time.advance(boundMs + 1_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "server" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    story.plane.revokeKey(key.id);
    await story.time.advance(boundMs + 1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "server" });
  });

  test("allow-known lets what was known last count, however old, and says so", async ({ story }) => {
    const { guard, key } = await story.withKey({ onUnavailable: "allow-known" }, { scopes: ["a"] });
    story.server.goAway(refused);
    await story.time.advance(3_600_000);
    const verdict = await guard.verify(key.secret, { scopes: ["a"] });
    expect(verdict).toMatchObject({ code: "VALID", source: "stale", key: { id: key.id } });
    expect(verdict.ageMs).toBeGreaterThan(3_500_000);
    expect(await guard.verify(key.secret, { scopes: ["b"] })).toMatchObject({
      code: "INSUFFICIENT_SCOPE",
      source: "stale",
    });
    const { secret } = generateKey({ prefix: "kp", environment: "LIVE" });
    expect(await guard.verify(secret)).toMatchObject({ code: "UNAVAILABLE", source: "stale", ageMs: Infinity });
  });

  test("allow-known accepts no key whose time has come meanwhile", async ({ story }) => {
    const expiresAt = new Date(Date.now() + 600_000);
    const { guard, key } = await story.withKey({ onUnavailable: "allow-known" }, { expiresAt });
    story.server.goAway(refused);
    await story.time.advance(599_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "stale" });
    await story.time.advance(2_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED", source: "stale" });
  });

  test.for(["deny", "allow-known"] as const)(
    "with %s, a revoked key stays REVOKED",
    async (onUnavailable, { story }) => {
      const { guard, key } = await story.withKey({ onUnavailable });
      story.plane.revokeKey(key.id);
      await story.moment();
      story.server.goAway(refused);
      await story.time.advance(3_600_000);
      expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "stale" });
    },
  );

  test("in the mode full, a key that was none when all were read is not known either", async ({ story }) => {
    const { guard } = await story.follow({ mode: "full" });
    story.server.goAway(refused);
    const { secret } = generateKey({ prefix: "kp", environment: "LIVE" });
    expect(await guard.verify(secret)).toMatchObject({ code: "NOT_FOUND", source: "local" });
    await story.time.advance(boundMs + 1_000);
    expect(await guard.verify(secret)).toMatchObject({ code: "UNAVAILABLE", source: "stale" });
  });

  test("an UNAVAILABLE is not usage: nobody knows what it would have been", async ({ story }) => {
    const { guard, key } = await story.withKey();
    await story.time.advance(5_000);
    const counted = story.server.usage.size;
    story.server.goAway(refused);
    await story.time.advance(boundMs + 1_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    story.server.comeBack();
    await guard.close();
    expect(story.server.usage.size).toBe(counted);
  });
});

describe("the bound holds", () => {
  test("when the machine sleeps", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.goAway(refused);
    story.time.sleep(boundMs + 1_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("when somebody sets the clock back or forward", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.goAway(refused);
    story.time.jump(-86_400_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    await story.time.advance(boundMs + 1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
    story.server.comeBack();
    await story.time.advance(40_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
    story.server.goAway(refused);
    // Nobody can tell a clock that was set from a machine that slept.
    story.time.jump(86_400_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("when a server that lags behind takes the request", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.kill();
    // Streams open, and say nothing of how current they are.
    story.server.troubles = { records: hangs, polls: hangs, streams: hangs };
    await story.time.advance(boundMs + 1_000);
    const verifying = guard.verify(key.secret);
    await story.time.advance(3_000);
    expect(await verifying).toMatchObject({ code: "UNAVAILABLE" });
  });
});
