import { findDocsAt } from "@keyplane/schema";
import { afterEach, describe, expect, test } from "vitest";
import { MemoryPlane } from "../testing/memory-plane.js";
import { MemoryServer } from "../testing/memory-server.js";
import { createGuard } from "./create-guard.js";
import type { Guard } from "./guard.js";
import type { GuardOptions } from "./guard-options.js";

// As the server does: its verdicts lead to the pages at the address by which the guard reaches it.
findDocsAt(() => "http://keyplane.test");

const guards: Guard[] = [];
afterEach(async () => {
  await Promise.all(guards.splice(0).map((guard) => guard.close()));
});

function setUp(options: Partial<GuardOptions> = {}) {
  const plane = new MemoryPlane();
  const server = new MemoryServer(plane);
  const guard = createGuard({ url: "http://keyplane.test", token: "token", fetch: server.fetch, ...options });
  guards.push(guard);
  return { plane, server, guard };
}

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("a valid key is verified from memory once it was seen, with the server's verdict", async () => {
    const { plane, server, guard } = setUp({ mode });
    const key = plane.createKey({ scopes: ["orders:read"], metadata: { plan: "pro" } });
    await guard.ready();
    const first = await guard.verify(key.secret, { scopes: ["orders:read"] });
    expect(first).toMatchObject({
      ...plane.verify({ key: key.secret, scopes: ["orders:read"] }),
      requestId: expect.anything(),
    });
    expect(first.source).toBe(mode === "lazy" ? "server" : "local");
    const { records } = server.asked;
    expect(await guard.verify(key.secret)).toMatchObject({ valid: true, source: "local" });
    expect(server.asked.records).toBe(records);
  });

  test("a revoked key is refused without asking", async () => {
    const { plane, guard } = setUp({ mode });
    const key = plane.createKey();
    await guard.ready();
    await guard.verify(key.secret);
    const told = new Promise((resolve) => guard.on("revoked", resolve));
    plane.revokeKey(key.id, "leaked");
    expect(await told).toMatchObject({ type: "REVOKED", keyId: key.id, reason: "leaked" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "REVOKED", source: "local" });
  });
});
