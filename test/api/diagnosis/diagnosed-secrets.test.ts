import { mutate } from "../../testkit/graphql.js";
import { day, describe, expect, hour, minute, ok, test, type World } from "../../testkit/index.js";
import { findingMutation } from "../../testkit/lifecycle.js";
import { quietWebhookId } from "../../testkit/webhooks.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const checkOf = (diagnosis: any, code: string) => diagnosis.checks.find((each: any) => each.code === code);
// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const findingCodes = (diagnosis: any) => diagnosis.findings.map(({ code }: any) => code);
// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationsOf = (diagnosis: any) =>
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  diagnosis.remedies.map(({ mutation }: any) => /(\w+)\(input: \$input\)/.exec(mutation)?.[1]);

describe("diagnoseKey of a leaked key", () => {
  test("a secret that works on in an overlap is stopped before the key is enabled", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { secret: current } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: day }));
    ok(await findingMutation(admin, "reportLeakedKey", { key: secret }));
    const diagnosis = await admin.diagnose({ keyId: key.id });
    expect(mutationsOf(diagnosis)).toEqual(["rotateKey", "enableKey", "resolveKeyFinding"]);
    expect(diagnosis.remedies[0].variables.input).toMatchObject({ overlapMs: 0 });
    for (const remedy of diagnosis.remedies.slice(0, 2)) expect(await admin.remedy(remedy)).not.toHaveProperty("code");
    for (const old of [secret, current]) expect((await world.verify(old)).code).toBe("SUPERSEDED");
    // Once it has stopped, nothing is left to replace.
    expect(mutationsOf(await admin.diagnose({ keyId: key.id }))).toEqual(["resolveKeyFinding"]);
  });

  test("so is one that waits for its first use", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true }));
    ok(await findingMutation(admin, "reportLeakedKey", { key: secret }));
    const diagnosis = await admin.diagnose({ keyId: key.id });
    expect(mutationsOf(diagnosis)).toEqual(["rotateKey", "enableKey", "resolveKeyFinding"]);
    expect(await admin.remedy(diagnosis.remedies[0])).not.toHaveProperty("code");
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
  });

  test("who may not read keys is told nothing of where", async ({ world }) => {
    const { admin, tenant, key, secret } = await world.tenantWithKey();
    ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url: "https://example.com/paste" }));
    const narrow = await world.caller("DEVELOPER", { tenantId: tenant.id, permissions: ["KEYS_DIAGNOSE"] });
    const document = `query ($input: DiagnoseKeyInput!) {
      diagnoseKey(input: $input) { verdict { code } findings { code message } remedies { mutation variables effect } } }`;
    const { diagnoseKey: diagnosis } = await narrow.query(document, { input: { keyId: key.id } });
    expect(diagnosis).toMatchObject({ verdict: { code: "DISABLED" }, findings: [] });
    expect(mutationsOf(diagnosis)).toEqual(["enableKey"]);
    expect(JSON.stringify(diagnosis.remedies)).not.toContain("paste");
    expect(JSON.stringify((await admin.diagnose({ keyId: key.id })).remedies)).toContain("paste");
  });
});

describe("the overlap of a remedy that renews a key", () => {
  const rules = { rotateEveryMs: 3 * day, rotationOverdue: "REFUSE" };
  /** Of the tenant, and of the key itself; what counts, and what becomes of the current secret, in words. */
  const overlaps = [
    [{}, {}, day, "works on for 1 day, until it is replaced"],
    [{ rotationOverlapMs: 90 * minute }, {}, 90 * minute, "works on for 90 minutes, until it is replaced"],
    [{ rotationOverlapMs: hour }, { rotationOverlapMs: 0 }, 0, "stops at once"],
    [{ rotationOverlapMs: 0 }, { rotationOverlapMs: 2 * hour }, 2 * hour, "works on for 2 hours, until it is replaced"],
  ] as const;

  test.for(overlaps)(
    "is the key's own %j %j, else the tenant's, else a day: overdue",
    async ([tenant, own, overlapMs, words], { world }) => {
      const { admin, key, secret } = await world.tenantWithKey({ policy: { ...rules, ...tenant }, key: own });
      world.clock.advance(4 * day);
      const { remedies } = await admin.diagnose({ key: secret });
      expect(remedies).toMatchObject([
        {
          variables: { input: { id: key.id, overlapMs } },
          // What was refused already stops no more.
          effect: expect.stringContaining(overlapMs === 0 ? "stays refused" : words),
        },
      ]);
      const { secret: renewed } = await admin.remedy(remedies[0]);
      // As its effect says: accepted again for as long, or not at all.
      const codes = [];
      for (const ms of [0, Math.max(0, overlapMs - 1), 1]) {
        world.clock.advance(ms);
        codes.push((await world.verify(secret)).code);
      }
      expect(codes).toEqual(overlapMs === 0 ? Array(3).fill("SUPERSEDED") : ["VALID", "VALID", "SUPERSEDED"]);
      expect(await world.verify(renewed)).toMatchObject({ valid: true });
    },
  );

  test.for(overlaps)(
    "is the key's own %j %j, else the tenant's, else a day: replaced, mistyped, cut off",
    async ([tenant, own, overlapMs, words], { world }) => {
      const { admin, key, secret: old } = await world.tenantWithKey({ policy: tenant, key: own });
      const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id }));
      world.clock.advance(minute);
      for (const text of [old, `${secret.slice(0, -1)}${secret.endsWith("a") ? "b" : "a"}`, secret.slice(0, 30)]) {
        const { remedies } = await admin.diagnose({ key: text });
        expect(remedies).toMatchObject([
          { variables: { input: { id: key.id, overlapMs } }, effect: expect.stringContaining(words) },
        ]);
      }
    },
  );

  test("of a key that should have got a new secret and is accepted is said of the current one, which is not refused", async ({
    world,
  }) => {
    const { admin, secret } = await world.tenantWithKey({ policy: { rotateEveryMs: day, rotationOverlapMs: hour } });
    world.clock.advance(2 * day);
    const { verdict, findings, remedies } = await admin.diagnose({ key: secret });
    for (const text of [verdict.hint, findings[0].message]) expect(text).toContain("overlapMs: null");
    expect(remedies).toMatchObject([
      { effect: "The answer holds a new secret. The current one works on for 1 hour, until it is replaced." },
    ]);
  });
});

describe("diagnoseKey of a key with a secret that waits for its first use", () => {
  /** Its callers present the old one, and the tenant refuses keys that are overdue. */
  async function overdue(world: World) {
    const policy = { rotateEveryMs: day, rotationOverdue: "REFUSE" };
    const told = await world.tenantWithKey({ policy });
    world.clock.advance(2 * day);
    const { secret: waiting } = ok(
      await told.admin.keySecret("rotateKey", { id: told.key.id, activateOnFirstUse: true, overlapMs: hour }),
    );
    world.clock.advance(minute);
    return { ...told, waiting };
  }

  test("by id it is of the secret that callers have, and tells of the other", async ({ world }) => {
    const { admin, key, secret, waiting } = await overdue(world);
    expect((await world.verify(secret)).code).toBe("EXPIRED");
    const byId = await admin.diagnose({ keyId: key.id });
    expect(byId.verdict).toMatchObject({ code: "EXPIRED", key: { start: key.start } });
    expect(findingCodes(byId)).toEqual(["SECRET_PENDING"]);
    expect(byId.findings[0].message).toContain("callers still present the current one");
    const result = ok(
      await mutate(admin.url, admin.token, "resolveInvalidUser", { keyId: key.id }, "secret verdict { code }"),
    );
    expect(result).toMatchObject({ secret: null, verdict: { code: "EXPIRED" } });

    const byText = await admin.diagnose({ key: waiting });
    expect(byText).toMatchObject({ verdict: { code: "VALID" }, findings: [{ code: "SECRET_PENDING" }] });
    expect(checkOf(byText, "SUPERSEDED").evidence).toContain("waits for its first use");
  });

  test("of a key that is gone nothing of it is told: neither secret opens anything", async ({ world }) => {
    for (const end of ["revokeKey", "deleteKey"]) {
      const { admin, key } = await overdue(world);
      ok(await admin.key(end, { id: key.id, reason: "x" }));
      expect(findingCodes(await admin.diagnose({ keyId: key.id }))).toEqual([]);
    }
  });

  test("of a past moment, too, also when it was used since", async ({ world }) => {
    const { admin, key, waiting } = await overdue(world);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    expect((await admin.verify(waiting)).code).toBe("VALID");
    const { prisma } = world.server.keyplane.database;
    await expect.poll(() => prisma.keySecret.count({ where: { keyId: key.id, isPending: true } })).toBe(0);
    const then = await admin.diagnose({ keyId: key.id, at });
    expect(then.verdict).toMatchObject({ code: "EXPIRED", key: { start: key.start } });
    expect(findingCodes(then)).toEqual(["SECRET_PENDING"]);
    expect(findingCodes(await admin.diagnose({ keyId: key.id }))).toEqual([]);
  });
});

test("of a text that was repaired, what came after the moment is not told of it", async ({ world }) => {
  const { admin, key, owner, secret } = await world.tenantWithKey();
  const at = world.clock.in(0);
  world.clock.advance(minute);
  ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: hour }));
  const input = { key: `"${secret}"`, owner: { name: `${owner.name} II` } };
  expect(findingCodes(await admin.diagnose(input))).toEqual([
    "KEY_TEXT_REPAIRED",
    "OLD_SECRET_IN_USE",
    "OWNER_OUTDATED",
  ]);
  expect(findingCodes(await admin.diagnose({ ...input, at }))).toEqual(["KEY_TEXT_REPAIRED"]);
});

test("a key in the place of a revoked one is rotated as that was, and what it lacks is said", async ({ world }) => {
  const { admin, tenant, owner } = await world.tenantWithKey();
  const rules = { rotateEveryMs: 40 * day, rotationOverdue: "REFUSE", rotationOverlapMs: hour };
  const rotation = { ...rules, rotationWebhookId: await quietWebhookId(world, tenant.id) };
  const { key, secret } = await world.key(tenant.id, owner.id, rotation);
  const api = await world.api(tenant.id);
  ok(await admin.apiGrant("grantApiAccess", { apiId: api.id, keyId: key.id }));
  ok(await admin.setRateLimits(key.id, [{ name: "few", limit: 3, windowMs: hour }]));
  ok(await admin.quota("setQuota", { targetId: key.id, limit: 5 }));
  ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
  const { remedies } = await admin.diagnose({ key: secret });
  expect(remedies).toMatchObject([
    {
      variables: { input: rotation },
      permissions: ["KEYS_CREATE", "KEYS_ROTATE"],
      effect: expect.stringContaining(
        "lacks what the old one has of its own: access to APIs (1), rate limits (few), quota",
      ),
    },
  ]);
  ok(await admin.remedy(remedies[0]));
});
