import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { onTestFinished } from "vitest";
import { describe, expect, minute, ok, startServer, test, World } from "../../testkit/index.js";

/** Lets no file be written at a place of its own, as where the disk is full. @returns ends that. */
function fillDisk(): () => void {
  const { writeSync } = fs;
  const end = (): void => {
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
  };
  fs.writeSync = ((...given: Parameters<typeof writeSync>) => {
    if ((given as unknown[]).length === 5)
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    return writeSync(...given);
  }) as typeof writeSync;
  syncBuiltinESMExports();
  onTestFinished(end);
  return end;
}

describe("a charge that cannot be written", () => {
  test("lets nobody in, and counts; whoever takes nothing of a quota is answered all the same", async () => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const world = new World(server);
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 1_000 }));
    const { key: other, secret: ofOther } = await world.key(tenant.id, owner.id);
    ok(await admin.setRateLimits(other.id, [{ name: "per-minute", limit: 100, windowMs: minute }]));
    for (const each of [secret, ofOther]) expect(await admin.verify(each)).toMatchObject({ valid: true });
    const makeRoom = fillDisk();
    const answers = await Promise.allSettled([admin.verify(secret), admin.verify(ofOther), admin.verify(secret)]);
    expect(answers).toMatchObject([
      { status: "rejected", reason: { code: "INTERNAL" } },
      { status: "fulfilled", value: { valid: true } },
      { status: "rejected", reason: { code: "INTERNAL" } },
    ]);
    // Not even when nothing more is used.
    await expect(admin.verify(secret, { cost: 0 })).rejects.toMatchObject({ code: "INTERNAL" });
    makeRoom();
    expect(await admin.verify(secret)).toMatchObject({ valid: true, quota: { used: 4 } });
    const { totals } = await admin.usage(world.around(tenant.id), "totals { count }");
    expect(totals.count).toBe(4);
  });
});
