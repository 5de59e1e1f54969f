import { afterAll, beforeAll } from "vitest";
import { mutate } from "../../testkit/graphql.js";
import { type Caller, day, describe, expect, minute, ok, startServer, test, World } from "../../testkit/index.js";

// A database of its own: an integrity check is about all of it.
let world: World;
beforeAll(async () => {
  world = new World(await startServer({ KEYPLANE_INTEGRITY_HOURS: "24" }));
  await check();
});
afterAll(() => world.server.stop());

/** Quarantines whatever was changed past Keyplane. */
async function check(): Promise<void> {
  world.clock.advance(minute);
  ok(await mutate(world.url, world.root.token, "checkIntegrity", { repair: true }, "integrityRun { id }"));
  await world.server.keyplane.services.integrity.settled();
}

const run = (sql: string) => world.server.keyplane.database.prisma.$executeRawUnsafe(sql);
const release = async (id: string) => ok(await world.root.key("releaseKey", { id, reason: "looked at" }));

/** What happens past Keyplane, and a moment later. */
async function tamper(keyId: string, assignment: string): Promise<void> {
  world.clock.advance(minute);
  await run(`UPDATE "Key" SET ${assignment} WHERE "id" = '${keyId}'`);
  world.clock.advance(minute);
}

const rotation = { rotateEveryMs: 40 * day, rotationOverdue: "REFUSE", rotationOverlapMs: minute };
const story = () => world.tenantWithKey({ key: { scopes: ["orders:read"], ...rotation } });

/** What is said of the quarantine, and what is to be done, by mutation. */
async function told(caller: Caller, input: Record<string, unknown>) {
  const diagnosis = await caller.diagnose(input);
  const { evidence } = diagnosis.checks.find(({ code }: { code: string }) => code === "QUARANTINED");
  const remedies = new Map(
    diagnosis.remedies.map((remedy: { mutation: string }) => [
      /(\w+)\(input: \$input\)/.exec(remedy.mutation)?.[1] ?? "",
      remedy,
    ]),
    // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  ) as Map<string, any>;
  return { evidence, remedies, diagnosis };
}

describe("diagnoseKey of a key that was changed past Keyplane", () => {
  test.for([
    ["is disabled", (admin: Caller, id: string) => admin.key("disableKey", { id })],
    ["is renamed", (admin: Caller, id: string) => admin.key("updateKey", { id, name: "New" })],
    ["gets a new secret", (admin: Caller, id: string) => admin.keySecret("rotateKey", { id })],
  ] as const)("tells what it was, also when it %s before and after the check", async ([, change]) => {
    const { admin, key } = await story();
    await tamper(key.id, `"scopes" = '{admin}'`);
    ok(await change(admin, key.id));
    await check();
    const { evidence, remedies } = await told(admin, { keyId: key.id });
    expect(evidence).toContain('scopes ["orders:read"], and the row says ["admin"]');
    expect(remedies.get("createKey").variables.input.scopes).toEqual(["orders:read"]);
    world.clock.advance(minute);
    if (remedies.has("enableKey")) ok(await admin.remedy(remedies.get("enableKey")));
    else ok(await admin.key("disableKey", { id: key.id }));
    const again = await told(admin, { keyId: key.id });
    expect(again.evidence).toContain('scopes ["orders:read"], and the row says ["admin"]');
    expect(again.remedies.get("createKey").variables.input.scopes).toEqual(["orders:read"]);
  });

  test("what Keyplane itself has changed meanwhile counts", async () => {
    const { admin, key } = await story();
    await tamper(key.id, `"scopes" = '{admin}'`);
    ok(await admin.key("updateKey", { id: key.id, allowedIps: ["192.0.2.1"], name: "New" }));
    await check();
    const { input } = (await told(admin, { keyId: key.id })).remedies.get("createKey").variables;
    expect(input).toMatchObject({ scopes: ["orders:read"], allowedIps: ["192.0.2.1"], name: "New" });
    world.clock.advance(minute);
    ok(await admin.key("updateKey", { id: key.id, scopes: ["orders:read"] }));
    expect((await told(admin, { keyId: key.id })).evidence).toContain("changed and changed back");
  });

  test("what somebody has accepted is not undone at the next quarantine", async () => {
    const { admin, key } = await story();
    await tamper(key.id, `"scopes" = '{orders:write}'`);
    await check();
    world.clock.advance(minute);
    await release(key.id);
    await tamper(key.id, `"expiresAt" = '2999-01-01'`);
    await check();
    const { evidence, remedies } = await told(admin, { keyId: key.id });
    expect(evidence).toContain("expiresAt null, and the row says");
    expect(evidence).not.toContain("scopes");
    expect(remedies.get("createKey").variables.input).toMatchObject({ scopes: ["orders:write"] });
    expect(remedies.get("createKey").variables.input).not.toHaveProperty("expiresAt");
  });

  test.for([
    ["revoked", "revokedAt", "revokeKey"],
    ["deleted", "deletedAt", "deleteKey"],
  ] as const)("one that was %s is made so again, and gets no key in its place", async ([was, column, mutation]) => {
    const { admin, key, secret } = await story();
    ok(await admin.key(mutation, { id: key.id, ...(mutation === "revokeKey" ? { reason: "stolen" } : {}) }));
    await tamper(key.id, `"${column}" = NULL`);
    await check();
    const { evidence, remedies } = await told(admin, { key: secret });
    expect(evidence).toContain(`${column} "`);
    expect([...remedies.keys()]).toEqual([mutation, "releaseKey"]);
    expect(remedies.get(mutation).effect).toContain(`Keyplane had ${was} the key at`);
    ok(await admin.remedy(remedies.get(mutation)));
    expect((await world.verify(secret)).code).toBe(was === "revoked" ? "REVOKED" : "NOT_FOUND");
  });

  test.for([
    ["disabledAt", `"disabledAt" = NULL`, (admin: Caller, id: string) => admin.key("disableKey", { id })],
    ["rotateEveryMs", `"rotateEveryMs" = NULL`, null],
    ["rotationOverdue", `"rotationOverdue" = NULL`, null],
    ["rotationOverlapMs", `"rotationOverlapMs" = 2000000000`, null],
    ["createdAt", `"createdAt" = '2020-01-01'`, null],
    ["rotatedAt", `"rotatedAt" = '2999-01-01'`, (admin: Caller, id: string) => admin.keySecret("rotateKey", { id })],
  ] as const)("it is told when it was its %s", async ([column, assignment, before]) => {
    const { admin, key } = await story();
    world.clock.advance(minute);
    if (before) ok(await before(admin, key.id));
    await tamper(key.id, assignment);
    await check();
    const { evidence, remedies } = await told(admin, { keyId: key.id });
    expect(evidence).toMatch(new RegExp(`Keyplane has last written ${column} .*, and the row says`));
    const warned = column === "disabledAt" ? "ask first why" : "the old key stays as it is";
    expect(remedies.get("createKey").effect).toContain(warned);
  });

  test("when it is revoked for that, the key in its place is what Keyplane has written", async () => {
    const { admin, key, secret } = await story();
    await tamper(key.id, `"scopes" = '{admin}'`);
    await check();
    world.clock.advance(minute);
    ok(await admin.key("revokeKey", { id: key.id, reason: "changed past Keyplane" }));
    const { remedies, diagnosis } = await told(admin, { key: secret });
    expect(diagnosis.verdict.code).toBe("REVOKED");
    expect(remedies.get("createKey").variables.input.scopes).toEqual(["orders:read"]);
  });

  test("who may not read the audit log is told neither what it was nor a remedy that says so", async () => {
    const { admin, tenant, key } = await story();
    await tamper(key.id, `"scopes" = '{admin}'`);
    await check();
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const { evidence, remedies, diagnosis } = await told(developer, { keyId: key.id, environment: "TEST" });
    expect(evidence).not.toContain("orders:read");
    expect([...remedies.keys()]).toEqual(["releaseKey"]);
    expect(JSON.stringify(diagnosis)).not.toContain("orders:read");
    ok(await admin.key("revokeKey", { id: key.id, reason: "changed past Keyplane" }));
    expect((await told(developer, { keyId: key.id })).remedies.size).toBe(0);
  });

  test("of one that was moved here from another tenant nothing is known", async () => {
    const [ours, theirs] = [await story(), await story()];
    const of = `"tenantId" = '${ours.tenant.id}', "ownerId" = '${ours.owner.id}'`;
    await tamper(theirs.key.id, of);
    ok(await ours.admin.key("updateKey", { id: theirs.key.id, name: "Ours" }));
    await check();
    const { evidence, remedies } = await told(ours.admin, { keyId: theirs.key.id });
    expect(evidence).toContain("The audit log does not know");
    expect([...remedies.keys()]).toEqual(["releaseKey"]);
  });
});
