import { createGuard, type Guard, type GuardOptions, type Revocation } from "@keyplane/sdk/guard";
import { test as base, describe, expect, ok } from "../testkit/index.js";

type Make = (options?: Partial<GuardOptions>) => Promise<Guard>;

/** Guards of the whole installation, ready to verify; closed at the end. */
const test = base.extend<{ guardOf: Make }>({
  guardOf: async ({ world }, use) => {
    const guards: Guard[] = [];
    await use(async (options) => {
      const guard = createGuard({ url: world.url, token: world.server.rootToken, ...options });
      guards.push(guard);
      await guard.ready();
      return guard;
    });
    await Promise.all(guards.map((guard) => guard.close()));
  },
});

function nextRevocation(guard: Guard): Promise<Revocation> {
  return new Promise((resolve) => {
    const stop = guard.on("revoked", (revocation) => {
      stop();
      resolve(revocation);
    });
  });
}

const ways = [
  { mode: "lazy", events: "stream" },
  { mode: "lazy", events: "polling" },
  { mode: "full", events: "stream" },
  { mode: "full", events: "polling" },
] as const;

describe.each(ways)("a guard in the mode $mode, by $events", (way) => {
  test("refuses a key as soon as it hears that it was revoked, without asking", async ({ world, guardOf }) => {
    const { tenant, key, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const guard = await guardOf({ ...way, tenantId: tenant.id });
    expect(await guard.verify(secret, { scopes: ["orders:read"] })).toMatchObject({
      code: "VALID",
      key: { id: key.id },
    });
    expect(await guard.verify(secret)).toMatchObject({ source: "local" });
    const revoked = nextRevocation(guard);
    ok(await world.root.mutate("revokeKey", { id: key.id, reason: "leaked" }, "key { id }"));
    expect(await revoked).toMatchObject({ type: "REVOKED", keyId: key.id, reason: "leaked" });
    expect(await guard.verify(secret)).toMatchObject({ code: "REVOKED", source: "local" });
  });
});
