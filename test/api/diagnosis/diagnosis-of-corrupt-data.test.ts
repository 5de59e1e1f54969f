import { createGuard } from "@keyplane/sdk/guard";
import { mutate } from "../../testkit/graphql.js";
import { type Caller, describe, expect, hour, minute, ok, test, type World } from "../../testkit/index.js";
import { findingMutation } from "../../testkit/lifecycle.js";
import { readRecords } from "../../testkit/records.js";
import { mailsTo } from "../sessions/mailbox.js";

/** What a guard says that has read the key's records. */
async function guarded(caller: Caller, key: string, call: Record<string, unknown>) {
  const guard = createGuard({ url: caller.url, token: caller.token ?? "" });
  try {
    await guard.verify(key, call);
    return await guard.verify(key, call);
  } finally {
    await guard.close();
  }
}

const run = (world: World, sql: string) => world.server.keyplane.database.prisma.$executeRawUnsafe(sql);

describe("where a key names what is of another tenant", () => {
  test("nothing of that owner is told, and no limit of theirs, by whatever way", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { admin, key, secret, tenant } = ours;
    const name = world.unique("Stranger");
    const role = await world.role(theirs.tenant.id, { name: world.unique("Role"), keyScopes: ["x"] });
    ok(await theirs.admin.user("updateUser", { id: theirs.owner.id, name, customRoleId: role.id }));
    ok(await theirs.admin.user("updateUser", { id: theirs.owner.id, allowedIps: ["198.51.100.0/24"] }));
    ok(await theirs.admin.setRateLimits(theirs.owner.id, [{ name: "stranger", limit: 1, windowMs: hour }]));
    ok(await theirs.admin.user("disableUser", { id: theirs.owner.id }));
    const successor = await world.user(tenant.id, { role: "ADMIN" });
    await run(world, `UPDATE "Key" SET "ownerId" = '${theirs.owner.id}' WHERE "id" = '${key.id}'`);

    const call = { scopes: ["y"], ip: "192.0.2.1" };
    const told = [
      await admin.verify(secret, call),
      await admin.diagnose({ key: secret, ...call, owner: { email: "a@example.com" } }),
      await admin.diagnose({ keyId: key.id, ...call, at: world.clock.in(0) }),
      await mutate(
        admin.url,
        admin.token,
        "resolveInvalidUser",
        { keyId: key.id, dryRun: true },
        "steps { detail } user { email } verdict { code owner { email } }",
      ),
      // The key's own row names its owner, and nothing else does.
      (await readRecords(admin, { keyIds: [key.id] })).map((line) => ({ ...line, ownerId: 0 })),
      await guarded(admin, secret, call),
    ];
    ok(await mutate(admin.url, admin.token, "revokeKey", { id: key.id, reason: "corrupt" }, "key { id }"));
    const revoked = await admin.diagnose({ key: secret, ...call });
    for (const each of [...told, revoked]) {
      for (const foreign of [name, theirs.owner.email, theirs.owner.id, "stranger", "198.51.100", role.id, role.name]) {
        expect(JSON.stringify(each)).not.toContain(foreign);
      }
    }
    const [verdict, diagnosis] = told as never as [{ code: string }, { verdict: object }];
    expect(verdict.code).toBe("OWNER_NOT_FOUND");
    expect({ ...diagnosis.verdict, requestId: "" }).toEqual({ ...verdict, requestId: "" });
    expect(revoked.remedies).toMatchObject([{ variables: { input: { ownerId: successor.id } } }]);
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    expect((await world.root.diagnose({ key: secret, ...call })).remedies).toMatchObject([
      { code: "TENANT_SUSPENDED", variables: { input: { id: tenant.id } } },
      { code: "REVOKED", variables: { input: { ownerId: successor.id } } },
    ]);
  });

  test("the key shows nobody as its owner and no team, alone and in lists, whoever asks", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const team = await world.team(theirs.tenant.id);
    const sound = await world.key(ours.tenant.id, ours.owner.id);
    await run(
      world,
      `UPDATE "Key" SET "ownerId" = '${theirs.owner.id}', "teamId" = '${team.id}' WHERE "id" = '${ours.key.id}'`,
    );
    const user =
      "id name email status statusReason tenantId externalId role allowedIps rateLimits { name } quota { limit }";
    const fields = `id owner { ${user} } team { id name } tenant { id }`;
    ok(await theirs.admin.user("updateUser", { id: theirs.owner.id, allowedIps: ["198.51.100.0/24"] }));
    ok(await theirs.admin.setRateLimits(theirs.owner.id, [{ name: "stranger", limit: 1, windowMs: hour }]));
    ok(await theirs.admin.quota("setQuota", { targetId: theirs.owner.id, limit: 5 }));
    const of = `query ($id: ID!, $tenantId: ID!) { key(id: $id) { ${fields} } node(id: $id) { ... on Key { ${fields} } }
      keys(first: 9, tenantId: $tenantId) { nodes { ${fields} } } }`;
    for (const caller of [ours.admin, world.root]) {
      const { key, node, keys } = await caller.query(of, { id: ours.key.id, tenantId: ours.tenant.id });
      const nobody = {
        id: theirs.owner.id,
        name: "",
        email: "",
        status: "DELETED",
        statusReason: "The key's record names nobody of its tenant.",
        tenantId: ours.tenant.id,
        externalId: null,
        role: "GUEST",
        allowedIps: [],
        rateLimits: [],
        quota: null,
      };
      const corrupt = { id: ours.key.id, owner: nobody, team: null, tenant: { id: ours.tenant.id } };
      expect([key, node]).toEqual([corrupt, corrupt]);
      expect(keys.nodes).toEqual(
        expect.arrayContaining([
          corrupt,
          expect.objectContaining({ owner: expect.objectContaining({ id: ours.owner.id }) }),
        ]),
      );
    }
    expect((await ours.admin.query(of, { id: sound.key.id, tenantId: ours.tenant.id })).key.owner.id).toBe(
      ours.owner.id,
    );
  });

  test("a leak of the key is not told to that owner by mail", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    await run(world, `UPDATE "Key" SET "ownerId" = '${theirs.owner.id}' WHERE "id" = '${ours.key.id}'`);
    const report = (caller: Caller, key: string, url: string) =>
      findingMutation(caller, "reportLeakedKey", { key, url });
    expect(ok(await report(ours.admin, ours.secret, "https://example.com/ours")).finding.keyId).toBe(ours.key.id);
    // The mail about their own comes after.
    ok(await report(theirs.admin, theirs.secret, "https://example.com/theirs"));
    const mails = () => mailsTo(world.server, theirs.owner.email).map(({ text }) => text);
    await expect.poll(mails).toEqual([expect.stringContaining("https://example.com/theirs")]);
  });

  test("a team of another tenant bounds the key as verification says, and is not named", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey({ key: { scopes: ["a", "b"] } }), await world.tenantWithKey()];
    const team = await world.team(theirs.tenant.id, [], { name: world.unique("Team"), keyScopes: ["a"] });
    await run(world, `UPDATE "Key" SET "teamId" = '${team.id}' WHERE "id" = '${ours.key.id}'`);
    const verdict = await ours.admin.verify(ours.secret, { scopes: ["b"] });
    const diagnosis = await ours.admin.diagnose({ key: ours.secret, scopes: ["b"] });
    expect(verdict.code).toBe("INSUFFICIENT_SCOPE");
    expect({ ...diagnosis.verdict, requestId: "" }).toEqual({ ...verdict, requestId: "" });
    for (const foreign of [team.id, team.name]) expect(JSON.stringify(diagnosis)).not.toContain(foreign);
  });

  test("of a quota of another tenant, or of another key, nothing is told and nothing offered", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { admin, tenant, owner, key, secret } = ours;
    const sibling = await world.key(tenant.id, owner.id);
    for (const [caller, other] of [
      [theirs.admin, theirs],
      [admin, sibling],
    ] as const) {
      ok(await caller.quota("setQuota", { targetId: other.key.id, limit: 7 }));
      await caller.verify(other.secret, { cost: 7 });
      await run(
        world,
        `UPDATE "Key" SET "quotaId" = (SELECT "quotaId" FROM "Key" WHERE "id" = '${other.key.id}') WHERE "id" = '${key.id}'`,
      );
      const diagnosis = await admin.diagnose({ key: secret });
      expect(diagnosis).toMatchObject({ verdict: { code: "VALID", quota: null }, remedies: [] });
      const quota = diagnosis.checks.find(({ code }: { code: string }) => code === "QUOTA_EXCEEDED");
      expect(quota.evidence).toContain("The key names a quota that is not its own: give it its own with setQuota.");
      for (const foreign of [other.key.id, "of 7"]) expect(JSON.stringify(diagnosis)).not.toContain(foreign);
      // Nor does a call with the key use any of it, or hear of it.
      ok(await admin.key("updateKey", { id: key.id, name: other.key.id }));
      for (let call = 0; call < 3; call++) {
        expect(await admin.verify(secret)).toMatchObject({ valid: true, quota: null });
      }
    }
  });

  test("a key that was moved to another tenant shows that one nothing of its history", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    world.clock.advance(minute);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await theirs.admin.key("updateKey", { id: theirs.key.id, allowedIps: ["198.51.100.7"] }));
    ok(await theirs.admin.key("disableKey", { id: theirs.key.id }));
    const { tenant, owner, admin } = ours;
    await run(
      world,
      `UPDATE "Key" SET "tenantId" = '${tenant.id}', "ownerId" = '${owner.id}', "allowedIps" = '{}' WHERE "id" = '${theirs.key.id}'`,
    );
    const { viewer } = await theirs.admin.query("{ viewer { id name } }");
    for (const moment of [{}, { at }]) {
      const diagnosis = await admin.diagnose({ keyId: theirs.key.id, ...moment });
      expect(diagnosis.key).toEqual({ id: theirs.key.id });
      for (const foreign of [viewer.id, viewer.name, "198.51.100.7", theirs.tenant.id]) {
        expect(JSON.stringify(diagnosis)).not.toContain(foreign);
      }
    }
  });
});

test("a key whose secrets are gone is not told as missing, and can be given one", async ({ world }) => {
  const [{ admin, key }, stranger] = [await world.tenantWithKey(), await world.tenantWithKey()];
  await run(world, `DELETE FROM "KeySecret" WHERE "keyId" = '${key.id}'`);
  const { verdict } = await admin.diagnose({ keyId: key.id });
  expect(verdict).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("has no secret") });
  const toOthers = async (keyId: string) => ({
    ...(await stranger.admin.diagnose({ keyId })).verdict,
    requestId: null,
  });
  expect(await toOthers(key.id)).toEqual(await toOthers(world.missingId("Key")));
  const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id }));
  expect(await world.verify(secret)).toMatchObject({ code: "VALID" });
});
