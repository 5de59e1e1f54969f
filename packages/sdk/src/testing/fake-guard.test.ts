import { describe, expect, test, vi } from "vitest";
import { withKey } from "../adapters/fetch.js";
import { createFakeGuard } from "./index.js";

describe("a fake guard", () => {
  test("decides about the keys that were issued by the real rules", async () => {
    const guard = createFakeGuard();
    const key = guard.issue({ scopes: ["orders:read"], metadata: { plan: "pro" }, allowedIps: ["203.0.113.0/24"] });
    expect(key.secret).toMatch(/^kp_live_[0-9A-Za-z]{49}$/);
    const codeOf = async (secret: string, request = {}) => (await guard.verify(secret, request)).code;
    const ip = "203.0.113.7";
    expect(await guard.verify(key.secret, { scopes: ["orders:read"], ip })).toMatchObject({
      code: "VALID",
      key: { id: key.id, metadata: { plan: "pro" } },
      owner: { id: key.ownerId },
      tenantId: key.tenantId,
    });
    expect(await codeOf(key.secret, { scopes: ["orders:write"], ip })).toBe("INSUFFICIENT_SCOPE");
    expect(await codeOf(key.secret, { ip: "198.51.100.1" })).toBe("IP_NOT_ALLOWED");
    expect(await codeOf(key.secret, { environment: "TEST" })).toBe("WRONG_ENVIRONMENT");
    expect(await codeOf(`Bearer ${key.secret}`)).toBe("MALFORMED");
    expect(await codeOf(createFakeGuard().issue().secret)).toBe("NOT_FOUND");
    await expect(guard.verify(key.secret, { scopes: "orders:read" as never })).rejects.toThrow(TypeError);
  });

  test("refuses as soon as something has changed, and allows again", async () => {
    const guard = createFakeGuard();
    const { id, secret, ownerId, tenantId } = guard.issue();
    const codes: string[] = [];
    const look = async () => void codes.push((await guard.verify(secret)).code);
    for (const [refuse, allow] of [
      [() => guard.disable(id), () => guard.enable(id)],
      [() => guard.disableOwner(ownerId), () => guard.enableOwner(ownerId)],
      [() => guard.suspendTenant(tenantId), () => guard.resumeTenant(tenantId)],
      [() => guard.makeUnavailable(true), () => guard.makeUnavailable(false)],
      [() => guard.expire(id), () => guard.update(id, { expiresAt: null })],
      [() => guard.revoke(id), () => guard.makeUnavailable(true)],
    ] as const) {
      refuse();
      await look();
      allow();
      await look();
    }
    expect(codes.filter((_, index) => index % 2 === 0)).toEqual([
      "DISABLED",
      "OWNER_DISABLED",
      "TENANT_SUSPENDED",
      "UNAVAILABLE",
      "EXPIRED",
      "REVOKED",
    ]);
    expect(codes.filter((_, index) => index % 2 === 1)).toEqual([...Array(5).fill("VALID"), "REVOKED"]);
  });

  test("closes what is bound before the change returns, and tells why", () => {
    const guard = createFakeGuard();
    const { id } = guard.issue();
    const heard = vi.fn();
    guard.on("revoked", heard);
    const socket = { close: vi.fn() };
    const forgotten = vi.fn();
    guard.bind(id, socket);
    guard.bind(id, forgotten)();
    expect(guard.bound).toBe(1);
    guard.revoke(id, "leaked");
    guard.revoke(id, "again");
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1008, "REVOKED");
    expect(forgotten).not.toHaveBeenCalled();
    expect(heard).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ type: "REVOKED", keyId: id, reason: "leaked", occurredAt: expect.any(Date) }),
    );
    const late = vi.fn();
    guard.bind(id, late);
    expect(late).toHaveBeenCalledWith(expect.objectContaining({ code: "REVOKED" }));
    expect(guard.bound).toBe(0);
  });

  test("lets an expiry and an overlap come by its clock, also where that of the machine is faked", async () => {
    vi.useFakeTimers();
    try {
      const guard = createFakeGuard();
      const expiring = guard.issue({ expiresAt: new Date(Date.now() + 60_000) });
      const rotated = guard.issue();
      const { secret } = guard.rotate(rotated.id, { overlapMs: 60_000 });
      const closed = vi.fn();
      guard.bind(expiring.id, closed);
      vi.advanceTimersByTime(30_000);
      expect([(await guard.verify(expiring.secret)).code, (await guard.verify(rotated.secret)).code]).toEqual([
        "VALID",
        "VALID",
      ]);
      guard.advanceTime(30_000);
      expect(closed).toHaveBeenCalledWith(expect.objectContaining({ code: "EXPIRED" }));
      expect((await guard.verify(expiring.secret)).code).toBe("EXPIRED");
      expect((await guard.verify(rotated.secret)).code).toBe("SUPERSEDED");
      expect((await guard.verify(secret)).code).toBe("VALID");
      expect(() => guard.advanceTime(-1)).toThrow(RangeError);
    } finally {
      vi.useRealTimers();
    }
  });

  test("keeps what was asked, and what it would have recorded", async () => {
    const guard = createFakeGuard();
    const { id, secret } = guard.issue();
    await guard.verify(secret, { usage: { api: "orders/v1", cost: 3 }, ip: "203.0.113.7" });
    await guard.verify("nothing");
    expect(guard.verifications.map(({ key, verdict }) => [key, verdict.code])).toEqual([
      [secret, "VALID"],
      ["nothing", "MALFORMED"],
    ]);
    expect(guard.recorded).toEqual([
      { keyId: id, code: "VALID", api: "orders/v1", cost: 3, ip: "203.0.113.7", start: secret.slice(0, 12) },
      { keyId: undefined, code: "MALFORMED", ip: undefined, start: undefined },
    ]);
  });

  test("takes the ids of the application's own fixtures", async () => {
    const guard = createFakeGuard();
    const owner = { name: "Grace", email: "grace@globex.example", externalId: "42" };
    const first = guard.issue({ ownerId: "usr_grace", tenantId: "ten_globex", owner });
    const second = guard.issue({ ownerId: "usr_grace" });
    expect(await guard.verify(first.secret)).toMatchObject({
      tenantId: "ten_globex",
      owner: { id: "usr_grace", ...owner },
    });
    expect(second.tenantId).toBe("ten_globex");
  });

  test("says how it stands, and trusts nothing once it is closed", async () => {
    const guard = createFakeGuard();
    const { secret } = guard.issue();
    const states: string[] = [];
    guard.on("state", ({ state }) => states.push(state));
    await guard.ready();
    expect(guard.status()).toMatchObject({ mode: "full", state: "current", connected: "stream", keys: 1 });
    guard.makeUnavailable(true);
    guard.makeUnavailable(true);
    await guard.close();
    guard.makeUnavailable(false);
    expect(states).toEqual(["stale", "closed"]);
    expect(await guard.verify(secret)).toMatchObject({ valid: false, code: "UNAVAILABLE" });
  });

  test("stands behind an adapter", async () => {
    const guard = createFakeGuard();
    const { id, secret } = guard.issue({ scopes: ["orders:read"] });
    const handler = withKey(guard, { scopes: ["orders:read"] }, (_, { verdict }) => new Response(verdict.owner.id));
    const ask = async () =>
      (await handler(new Request("http://api.example/", { headers: { authorization: `Bearer ${secret}` } }))).status;
    expect(await ask()).toBe(200);
    guard.revoke(id);
    expect(await ask()).toBe(401);
  });
});
