import { afterAll, beforeAll } from "vitest";
import { EventStream } from "../../testkit/event-stream.js";
import { mutate } from "../../testkit/graphql.js";
import { startIdentityProvider } from "../../testkit/identity-provider.js";
import {
  type Caller,
  day,
  describe,
  expect,
  hour,
  minute,
  ok,
  second,
  startServer,
  test,
  World,
} from "../../testkit/index.js";
import { findingMutation } from "../../testkit/lifecycle.js";
import { loseServer } from "../../testkit/lost-server.js";
import { clientMutation, issuerMutation } from "../../testkit/oauth.js";
import { readRecords } from "../../testkit/records.js";

// A database of its own: a check is about all of it.
let world: World;
beforeAll(async () => {
  world = new World(await startServer({ KEYPLANE_INTEGRITY_HOURS: "24", KEYPLANE_INTEGRITY_MAX_QUARANTINED: "3" }));
  // The first check signs what is there.
  expect(await check()).toMatchObject({ status: "DONE", found: 0 });
});
afterAll(() => world.server.stop());

const runFields = "id status repair phase total examined found repaired quarantined startedBy finishedAt";
const prisma = () => world.server.keyplane.database.prisma;
const run = (sql: string) => prisma().$executeRawUnsafe(sql);
const begin = (input: object, caller = world.root) =>
  mutate(world.url, caller.token, "checkIntegrity", input as never, `integrityRun { ${runFields} }`);

const progressDocument = `subscription ($id: ID!) { integrityCheckProgress(id: $id) { ${runFields} } }`;
const progress = (caller: Caller, id: string) => EventStream.open(caller.url, caller.token, progressDocument, { id });

/** Checks, and waits for the end. */
async function check(input: Record<string, unknown> = {}) {
  const { integrityRun } = ok(await begin(input)) as never as { integrityRun: { id: string } };
  await world.server.keyplane.services.integrity.settled();
  const document = `query ($id: ID!) { integrityRun(id: $id) { ${runFields} } }`;
  return (await world.root.query(document, { id: integrityRun.id })).integrityRun;
}

async function findingsOf(runId: string) {
  const document = `query ($filter: IntegrityFindingFilter) {
    integrityFindings(first: 100, filter: $filter) { nodes { kind outcome tenantId keyId userId detail } } }`;
  return (await world.root.query(document, { filter: { runId } })).integrityFindings.nodes;
}

/** Checks for good, and gives what was found about a key or a user. */
async function found(input: Record<string, unknown>) {
  const { id, ...numbers } = await check(input);
  return { numbers, findings: await findingsOf(id) };
}

/** What a check finds in one tenant. */
const foundOf = async (tenantId: string, repair = false) =>
  (await found({ repair })).findings.filter((finding: { tenantId: string }) => finding.tenantId === tenantId);

const release = (keyId: string) =>
  mutate(world.url, world.root.token, "releaseKey", { id: keyId, reason: "looked at" }, "key { id quarantinedAt }");

describe("checkIntegrity", () => {
  test("tells how far it is: what it looks at, and how many keys of how many are done", async () => {
    const { key } = await world.tenantWithKey();
    const { integrityRun } = ok(await begin({})) as never as { integrityRun: { total: number; examined: number } };
    expect(integrityRun).toMatchObject({ status: "RUNNING", phase: "KEYS", examined: 0 });
    expect(integrityRun.total).toBeGreaterThan(0);
    await world.server.keyplane.services.integrity.settled();
    const { numbers } = await found({});
    expect(numbers).toMatchObject({ status: "DONE", phase: "USAGE", examined: numbers.total });
    ok(await world.root.key("revokeKey", { id: key.id, reason: "not needed" }));
    expect((await found({})).numbers.total).toBe(numbers.total - 1);
  });

  test("finds nothing in what Keyplane itself has written, whatever it did", async () => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({
      key: { scopes: ["a"], allowedIps: ["192.0.2.1"] },
    });
    const other = await world.user(tenant.id);
    const team = await world.team(tenant.id, [owner.id, other.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id, expiresAt: world.clock.in(hour) }));
    ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute }));
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.key("enableKey", { id: key.id }));
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: other.id }));
    ok(await admin.key("deleteKey", { id: key.id }));
    ok(await admin.key("restoreKey", { id: key.id }));
    ok(await admin.key("updateKey", { id: key.id, rotateEveryMs: 40 * day }));
    ok(await admin.key("updateKey", { id: key.id, rotationOverdue: "REFUSE", rotationOverlapMs: minute }));
    const pending = ok(await admin.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true, overlapMs: minute }));
    expect((await found({})).findings).toEqual([]);
    expect((await admin.verify(pending.secret, { ip: "192.0.2.1" })).code).toBe("VALID");
    await expect.poll(() => prisma().keySecret.count({ where: { keyId: key.id, isPending: true } })).toBe(0);
    ok(await findingMutation(admin, "reportLeakedKey", { key: pending.secret }));
    expect(await prisma().key.count({ where: { id: key.id, disabledAt: { not: null } } })).toBe(1);
    const { numbers, findings } = await found({ repair: true });
    expect(numbers).toMatchObject({ status: "DONE", found: 0, quarantined: 0, finishedAt: expect.any(String) });
    expect(numbers.examined).toBeGreaterThan(0);
    expect(findings).toEqual([]);
  });

  test.for([
    ["its scopes", `UPDATE "Key" SET "scopes" = '{admin}' WHERE "id" = $`],
    ["its expiry", `UPDATE "Key" SET "expiresAt" = '2999-01-01' WHERE "id" = $`],
    ["its addresses", `UPDATE "Key" SET "allowedIps" = '{}' WHERE "id" = $`],
    ["how soon it must be rotated", `UPDATE "Key" SET "rotateEveryMs" = 1000000000000 WHERE "id" = $`],
    ["what happens when it was not", `UPDATE "Key" SET "rotationOverdue" = 'WARN' WHERE "id" = $`],
    ["how long its old secrets work", `UPDATE "Key" SET "rotationOverlapMs" = 1000000000 WHERE "id" = $`],
    ["whether a secret of it waits", `UPDATE "KeySecret" SET "isPending" = true WHERE "keyId" = $`],
    ["its checksum", `UPDATE "Key" SET "checksum" = NULL WHERE "id" = $`],
    ["a secret of it", `UPDATE "KeySecret" SET "hash" = md5("hash") || md5("keyId") WHERE "keyId" = $`],
    [
      "the secrets by one more",
      `INSERT INTO "KeySecret" ("hash", "keyId", "start", "createdAt") VALUES (md5($) || md5('x'), $, 'kp_live_0000', now())`,
    ],
  ] as const)("quarantines a key when somebody changes %s past Keyplane, until it is released", async ([, sql]) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ key: { allowedIps: ["192.0.2.1"] } });
    const verify = () => admin.verify(secret, { ip: "192.0.2.1" });
    expect(await verify()).toMatchObject({ code: "VALID" });
    await run(sql.replaceAll("$", `'${key.id}'`));
    const reported = await found({});
    const kind = sql.includes("NULL") ? "UNSIGNED" : "CHECKSUM_MISMATCH";
    const about = { kind, tenantId: tenant.id, keyId: key.id };
    expect(reported.findings).toContainEqual(expect.objectContaining({ ...about, outcome: "REPORTED" }));
    const { numbers, findings } = await found({ repair: true });
    expect(numbers).toMatchObject({ status: "DONE", quarantined: 1 });
    expect(findings).toContainEqual(expect.objectContaining({ ...about, outcome: "QUARANTINED" }));
    // Of a secret whose hash was changed nothing is known any more.
    const code = sql.includes('md5("hash")') ? expect.stringMatching(/QUARANTINED|NOT_FOUND/) : "QUARANTINED";
    expect(await verify()).toMatchObject({ valid: false, code });
    const document = `query ($filter: KeyFilter) { keys(first: 9, filter: $filter) { nodes { id status } } }`;
    const { keys } = await admin.query(document, { filter: { status: "QUARANTINED" } });
    expect(keys.nodes).toEqual([{ id: key.id, status: "QUARANTINED" }]);
    const lines = await readRecords(admin, { keyIds: [key.id] });
    // A verifier of before refuses it, too.
    expect(lines.find(({ type }) => type === "key")).toMatchObject({
      quarantinedAt: expect.any(Number),
      disabledAt: expect.any(Number),
    });
    const { keyEvents } = await admin.query(
      "query ($keyIds: [ID!]) { keyEvents(first: 9, keyIds: $keyIds) { nodes { type } } }",
      {
        keyIds: [key.id],
      },
    );
    expect(keyEvents.nodes.at(-1)).toEqual({ type: "QUARANTINED" });
    expect(ok(await release(key.id))).toMatchObject({ key: { id: key.id, quarantinedAt: null } });
    expect((await found({ repair: true })).findings.filter(({ keyId }: { keyId: string }) => keyId === key.id)).toEqual(
      [],
    );
  });

  test("a change by Keyplane signs nothing that was changed past it before", async () => {
    const { admin, key, secret } = await world.tenantWithKey();
    await run(`UPDATE "Key" SET "scopes" = '{admin}' WHERE "id" = '${key.id}'`);
    ok(await admin.key("updateKey", { id: key.id, name: "New" }));
    // Nor one that it makes by itself.
    ok(await findingMutation(admin, "reportLeakedKey", { key: secret }));
    const { findings } = await found({ repair: true });
    expect(findings).toContainEqual(expect.objectContaining({ kind: "CHECKSUM_MISMATCH", keyId: key.id }));
    ok(await release(key.id));
  });

  test("quarantines a key whose owner is of another tenant, even when its checksum says nothing", async () => {
    const [one, other] = [await world.tenantWithKey(), await world.tenantWithKey()];
    await run(`UPDATE "Key" SET "ownerId" = '${other.owner.id}' WHERE "id" = '${one.key.id}'`);
    const { findings } = await found({ repair: true });
    expect(findings).toContainEqual(expect.objectContaining({ keyId: one.key.id, outcome: "QUARANTINED" }));
    await run(`UPDATE "Key" SET "ownerId" = '${one.owner.id}' WHERE "id" = '${one.key.id}'`);
    ok(await release(one.key.id));
  });

  test("repairs what is safe: foreign access, expiries and rotations that nobody is told of, addresses of the deleted", async () => {
    const [one, other] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const [mine, theirs] = [await world.api(one.tenant.id), await world.api(other.tenant.id)];
    const { apiGrant } = ok(await one.admin.apiGrant("grantApiAccess", { apiId: mine.id, keyId: one.key.id }));
    await run(`UPDATE "ApiGrant" SET "apiId" = '${theirs.id}' WHERE "id" = '${apiGrant.id}'`);
    ok(await one.admin.key("updateKey", { id: one.key.id, expiresAt: world.clock.in(hour) }));
    await run(`DELETE FROM "KeyExpiry" WHERE "keyId" = '${one.key.id}'`);
    ok(await one.admin.key("updateKey", { id: one.key.id, rotateEveryMs: 90 * day }));
    await run(`DELETE FROM "KeyRotation" WHERE "keyId" = '${one.key.id}'`);
    const gone = await world.user(one.tenant.id);
    ok(await one.admin.user("deleteUser", { id: gone.id }));
    await run(`UPDATE "User" SET "activeEmail" = "email" WHERE "id" = '${gone.id}'`);
    const kinds = ["ADDRESS_OF_DELETED_USER", "EXPIRY_NOT_PLANNED", "GRANT_OF_OTHER_TENANT", "ROTATION_NOT_PLANNED"];
    const of = async (input: Record<string, unknown>) =>
      (await found(input)).findings
        .map(({ kind, outcome }: { kind: string; outcome: string }) => `${kind} ${outcome}`)
        .sort();
    expect(await of({})).toEqual(kinds.map((kind) => `${kind} REPORTED`));
    expect(await of({ repair: true })).toEqual(kinds.map((kind) => `${kind} REPAIRED`));
    expect(await of({ repair: true })).toEqual([]);
    expect(await prisma().apiGrant.findUnique({ where: { id: apiGrant.id } })).toMatchObject({ status: "REVOKED" });
    expect(await prisma().keyExpiry.count({ where: { keyId: one.key.id } })).toBe(1);
    expect(await prisma().keyRotation.count({ where: { keyId: one.key.id } })).toBe(1);
  });

  test("makes a server forget what it remembers otherwise than the database has it", async () => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ key: { name: "Key" } });
    // The name decides nothing, and is not signed.
    await run(`UPDATE "Key" SET "name" = 'Other' WHERE "id" = '${key.id}'`);
    const { findings } = await found({});
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: "CACHE_DIFFERS", keyId: key.id, outcome: "REPAIRED" }),
    );
    expect(await admin.verify(secret)).toMatchObject({ key: { name: "Other" } });
  });

  test("makes a server forget what it remembers otherwise of a key's owner, tenant, role, team, APIs, access and secrets", async () => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const role = await world.role(tenant.id);
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    const api = await world.api(tenant.id);
    ok(await admin.apiGrant("grantApiAccess", { apiId: api.id, keyId: key.id }));
    const verify = () => admin.verify(secret, { api: api.slug, scopes: ["a"] });
    expect(await verify()).toMatchObject({ code: "VALID", owner: { name: owner.name } });
    for (const sql of [
      `UPDATE "User" SET "name" = 'Other' WHERE "id" = '${owner.id}'`,
      `UPDATE "Tenant" SET "deniedIps" = '{192.0.2.9}' WHERE "id" = '${tenant.id}'`,
      `UPDATE "CustomRole" SET "restrictKeyScopes" = true, "keyScopes" = '{b}' WHERE "id" = '${role.id}'`,
      `UPDATE "Team" SET "restrictKeyScopes" = true, "keyScopes" = '{b}' WHERE "id" = '${team.id}'`,
      `UPDATE "Api" SET "name" = 'Other' WHERE "id" = '${api.id}'`,
      `UPDATE "ApiGrant" SET "status" = 'REVOKED' WHERE "keyId" = '${key.id}'`,
      `UPDATE "KeySecret" SET "start" = 'kp_live_0000' WHERE "keyId" = '${key.id}'`,
    ])
      await run(sql);
    expect(await verify()).toMatchObject({ code: "VALID" });
    const { findings } = await found({});
    const differing = findings
      .filter(({ kind }: { kind: string }) => kind === "CACHE_DIFFERS")
      .map(({ tenantId, keyId, userId, detail, outcome }: Record<string, string>) => {
        expect([tenantId, outcome]).toEqual([tenant.id, "REPAIRED"]);
        return [detail?.replaceAll(/^This server remembered | than the database has it/g, ""), keyId ?? userId ?? null];
      });
    expect(differing.sort()).toEqual(
      [
        ["a secret of the key otherwise: start.", key.id],
        ["the APIs of the tenant otherwise: apis.", null],
        ["the access of the key to APIs otherwise: grants.", key.id],
        [`the role ${role.id} otherwise: keyScopes.`, null],
        [`the team ${team.id} otherwise: keyScopes.`, null],
        ["the tenant otherwise: deniedIps.", null],
        ["the user otherwise: name.", owner.id],
      ].sort(),
    );
    expect(await verify()).toMatchObject({ code: "INSUFFICIENT_SCOPE", owner: { name: "Other" } });
    expect(await admin.verify(secret, { api: api.slug, scopes: ["b"] })).toMatchObject({ code: "API_NOT_GRANTED" });
    expect(await admin.verify(secret, { ip: "192.0.2.9" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    const again = await found({});
    expect(again.findings.filter(({ kind }: { kind: string }) => kind === "CACHE_DIFFERS")).toEqual([]);
    await run(`UPDATE "KeySecret" SET "start" = '${key.start}' WHERE "keyId" = '${key.id}'`);
    await found({});
  });

  test("makes a server forget by what it lets callers in: management tokens, sessions, OAuth clients and trusted issuers", async ({
    onTestFinished,
  }) => {
    const { tenant, admin } = await world.tenant();
    const token = ok(await admin.createToken({ name: "CI", role: "GUEST" }));
    const user = await world.user(tenant.id);
    const { caller: signedIn } = await world.signIn(user);
    const app = { tenantId: tenant.id, name: "App", role: "DEVELOPER", grantTypes: ["CLIENT_CREDENTIALS"] };
    const { oauthClient, secret } = ok(await clientMutation(admin, "createOAuthClient", app));
    const authorization = `Basic ${Buffer.from(`${oauthClient.id}:${secret}`).toString("base64")}`;
    const body = new URLSearchParams({ grant_type: "client_credentials" });
    const answer = await fetch(`${world.url}/oauth/token`, { method: "POST", headers: { authorization }, body });
    const idp = await startIdentityProvider(() => world.clock.now());
    onTestFinished(() => idp.close());
    const trusted = { tenantId: tenant.id, name: "IdP", issuer: idp.issuer, audience: "x", defaultRole: "GUEST" };
    const { trustedIssuer } = ok(await issuerMutation(admin, "createTrustedIssuer", trusted));
    const external = await world.user(tenant.id, { externalId: "e1" });
    const callers = [
      world.as(token.secret),
      signedIn,
      world.as((await answer.json()).access_token),
      world.as(await idp.sign({ aud: "x", sub: external.externalId })),
    ];
    const outcomes = () =>
      Promise.all(
        callers.map((each) =>
          each.query("{ viewer { id } }").then(
            () => "accepted",
            ({ code }: { code: string }) => code,
          ),
        ),
      );
    const accepted = callers.map(() => "accepted");
    expect(await outcomes()).toEqual(accepted);
    const sessionId = (await prisma().session.findFirstOrThrow({ where: { userId: user.id } })).id;
    for (const sql of [
      `UPDATE "ManagementToken" SET "revokedAt" = now() WHERE "id" = '${token.managementToken.id}'`,
      `UPDATE "Session" SET "endedAt" = now() WHERE "id" = '${sessionId}'`,
      `UPDATE "OAuthClient" SET "disabledAt" = now() WHERE "id" = '${oauthClient.id}'`,
      `DELETE FROM "TrustedIssuer" WHERE "id" = '${trustedIssuer.id}'`,
    ])
      await run(sql);
    // Nobody told the server.
    expect(await outcomes()).toEqual(accepted);
    const differing = (await found({})).findings.filter(({ kind }: { kind: string }) => kind === "CACHE_DIFFERS");
    const about = { tenantId: tenant.id, outcome: "REPAIRED" };
    const remembered = (what: string) => `This server remembered ${what}`;
    expect(differing).toHaveLength(4);
    for (const [detail, userId] of [
      [
        remembered(`the management token ${token.managementToken.id} otherwise than the database has it: revokedAt.`),
        null,
      ],
      [remembered(`the session ${sessionId} otherwise than the database has it: endedAt.`), user.id],
      [remembered(`the OAuth client ${oauthClient.id} otherwise than the database has it: isDisabled.`), null],
      [remembered(`the trusted issuer ${trustedIssuer.id}, which the database does not have.`), null],
    ])
      expect(differing).toContainEqual(expect.objectContaining({ ...about, detail, userId }));
    expect(await outcomes()).toEqual(accepted.map(() => "UNAUTHENTICATED"));
  });

  test("that a custom role goes is heard of those who lose it, though they never act again", async () => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const role = await world.role(tenant.id);
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    const asked = { tenantId: tenant.id, name: "t", role: "GUEST", customRoleId: role.id };
    const { managementToken, secret: token } = ok(await admin.createToken(asked));
    const outcome = () =>
      world
        .as(token)
        .query("{ viewer { id } }")
        .then(
          () => "accepted",
          ({ code }: { code: string }) => code,
        );
    const verified = async () => (await admin.verify(secret)).code;
    expect([await outcome(), await verified()]).toEqual(["accepted", "VALID"]);
    ok(await admin.revokeToken({ id: managementToken.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const refused = ["UNAUTHENTICATED", "OWNER_NOT_FOUND"];
    // Remembered as they are now.
    await expect.poll(async () => [await outcome(), await verified()]).toEqual(refused);
    ok(await admin.role("deleteRole", { id: role.id }));
    await expect.poll(async () => [await outcome(), await verified()]).toEqual(refused);
    const { findings } = await found({});
    expect(findings.filter(({ kind }: { kind: string }) => kind === "CACHE_DIFFERS")).toEqual([]);
  });

  test("a session that is over and was removed is no finding", async () => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    const { caller } = await world.signIn(user);
    const { id } = await prisma().session.findFirstOrThrow({ where: { userId: user.id } });
    await prisma().session.update({ where: { id }, data: { expiresAt: new Date(world.clock.now() + 20 * second) } });
    await caller.query("{ viewer { id } }");
    await run(`DELETE FROM "Session" WHERE "id" = '${id}'`);
    // Not so long that the server, which hears of nothing here, forgets everything by itself.
    world.clock.advance(20 * second);
    const { findings } = await found({});
    expect(findings.filter(({ userId }: { userId: string | null }) => userId === user.id)).toEqual([]);
  });

  test("a server compares what it remembers, too, when the check was another server's", async () => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ owner: { name: owner.name } });
    await run(`UPDATE "User" SET "name" = 'Other' WHERE "id" = '${owner.id}'`);
    const { integrity } = world.server.keyplane.services;
    // The newest, without any time passing: after a minute in which it heard nothing, a server forgets by itself.
    const now = new Date(world.clock.now() + 1);
    const { sealId } = await prisma().integrityRun.findFirstOrThrow({ where: { status: "DONE" } });
    const row = { status: "DONE", repair: true, resign: false, startedBy: "x", sealId };
    const times = { createdAt: now, heardAt: now, finishedAt: now };
    const { id } = await prisma().integrityRun.create({
      data: { ...row, ...times, id: world.missingId("IntegrityRun") },
    });
    for (let time = 0; time < 2; time++) {
      await integrity.runIfDue();
      await integrity.settled();
      const about = { kind: "CACHE_DIFFERS", outcome: "REPAIRED", tenantId: tenant.id, userId: owner.id };
      expect(await findingsOf(id)).toEqual([expect.objectContaining(about)]);
    }
    expect(await prisma().integrityRun.findUnique({ where: { id } })).toMatchObject({ found: 1, repaired: 1 });
    expect(await admin.verify(secret)).toMatchObject({ owner: { name: "Other" } });
  });

  test.for([
    ["revoked", `UPDATE "Key" SET "revokedAt" = now() WHERE "id" = $`, "REVOKED"],
    ["deleted", `UPDATE "Key" SET "deletedAt" = now() WHERE "id" = $`, "NOT_FOUND"],
    ["gone", `DELETE FROM "KeySecret" WHERE "keyId" = $; DELETE FROM "Key" WHERE "id" = $`, "NOT_FOUND"],
  ] as const)(
    "a key that the database has as %s is refused once a server has seen that it remembered it as live",
    async ([, sql, code]) => {
      const { tenant, admin, key, secret } = await world.tenantWithKey();
      expect(await admin.verify(secret)).toMatchObject({ code: "VALID" });
      for (const statement of sql.split("; ")) await run(statement.replaceAll("$", `'${key.id}'`));
      // Nobody told the server.
      expect(await admin.verify(secret)).toMatchObject({ code: "VALID" });
      const { findings } = await found({});
      const about = { kind: "CACHE_DIFFERS", tenantId: tenant.id, keyId: key.id, outcome: "REPAIRED" };
      expect(findings).toContainEqual(expect.objectContaining(about));
      expect(await admin.verify(secret)).toMatchObject({ valid: false, code });
      expect((await found({})).findings).not.toContainEqual(expect.objectContaining(about));
    },
  );

  test("finds usage of keys that there are not", async () => {
    const { tenant, admin, key } = await world.tenantWithKey();
    ok(await admin.recordUsage([{ keyId: key.id, code: "VALID" }]));
    await world.counted();
    await run(`DELETE FROM "KeySecret" WHERE "keyId" = '${key.id}'`);
    await run(`DELETE FROM "Key" WHERE "id" = '${key.id}'`);
    const { findings } = await found({ repair: true });
    const about = { kind: "USAGE_OF_UNKNOWN_KEY", tenantId: tenant.id, keyId: key.id, outcome: "REPORTED" };
    expect(findings).toContainEqual(expect.objectContaining(about));
  });

  test("quarantines no more keys than were allowed: a mistake about all of them must not refuse all of them", async () => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const ids = [key.id];
    for (let count = 0; count < 4; count++) ids.push((await world.key(tenant.id, owner.id)).key.id);
    await run(`UPDATE "Key" SET "scopes" = '{admin}' WHERE "tenantId" = '${tenant.id}'`);
    const outcomes = async () =>
      (await found({ repair: true })).findings
        .filter(({ keyId }: { keyId: string }) => ids.includes(keyId))
        .map(({ outcome }: { outcome: string }) => outcome)
        .sort();
    expect(await outcomes()).toEqual([...Array(3).fill("QUARANTINED"), "REPORTED", "REPORTED"]);
    for (const id of ids) ok(await release(id));
    await run(`UPDATE "Key" SET "revokedAt" = now() WHERE "tenantId" = '${tenant.id}'`);
  });

  test("with another encryption key quarantines nothing, and signs anew only when it is told to", async () => {
    const { key } = await world.tenantWithKey();
    await run(`UPDATE "IntegrityRun" SET "sealId" = 'former'`);
    await run(`UPDATE "Key" SET "checksum" = 'former.x' WHERE "id" = '${key.id}'`);
    const about = { kind: "FOREIGN_CHECKSUM", keyId: key.id, outcome: "REPORTED" };
    for (let time = 0; time < 2; time++) {
      const { numbers, findings } = await found({ repair: true });
      expect(findings).toContainEqual(expect.objectContaining(about));
      expect(numbers.quarantined).toBe(0);
    }
    for (const input of [{ resign: true }, { repair: true }]) {
      const { findings } = await found(input);
      expect(findings.filter(({ keyId }: { keyId: string }) => keyId === key.id)).toEqual([]);
    }
  });

  test("goes on one at a time, and is begun anew when the process of the last one is gone", async () => {
    const now = new Date(world.clock.now());
    const row = {
      slot: "active",
      status: "RUNNING",
      repair: false,
      resign: false,
      startedBy: "x",
      createdAt: now,
      heardAt: now,
    };
    const { id } = await prisma().integrityRun.create({ data: { ...row, id: world.missingId("IntegrityRun") } });
    expect(await begin({})).toMatchObject({ code: "CONFLICT" });
    world.clock.advance(5 * minute + 1);
    expect(await check()).toMatchObject({ status: "DONE" });
    expect(await prisma().integrityRun.findUnique({ where: { id } })).toMatchObject({ status: "FAILED", slot: null });
  });

  test("the last check that was done is remembered, however many have failed since", async () => {
    const { key } = await world.tenantWithKey();
    world.clock.advance(1_000);
    const { id } = await check();
    world.clock.advance(1_000);
    const at = new Date(world.clock.now());
    const row = { status: "FAILED", repair: false, resign: false, startedBy: "x", createdAt: at, heardAt: at };
    const failed = Array.from({ length: 120 }, () => ({ ...row, id: world.missingId("IntegrityRun") }));
    await prisma().integrityRun.createMany({ data: failed });
    await run(`UPDATE "Key" SET "checksum" = NULL WHERE "id" = '${key.id}'`);
    world.clock.advance(1_000);
    const { findings } = await found({});
    expect(findings).toContainEqual(expect.objectContaining({ kind: "UNSIGNED", keyId: key.id }));
    expect(await prisma().integrityRun.count({ where: { id } })).toBe(1);
    expect(await prisma().integrityRun.count()).toBeLessThan(110);
    ok(await release(key.id));
  });

  test("runs by itself when the last one began long enough ago, and repairs", async () => {
    const { integrity } = world.server.keyplane.services;
    const latest = async () =>
      (await world.root.query(`{ integrityRuns(first: 1) { nodes { ${runFields} } } }`)).integrityRuns.nodes[0];
    world.clock.advance(1_000);
    const { id } = await check();
    await integrity.runIfDue();
    expect(await latest()).toMatchObject({ id });
    world.clock.advance(24 * hour);
    await integrity.runIfDue();
    await integrity.settled();
    expect(await latest()).toMatchObject({ status: "DONE", repair: true, startedBy: "keyplane" });
  });

  test("is followed to its end: how it is, and each change of it", async () => {
    const now = new Date(world.clock.now());
    const row = {
      status: "RUNNING",
      phase: "KEYS",
      repair: false,
      resign: false,
      startedBy: "x",
      createdAt: now,
      heardAt: now,
    };
    const { id } = await prisma().integrityRun.create({ data: { ...row, id: world.missingId("IntegrityRun") } });
    const stream = await progress(world.root, id);
    const next = async () => (await stream.next())?.data?.integrityCheckProgress;
    expect(await next()).toMatchObject({ id, status: "RUNNING", phase: "KEYS", examined: 0 });
    for (const change of [{ examined: 200 }, { phase: "USERS" }, { status: "DONE", finishedAt: now }]) {
      await prisma().integrityRun.update({ where: { id }, data: change });
      expect(await next()).toMatchObject({
        ...change,
        ...(change.finishedAt ? { finishedAt: now.toISOString() } : {}),
      });
    }
    expect(await stream.rest()).toEqual([]);
    const done = await check();
    const over = await (await progress(world.root, done.id)).rest();
    expect(over.map(({ data }) => data?.integrityCheckProgress)).toEqual([done]);
    const missing = await (await progress(world.root, world.missingId("IntegrityRun"))).rest();
    expect(missing[0]?.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  test("is followed by who may read checks, for as long as the token lives", async () => {
    const { secret, managementToken } = ok(await world.root.createToken({ name: "watcher", role: "ADMIN" }));
    const now = new Date(world.clock.now());
    const row = { status: "RUNNING", repair: false, resign: false, startedBy: "x", createdAt: now, heardAt: now };
    const { id } = await prisma().integrityRun.create({ data: { ...row, id: world.missingId("IntegrityRun") } });
    const stream = await EventStream.open(world.url, secret, progressDocument, { id });
    expect((await stream.next())?.data?.integrityCheckProgress).toMatchObject({ id, status: "RUNNING" });
    ok(await world.root.revokeToken({ id: managementToken.id, reason: "x" }));
    expect((await stream.rest()).at(-1)?.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
    const { admin } = await world.tenant();
    expect((await (await progress(admin, id)).rest())[0]?.errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    expect((await progress(world.anonymous, id)).status).toBe(401);
    await prisma().integrityRun.delete({ where: { id } });
  });

  test("finds what lost servers hold of quotas, and leaves it: only a person knows whether their folders come back", async () => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const { database } = world.server.keyplane;
    for (const targetId of [key.id, owner.id]) {
      const { quota } = ok(await admin.quota("setQuota", { targetId, limit: 3_200 }));
      const { holder } = await loseServer({ database, clock: world.clock }, quota.id, 1);
      const finding = {
        kind: "LEASE_OF_LOST_SERVER",
        outcome: "REPORTED",
        tenantId: tenant.id,
        keyId: targetId === key.id ? key.id : null,
        userId: targetId === owner.id ? owner.id : null,
        detail: expect.stringMatching(`^The server ${holder} holds 100 of the quota of ${targetId}, .* reset`),
      };
      expect(await foundOf(tenant.id, true)).toEqual([finding]);
      expect(await foundOf(tenant.id)).toEqual([finding]);
      ok(await admin.quota("resetQuota", { targetId }));
      expect(await foundOf(tenant.id)).toEqual([]);
    }
  });

  test("finds a lost server once, however much it holds, and not of what cannot be reset or is over anyway", async () => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const { database } = world.server.keyplane;
    const quotas = [];
    for (const targetId of [key.id, owner.id, tenant.id]) {
      quotas.push(ok(await world.root.quota("setQuota", { targetId, limit: 3_200, refill: "DAILY" })).quota);
    }
    const { holder } = await loseServer({ database, clock: world.clock }, quotas[0].id, 1);
    const [lease] = await prisma().quotaLease.findMany({ where: { holder } });
    if (!lease) throw new Error("no lease");
    for (const [place, { id }] of quotas.slice(1).entries()) {
      await prisma().quotaLease.create({ data: { ...lease, id: `${lease.id}-${place}`, quotaId: id } });
    }
    const holds = (what: string) => ({ detail: expect.stringMatching(`^The server ${holder} holds ${what}, `) });
    expect(await foundOf(tenant.id)).toMatchObject([{ ...holds("300 of 3 quotas"), keyId: null, userId: null }]);
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(await foundOf(tenant.id)).toMatchObject([holds("200 of 2 quotas")]);
    await prisma().user.update({ where: { id: owner.id }, data: { status: "DELETED", activeEmail: null } });
    expect(await foundOf(tenant.id)).toMatchObject([{ ...holds(`100 of the quota of ${tenant.id}`), keyId: null }]);
    // Over by time, although nobody has taken from it since.
    await prisma().quota.update({ where: { id: quotas[2].id }, data: { periodEnd: new Date(world.clock.now()) } });
    expect(await foundOf(tenant.id)).toEqual([]);
  });

  test("finds what names a quota that is another's or none, and leaves it", async () => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const { quota } = ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 5 }));
    const missing = world.missingId("Quota");
    for (const [kind, quotaId, whose] of [
      ["QUOTA_OF_ANOTHER", quota.id, `is that of ${tenant.id}`],
      ["QUOTA_MISSING", missing, "does not exist"],
    ] as const) {
      const common = { kind, outcome: "REPORTED", tenantId: tenant.id, keyId: null, userId: null };
      const of = (id: string) => `${id} names the quota ${quotaId}, which ${whose}. Set its own with setQuota.`;
      await prisma().key.update({ where: { id: key.id }, data: { quotaId } });
      await prisma().user.update({ where: { id: owner.id }, data: { quotaId } });
      const findings = await foundOf(tenant.id, true);
      expect(findings).toHaveLength(2);
      expect(findings).toContainEqual({ ...common, keyId: key.id, detail: of(key.id) });
      expect(findings).toContainEqual({ ...common, userId: owner.id, detail: of(owner.id) });
      for (const targetId of [key.id, owner.id]) ok(await world.root.quota("setQuota", { targetId, limit: 7 }));
      expect(await foundOf(tenant.id)).toEqual([]);
    }
    await prisma().tenant.update({ where: { id: tenant.id }, data: { quotaId: missing } });
    const detail = `${tenant.id} names the quota ${missing}, which does not exist. Set its own with setQuota.`;
    const finding = { kind: "QUOTA_MISSING", outcome: "REPORTED", tenantId: tenant.id, keyId: null, userId: null };
    expect(await foundOf(tenant.id, true)).toEqual([{ ...finding, detail }]);
    ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 5 }));
    expect(await foundOf(tenant.id)).toEqual([]);
  });

  test("is for administrators of the installation", async () => {
    const { tenant, admin } = await world.tenant();
    expect(await begin({}, admin)).toMatchObject({ code: "FORBIDDEN" });
    expect(await begin({}, await world.caller("DEVELOPER"))).toMatchObject({ code: "FORBIDDEN" });
    await expect(begin({}, world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(admin.query("{ integrityRuns { totalCount } }")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(admin.query("{ integrityFindings { totalCount } }")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(begin({ repair: "yes" })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(tenant.id).toBeTruthy();
  });
});

describe("releaseKey", () => {
  test("is for those who may, and changes nothing of a key that is not quarantined", async () => {
    const [{ tenant, admin, key }, other] = [await world.tenantWithKey(), await world.tenant()];
    const ask = (caller: typeof admin, input: Record<string, unknown> = {}) =>
      mutate(world.url, caller.token, "releaseKey", { id: key.id, reason: "r", ...input }, "key { id }");
    ok(await ask(admin));
    expect(await ask(admin, { reason: " " })).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["reason"] }] });
    expect(await ask(other.admin)).toMatchObject({ code: "NOT_FOUND" });
    expect(await ask(await world.caller("DEVELOPER", { tenantId: tenant.id }))).toMatchObject({ code: "FORBIDDEN" });
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(await ask(admin)).toMatchObject({ code: "CONFLICT" });
  });
});
