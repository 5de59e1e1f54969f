import { generateKey, verdictCodes } from "@keyplane/schema";
import { guessUntilHeldUp } from "../../testkit/guesses.js";
import { type Caller, day, describe, expect, hour, minute, ok, test } from "../../testkit/index.js";

const codes = Object.keys(verdictCodes).filter((code) => code !== "VALID");

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const checkOf = (diagnosis: any, code: string) => diagnosis.checks.find((each: any) => each.code === code);
// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const findingCodes = (diagnosis: any) => diagnosis.findings.map(({ code }: any) => code);
// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationsOf = (diagnosis: any) =>
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  diagnosis.remedies.map(({ mutation }: any) => /(\w+)\(input: \$input\)/.exec(mutation)?.[1]);

describe("diagnoseKey", () => {
  test("of a valid key every check has passed, each with what it saw, and nothing is to be mended", async ({
    world,
  }) => {
    const { admin, key, secret, owner } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const diagnosis = await admin.diagnose({ key: secret, scopes: ["orders:read"] });
    expect(diagnosis).toMatchObject({ verdict: { valid: true, code: "VALID" }, verdictNow: null, key: { id: key.id } });
    expect(diagnosis.checks.map(({ code }: { code: string }) => code)).toEqual(codes);
    for (const check of diagnosis.checks) {
      expect(check, check.name).toMatchObject({ outcome: "PASSED", wouldFail: false, evidence: expect.any(String) });
    }
    expect(checkOf(diagnosis, "OWNER_NOT_FOUND").evidence).toContain(owner.email);
    expect(diagnosis).toMatchObject({ findings: [], remedies: [] });
  });

  test("a key by its text, its id or its start has the same diagnosis", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id, reason: "moving" }));
    const [byText, byId, byStart] = [
      await admin.diagnose({ key: secret }),
      await admin.diagnose({ keyId: key.id }),
      await admin.diagnose({ start: key.start }),
    ];
    expect(byText.verdict.code).toBe("DISABLED");
    const [form, checksum, ...others] = byText.checks;
    for (const [by, each] of [
      ["id", byId],
      ["start", byStart],
    ]) {
      // But that nobody has looked at a text that was not given.
      const unseen = {
        outcome: "NOT_REACHED",
        wouldFail: null,
        evidence: expect.stringContaining(`named by its ${by}`),
      };
      const checks = [{ ...form, ...unseen }, { ...checksum, ...unseen }, ...others];
      // A store of usage that takes long is not waited for.
      const apart = { verdict: 0, at: 0, refusedCalls: 0 };
      expect({ ...each, ...apart }).toEqual({ ...byText, ...apart, checks });
    }
  });

  test("an id that there is not, and a start that no key has, are told as such, and nothing is made up about them", async ({
    world,
  }) => {
    const { admin } = await world.tenantWithKey();
    const unseen = { outcome: "NOT_REACHED", wouldFail: null, evidence: expect.stringContaining("Not checked") };
    const byId = await admin.diagnose({ keyId: world.missingId("Key"), environment: "TEST" });
    expect(byId.verdict).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("with this id") });
    for (const code of ["MALFORMED", "CHECKSUM_MISMATCH", "WRONG_ENVIRONMENT"])
      expect(checkOf(byId, code)).toMatchObject(unseen);
    expect(checkOf(byId, "NOT_FOUND").evidence).toContain("with this id");
    const byStart = await admin.diagnose({ start: "nobody_live_0000" });
    expect(byStart.verdict).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("begins like this") });
    expect(checkOf(byStart, "CHECKSUM_MISMATCH")).toMatchObject(unseen);
    expect(checkOf(byStart, "WRONG_ENVIRONMENT")).toMatchObject({ outcome: "PASSED" });
  });

  test("limits are looked at and left as they are, whoever has set them, and a cost is not charged", async ({
    world,
  }) => {
    const { admin, key, tenant, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [{ name: "few", limit: 3, windowMs: hour }]));
    ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 5 }));
    await world.verify(secret);
    for (let time = 0; time < 5; time++) {
      const diagnosis = await admin.diagnose({ key: secret });
      expect(diagnosis.verdict).toMatchObject({
        valid: true,
        rateLimits: [{ name: "few", remaining: 2, exceeded: false }],
        quota: { limit: 5, used: 1, remaining: 4, exceeded: false },
      });
      expect(checkOf(diagnosis, "RATE_LIMITED").evidence).toContain("few of the key: 2 of 3 left");
      expect(checkOf(diagnosis, "QUOTA_EXCEEDED")).toMatchObject({ since: expect.any(String), by: expect.any(String) });
    }
    const large = await admin.diagnose({ key: secret, cost: 9 });
    expect(large.verdict).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { remaining: 4, exceeded: true } });
    // What a tenant may use, its operator says.
    expect(large.remedies).toMatchObject([{ permitted: false, permittedTo: expect.stringContaining("installation") }]);
    expect(await world.verify(secret, 2)).toMatchObject({ valid: true, quota: { used: 3 } });
  });

  test("an address that is held up is told of, where its unknown keys were presented by the same caller", async ({
    world,
  }) => {
    const { admin, secret } = await world.tenantWithKey();
    const ip = "198.51.100.77";
    await admin.verify(secret);
    const unknown = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    expect(findingCodes(await admin.diagnose({ key: unknown(), ip }))).toEqual([]);
    await guessUntilHeldUp(() => admin.verify(unknown(), { ip }));
    const { verdict, findings } = await admin.diagnose({ key: unknown(), ip });
    expect(verdict.code).toBe("NOT_FOUND");
    expect(findings).toMatchObject([{ code: "ADDRESS_HELD_UP", message: expect.stringContaining(ip) }]);
    expect(findings[0].message).not.toContain("This key");
    const ofKey = await admin.diagnose({ key: secret, ip });
    expect(ofKey).toMatchObject({ verdict: { code: "VALID" }, findings: [{ code: "ADDRESS_HELD_UP" }] });
    expect(ofKey.findings[0].message).toMatch(/This key is verified all the same, unless the server does not know it/);
    expect(await admin.verify(secret, { ip })).toMatchObject({ valid: true });
  });

  test("it tells since when, by whom and why, and what other checks would find", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { expiresAt: world.clock.in(hour) } });
    ok(await admin.key("disableKey", { id: key.id, reason: "seen on a mailing list" }));
    const disabledAt = world.clock.in(0);
    world.clock.advance(hour);
    const diagnosis = await admin.diagnose({ key: secret });
    const { viewer } = await admin.query("{ viewer { id name } }");
    expect(diagnosis.verdict.code).toBe("EXPIRED");
    expect(checkOf(diagnosis, "EXPIRED")).toMatchObject({ outcome: "FAILED", since: key.expiresAt, wouldFail: true });
    expect(checkOf(diagnosis, "REVOKED")).toMatchObject({ outcome: "PASSED" });
    const disabled = checkOf(diagnosis, "DISABLED");
    expect(disabled).toMatchObject({ outcome: "NOT_REACHED", wouldFail: true, since: disabledAt });
    expect(disabled.evidence).toContain("seen on a mailing list");
    expect(disabled.by).toContain(viewer.name);
    expect(mutationsOf(diagnosis)).toEqual(["updateKey", "enableKey"]);
    for (const remedy of diagnosis.remedies) expect(await admin.remedy(remedy)).not.toHaveProperty("code");
    expect(await world.verify(secret)).toMatchObject({ valid: true });
  });

  test("who may rotate their own keys alone may replace one of theirs that was cut off", async ({ world }) => {
    const { tenant, owner, secret } = await world.tenantWithKey();
    const text = secret.slice(0, 40);
    const holder = await world.userCaller(owner);
    const [remedy] = (await holder.diagnose({ key: text })).remedies;
    expect(remedy).toMatchObject({ permitted: true, permissions: ["KEYS_ROTATE_OWN"], permittedTo: null });
    expect(await holder.remedy(remedy)).not.toHaveProperty("code");
    const other = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["KEYS_DIAGNOSE", "KEYS_READ"] });
    expect((await other.diagnose({ key: text })).remedies).toMatchObject([{ permitted: false }]);
  });

  test("who made a change is for those who may read the audit log", async ({ world }) => {
    const { admin, tenant, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const diagnosis = await developer.diagnose({ key: secret });
    expect(checkOf(diagnosis, "DISABLED")).toMatchObject({ outcome: "FAILED", by: null, since: expect.any(String) });
    expect(diagnosis.remedies).toMatchObject([
      { permitted: false, permissions: ["KEYS_DISABLE"], permittedTo: expect.stringContaining("keys:disable") },
    ]);
  });

  test("it changes nothing, and leaves no usage", async ({ world }) => {
    const { admin, tenant, secret } = await world.tenantWithKey();
    const counts = async () => {
      const { auditLog, keyEvents } = await admin.query(
        "{ auditLog(first: 1) { totalCount } keyEvents(first: 100) { nodes { type } } }",
      );
      return { records: auditLog.totalCount, events: keyEvents.nodes.length };
    };
    const before = await counts();
    expect(before).toEqual({ records: expect.any(Number), events: 1 });
    await admin.diagnose({ key: secret });
    await admin.diagnose({ key: `${secret}x` });
    expect(await counts()).toEqual(before);
    expect((await admin.usage(world.around(tenant.id), "totals { count }")).totals.count).toBe(0);
  });

  test("whatever stands around a key or is wrong with one character, the key that was meant is found", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const wrong = `${secret.slice(0, 20)}${secret[20] === "a" ? "b" : "a"}${secret.slice(21)}`;
    for (const text of [`"${secret}"`, `${secret}\n`, `Bearer ${secret}`, wrong, secret.slice(0, -1)]) {
      const diagnosis = await admin.diagnose({ key: text });
      expect(["MALFORMED", "CHECKSUM_MISMATCH"], text).toContain(diagnosis.verdict.code);
      expect(diagnosis.verdict.key).toBeNull();
      expect(diagnosis.findings).toMatchObject([{ code: "KEY_TEXT_REPAIRED", key: { id: key.id } }]);
      expect(JSON.stringify(diagnosis)).not.toContain(secret);
      // Who matches remedies to the verdict finds it.
      expect(diagnosis.remedies).toMatchObject([{ code: diagnosis.verdict.code }]);
    }
  });

  test("of a key in lower case, or cut off, those are named that it may have been", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    for (const text of [secret.toLowerCase(), secret.toUpperCase(), secret.slice(0, 30)]) {
      const diagnosis = await admin.diagnose({ key: text });
      expect(diagnosis.findings).toMatchObject([{ code: "SIMILAR_KEY", key: { id: key.id } }]);
      expect(mutationsOf(diagnosis)).toEqual(["rotateKey"]);
      expect(diagnosis.remedies).toMatchObject([{ code: diagnosis.verdict.code }]);
    }
    const diagnosis = await admin.diagnose({ key: secret.slice(0, 30) });
    const { secret: renewed } = await admin.remedy(diagnosis.remedies[0]);
    expect(await world.verify(renewed)).toMatchObject({ valid: true });
    expect(await world.verify(secret)).toMatchObject({ valid: true });
  });

  test("a mistake in prefix or environment is found, too, and a near miss is to be copied anew first", async ({
    world,
  }) => {
    const [{ admin, key, secret }, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    for (const head of ["kq_live_", "kp_liev_"]) {
      const whole = await admin.diagnose({ key: secret.replace("kp_live_", head) });
      expect(whole.findings).toMatchObject([{ code: "KEY_TEXT_REPAIRED", key: { id: key.id } }]);
      const cutOff = await admin.diagnose({ key: secret.slice(0, 30).replace("kp_live_", head) });
      expect(cutOff.findings).toMatchObject([{ code: "SIMILAR_KEY", key: { id: key.id } }]);
      expect(cutOff.remedies).toMatchObject([
        { title: expect.stringMatching(/^Copy the key/), effect: expect.stringMatching(/^First copy the key/) },
      ]);
      for (const text of [theirs.secret, theirs.secret.slice(0, 30)]) {
        const { findings, remedies } = await admin.diagnose({ key: text.replace("kp_live_", head) });
        expect([findings, remedies]).toEqual([[], []]);
      }
    }
  });

  test("a key of another tenant has exactly the diagnosis of one that there is not", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    const answers = [];
    for (const key of [theirs.secret, unknown]) answers.push(await ours.admin.diagnose({ key }));
    for (const secret of [theirs.secret, unknown]) answers.push(await ours.admin.diagnose({ key: `"${secret}"` }));
    const [known, missing, quoted, quotedMissing] = answers.map((answer) => ({
      ...answer,
      verdict: { ...answer.verdict, requestId: "" },
      // What a person has typed is repeated.
      checks: answer.checks.map((check: { code: string }) => ({
        ...check,
        evidence: check.code === "MALFORMED" ? "" : null,
      })),
    }));
    expect(known.verdict.code).toBe("NOT_FOUND");
    expect(known).toEqual(missing);
    expect(quoted).toEqual(quotedMissing);
    expect(await ours.admin.diagnose({ keyId: theirs.key.id })).toMatchObject({
      key: null,
      verdict: { code: "NOT_FOUND" },
    });
    expect(findingCodes(await ours.admin.diagnose({ key: theirs.secret.toLowerCase() }))).toEqual([]);
    expect(findingCodes(await ours.admin.diagnose({ start: theirs.key.start }))).toEqual([]);
  });

  test("who sees all tenants may look in one of them alone; nobody may look in another tenant", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { id: tenantId } = ours.tenant;
    for (const caller of [world.root, ours.admin]) {
      const cutOff = await caller.diagnose({ key: ours.secret.slice(0, 30), tenantId });
      expect(cutOff.findings).toMatchObject([{ code: "SIMILAR_KEY", key: { id: ours.key.id } }]);
      expect(await caller.diagnose({ keyId: ours.key.id, tenantId })).toMatchObject({ key: { id: ours.key.id } });
      for (const of of [{ keyId: theirs.key.id }, { key: theirs.secret }]) {
        const elsewhere = await caller.diagnose({ ...of, tenantId });
        expect(elsewhere).toMatchObject({ key: null, verdict: { code: "NOT_FOUND" }, findings: [], remedies: [] });
      }
    }
    const refused = { code: "NOT_FOUND" };
    await expect(ours.admin.diagnose({ keyId: ours.key.id, tenantId: theirs.tenant.id })).rejects.toMatchObject(
      refused,
    );
    for (const caller of [world.root, ours.admin])
      await expect(caller.diagnose({ keyId: ours.key.id, tenantId: "ten_none" })).rejects.toMatchObject(refused);
  });

  test("somebody who sees only their own keys diagnoses only those", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const person = await world.userCaller(owner);
    const other = await world.userCaller(await world.user(tenant.id));
    expect((await person.diagnose({ key: secret })).key).toEqual({ id: key.id });
    expect(await other.diagnose({ key: secret })).toMatchObject({ key: null, verdict: { code: "NOT_FOUND" } });
  });

  test("what your system holds of the owner is compared, and the remedy brings Keyplane up to date", async ({
    world,
  }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    const expected = { email: `${world.unique()}@example.com`, name: owner.name, externalId: world.unique() };
    const diagnosis = await admin.diagnose({ keyId: key.id, owner: expected });
    expect(diagnosis).toMatchObject({ verdict: { valid: true }, findings: [{ code: "OWNER_OUTDATED" }] });
    ok(await admin.remedy(diagnosis.remedies[0]));
    expect((await admin.diagnose({ keyId: key.id, owner: expected })).findings).toEqual([]);
  });

  test("an address that is refused is told, and by which entries of which list, to who may read that", async ({
    world,
  }) => {
    const allowedIps = [1, 2, 3, 4, 5, 6, 7].map((each) => `10.${each}.0.0/16`);
    const { admin, tenant, owner, key } = await world.tenantWithKey({ key: { allowedIps } });
    ok(await admin.user("updateUser", { id: owner.id, allowedIps: ["198.51.100.0/24"] }));
    ok(await admin.tenant("updateTenant", { id: tenant.id, deniedIps: ["203.0.113.0/24", "192.0.2.0/24"] }));
    const ip = "203.0.113.7";
    const evidence = async (caller: Caller, more = {}) =>
      checkOf(await caller.diagnose({ keyId: key.id, ...more }), "IP_NOT_ALLOWED").evidence;
    const ofKey = "the key allows only 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16 and 2 more.";
    const ofOwner = "the owner allows only 198.51.100.0/24.";
    const ofTenant = "the tenant denies 203.0.113.0/24.";
    expect(await evidence(admin, { ip })).toContain(`${ip}: ${ofKey} ${ip}: ${ofOwner} ${ip}: ${ofTenant}`);
    expect(await evidence(admin)).toContain("The key allows only 10.1.0.0/16");
    const permissions = ["KEYS_DIAGNOSE", "KEYS_READ"];
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const told = await evidence(narrow, { ip });
    expect(told).toContain(ofKey);
    for (const hidden of ["198.51.100", "203.0.113.0"]) expect(told).not.toContain(hidden);
    ok(await admin.key("updateKey", { id: key.id, allowedIps: [] }));
    ok(await admin.tenant("updateTenant", { id: tenant.id, deniedIps: [] }));
    expect(await evidence(narrow, { ip: "198.51.100.1" })).toBe("198.51.100.1 is allowed.");
    expect(await evidence(admin, { ip: "198.51.100.1" })).toContain("owner: allowed 198.51.100.0/24, denied none");
  });

  test("an old secret that still works is told of", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: hour }));
    const diagnosis = await admin.diagnose({ key: secret });
    expect(diagnosis.verdict.valid).toBe(true);
    expect(findingCodes(diagnosis)).toEqual(["OLD_SECRET_IN_USE"]);
  });

  test("by start it is of the secret that begins so, not of the key's newest", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { key: rotated } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: hour }));
    const inUse = await admin.diagnose({ start: key.start });
    expect(inUse.verdict.code).toBe("VALID");
    expect(findingCodes(inUse)).toEqual(["OLD_SECRET_IN_USE"]);
    expect(findingCodes(await admin.diagnose({ start: rotated.start }))).toEqual([]);
    world.clock.advance(2 * hour);
    expect((await admin.diagnose({ key: secret })).verdict.code).toBe("SUPERSEDED");
    expect((await admin.diagnose({ start: key.start })).verdict.code).toBe("SUPERSEDED");
    expect((await admin.diagnose({ start: rotated.start })).verdict.code).toBe("VALID");
  });

  test("of a replaced secret that was cut off, the start that resembles it is named, and the newest", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { key: rotated } = ok(await admin.keySecret("rotateKey", { id: key.id }));
    for (const text of [secret.slice(0, 30), secret.toLowerCase()]) {
      const { findings, remedies } = await admin.diagnose({ key: text });
      expect(findings).toMatchObject([{ code: "SIMILAR_KEY", key: { id: key.id } }]);
      for (const said of [findings[0].message, remedies[0].effect]) {
        expect(said).toContain(key.start);
        expect(said).toContain(rotated.start);
      }
    }
  });

  test("where several keys begin alike, each is named", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    const twin = await world.key(tenant.id, owner.id);
    const { prisma } = world.server.keyplane.database;
    await prisma.keySecret.updateMany({ where: { keyId: twin.key.id }, data: { start: key.start } });
    const diagnosis = await admin.diagnose({ start: key.start });
    expect(diagnosis).toMatchObject({ verdict: { code: "NOT_FOUND" }, remedies: [] });
    expect(findingCodes(diagnosis)).toEqual(["AMBIGUOUS_START", "AMBIGUOUS_START"]);
  });

  test("refused calls of the key are told", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    await world.verify(secret, 2, { ip: "203.0.113.7" });
    await world.counted();
    const refused = async () => (await admin.diagnose({ key: secret })).refusedCalls;
    await expect.poll(refused).not.toBeNull();
    const refusedCalls = await refused();
    expect(refusedCalls).toHaveLength(2);
    expect(refusedCalls[0]).toMatchObject({ start: key.start, code: "DISABLED", ip: "203.0.113.7" });
  });

  test("inputs that make no sense are refused with what to do", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    for (const input of [
      {},
      { key: secret, keyId: key.id },
      { start: "kp_live" },
      { keyId: key.id, at: world.clock.in(day) },
      { key: "x".repeat(5_000) },
      { keyId: key.id, ip: "x".repeat(65) },
    ]) {
      await expect(admin.diagnose(input)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });

  test("who lacks keys:diagnose is refused, and so is nobody", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    await expect(guest.diagnose({ key: secret })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.diagnose({ key: secret })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("diagnoseKey of a past moment", () => {
  test("it answers as of then, and says what is so now", async ({ world }) => {
    const { admin, key, owner, secret } = await world.tenantWithKey();
    const moments: [string, string][] = [];
    const note = async () => moments.push([world.clock.in(0), (await world.verify(secret)).code]);
    await note();
    for (const change of [
      () => admin.key("disableKey", { id: key.id, reason: "pause" }),
      () => admin.key("enableKey", { id: key.id }),
      () => admin.user("disableUser", { id: owner.id }),
      () => admin.user("enableUser", { id: owner.id }),
      () => admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(minute) }),
    ]) {
      world.clock.advance(minute);
      ok(await change());
      await note();
    }
    world.clock.advance(minute);
    await note();
    world.clock.advance(minute);
    ok(await admin.key("revokeKey", { id: key.id, reason: "over" }));
    for (const [at, code] of moments) {
      const diagnosis = await admin.diagnose({ key: secret, at });
      expect(diagnosis).toMatchObject({ at, verdict: { code }, verdictNow: { code: "REVOKED" }, findings: [] });
    }
    expect(moments.map(([, code]) => code)).toEqual([
      "VALID",
      "DISABLED",
      "VALID",
      "OWNER_DISABLED",
      "VALID",
      "VALID",
      "EXPIRED",
    ]);
  });

  test("before it was created there was no key", async ({ world }) => {
    const before = world.clock.in(0);
    world.clock.advance(minute);
    const { admin, secret } = await world.tenantWithKey();
    const diagnosis = await admin.diagnose({ key: secret, at: before });
    expect(diagnosis).toMatchObject({ verdict: { code: "NOT_FOUND" }, verdictNow: { code: "VALID" } });
    expect(findingCodes(diagnosis)).toEqual(["KEY_NOT_YET_CREATED"]);
  });

  test("of more changes in one millisecond than are read at once none is left out", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await admin.setRateLimits(key.id, [{ name: "few", limit: 3, windowMs: hour }]));
    ok(await admin.key("disableKey", { id: key.id }));
    const { prisma } = world.server.keyplane.database;
    const { before, after, ...record } = await prisma.auditRecord.findFirstOrThrow({
      where: { targetId: key.id, action: "key.rate_limits_set" },
    });
    // They stand before the other one.
    const many = Array.from({ length: 60 }, (_, place) => ({ ...record, id: `aud_00${place}_${key.id}` }));
    const states = { before: before as object, after: after as object };
    await prisma.auditRecord.createMany({ data: many.map((each) => ({ ...each, ...states })) });
    expect(await admin.diagnose({ key: secret, at })).toMatchObject({ verdict: { code: "VALID" }, findings: [] });
  });

  test("of an API it is what had the name then, whoever has it now, and whether it was deleted since", async ({
    world,
  }) => {
    const { admin, tenant, key, secret } = await world.tenantWithKey();
    const [first, other] = [await world.api(tenant.id), await world.api(tenant.id, { name: "Other" })];
    ok(await admin.apiGrant("grantApiAccess", { apiId: first.id, keyId: key.id }));
    world.clock.advance(minute);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await admin.api("updateApi", { id: first.id, slug: world.unique("api") }));
    const second = await world.api(tenant.id, { slug: first.slug, name: "Second" });
    world.clock.advance(minute);
    ok(await admin.api("updateApi", { id: second.id, name: "Second again" }));
    const then = async (api: string) => (await admin.diagnose({ key: secret, api, at })).verdict;
    const answers = async () => [await then(first.slug), await then(first.id), await then(second.id)];
    const expected = [
      { code: "VALID", api: { id: first.id } },
      { code: "VALID", api: { id: first.id } },
      { code: "API_NOT_GRANTED" },
    ];
    expect(await answers()).toMatchObject(expected);
    ok(await admin.api("deleteApi", { id: first.id }));
    ok(await admin.api("deleteApi", { id: second.id }));
    expect(await answers()).toMatchObject(expected);
    const unknown = await admin.diagnose({ key: secret, api: "none", at });
    const { evidence } = checkOf(unknown, "API_NOT_GRANTED");
    for (const slug of [first.slug, other.slug]) expect(evidence).toContain(slug);
    expect(findingCodes(unknown)).toEqual([]);
  });

  test("where audit records of then are missing, it says that it cannot be sure", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    world.clock.advance(minute);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await admin.key("disableKey", { id: key.id }));
    const { prisma } = world.server.keyplane.database;
    await prisma.auditRecord.deleteMany({ where: { targetId: key.id } });
    const diagnosis = await admin.diagnose({ key: secret, at });
    expect(diagnosis.findings).toMatchObject([{ code: "HISTORY_INCOMPLETE", message: expect.stringContaining("key") }]);
  });
});
