import { generateKey } from "@keyplane/schema";
import { DatabaseWatch } from "../../testkit/database-watch.js";
import { describe, expect, minute, ok, test, type World } from "../../testkit/index.js";

const perMinute = 60;
const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const mistyped = "kp_live_003aUlTJC7tjlCTQj2uNU3aFagCXG9LRKRcwGkBIDlf0GsQOQ";

/** Presents so many different unknown keys from an address. @returns the codes of the verdicts. */
function guess(caller: World["root"], times: number, ip: string): Promise<string[]> {
  return Promise.all(Array.from({ length: times }, async () => (await caller.verify(unknownKey(), { ip })).code));
}

/** An address that no other test presents keys from. */
let addresses = 0;
const newAddress = () => `2001:db8:${(++addresses).toString(16)}::1`;

describe("an address that presents unknown keys", () => {
  test("is told so often that they are unknown, then slowed, then refused, and let in again by itself", async ({
    world,
  }) => {
    const { admin } = await world.tenant();
    const ip = newAddress();
    const codes = await guess(admin, perMinute + 10, ip);
    expect(codes.filter((code) => code === "NOT_FOUND")).toHaveLength(perMinute);
    const watch = new DatabaseWatch(world.server);
    expect(await admin.verify(unknownKey(), { ip })).toMatchObject({
      valid: false,
      code: "RATE_LIMITED",
      key: null,
      message: expect.stringContaining("Wait 1000 ms"),
      retryAfterMs: 1_000,
    });
    expect(watch.asked).toEqual([]);
    watch.stop();
    world.clock.advance(1_000);
    expect((await guess(admin, 3, ip)).sort()).toEqual(["NOT_FOUND", "RATE_LIMITED", "RATE_LIMITED"]);
    await guess(admin, perMinute, ip);
    expect(await admin.verify(unknownKey(), { ip })).toMatchObject({ retryAfterMs: 5 * minute });
    world.clock.advance(5 * minute);
    expect(await admin.verify(unknownKey(), { ip })).toMatchObject({ code: "NOT_FOUND", retryAfterMs: null });
  });

  test("or mistyped ones, also always the same, is held up alike, and still told what looks wrong", async ({
    world,
  }) => {
    const { admin } = await world.tenant();
    const ip = newAddress();
    const same = unknownKey();
    for (let time = 0; time < perMinute / 2; time++) {
      expect(await admin.verify(mistyped, { ip })).toMatchObject({ code: "CHECKSUM_MISMATCH" });
      expect(await admin.verify(same, { ip })).toMatchObject({ code: "NOT_FOUND" });
    }
    expect(await admin.verify(same, { ip })).toMatchObject({ code: "RATE_LIMITED" });
    expect(await admin.verify(mistyped, { ip })).toMatchObject({
      code: "RATE_LIMITED",
      hint: expect.stringContaining("character"),
    });
    expect(await admin.verify("hello", { ip })).toMatchObject({ code: "MALFORMED", retryAfterMs: null });
  });

  test("keeps nobody's good key out, there or elsewhere, whatever changes about it meanwhile", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const ip = newAddress();
    expect(await admin.verify(secret, { ip })).toMatchObject({ code: "VALID" });
    await guess(admin, 3 * perMinute, ip);
    expect(await admin.verify(secret, { ip })).toMatchObject({ code: "VALID" });
    ok(await admin.key("updateKey", { id: key.id, name: "New" }));
    ok(await admin.user("updateUser", { id: owner.id, name: "New" }));
    ok(await admin.tenant("updateTenant", { id: tenant.id, name: "New" }));
    expect(await admin.verify(secret, { ip })).toMatchObject({ code: "VALID" });
    expect(await admin.verify(unknownKey(), { ip: newAddress() })).toMatchObject({ code: "NOT_FOUND" });
    expect(await admin.verify(unknownKey())).toMatchObject({ code: "NOT_FOUND" });
  });

  test("keeps no key out that nobody has verified so far, made before it guessed or since, nor the new secret of one", async ({
    world,
  }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const verifier = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const ip = newAddress();
    const [before, rotated] = [await world.key(tenant.id, owner.id), await world.key(tenant.id, owner.id)];
    for (let time = 0; time < 140; time++) await verifier.verify(mistyped, { ip });
    expect(await verifier.verify(unknownKey(), { ip })).toMatchObject({ code: "RATE_LIMITED" });
    expect(await verifier.verify(before.secret, { ip })).toMatchObject({ code: "VALID" });
    const since = await world.key(tenant.id, owner.id);
    ok(await world.root.key("updateKey", { id: since.key.id, name: "New" }));
    const { secret } = ok(await world.root.keySecret("rotateKey", { id: rotated.key.id, overlapMs: minute }));
    const pending = ok(
      await world.root.keySecret("rotateKey", { id: before.key.id, overlapMs: minute, activateOnFirstUse: true }),
    );
    for (const each of [since.secret, secret, rotated.secret, pending.secret, before.secret]) {
      expect(await verifier.verify(String(each), { ip })).toMatchObject({ code: "VALID" });
    }
    expect(await verifier.verify(unknownKey(), { ip })).toMatchObject({ code: "RATE_LIMITED" });
  });

  test("is not held up by whoever verifies for others: each verifier counts for itself", async ({ world }) => {
    const [mine, theirs] = [await world.tenant(), await world.tenant()];
    const ip = newAddress();
    await guess(mine.admin, 2 * perMinute, ip);
    expect(await theirs.admin.verify(unknownKey(), { ip })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("learns nothing of another tenant's keys: they answer as unknown ones do", async ({ world }) => {
    const { admin } = await world.tenant();
    const { secret } = await world.tenantWithKey();
    const ip = newAddress();
    const unseen = await world.tenantWithKey();
    await world.root.verify(secret);
    await guess(admin, perMinute, ip);
    for (const theirs of [secret, unseen.secret]) {
      expect(await admin.verify(theirs, { ip })).toMatchObject({ code: "RATE_LIMITED", key: null, tenantId: null });
    }
  });

  test("with good keys that the server has not read yet never runs out", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const ip = newAddress();
    for (let time = 0; time < 5; time++) {
      const { secret } = await world.key(tenant.id, owner.id);
      expect(await admin.verify(secret, { ip })).toMatchObject({ code: "VALID" });
    }
    const codes = await guess(admin, perMinute, ip);
    expect(codes.every((code) => code === "NOT_FOUND")).toBe(true);
  });

  test("is counted in the metrics", async ({ world }) => {
    const { admin } = await world.tenant();
    const count = async () => {
      const headers = { authorization: `Bearer ${world.server.rootToken}` };
      const text = await (await fetch(`${world.url}/metrics`, { headers })).text();
      return Number(/^keyplane_refused_guesses_total\{what="key_of_address"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await count();
    await guess(admin, perMinute + 7, newAddress());
    expect((await count()) - before).toBe(7);
  });
});
