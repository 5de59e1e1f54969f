import { afterEach, describe, expect, test, vi } from "vitest";
import { Keyplane } from "../client/keyplane.js";
import { unwrap } from "../client/results.js";
import { createGuard } from "../guard/create-guard.js";
import type { Guard } from "../guard/guard.js";
import type { GuardOptions } from "../guard/guard-options.js";
import { createTestKeyplane, type TestKeyplane } from "./index.js";

const guards: Guard[] = [];
afterEach(async () => {
  await Promise.all(guards.splice(0).map((guard) => guard.close()));
});

async function guardOf({ url, token, fetch }: TestKeyplane, options: Partial<GuardOptions> = {}): Promise<Guard> {
  const guard = createGuard({ url, token, fetch, ...options });
  guards.push(guard);
  await guard.ready();
  return guard;
}

const codeOf = async (guard: Guard, key: string) => (await guard.verify(key)).code;

describe.each(["stream", "polling"] as const)("a guard that follows by %s", (events) => {
  test("knows of every change once all is settled", async () => {
    const keyplane = createTestKeyplane();
    const guard = await guardOf(keyplane, { events });
    const { id, secret, ownerId } = keyplane.createKey();
    const codes = [];
    for (const change of [
      () => {},
      () => keyplane.disableKey(id),
      () => keyplane.enableKey(id),
      () => keyplane.disableUser(ownerId),
      () => keyplane.enableUser(ownerId),
      () => keyplane.suspendTenant(),
      () => keyplane.resumeTenant(),
      () => keyplane.deleteKey(id),
      () => keyplane.restoreKey(id),
      () => keyplane.rotateKey(id),
    ]) {
      change();
      await keyplane.settled();
      codes.push(await codeOf(guard, secret));
    }
    const refused = ["DISABLED", "OWNER_DISABLED", "TENANT_SUSPENDED", "NOT_FOUND"];
    expect(codes).toEqual([...refused.flatMap((code) => ["VALID", code]), "VALID", "SUPERSEDED"]);
  });

  test("loses a control plane that is offline, and finds it again", async () => {
    const keyplane = createTestKeyplane();
    const guard = await guardOf(keyplane, { events, maxStalenessMs: 300 });
    const { id, secret } = keyplane.createKey();
    keyplane.goOffline();
    await expect.poll(() => guard.status().connected).toBe(null);
    await expect.poll(() => codeOf(guard, secret)).toBe("UNAVAILABLE");
    keyplane.revokeKey(id);
    keyplane.goOnline();
    await expect.poll(() => codeOf(guard, secret)).toBe("REVOKED");
  });
});

describe("the clock", () => {
  test("brings expiries, which are told once", async () => {
    const keyplane = createTestKeyplane();
    const guard = await guardOf(keyplane);
    const first = keyplane.createKey({ expiresAt: new Date(keyplane.now + 60_000) });
    const second = keyplane.createKey();
    const closed = vi.fn();
    for (const key of [first, second]) {
      expect(await codeOf(guard, key.secret)).toBe("VALID");
      guard.bind(key.id, closed);
    }
    keyplane.advanceTime(60_000);
    keyplane.expireKey(second.id);
    await keyplane.settled();
    expect(closed).toHaveBeenCalledTimes(2);
    expect([await codeOf(guard, first.secret), await codeOf(guard, second.secret)]).toEqual(["EXPIRED", "EXPIRED"]);
    keyplane.advanceTime(60_000);
    expect(keyplane.events.filter(({ type }) => type === "EXPIRED").map(({ keyId }) => keyId)).toEqual([
      first.id,
      second.id,
    ]);
  });

  test("ends overlaps also for guards, which connect anew", async () => {
    const keyplane = createTestKeyplane();
    const guard = await guardOf(keyplane);
    const { id, secret } = keyplane.createKey();
    expect(await codeOf(guard, secret)).toBe("VALID");
    const renewed = keyplane.rotateKey(id, { overlapMs: 60_000 });
    await keyplane.settled();
    expect(await codeOf(guard, secret)).toBe("VALID");
    keyplane.advanceTime(60_000);
    await expect.poll(() => codeOf(guard, secret)).toBe("SUPERSEDED");
    expect(await codeOf(guard, renewed.secret)).toBe("VALID");
  });

  test("goes by the machine's, or by the test's own, and never back", () => {
    const keyplane = createTestKeyplane({ now: () => 1_800_000_000_000 });
    keyplane.advanceTime(1);
    expect(keyplane.now).toBe(1_800_000_000_001);
    expect(keyplane.key(keyplane.createKey().id).createdAt).toBe(new Date(keyplane.now).toISOString());
    expect(() => keyplane.advanceTime(-1)).toThrow(RangeError);
  });
});

test("streams that are held back never come, and those that are open break", async () => {
  const keyplane = createTestKeyplane();
  const guard = await guardOf(keyplane, { events: "stream" });
  keyplane.holdStreams(true);
  await expect.poll(() => guard.status().state).toBe("reconnecting");
  keyplane.revokeKey(keyplane.createKey().id);
  await keyplane.settled();
  expect(guard.status().connected).toBe(null);
});

test("usage that a guard has recorded is there when it is closed", async () => {
  const keyplane = createTestKeyplane();
  const guard = await guardOf(keyplane);
  const { id, secret, ownerId } = keyplane.createKey();
  await guard.verify(secret, { usage: { api: "orders/v1", cost: 3 } });
  await guard.close();
  expect(keyplane.usage).toMatchObject([{ keyId: id, userId: ownerId, code: "VALID", api: "orders/v1", cost: 3 }]);
});

test("what a real server would refuse is thrown, with its code", () => {
  const keyplane = createTestKeyplane();
  const { id } = keyplane.createKey();
  const other = keyplane.createUser({ tenantId: keyplane.createTenant().id });
  keyplane.revokeKey(id);
  const refused = (act: () => unknown) => {
    try {
      return act();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(refused(() => keyplane.enableKey(id))).toBe("CONFLICT");
  expect(refused(() => keyplane.revokeKey("key_none"))).toBe("NOT_FOUND");
  expect(refused(() => keyplane.createKey({ scopes: ["a b"] }))).toBe("INVALID_INPUT");
  expect(refused(() => keyplane.createKey({ tenantId: keyplane.tenantId, ownerId: other.id }))).toBe("NOT_FOUND");
  expect(keyplane.createKey({ ownerId: other.id }).tenantId).toBe(other.tenantId);
});

test("a document that is not known is refused with what to use instead", async () => {
  const { url, token, fetch } = createTestKeyplane();
  const client = new Keyplane({ url, token, fetch });
  const refusal = /does not know query ListKeys\b.* npm start /;
  await expect(client.keys.list().page()).rejects.toThrow(refusal);
  await expect(client.request("{ viewer { id } }")).rejects.toMatchObject({
    code: "BAD_REQUEST",
    name: "RequestError",
  });
  const lines = client.usage.export({ kind: "events", format: "csv", tenantId: "ten_x" });
  await expect(
    (async () => {
      for await (const _ of lines);
    })(),
  ).rejects.toThrow("/export/usage-events");
});

test("what keys cannot do here is refused, not left out", async () => {
  const keyplane = createTestKeyplane();
  const { url, token, fetch, tenantId } = keyplane;
  const { keys } = new Keyplane({ url, token, fetch });
  const { id, secret, ownerId } = keyplane.createKey();
  const input = { tenantId, ownerId, name: "Orders" };
  const refusal = (what: string) => ({
    name: "RequestError",
    message: expect.stringContaining(`does not know ${what}.`),
  });
  const onFirstUse = "secrets that wait for their first use";
  await expect(keys.rotate({ id, activateOnFirstUse: true })).rejects.toMatchObject(refusal(onFirstUse));
  const rules = { rotateEveryMs: 86_400_000, rotationOverdue: "REFUSE", rotationOverlapMs: 0 } as const;
  for (const [name, value] of Object.entries(rules)) {
    await expect(keys.create({ ...input, [name]: value })).rejects.toMatchObject(refusal(name));
    await expect(keys.update({ id, [name]: value })).rejects.toMatchObject(refusal(name));
  }
  const rotationWebhookId = "whk_000000000000000000000000";
  for (const refused of [keys.create({ ...input, rotationWebhookId }), keys.update({ id, rotationWebhookId })]) {
    expect(await refused).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("No webhook") });
  }
  expect((await keys.verify({ key: secret })).code).toBe("VALID");
  unwrap(
    await keys.update({
      id,
      rotateEveryMs: null,
      rotationOverdue: null,
      rotationOverlapMs: null,
      rotationWebhookId: null,
    }),
  );
  unwrap(await keys.rotate({ id, activateOnFirstUse: false }));
});

test("all methods of keys are answered but those that the page about testing names", async () => {
  const { url, token, fetch } = createTestKeyplane();
  const { keys } = new Keyplane({ url, token, fetch });
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(keys)).filter((name) => name !== "constructor");
  const isUnknown = async (name: string): Promise<boolean> => {
    const method = (keys as unknown as Record<string, (input: object) => PromiseLike<unknown>>)[name];
    // What they are given is of no use, so those that are answered refuse it in some other way, or not.
    return Promise.resolve(name === "list" ? keys.list().page() : method?.call(keys, {})).then(
      () => false,
      (error: Error) => error.message.includes("does not know"),
    );
  };
  const unknown = [];
  for (const name of names) if (await isUnknown(name)) unknown.push(name);
  expect(unknown.sort()).toEqual(["diagnose", "list", "release", "resolveInvalidUser"]);
});

test("a client finds what the test has made, and the test what a client has changed", async () => {
  const keyplane = createTestKeyplane();
  const { url, token, fetch, tenantId } = keyplane;
  const client = new Keyplane({ url, token, fetch });
  const { id, secret } = keyplane.createKey({ scopes: ["orders:read"] });
  expect(await client.keys.get(id)).toEqual(keyplane.key(id));
  unwrap(await client.keys.revoke({ id, reason: "leaked" }));
  expect(keyplane.key(id).status).toBe("REVOKED");
  expect((await client.keys.verify({ key: secret })).code).toBe("REVOKED");
  expect(keyplane.usage).toMatchObject([{ code: "REVOKED", source: "SERVER" }]);
  const ownerId = keyplane.createUser({ name: "Ada" }).id;
  expect(unwrap(await client.keys.create({ tenantId, ownerId, name: "Orders" })).key.ownerId).toBe(ownerId);
});
