import { createHash } from "node:crypto";
import { request } from "node:http";
import { docsUrlForError } from "@keyplane/schema";
import { allBut } from "../api/keys/key-changes.js";
import { type Caller, day, describe, expect, ok, startServer, test, World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";
import { askRecords, decideBy, type Line, readRecords } from "../testkit/records.js";

const hashOf = (secret: string) => createHash("sha256").update(secret).digest("hex");
const typesOf = (lines: Line[]) => lines.map(({ type }) => type);
const keyIdsOf = (lines: Line[]) => lines.filter(({ type }) => type === "key").map(({ id }) => id);

/** Status, code and message of a refusal, after making sure that it has everything a refusal must have. */
async function refusalOf(caller: Caller, body: unknown) {
  const { status, headers, text } = await askRecords(caller, body);
  const [error] = JSON.parse(text).errors;
  const { code, docsUrl, requestId } = error.extensions;
  expect([docsUrl, requestId]).toEqual([docsUrlForError(code), headers.get("x-request-id")]);
  return [`${status} ${code}`, error.message as string];
}

/** Many keys at once: through the API, they would take most of the test's time. */
async function manyKeys(world: World, tenantId: string, ownerId: string, count: number, more = {}) {
  const { prisma } = world.server.keyplane.database;
  const [createdAt, start] = [new Date(world.clock.now()), "kp_live_0000"];
  const ids = Array.from({ length: count }, () => world.missingId("Key"));
  const key = { tenantId, ownerId, name: "Many", environment: "LIVE", start, createdAt, updatedAt: createdAt } as const;
  await prisma.key.createMany({ data: ids.map((id) => ({ ...key, id, ...more })) });
  await prisma.keySecret.createMany({ data: ids.map((id) => ({ hash: hashOf(id), keyId: id, start, createdAt })) });
  return ids;
}

describe("POST /v1/verification-records", () => {
  test("tells where people reach the server, if it was told so itself", async ({ world }) => {
    const told = async (of: World) => {
      const { status, headers } = await askRecords(of.root, { keyIds: [world.missingId("Key")] });
      return [status, headers.get("x-keyplane-public-url")];
    };
    expect(await told(world)).toEqual([200, null]);
    const server = await startServer({ KEYPLANE_PUBLIC_URL: "https://keyplane.acme.example" });
    try {
      expect(await told(new World(server))).toEqual([200, "https://keyplane.acme.example"]);
    } finally {
      await server.stop();
    }
  });

  test("answers a key with all that a verifier must know, its tenant and owner before it", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey({
      key: {
        scopes: ["a", "b"],
        metadata: { plan: "pro", nothing: null, empty: [] },
        allowedIps: ["192.0.2.0/24"],
        deniedIps: ["192.0.2.1"],
        expiresAt: new Date(Date.now() + 3_650 * day).toISOString(),
      },
    });
    ok(await admin.user("updateUser", { id: owner.id, externalId: "ext-1" }));
    const { status, headers, text } = await askRecords(admin, { hashes: [hashOf(secret)] });
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "application/x-ndjson; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": expect.stringMatching(/^req_/),
    });
    expect(text.endsWith("\n")).toBe(true);
    const lines = text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { type: "tenant", id: tenant.id, status: "ACTIVE" },
      {
        type: "owner",
        id: owner.id,
        tenantId: tenant.id,
        name: "User",
        email: owner.email,
        externalId: "ext-1",
        status: "ACTIVE",
      },
      {
        type: "key",
        id: key.id,
        tenantId: tenant.id,
        ownerId: owner.id,
        name: "Key",
        environment: "LIVE",
        scopes: ["a", "b"],
        metadata: { plan: "pro", nothing: null, empty: [] },
        allowedIps: ["192.0.2.0/24"],
        deniedIps: ["192.0.2.1"],
        expiresAt: Date.parse(key.expiresAt),
        issuedAt: Date.parse(key.createdAt),
        secrets: [{ hash: hashOf(secret), start: key.start }],
      },
      { type: "end", keys: 1 },
    ]);
    expect(await readRecords(admin, { keyIds: [key.id] })).toEqual(lines);
    expect(await readRecords(admin, { tenantId: tenant.id })).toEqual(lines);
    expect(await readRecords(admin, {})).toEqual(lines);
    expect(await readRecords(admin, { hashes: null, keyIds: null, tenantId: null })).toEqual(lines);
  });

  test("answers a key that its owner's role or its team bounds so that old verifiers refuse the other scopes, too", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({ key: { scopes: ["a", "b", "c"] } });
    const role = await world.role(tenant.id, { keyScopes: ["a", "b"] });
    const team = await world.team(tenant.id, [owner.id], { keyScopes: [] });
    const lineOf = async () => (await readRecords(admin, { keyIds: [key.id] })).find(({ type }) => type === "key");
    expect(await lineOf()).not.toHaveProperty("bounded");
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect(await lineOf()).toMatchObject({
      scopes: ["a", "b"],
      bounded: { scopes: ["a", "b", "c"], role: ["a", "b"], team: null },
    });
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    expect(await lineOf()).toMatchObject({ scopes: [], bounded: { role: ["a", "b"], team: [] } });
    expect(await readRecords(admin, { tenantId: tenant.id })).toEqual(await readRecords(admin, { keyIds: [key.id] }));
  });

  test("leaves out what is null or empty, and nothing else", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const [, owner, line] = await readRecords(admin, { keyIds: [key.id] });
    expect(Object.keys(line)).toEqual([
      "type",
      "id",
      "tenantId",
      "ownerId",
      "name",
      "environment",
      "issuedAt",
      "secrets",
    ]);
    expect(line.secrets).toEqual([{ hash: hashOf(secret), start: key.start }]);
    expect(owner).not.toHaveProperty("externalId");
  });

  test("decides with what it answers as the server does, whatever has become of the key", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const secrets: Record<string, string> = {};
    const make = async (what: string, ownerId = owner.id, more = {}) => {
      const { key, secret } = await world.key(tenant.id, ownerId, more);
      secrets[what] = secret;
      return key.id;
    };
    await make("live");
    ok(await admin.key("revokeKey", { id: await make("revoked"), reason: "lost" }));
    ok(await admin.key("disableKey", { id: await make("disabled"), reason: "pause" }));
    ok(await admin.key("deleteKey", { id: await make("deleted") }));
    const rotated = await make("superseded");
    const replaced = ok(await admin.keySecret("rotateKey", { id: rotated, overlapMs: 0 }));
    const overlapping = ok(await admin.keySecret("rotateKey", { id: await make("in overlap"), overlapMs: day }));
    Object.assign(secrets, { "newest of two": overlapping.secret, replacement: replaced.secret });
    const leaver = await world.user(tenant.id);
    await make("of a disabled owner", leaver.id);
    ok(await admin.user("disableUser", { id: leaver.id, reason: "on leave" }));
    const gone = await world.user(tenant.id);
    await make("of a deleted owner", gone.id);
    ok(await admin.user("deleteUser", { id: gone.id }));
    await make("expired", owner.id, { expiresAt: world.clock.in(60_000) });
    world.clock.advance(60_000);

    const hashes = Object.values(secrets).map(hashOf);
    for (const lines of [await readRecords(admin, { hashes }), await readRecords(admin, {})]) {
      const decided: Record<string, string> = {};
      const answered: Record<string, string> = {};
      for (const [what, secret] of Object.entries(secrets)) {
        const { code, message } = decideBy(lines, secret, hashOf(secret), world.clock.now());
        decided[what] = `${code}: ${message}`;
        const verdict = await admin.verify(secret);
        answered[what] = `${verdict.code}: ${verdict.message}`;
      }
      expect(decided).toEqual(answered);
      expect(new Set(Object.values(answered).map((each) => each.split(":")[0])).size).toBe(8);
      const [line] = lines.filter(({ id }) => id === rotated);
      expect(line.secrets).toMatchObject([
        { supersededAt: expect.any(Number), stopsAt: expect.any(Number) },
        { hash: hashOf(replaced.secret) },
      ]);
    }
    ok(await world.root.tenant("suspendTenant", { id: tenant.id, reason: "unpaid" }));
    const suspended = await readRecords(world.root, { hashes });
    expect(suspended[0]).toEqual({
      type: "tenant",
      id: tenant.id,
      status: "SUSPENDED",
      since: expect.any(Number),
      reason: "unpaid",
    });
    const live = secrets["live"] ?? "";
    expect(decideBy(suspended, live, hashOf(live), world.clock.now()).message).toBe(
      (await world.root.verify(live)).message,
    );
  });

  test("what does not exist is just not there", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const lines = await readRecords(admin, { hashes: [hashOf("unknown"), hashOf(secret), hashOf(secret)] });
    expect(typesOf(lines)).toEqual(["tenant", "owner", "key", "end"]);
    const nothing = [{ type: "end", keys: 0 }];
    expect(await readRecords(admin, { hashes: [hashOf("unknown")] })).toEqual(nothing);
    expect(await readRecords(admin, { keyIds: [world.missingId("Key"), "nonsense", "\u0000"] })).toEqual(nothing);
    expect(await readRecords(world.root, { tenantId: world.missingId("Tenant") })).toEqual(nothing);
    expect(await readRecords((await world.tenant()).admin, {})).toEqual(nothing);
  });

  test("another tenant's keys answer exactly as missing ones", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const nothing = (await askRecords(ours.admin, { keyIds: [world.missingId("Key")] })).text;
    for (const body of [
      { hashes: [hashOf(theirs.secret)] },
      { keyIds: [theirs.key.id] },
      { tenantId: theirs.tenant.id },
    ]) {
      expect((await askRecords(ours.admin, body)).text).toBe(nothing);
      expect(keyIdsOf(await readRecords(world.root, body))).toEqual([theirs.key.id]);
    }
    expect(keyIdsOf(await readRecords(ours.admin, {}))).toEqual([ours.key.id]);
  });

  test("a person's token sees only their own keys", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const other = await world.key(tenant.id, colleague.id);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const bodies = [
      {},
      { tenantId: tenant.id },
      { keyIds: [key.id, other.key.id] },
      { hashes: [hashOf(secret), hashOf(other.secret)] },
    ];
    for (const body of bodies) {
      const lines = await readRecords(person, body);
      expect(keyIdsOf(lines)).toEqual([key.id]);
      expect(JSON.stringify(lines)).not.toContain(colleague.id);
    }
  });

  test("needs keys:verify and keys:read, and a caller who is known", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    for (const permission of ["keys:verify", "keys:read"] as const) {
      const caller = await allBut(world, tenant.id, permission);
      expect(await refusalOf(caller, {})).toEqual(["403 FORBIDDEN", expect.stringContaining(permission)]);
      // Also before it is said whether the question is one.
      expect((await refusalOf(caller, { keyIds: [] }))[0]).toBe("403 FORBIDDEN");
    }
    expect((await refusalOf(await world.caller("GUEST", { tenantId: tenant.id }), {}))[0]).toBe("403 FORBIDDEN");
    expect((await refusalOf(world.anonymous, {}))[0]).toBe("401 UNAUTHENTICATED");
  });

  test.for([
    [null, "JSON object"],
    [[], "JSON object"],
    ['"x"', "JSON object"],
    [{ hashes: [] }, "Name at least one key"],
    [{ keyIds: [] }, "Name at least one key"],
    [{ hashes: ["A".repeat(64)] }, "64 lower-case hexadecimal digits"],
    [{ hashes: ["a".repeat(63)] }, "hashes.0: Give the SHA-256"],
    [{ hashes: ["a".repeat(64), 5] }, "hashes.1: Give the SHA-256"],
    [{ hashes: "a".repeat(64) }, "hashes: Give a list of strings"],
    [{ keyIds: {} }, "keyIds: Give a list of strings"],
    [{ keyIds: [null] }, "keyIds.0: "],
    [{ tenantId: 5 }, "tenantId: "],
    [{ keyIds: Array.from({ length: 501 }, () => "key_x") }, "Name at most 500 keys"],
    [{ hashes: Array.from({ length: 501 }, () => "a".repeat(64)) }, "Name at most 500 keys"],
    [{ keyIds: ["key_x"], tenantId: "ten_x" }, "only one of hashes, keyIds and tenantId"],
    [{ hashes: ["a".repeat(64)], keyIds: ["key_x"] }, "only one of hashes, keyIds and tenantId"],
    [{ keyId: "key_x" }, 'no field "keyId"'],
    [{ constructor: 1 }, 'no field "constructor"'],
    ['{"__proto__":{}}', 'no field "__proto__"'],
  ] as const)("refuses %j, naming what is wrong", async ([body, problem], { world }) => {
    expect(await refusalOf(world.root, body)).toEqual(["400 BAD_USER_INPUT", expect.stringContaining(problem)]);
  });

  test("takes 500 keys at once, and refuses what is no JSON, no POST, or too large", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const keyIds = [...Array.from({ length: 499 }, () => world.missingId("Key")), key.id];
    expect(keyIdsOf(await readRecords(admin, { keyIds }))).toEqual([key.id]);
    expect((await refusalOf(admin, "{"))[0]).toBe("400 BAD_REQUEST");
    expect((await refusalOf(admin, { keyIds: ["x".repeat(1_000_000)] }))[0]).toBe("413 PAYLOAD_TOO_LARGE");
    const headers = { authorization: `Bearer ${admin.token}` };
    const answer = await rawRequest(`${world.url}/v1/verification-records`, { headers });
    expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
    const form = { ...headers, "content-type": "text/plain" };
    const posted = await rawRequest(`${world.url}/v1/verification-records`, {
      method: "POST",
      headers: form,
      chunks: ["{}"],
    });
    expect([posted.status, posted.text]).toEqual([403, expect.stringContaining("CSRF_HEADER_MISSING")]);
  });
});

describe("a snapshot of all keys", () => {
  test("has each key once, live ones first, each tenant and owner once and before its keys", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const other = await world.user(tenant.id);
    const at = new Date(world.clock.now());
    const revoked = await manyKeys(world, tenant.id, owner.id, 600, { revokedAt: at });
    const live = await manyKeys(world, tenant.id, other.id, 1_300);
    const expired = await manyKeys(world, tenant.id, other.id, 5, { expiresAt: at });
    const lines = await readRecords(admin, {});
    const keys = keyIdsOf(lines);
    expect(lines.at(-1)).toEqual({ type: "end", keys: 1 + 600 + 1_300 + 5 });
    expect(keys.slice(0, 1_301).sort()).toEqual([key.id, ...live].sort());
    expect(keys.slice(1_301).sort()).toEqual([...revoked, ...expired].sort());
    const seen = new Set<string>();
    for (const line of lines.slice(0, -1)) {
      expect(seen.has(line.id)).toBe(false);
      if (line.type === "key") for (const id of [line.tenantId, line.ownerId]) expect(seen.has(id)).toBe(true);
      seen.add(line.id);
    }
    expect(typesOf(lines).filter((type) => type === "owner")).toHaveLength(2);
    expect(keyIdsOf(await readRecords(world.root, { tenantId: tenant.id }))).toEqual(keys);
  });

  test("of the whole installation has the keys of all tenants", async ({ world }) => {
    const [one, other] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const keys = keyIdsOf(await readRecords(world.root, {}));
    expect(keys).toEqual(expect.arrayContaining([one.key.id, other.key.id]));
  });

  test("is whole while keys change: what was there and did not change comes once, what changed is as new as its page", async ({
    world,
  }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const untouched = await manyKeys(world, tenant.id, owner.id, 2_000);
    const changed = await manyKeys(world, tenant.id, owner.id, 20);
    const reading = readRecords(admin, {});
    const changing = Promise.all(changed.map((id) => admin.key("revokeKey", { id, reason: "meanwhile" })));
    const [lines] = await Promise.all([reading, changing]);
    const count = new Map<string, number>();
    for (const id of keyIdsOf(lines)) count.set(id, (count.get(id) ?? 0) + 1);
    expect(untouched.map((id) => count.get(id)).filter((times) => times !== 1)).toEqual([]);
    for (const id of changed) expect(count.get(id)).toBeGreaterThanOrEqual(1);
    expect(lines.at(-1).keys).toBe(keyIdsOf(lines).length);
    // Of one that comes twice, the later line is the newer one.
    const last = new Map(lines.map((line) => [line.id, line]));
    for (const id of changed.filter((each) => count.get(each) === 2)) expect(last.get(id)).toHaveProperty("revokedAt");
  });

  test("more readers than are served at once wait, and all get everything", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    await manyKeys(world, tenant.id, owner.id, 1_100);
    const answers = await Promise.all(Array.from({ length: 10 }, () => readRecords(admin, {})));
    for (const lines of answers) expect(lines.at(-1)).toEqual({ type: "end", keys: 1_101 });
  });

  test("readers who go away in the middle leave nothing behind: others, and more than 4 in turn, are served", async ({
    world,
  }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const metadata = { text: "x".repeat(10_000) };
    await manyKeys(world, tenant.id, owner.id, 1_500, { metadata });
    for (let round = 0; round < 6; round++) await leaveInTheMiddle(admin);
    expect((await readRecords(admin, {})).at(-1)).toEqual({ type: "end", keys: 1_501 });
    expect((await admin.verify("x")).code).toBe("MALFORMED");
  });

  test("a server that stops finishes what it sends, and begins no other", async () => {
    const server = await startServer();
    const world = new World(server);
    const { tenant, admin, owner } = await world.tenantWithKey();
    await manyKeys(world, tenant.id, owner.id, 1_500, { metadata: { text: "x".repeat(10_000) } });
    const begun = await fetch(`${server.url}/v1/verification-records`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin.token}`, "content-type": "application/json" },
      body: "{}",
    });
    const stopped = server.keyplane.http.stop();
    expect(await begun.text()).toMatch(/\n\{"type":"end","keys":1501\}\n$/);
    await stopped;
    await expect(readRecords(admin, {})).rejects.toThrow();
    await server.stop();
  });
});

/** Begins a snapshot, and breaks the connection when the first of it has come. */
function leaveInTheMiddle({ url, token }: Caller): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const outgoing = request(
      `${url}/v1/verification-records`,
      { method: "POST", headers, agent: false },
      (response) => {
        response.on("error", () => {}); // we cut it off ourselves
        response.once("close", () => resolve());
        response.once("data", () => response.destroy());
      },
    );
    outgoing.on("error", reject);
    outgoing.end("{}");
  });
}
