import { generateKey } from "@keyplane/schema";
import { describe, expect, test } from "../test-helpers/guard-story.js";
import type { MemoryKey } from "../testing/memory-plane.js";
import { cutAfter, fails, hangs, heldBack } from "../testing/troubles.js";

/** Well-formed keys that nobody has. */
function unknownKeys(count: number): string[] {
  return Array.from({ length: count }, () => generateKey({ prefix: "kp", environment: "LIVE" }).secret);
}

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("a key is verified from memory once it was seen, with the control plane's verdict", async ({ story }) => {
    const key = story.plane.createKey({ scopes: ["orders:read"], metadata: { plan: "pro" } });
    const { guard } = await story.follow({ mode });
    const asked = { scopes: ["orders:read"] };
    const truth = { ...story.plane.verify({ key: key.secret, ...asked }), requestId: expect.any(String) };
    expect(await guard.verify(key.secret, asked)).toEqual({
      ...truth,
      source: mode === "lazy" ? "server" : "local",
      ageMs: expect.any(Number),
    });
    const { records } = story.server.asked;
    expect(await guard.verify(key.secret, asked)).toEqual({ ...truth, source: "local", ageMs: expect.any(Number) });
    expect(story.server.asked).toMatchObject({ records, verify: 0 });
  });

  test("what a key lacks for a call is said from memory, too", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode }, { scopes: ["a"], allowedIps: ["203.0.113.0/24"] });
    const ip = "203.0.113.9";
    const { records } = story.server.asked;
    expect(await guard.verify(key.secret, { ip, scopes: ["a"] })).toMatchObject({ code: "VALID" });
    expect(await guard.verify(key.secret, { ip, scopes: ["a", "b"] })).toMatchObject({
      code: "INSUFFICIENT_SCOPE",
      missingScopes: ["b"],
    });
    expect(await guard.verify(key.secret, { ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "IP_NOT_ALLOWED" });
    expect(await guard.verify(key.secret, { ip, environment: "TEST" })).toMatchObject({ code: "WRONG_ENVIRONMENT" });
    expect(story.server.asked.records).toBe(records);
  });

  test("a scope is refused as soon as the owner's role or the team allows it no more, and accepted again", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({ mode }, { scopes: ["a", "b"] });
    const verify = () => guard.verify(key.secret, { scopes: ["b"] });
    expect(await verify()).toMatchObject({ code: "VALID", scopes: ["a", "b"] });
    for (const bounds of [{ role: ["a"] }, { team: ["a"] }, { role: [], team: ["b"] }]) {
      story.plane.boundKey(key.id, bounds);
      await story.moment();
      expect(await verify()).toMatchObject({ code: "INSUFFICIENT_SCOPE", missingScopes: ["b"] });
    }
    story.plane.boundKey(key.id, { role: ["b", "c"] });
    await story.moment();
    expect(await verify()).toMatchObject({ code: "VALID", scopes: ["b"] });
  });

  test("an unknown key is unknown without asking a second time, until it may have become known", async ({ story }) => {
    const { guard } = await story.follow({ mode });
    const [unknown = ""] = unknownKeys(1);
    expect(await guard.verify(unknown)).toMatchObject({
      valid: false,
      code: "NOT_FOUND",
      source: mode === "lazy" ? "server" : "local",
    });
    const { records } = story.server.asked;
    expect(await guard.verify(unknown)).toMatchObject({ code: "NOT_FOUND", source: "local" });
    expect(story.server.asked.records).toBe(records);
    const created = story.plane.createKey();
    await story.moment();
    expect(await guard.verify(unknown)).toMatchObject({ code: "NOT_FOUND" });
    expect(story.server.asked.records).toBe(records + 1);
    expect(await guard.verify(created.secret)).toMatchObject({ code: "VALID" });
  });

  test("a text that is no key never leaves the process", async ({ story }) => {
    const { guard } = await story.follow({ mode });
    const { length } = story.server.requests;
    expect(await guard.verify("Bearer undefined")).toMatchObject({ code: "MALFORMED", source: "local", ageMs: 0 });
    const [key = ""] = unknownKeys(1);
    const mistyped = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
    expect(await guard.verify(mistyped)).toMatchObject({ code: "CHECKSUM_MISMATCH", source: "local", ageMs: 0 });
    expect(story.server.requests).toHaveLength(length);
  });

  test("a key expires at its time, by the server's clock, whatever this machine's says", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode }, { expiresAt: new Date(Date.now() + 20_000) });
    story.time.jump(-3_600_000);
    await story.time.advance(15_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
    // The header Date says whole seconds.
    await story.time.advance(6_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "EXPIRED", source: "local" });
  });

  test("keys of other tenants are unknown to a tenant's guard, even with a token that may see them", async ({
    story,
  }) => {
    const own = story.plane.createKey();
    const tenantId = story.plane.createTenant();
    const other = story.plane.createKey({ ownerId: story.plane.createUser({ tenantId }) });
    const { guard } = await story.follow({ mode, tenantId: story.plane.tenantId });
    expect(await guard.verify(own.secret)).toMatchObject({ code: "VALID" });
    expect(await guard.verify(other.secret)).toMatchObject({ code: "NOT_FOUND", key: null, tenantId: null });
    expect(guard.status().keys).toBe(1);
  });
});

describe("first sight", () => {
  test("a burst of the same unknown key makes one request", async ({ story }) => {
    const { guard } = await story.follow();
    const key = story.plane.createKey();
    await story.moment();
    const before = story.server.asked.records;
    const verdicts = await Promise.all(Array.from({ length: 500 }, () => guard.verify(key.secret)));
    expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(["VALID"]));
    expect(story.server.asked.records).toBe(before + 1);
  });

  test("a flood of unknown keys is asked in batches of 500, eight at once, and does not fill the memory", async ({
    story,
  }) => {
    const { guard } = await story.follow();
    const { trouble, release } = heldBack();
    story.server.troubles = { records: trouble };
    const before = story.server.asked.records;
    const first = unknownKeys(6_000).map((key) => guard.verify(key));
    await story.time.settle();
    expect(story.server.asked.records).toBe(before + 8);
    release();
    const verdicts = await Promise.all(first);
    expect(verdicts.every(({ code }) => code === "NOT_FOUND")).toBe(true);
    expect(story.server.asked.records).toBe(before + 12);
    const hashes = story.server.requests
      .filter(({ kind }) => kind === "records")
      .map(({ body }) => JSON.parse(body).hashes?.length ?? 0);
    expect(Math.max(...hashes)).toBe(500);
    await Promise.all(unknownKeys(6_000).map((key) => guard.verify(key)));
    expect(guard.status().keys).toBe(0);
  });

  test("nobody waits longer than timeoutMs, however many wait before a server that says nothing", async ({ story }) => {
    const { guard } = await story.follow({ timeoutMs: 2_000 });
    story.server.troubles = { records: hangs };
    const waiting: Promise<number>[] = [];
    for (const key of unknownKeys(30)) {
      const startedAt = story.time.now;
      waiting.push(guard.verify(key).then(() => story.time.now - startedAt));
      await story.time.advance(50);
    }
    await story.time.advance(10_000);
    expect(Math.max(...(await Promise.all(waiting)))).toBeLessThanOrEqual(2_000);
  });

  test("an answer that breaks off is not taken for whole: what is missing may have been the key", async ({ story }) => {
    const { guard } = await story.follow({ usage: false });
    const key = story.plane.createKey();
    for (const lines of [0, 1, 2, 3]) {
      story.server.troubles = { records: cutAfter(lines) };
      expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE" });
      await story.time.advance(500);
    }
    story.server.comeBack();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID" });
  });

  test("a server that has just failed is left alone for half a second", async ({ story }) => {
    const { guard, errors } = await story.follow();
    story.server.troubles = { records: fails(500, "INTERNAL") };
    const { records } = story.server.asked;
    for (const key of unknownKeys(20)) expect(await guard.verify(key)).toMatchObject({ code: "UNAVAILABLE" });
    expect(story.server.asked.records).toBe(records + 1);
    expect(errors).toMatchObject([{ code: "INTERNAL" }]);
    story.server.comeBack();
    await story.time.advance(500);
    const [unknown = ""] = unknownKeys(1);
    expect(await guard.verify(unknown)).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a server that says that it is too busy is asked again in time, and its answer counts", async ({ story }) => {
    const { guard } = await story.follow();
    const key = story.plane.createKey();
    story.server.troubles = { records: fails(503, "UNAVAILABLE") };
    const verifying = guard.verify(key.secret);
    await story.time.advance(500);
    story.server.comeBack();
    await story.time.advance(1_000);
    expect(await verifying).toMatchObject({ code: "VALID", source: "server" });
    story.server.troubles = { records: fails(503, "UNAVAILABLE") };
    const [unknown = ""] = unknownKeys(1);
    const inVain = guard.verify(unknown);
    await story.time.advance(3_000);
    expect(await inVain).toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("memory", () => {
  test("keeps at most maxKeys, and forgets first what was not used since it was last looked at", async ({ story }) => {
    const keys = Array.from({ length: 5 }, () => story.plane.createKey());
    const { guard } = await story.follow({ maxKeys: 3 });
    const [a, b, c, d, e] = keys as [MemoryKey, MemoryKey, MemoryKey, MemoryKey, MemoryKey];
    const sourceOf = async ({ secret }: MemoryKey) => {
      const { source } = await guard.verify(secret);
      await story.moment();
      return source;
    };
    for (const key of [a, b, c]) expect(await sourceOf(key)).toBe("server");
    // All are new, so each has a second chance; then the oldest goes.
    expect(await sourceOf(d)).toBe("server");
    expect(guard.status().keys).toBe(3);
    expect(await sourceOf(b)).toBe("local");
    // Now b was used and c was not.
    expect(await sourceOf(e)).toBe("server");
    for (const key of [b, d, e]) expect(await sourceOf(key)).toBe("local");
    // Among keys that are all in use, a new one finds its place, too.
    expect(await sourceOf(c)).toBe("server");
    expect(await sourceOf(c)).toBe("local");
    expect(guard.status().keys).toBe(3);
  });

  test("of the mode full holds maxKeys, and asks for the keys that found no room", async ({ story }) => {
    const keys = Array.from({ length: 5 }, () => story.plane.createKey());
    const { guard } = await story.follow({ mode: "full", maxKeys: 3 });
    expect(guard.status()).toMatchObject({ state: "current", keys: 3, complete: false });
    for (const { secret } of keys) expect(await guard.verify(secret)).toMatchObject({ code: "VALID" });
    await story.moment();
    expect(guard.status().keys).toBe(3);
  });
});

describe("a request that no server would take", () => {
  test.for([
    ["key", 7, {}],
    ["scopes", "kp", { scopes: "orders:read" }],
    ["scopes", "kp", { scopes: [""] }],
    ["scopes", "kp", { scopes: [7] }],
    ["environment", "kp", { environment: "live" }],
    ["ip", "kp", { ip: 7 }],
  ] as const)("is a TypeError that names %s: verify(%s, %o)", async ([name, key, request], { story }) => {
    const { guard } = await story.follow();
    const verifying = guard.verify(key as never, request as never);
    await expect(verifying).rejects.toThrow(TypeError);
    await expect(verifying).rejects.toThrow(name);
  });

  test("is one even when a list that was well formed was changed since", async ({ story }) => {
    const { guard, key } = await story.withKey();
    const scopes: unknown[] = [];
    expect(await guard.verify(key.secret, { scopes: scopes as string[] })).toMatchObject({ code: "VALID" });
    scopes.push(7);
    await expect(guard.verify(key.secret, { scopes: scopes as string[] })).rejects.toThrow(TypeError);
  });
});

test("what verdicts share cannot be changed by whoever gets one", async ({ story }) => {
  const { guard, key } = await story.withKey({}, { scopes: ["a"] });
  for (let round = 0; round < 2; round++) {
    const { scopes, missingScopes, rateLimits, key: shown, owner } = await guard.verify(key.secret);
    for (const part of [scopes, missingScopes, rateLimits, shown, owner]) expect(Object.isFrozen(part)).toBe(true);
  }
});

test("a verdict keeps what it has said, and is a plain object", async ({ story }) => {
  const { guard, key } = await story.withKey({}, { scopes: ["a"], name: "before" });
  const verdict = await guard.verify(key.secret);
  const copy = { ...verdict };
  const text = JSON.stringify(verdict);
  story.plane.updateKey(key.id, { name: "after", scopes: [] });
  await story.moment();
  expect(await guard.verify(key.secret)).toMatchObject({ key: { name: "after" }, scopes: [] });
  expect(verdict).toEqual(copy);
  expect([JSON.stringify(verdict), JSON.parse(text).key.name]).toEqual([text, "before"]);
});
