import { describe, expect, test } from "../test-helpers/guard-story.js";
import type { MemoryKey, MemoryPlane } from "../testing/memory-plane.js";
import { heldBack, refused, slow } from "../testing/troubles.js";

/** What happens to a key that was valid, and what the guard says then; `asks` is whether it has to read the key again. */
interface Case {
  readonly type: string;
  readonly happens: (plane: MemoryPlane, key: MemoryKey) => unknown;
  readonly code: string;
  readonly isTold: boolean;
  readonly asks: boolean;
}

const cases: readonly Case[] = [
  {
    type: "UPDATED",
    happens: (plane, { id }) => plane.updateKey(id, { scopes: [] }),
    code: "INSUFFICIENT_SCOPE",
    isTold: false,
    asks: true,
  },
  { type: "ROTATED", happens: (plane, { id }) => plane.rotateKey(id), code: "SUPERSEDED", isTold: false, asks: true },
  {
    type: "ROTATED with an overlap",
    happens: (plane, { id }) => plane.rotateKey(id, 60_000),
    code: "VALID",
    isTold: false,
    asks: true,
  },
  {
    type: "ROTATED by a reissue",
    happens: (plane, { id }) => plane.reissueKey(id, plane.createUser()),
    code: "SUPERSEDED",
    isTold: false,
    asks: true,
  },
  {
    type: "DISABLED",
    happens: (plane, { id }) => plane.disableKey(id, "lost"),
    code: "DISABLED",
    isTold: true,
    asks: false,
  },
  {
    type: "REVOKED",
    happens: (plane, { id }) => plane.revokeKey(id, "lost"),
    code: "REVOKED",
    isTold: true,
    asks: false,
  },
  { type: "EXPIRED", happens: (plane, { id }) => plane.expireKey(id), code: "EXPIRED", isTold: true, asks: false },
  { type: "DELETED", happens: (plane, { id }) => plane.deleteKey(id), code: "NOT_FOUND", isTold: true, asks: false },
  {
    type: "OWNER_UPDATED",
    happens: (plane, { ownerId }) => plane.updateUser(ownerId, { name: "Ada" }),
    code: "VALID",
    isTold: false,
    asks: true,
  },
  {
    type: "OWNER_DISABLED",
    happens: (plane, { ownerId }) => plane.disableUser(ownerId, "left"),
    code: "OWNER_DISABLED",
    isTold: true,
    asks: false,
  },
  {
    type: "OWNER_DELETED",
    happens: (plane, { ownerId }) => plane.deleteUser(ownerId),
    code: "OWNER_NOT_FOUND",
    isTold: true,
    asks: false,
  },
  {
    type: "TENANT_SUSPENDED",
    happens: (plane, { tenantId }) => plane.suspendTenant(tenantId, "unpaid"),
    code: "TENANT_SUSPENDED",
    isTold: true,
    asks: false,
  },
];

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test.for(cases)(
    "$type: the key is $code, as the control plane says",
    async ({ type, happens, code, isTold, asks }, { story }) => {
      const { guard, key, revocations } = await story.withKey({ mode }, { scopes: ["a"] });
      const { records } = story.server.asked;
      happens(story.plane, key);
      await story.moment();
      const asked = { scopes: ["a"] };
      const truth = { ...story.plane.verify({ key: key.secret, ...asked }), requestId: expect.any(String) };
      expect(await guard.verify(key.secret, asked)).toEqual({ ...truth, source: "local", ageMs: expect.any(Number) });
      expect(truth).toMatchObject({ code });
      expect(story.server.asked.records - records).toBe(asks ? 1 : 0);
      expect(revocations.map((each) => each.type)).toEqual(isTold ? [type] : []);
    },
  );

  test.for([
    ["ENABLED", ({ disableKey }, { id }) => disableKey(id), ({ enableKey }, { id }) => enableKey(id)],
    ["UPDATED after a restore", ({ deleteKey }, { id }) => deleteKey(id), ({ restoreKey }, { id }) => restoreKey(id)],
    [
      "OWNER_ENABLED",
      ({ disableUser }, { ownerId }) => disableUser(ownerId),
      ({ enableUser }, { ownerId }) => enableUser(ownerId),
    ],
    ["TENANT_RESUMED", ({ suspendTenant }) => suspendTenant(), ({ resumeTenant }) => resumeTenant()],
  ] as readonly [string, Step, Step][])(
    "%s: the key is valid again, once the server has said so",
    async ([, refuse, allow], { story }) => {
      const { guard, key } = await story.withKey({ mode });
      const plane = methodsOf(story.plane);
      refuse(plane, key);
      await story.moment();
      expect(await guard.verify(key.secret)).toMatchObject({ valid: false, source: "local" });
      const { trouble, release } = heldBack();
      story.server.troubles = { records: trouble };
      allow(plane, key);
      await story.moment();
      expect(await guard.verify(key.secret)).toMatchObject({ valid: false });
      release();
      await story.moment();
      expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    },
  );

  test("EXPIRING is only a reminder", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    story.plane.remindOf(key.id);
    const { records } = story.server.asked;
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    expect(story.server.asked.records).toBe(records);
  });

  test("both secrets of a rotated key are known, and the old one stops at its time", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    const secret = story.plane.rotateKey(key.id, 20_000);
    await story.moment();
    expect(await guard.verify(secret)).toMatchObject({ code: "VALID", source: "local", key: { id: key.id } });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local", key: { id: key.id } });
    await story.time.advance(21_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "SUPERSEDED", source: "local" });
    expect(await guard.verify(secret)).toMatchObject({ code: "VALID", source: "local" });
  });

  test("a type that only a newer server knows makes the key be read again", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    const { records } = story.server.asked;
    story.plane.tellOf(key.id, "FROZEN");
    await story.moment();
    expect(story.server.asked.records).toBe(records + 1);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
  });

  test("an answer that was made before a revocation and comes after it brings nothing back", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    const { trouble, release } = heldBack();
    story.server.troubles = { records: trouble };
    story.plane.updateKey(key.id, { name: "makes it read again" });
    await story.moment();
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED" });
    release();
    await story.moment();
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
  });

  test("what an event changes is not trusted for longer than the bound where it cannot be read again", async ({
    story,
  }) => {
    const { guard, key } = await story.withKey({ mode });
    story.server.troubles = { records: refused };
    story.plane.updateKey(key.id, { scopes: ["new"] });
    await story.time.advance(29_000);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", source: "local" });
    await story.time.advance(7_000);
    expect(guard.status()).toMatchObject({ state: "current" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "UNAVAILABLE", source: "stale" });
  });

  test("after a gap, a revocation in it is known once all is read again", async ({ story }) => {
    const { guard, key, revocations, states } = await story.withKey({ mode });
    story.server.goAway(refused);
    await story.time.advance(1_000);
    story.plane.revokeKey(key.id);
    story.server.forget();
    story.server.comeBack();
    await story.time.advance(31_000);
    expect(states.at(-1)).toBe("current");
    expect(await guard.verify(key.secret)).toMatchObject({
      code: "REVOKED",
      source: mode === "lazy" ? "server" : "local",
    });
    expect(revocations).toMatchObject([{ type: "REVOKED", keyId: key.id }]);
  });

  test("a key that is gone without an event is forgotten with what is read", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    story.plane.tellOf(key.id, "UPDATED");
    story.plane.loseKey(key.id);
    await story.moment();
    expect(guard.status().keys).toBe(0);
    expect(await guard.verify(key.secret)).toMatchObject({ code: "NOT_FOUND" });
  });
});

type Step = (plane: MemoryPlane, key: MemoryKey) => void;

/** A plane whose methods can be taken off it. */
function methodsOf(plane: MemoryPlane): MemoryPlane {
  return new Proxy(plane, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("events that come", () => {
  test("between a first sight and its late answer count: a key that was revoked meanwhile is not accepted", async ({
    story,
  }) => {
    const { guard } = await story.follow();
    const { trouble, release } = heldBack();
    story.server.troubles = { records: trouble };
    const key = story.plane.createKey();
    await story.moment();
    const verifying = guard.verify(key.secret);
    await story.moment();
    story.plane.revokeKey(key.id);
    await story.moment();
    release();
    await story.moment();
    expect(await verifying).toMatchObject({ code: "REVOKED" });
  });

  test("in a burst, of a thousand keys, are read again by 500, and all hold what is true", async ({ story }) => {
    const keys = Array.from({ length: 1_000 }, () => story.plane.createKey({ scopes: ["a"] }));
    const { guard } = await story.follow({ mode: "full" });
    story.server.troubles = { records: slow(5) };
    const { records } = story.server.asked;
    for (const { id } of keys) story.plane.updateKey(id, { scopes: ["b"] });
    await story.time.advance(100);
    expect(story.server.asked.records - records).toBeLessThanOrEqual(4);
    for (const { secret } of keys)
      expect(await guard.verify(secret, { scopes: ["b"] })).toMatchObject({ code: "VALID", source: "local" });
  });
});
