import { describe, expect, type GuardStory, test, vi } from "../test-helpers/guard-story.js";
import { refused } from "../testing/troubles.js";
import type { Closable, Guard } from "./guard.js";

/** Binds something to a key that is refused in a minute, and sees it closed then, though nobody can tell the guard of it. */
async function expireAlone(story: GuardStory, guard: Guard, keyId: string): Promise<void> {
  const closed = vi.fn();
  guard.bind(keyId, closed);
  story.server.goAway(refused);
  await story.time.advance(58_000);
  expect(closed).not.toHaveBeenCalled();
  await story.time.advance(4_000);
  expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "EXPIRED" }));
}

describe("what is bound to a key", () => {
  test("is closed at its revocation in its own way: a function, a socket, a stream", async ({ story }) => {
    const { guard, key } = await story.withKey();
    const call = vi.fn();
    const socket = { close: vi.fn(), destroy: vi.fn() };
    const stream = { destroy: vi.fn() };
    for (const closable of [call, socket, stream] as Closable[]) guard.bind(key.id, closable);
    story.plane.revokeKey(key.id, "leaked");
    await story.moment();
    expect(call).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED", valid: false }));
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1008, "REVOKED");
    expect(socket.destroy).not.toHaveBeenCalled();
    expect(stream.destroy).toHaveBeenCalledOnce();
  });

  test.for([
    ["DISABLED", "disableKey"],
    ["NOT_FOUND", "deleteKey"],
    ["EXPIRED", "expireKey"],
  ] as const)("is closed with %s after %s", async ([code, change], { story }) => {
    const { guard, key } = await story.withKey();
    const closed = vi.fn();
    guard.bind(key.id, closed);
    story.plane[change](key.id);
    await story.moment();
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }));
  });

  test("is closed when the owner is disabled, with all else of that owner, and nothing else", async ({ story }) => {
    const { guard, key } = await story.withKey();
    const second = story.plane.createKey({ ownerId: key.ownerId });
    const stranger = story.plane.createKey();
    for (const { secret } of [second, stranger]) await guard.verify(secret);
    const closed = [key, second, stranger].map(({ id }) => {
      const close = vi.fn();
      guard.bind(id, close);
      return close;
    });
    story.plane.disableUser(key.ownerId);
    await story.moment();
    expect(closed.map(({ mock }) => mock.calls[0]?.[0].code)).toEqual(["OWNER_DISABLED", "OWNER_DISABLED", undefined]);
    story.plane.suspendTenant();
    await story.moment();
    expect(closed.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
    expect(closed[2]?.mock.calls[0]?.[0].code).toBe("TENANT_SUSPENDED");
  });

  test("is closed at once where the key is refused already", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.plane.revokeKey(key.id);
    await story.moment();
    const closed = vi.fn();
    guard.bind(key.id, closed);
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED" }));
  });

  test("is closed when the key turns out to be refused, or not to exist, where it was not known", async ({ story }) => {
    const { guard } = await story.follow();
    const revoked = story.plane.createKey();
    story.plane.revokeKey(revoked.id);
    const valid = story.plane.createKey();
    const closed = { revoked: vi.fn(), valid: vi.fn(), unknown: vi.fn() };
    guard.bind(revoked.id, closed.revoked);
    guard.bind(valid.id, closed.valid);
    guard.bind("key_of_nobody", closed.unknown);
    await story.moment();
    expect(closed.revoked).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED" }));
    expect(closed.unknown).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(closed.valid).not.toHaveBeenCalled();
    story.plane.revokeKey(valid.id);
    await story.moment();
    expect(closed.valid).toHaveBeenCalledOnce();
  });

  test("is closed at the key's expiry, even when nobody can tell of it", async ({ story }) => {
    const { guard, key } = await story.withKey({}, { expiresAt: new Date(Date.now() + 60_000) });
    await expireAlone(story, guard, key.id);
  });

  test.for([
    ["by its own rules", { rotateEveryMs: 60_000, rotationOverdue: "REFUSE" }, {}],
    ["by its tenant's", {}, { rotateEveryMs: 60_000, rotationOverdue: "REFUSE" }],
    ["by its own interval", { rotateEveryMs: 60_000 }, { rotateEveryMs: 90_000, rotationOverdue: "REFUSE" }],
  ] as const)(
    "is closed when the key is overdue and refused for it %s, even when nobody can tell of it",
    async ([, ofKey, ofTenant], { story }) => {
      const { guard, key } = await story.withKey();
      story.plane.setRotation(key.id, ofKey);
      story.plane.updateTenant(ofTenant);
      await story.moment();
      await expireAlone(story, guard, key.id);
    },
  );

  test("is closed when the key is overdue and refused for it, though the event comes before the guard knows how late it is", async ({
    story,
  }) => {
    // The server tells its time in whole seconds, and so the guard's is this much behind.
    await story.time.advance(700);
    const { guard, key } = await story.withKey();
    story.plane.setRotation(key.id, { rotateEveryMs: 60_000, rotationOverdue: "REFUSE" });
    await story.moment();
    const closed = vi.fn();
    guard.bind(key.id, closed);
    await story.time.advance(59_900);
    story.plane.tellOf(key.id, "ROTATION_OVERDUE");
    await story.moment();
    expect(closed).not.toHaveBeenCalled();
    await story.time.advance(3_000);
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "EXPIRED" }));
  });

  test("stays open when the key is overdue and only warned of", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.plane.setRotation(key.id, { rotateEveryMs: 60_000, rotationOverdue: "WARN" });
    await story.moment();
    const closed = vi.fn();
    guard.bind(key.id, closed);
    await story.time.advance(70_000);
    story.plane.tellOf(key.id, "ROTATION_OVERDUE");
    await story.time.advance(10_000);
    expect(closed).not.toHaveBeenCalled();
    // From now on it is refused, and was due long ago.
    story.plane.setRotation(key.id, { rotateEveryMs: 60_000, rotationOverdue: "REFUSE" });
    await story.moment();
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "EXPIRED" }));
  });

  test.for(["lazy", "full"] as const)(
    "is closed after a gap in which the key was revoked, in the mode %s",
    async (mode, { story }) => {
      const { guard, key } = await story.withKey({ mode });
      const closed = vi.fn();
      guard.bind(key.id, closed);
      story.server.goAway(refused);
      await story.time.advance(1_000);
      story.plane.revokeKey(key.id);
      story.server.forget();
      story.server.comeBack();
      await story.time.advance(31_000);
      expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED" }));
    },
  );

  test("is closed where it was bound after a gap in which the key was revoked", async ({ story }) => {
    const { guard, key } = await story.withKey();
    story.server.goAway(refused);
    await story.time.advance(1_000);
    story.plane.revokeKey(key.id);
    story.server.forget();
    story.server.comeBack();
    await story.time.advance(31_000);
    const closed = vi.fn();
    guard.bind(key.id, closed);
    await story.moment();
    expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "REVOKED" }));
  });

  test.for(["lazy", "full"] as const)(
    "is closed after a gap in which the owner was disabled, in the mode %s",
    async (mode, { story }) => {
      const { guard, key, revocations } = await story.withKey({ mode });
      const closed = vi.fn();
      guard.bind(key.id, closed);
      story.server.goAway(refused);
      await story.time.advance(1_000);
      story.plane.disableUser(key.ownerId);
      story.server.forget();
      story.server.comeBack();
      await story.time.advance(31_000);
      expect(closed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "OWNER_DISABLED" }));
      expect(revocations).toMatchObject([{ type: "OWNER_DISABLED", userId: key.ownerId, keyId: null }]);
    },
  );

  test("stays open when the key gets a new secret, other scopes, or is bound to addresses", async ({ story }) => {
    const { guard, key } = await story.withKey({}, { allowedIps: ["203.0.113.0/24"] });
    const closed = vi.fn();
    guard.bind(key.id, closed);
    story.plane.rotateKey(key.id, 60_000);
    story.plane.updateKey(key.id, { scopes: ["b"], allowedIps: ["198.51.100.0/24"] });
    await story.moment();
    expect(closed).not.toHaveBeenCalled();
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(closed).toHaveBeenCalledOnce();
  });

  test("is not closed once it is unbound, even where the same thing was bound twice", async ({ story }) => {
    const { guard, key } = await story.withKey();
    const closed = vi.fn();
    const unbind = guard.bind(key.id, closed);
    guard.bind(key.id, closed);
    unbind();
    unbind();
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(closed).toHaveBeenCalledOnce();
  });

  test("is closed although something else of the same key fails to close, and that is told", async ({ story }) => {
    const { guard, key, errors } = await story.withKey();
    const closed = vi.fn();
    guard.bind(key.id, () => {
      throw new Error("cannot close");
    });
    guard.bind(key.id, closed);
    story.plane.revokeKey(key.id);
    await story.moment();
    expect(closed).toHaveBeenCalledOnce();
    expect(errors.map(({ message }) => message)).toEqual(["cannot close"]);
  });

  test("keeps its key in memory, however many others come", async ({ story }) => {
    const { guard, key } = await story.withKey({ maxKeys: 2 });
    guard.bind(key.id, () => {});
    for (let count = 0; count < 10; count++) {
      await guard.verify(story.plane.createKey().secret);
      await story.moment();
    }
    expect(guard.status().keys).toBe(2);
    expect(await guard.verify(key.secret)).toMatchObject({ source: "local" });
  });
});
