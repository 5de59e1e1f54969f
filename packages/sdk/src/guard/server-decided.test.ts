import { describe, expect, type GuardStory, test } from "../test-helpers/guard-story.js";
import type { MemoryKey } from "../testing/memory-plane.js";
import { data as dataOf } from "../testing/responses.js";
import { fails, hangs, refused, slow } from "../testing/troubles.js";
import type { Guard, GuardVerdict } from "./guard.js";

/** That each call was counted once, by the server, which has let it in. */
async function expectCountedByServer(story: GuardStory, guard: Guard): Promise<void> {
  await guard.close();
  const counted = [...story.server.usage.values()].map(({ source, code }) => ({ source, code }));
  expect(counted).toEqual(
    Array.from({ length: story.server.asked.verify }, () => ({ source: "SERVER", code: "VALID" })),
  );
}

describe("a key whose limits are counted on the server", () => {
  const limited = { isServerDecided: true, scopes: ["a"] };

  test("is decided by the server each time, which counts it itself", async ({ story }) => {
    const { guard, key } = await story.withKey({}, limited);
    const request = { scopes: ["a"], ip: "203.0.113.9", usage: { api: "orders", cost: 3, tags: ["x"] } };
    for (let round = 0; round < 3; round++)
      expect(await guard.verify(key.secret, request)).toMatchObject({ code: "VALID", source: "server" });
    expect(story.server.asked.verify).toBe(4);
    const { body } = story.server.requests.findLast(({ kind }) => kind === "verify") ?? { body: "{}" };
    expect(JSON.parse(body).variables.input).toEqual({
      key: key.secret,
      scopes: ["a"],
      ip: "203.0.113.9",
      api: "orders",
      cost: 3,
      tags: ["x"],
    });
    await guard.close();
    expect([...story.server.usage.values()].filter(({ source }) => source === "SDK")).toEqual([]);
  });

  test("is asked about after its first sight, in whatever fraction of a millisecond that has come", async ({
    story,
  }) => {
    const { guard, errors } = await story.follow();
    const key = story.plane.createKey(limited);
    story.server.troubles = { records: (answer) => new Promise((resolve) => setTimeout(() => resolve(answer()), 0.3)) };
    const verifying = guard.verify(key.secret);
    await story.time.advance(50);
    expect(await verifying).toMatchObject({ code: "VALID", source: "server" });
    expect(errors).toEqual([]);
  });

  test("is asked about at once, without reading it first, when it was seen before", async ({ story }) => {
    const { guard, key } = await story.withKey({}, limited);
    const { records } = story.server.asked;
    await guard.verify(key.secret);
    expect(story.server.asked.records).toBe(records);
  });

  test.for([
    ["deny", "UNAVAILABLE"],
    ["allow-known", "VALID"],
  ] as const)("is %s, without the server: %s", async ([onUnavailable, code], { story }) => {
    const { guard, key, errors } = await story.withKey({ onUnavailable }, limited);
    story.server.troubles = { verify: fails(503, "UNAVAILABLE") };
    expect(await guard.verify(key.secret)).toMatchObject({ code, source: "stale" });
    expect(errors).toMatchObject([{ code: "UNAVAILABLE" }]);
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED" });
  });

  test.for([
    ["deny", "UNAVAILABLE"],
    ["allow-known", "VALID"],
  ] as const)(
    "is not accepted by an answer that was on its way while the machine slept: it is older than the bound, and %s says: %s",
    async ([onUnavailable, code], { story }) => {
      const { guard, key } = await story.withKey({ onUnavailable }, limited);
      story.server.troubles = {
        verify: async (answer) => {
          const accepted = await answer();
          story.time.sleep(61_000);
          return accepted;
        },
      };
      expect(await guard.verify(key.secret)).toMatchObject({ code, source: "stale" });
      await expectCountedByServer(story, guard);
    },
  );

  test.for(["lazy", "full"] as const)(
    "is every key of an owner or a tenant that gets limits, %s",
    async (mode, { story }) => {
      const { guard, key } = await story.withKey({ mode });
      const source = async () => (await guard.verify(key.secret)).source;
      expect(await source()).toBe("local");
      const changes = [
        [() => story.plane.limitUser(key.ownerId), "server"],
        [() => story.plane.limitUser(key.ownerId, false), "local"],
        [() => story.plane.limitTenant(), "server"],
        [() => story.plane.limitTenant(undefined, false), "local"],
      ] as const;
      for (const [change, expected] of changes) {
        change();
        await story.moment();
        expect(await source()).toBe(expected);
      }
    },
  );

  test("is accepted again by the server's word when the event that enabled it was missed, and read again", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({}, limited);
    story.plane.disableKey(key.id);
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "DISABLED" });

    story.server.goAway(refused);
    story.plane.enableKey(key.id);
    story.server.forget();
    story.server.comeBack();
    await story.time.advance(31_000);
    const { records } = story.server.asked;
    for (let call = 0; call < 3; call++)
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "server" });
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "server" });
    expect(story.server.asked.records).toBe(records + 1);
  });

  test("does not make anybody wait longer than timeoutMs, its first sight included", async ({ story }) => {
    const key = story.plane.createKey(limited);
    const { guard } = await story.follow({ timeoutMs: 2_000 });
    story.server.troubles = { verify: hangs };
    const startedAt = story.time.now;
    const verifying = guard.verify(key.secret).then(({ code }) => [code, story.time.now - startedAt]);
    await story.time.advance(5_000);
    expect(await verifying).toEqual(["UNAVAILABLE", 2_000]);
  });

  test("warns of no leak when many are asked about at once", async ({ story }) => {
    const warnings: string[] = [];
    const hear = ({ message }: Error) => warnings.push(message);
    process.on("warning", hear);
    const { guard, key } = await story.withKey({}, limited);
    await Promise.all(Array.from({ length: 50 }, () => guard.verify(key.secret)));
    await story.moment();
    process.off("warning", hear);
    expect(warnings).toEqual([]);
  });
});

describe("a valid answer of the server that events have overtaken", () => {
  const limits = { rateLimits: [{ name: "minute", limit: 10, remaining: 9, resetAt: null }], quota: null };

  /** Holds the answer to the next question for a verdict back for a second. */
  function holdNext(story: GuardStory): void {
    story.server.troubles = {
      verify: async (answer) => {
        const response = await answer();
        story.server.troubles = {};
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return response;
      },
    };
  }

  test("counts no more when its key was revoked, also of a key that was forgotten meanwhile", async ({ story }) => {
    const { guard, key } = await story.withKey({ maxKeys: 1 }, { isServerDecided: true });
    const { verify } = story.server.asked;
    holdNext(story);
    const verifying = guard.verify(key.secret);
    await story.moment();
    for (let count = 0; count < 2; count++) await guard.verify(story.plane.createKey().secret);
    await story.moment();
    expect(guard.status().keys).toBe(1);
    story.plane.revokeKey(key.id);
    await story.time.advance(2_000);
    expect(await verifying).toMatchObject({ code: "REVOKED" });
    expect(story.server.asked.verify).toBe(verify + 1);
  });

  test.for<[string, (story: GuardStory, key: MemoryKey) => void, Partial<GuardVerdict>]>([
    [
      "a scope more that the call does not need",
      ({ plane }, { id }) => plane.updateKey(id, { scopes: ["a", "b"] }),
      { code: "VALID", source: "server", scopes: ["a", "b"] },
    ],
    [
      "a name of the key",
      ({ plane }, { id }) => plane.updateKey(id, { name: "Renamed" }),
      { code: "VALID", source: "server", key: expect.objectContaining({ name: "Renamed" }) },
    ],
    [
      "an event that changes nothing",
      ({ plane }, { id }) => plane.tellOf(id, "IDLE"),
      { code: "VALID", source: "server" },
    ],
    [
      "a disabling that was taken back",
      ({ plane }, { id }) => {
        plane.disableKey(id);
        plane.enableKey(id);
      },
      { code: "VALID", source: "server" },
    ],
    [
      "an owner's name",
      ({ plane }, { ownerId }) => plane.updateUser(ownerId, { name: "Grace" }),
      { code: "VALID", source: "server", owner: expect.objectContaining({ name: "Grace" }) },
    ],
    [
      "a scope less that the call needs",
      ({ plane }, { id }) => plane.updateKey(id, { scopes: [] }),
      { code: "INSUFFICIENT_SCOPE", source: "server", missingScopes: ["a"] },
    ],
    ["a new secret", ({ plane }, { id }) => void plane.rotateKey(id), { code: "SUPERSEDED", source: "server" }],
  ])("is decided anew by what was read, and charged once: %s", async ([, happens, expected], { story }) => {
    const { guard, key } = await story.withKey({}, { isServerDecided: true, scopes: ["a"] });
    const { verify } = story.server.asked;
    holdNext(story);
    const verifying = guard.verify(key.secret, { scopes: ["a"] });
    await story.moment();
    happens(story, key);
    await story.time.advance(2_000);
    expect(await verifying).toMatchObject(expected);
    expect(story.server.asked.verify).toBe(verify + 1);
    await expectCountedByServer(story, guard);
  });

  test("counts as the server has counted it where the key is revoked meanwhile, under the server's name for it", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({}, { isServerDecided: true });
    holdNext(story);
    const verifying = guard.verify(key.secret);
    await story.moment();
    story.plane.revokeKey(key.id);
    await story.time.advance(2_000);
    const { code, requestId } = await verifying;
    expect(code).toBe("REVOKED");
    expect(story.server.usage.get(requestId)).toMatchObject({ keyId: key.id, source: "SERVER" });
    await expectCountedByServer(story, guard);
  });

  test("leaves what the server has told of limits in the verdict, and the name under which it was recorded", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({}, { isServerDecided: true });
    story.server.troubles = {
      verify: async (answer) => {
        const response = await answer();
        const { data } = JSON.parse(await response.text()) as { data: { verifyKey: object } };
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return dataOf({ verifyKey: { ...data.verifyKey, ...limits, requestId: "req_of_the_server" } });
      },
    };
    const verifying = guard.verify(key.secret);
    await story.moment();
    story.plane.updateKey(key.id, { name: "Renamed" });
    await story.time.advance(2_000);
    expect(await verifying).toMatchObject({ code: "VALID", requestId: "req_of_the_server", ...limits });
    await guard.close();
    expect([...story.server.usage.values()].filter(({ source }) => source === "SDK")).toEqual([]);
  });

  test.for([
    ["deny", "UNAVAILABLE"],
    ["allow-known", "VALID"],
  ] as const)("is %s where what has changed cannot be read: %s", async ([onUnavailable, code], { story }) => {
    const { guard, key } = await story.withKey({ onUnavailable }, { isServerDecided: true });
    const { verify } = story.server.asked;
    story.server.troubles = {
      records: fails(503, "UNAVAILABLE"),
      verify: slow(1_000),
    };
    const verifying = guard.verify(key.secret);
    await story.moment();
    story.plane.updateKey(key.id, { name: "Renamed" });
    await story.time.advance(4_000);
    expect(await verifying).toMatchObject({ code, source: "stale" });
    expect(story.server.asked.verify).toBe(verify + 1);
    await expectCountedByServer(story, guard);
  });
});

describe("what travels", () => {
  test("are hashes: no presented key is in any request, but of keys that only the server can decide", async ({
    story,
  }) => {
    const valid = story.plane.createKey({ scopes: ["a"] });
    const limited = story.plane.createKey({ isServerDecided: true });
    const revoked = story.plane.createKey();
    story.plane.revokeKey(revoked.id);
    for (const mode of ["lazy", "full"] as const) {
      for (const events of ["stream", "polling"] as const) {
        const { guard } = await story.follow({ mode, events });
        for (const { secret } of [valid, limited, revoked]) {
          await guard.verify(secret, { scopes: ["b"] });
          await guard.verify(secret, { environment: "TEST" });
          await guard.verify(`${secret}0`);
        }
        story.plane.rotateKey(valid.id, 60_000);
        await story.time.advance(60_000);
        await guard.verify(valid.secret);
        await guard.close();
      }
    }
    const sent = story.server.requests.map(({ url, body }) => url + body);
    expect(new Set(story.server.requests.map(({ kind }) => kind))).toEqual(
      new Set(["records", "streams", "polls", "usage", "verify"]),
    );
    for (const { secret } of [valid, revoked]) expect(sent.filter((text) => text.includes(secret))).toEqual([]);
    const withLimited = story.server.requests.filter(({ body }) => body.includes(limited.secret));
    expect(new Set(withLimited.map(({ kind }) => kind))).toEqual(new Set(["verify"]));
  });

  test("a key is in no verdict, status, event or error", async ({ story }) => {
    const { guard, key, errors, revocations } = await story.withKey();
    const told: unknown[] = [await guard.verify(key.secret), await guard.verify(`${key.secret}x`)];
    story.server.goAway(fails(500, "INTERNAL"));
    await story.time.advance(40_000);
    told.push(await guard.verify(key.secret));
    story.server.comeBack();
    story.plane.revokeKey(key.id);
    await story.time.advance(40_000);
    told.push(await guard.verify(key.secret), guard.status(), revocations);
    told.push(...errors.map((error) => [String(error), error.stack, { ...error }, String(error.cause)]));
    expect(JSON.stringify(told)).not.toContain(key.secret);
  });
});

describe("usage of local verifications", () => {
  test("is handed over with what the call said of itself", async ({ story }) => {
    const { guard, key } = await story.withKey();
    await guard.verify(key.secret, {
      ip: "203.0.113.9",
      usage: { api: "orders", cost: 3, tags: ["x"], meters: [{ name: "tokens", value: 7 }], userAgent: "curl/8" },
    });
    await guard.verify(key.secret, { scopes: ["missing"] });
    await guard.verify("no key");
    await story.time.advance(3_000);
    const [first, second, third, fourth] = [...story.server.usage.values()];
    expect(first).toMatchObject({
      keyId: key.id,
      code: "VALID",
      start: key.secret.slice(0, 12),
      latencyMs: expect.any(Number),
    });
    expect(second).toMatchObject({
      keyId: key.id,
      code: "VALID",
      ip: "203.0.113.9",
      api: "orders",
      cost: 3,
      tags: ["x"],
      meters: [{ name: "tokens", value: 7 }],
      userAgent: "curl/8",
    });
    expect(third).toMatchObject({ keyId: key.id, code: "INSUFFICIENT_SCOPE" });
    expect(fourth).toMatchObject({ code: "MALFORMED" });
    expect(fourth?.keyId).toBeNull();
  });

  test("of a deleted key is that key's, although the verdict does not show it", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.plane.deleteKey(key.id);
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "NOT_FOUND", key: null });
    await guard.close();
    expect([...story.server.usage.values()].at(-1)).toMatchObject({ code: "NOT_FOUND", keyId: key.id });
  });

  test("of unknown keys is the guard's tenant's, where it has one", async ({ story }) => {
    const { tenantId } = story.plane;
    const { guard } = await story.follow({ tenantId });
    await guard.verify("no key");
    await guard.close();
    expect([...story.server.usage.values()]).toMatchObject([{ code: "MALFORMED", tenantId }]);
  });

  test("is not recorded where nobody wants it", async ({ story }) => {
    const { guard, key } = await story.withKey({ usage: false });
    await guard.verify(key.secret);
    await guard.close();
    expect(story.server.asked.usage).toBe(0);
    expect(guard.status().dropped).toBe(0);
  });

  test("that is given up is in the status", async ({ story }) => {
    const { guard, key } = await story.withKey({
      usage: { maxQueue: 2, batchSize: 2, onDrop: () => {}, onError: () => {} },
    });
    story.server.troubles = { usage: hangs };
    for (let round = 0; round < 10; round++) await guard.verify(key.secret);
    expect(guard.status().dropped).toBeGreaterThan(0);
  });
});
