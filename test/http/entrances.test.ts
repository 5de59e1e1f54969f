import { generateKey, type VerdictCode, verdictCodes } from "@keyplane/schema";
import type { Fetch } from "@keyplane/sdk";
import { createGuard, type Guard } from "@keyplane/sdk/guard";
import fc from "fast-check";
import { vi } from "vitest";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { mutate } from "../testkit/graphql.js";
import { day, describe, expect, hour, minute, ok, startServer, test, World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

interface Input {
  readonly key: string;
  readonly scopes?: readonly string[] | undefined;
  readonly environment?: "LIVE" | "TEST" | undefined;
  readonly ip?: string | undefined;
  readonly cost?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly api?: string | undefined;
}

/** What of a verdict a gateway may be told. */
interface ToldVerdict {
  readonly valid: boolean;
  readonly code: VerdictCode;
  readonly docsUrl: string;
  readonly key: { readonly id: string } | null;
  readonly owner: { readonly id: string; readonly externalId: string | null } | null;
  readonly tenantId: string | null;
  readonly scopes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly hint: string | null;
}

/** What must be alike: everything but the request's id. */
const withoutId = (text: string): string => text.replaceAll(/req_\w{24}/g, "req_");

function post(world: World, token: string, path: string, body: unknown) {
  const headers = {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json",
    authorization: `Bearer ${token}`,
  };
  return rawRequest(`${world.url}${path}`, { method: "POST", headers, chunks: [JSON.stringify(body)] });
}

/** The three that answer with the verdict as JSON, which must be the same to the letter. */
async function verdictsOf(world: World, token: string, input: Input) {
  const graphql = (query: string) => post(world, token, "/graphql", { query, variables: { input } });
  const answers = await Promise.all([
    graphql(`${VerifyKeyDocument} `),
    graphql(String(VerifyKeyDocument)),
    post(world, token, "/v1/verify", input),
  ]);
  const [byGraphql = "", trusted = "", v1 = ""] = answers.map(({ text }) => withoutId(text));
  return { statuses: answers.map(({ status }) => status), byGraphql, trusted, v1 };
}

/** What a gateway must be told, made from GraphQL's verdict. */
function expectedOf(verdict: ToldVerdict) {
  const { code, docsUrl, valid, key, owner, tenantId, scopes, hint, missingScopes } = verdict;
  return {
    status: verdictCodes[code].httpStatus,
    code,
    key: key?.id,
    owner: valid ? owner?.id : undefined,
    externalId: valid ? (owner?.externalId ?? "") : undefined,
    tenant: valid ? tenantId : undefined,
    scopes: valid ? scopes.join(" ") : undefined,
    problem: valid
      ? null
      : {
          type: docsUrl,
          hint: hint ?? undefined,
          missingScopes: missingScopes.length ? missingScopes : undefined,
        },
  };
}

async function toldToGateway(world: World, token: string, input: Input) {
  const { key, scopes = [], environment, ip, cost, tags = [], api } = input;
  const query = new URLSearchParams();
  for (const scope of scopes) query.append("scopes", scope);
  for (const tag of tags) query.append("tags", tag);
  for (const [name, value] of Object.entries({ environment, api, cost })) {
    if (value !== undefined) query.append(name, String(value));
  }
  if (ip) query.append("ip_header", "x-real-ip");
  const { status, headers, text } = await rawRequest(`${world.url}/v1/forward-auth?${query}`, {
    headers: { "x-keyplane-token": token, authorization: `Bearer ${key}`, ...(ip ? { "x-real-ip": ip } : {}) },
  });
  const header = (name: string) => {
    const value = headers[`x-keyplane-${name}`];
    return value === undefined ? undefined : decodeURIComponent(String(value));
  };
  const { type, hint, missingScopes } = text === "" ? ({} as Record<string, unknown>) : JSON.parse(text);
  return {
    status,
    code: header("code"),
    key: header("key-id"),
    owner: header("owner-id"),
    externalId: header("owner-external-id"),
    tenant: header("tenant-id"),
    scopes: header("scopes"),
    problem: text === "" ? null : { type, hint, missingScopes },
  };
}

/** A guard learns the time from the header Date, which is this machine's, and not the test's. */
function byClockOf(world: World): Fetch {
  return async (url, init) => {
    const { status, headers, body, text } = await fetch(url, init as RequestInit).then((response) => ({
      status: response.status,
      headers: response.headers,
      body: response.body,
      text: () => response.text(),
    }));
    const date = new Date(world.clock.now()).toUTCString();
    return { status, body, text, headers: { get: (name) => (name === "date" ? date : headers.get(name)) } };
  };
}

/** Where the page stands: a guard leads to the server that it asks, a server to the last one that was started in its process. */
const pageOf = ({ docsUrl }: { readonly docsUrl: string }): string => docsUrl.replace(/^https?:\/\/[^/]+/, "");

/** What a guard says that has read the key by itself, of what is the same wherever it is asked. */
async function toldByGuard(guard: Guard, { key, scopes, environment, ip }: Input): Promise<object> {
  const { source: _source, ageMs: _ageMs, ...verdict } = await guard.verify(key, { scopes, environment, ip });
  return { ...(JSON.parse(JSON.stringify(verdict)) as object), docsUrl: pageOf(verdict), requestId: undefined };
}

/** Asks all four, and a guard where there is one, and insists that they agree. @returns the code. */
async function agreedCode(world: World, token: string, input: Input, guard?: Guard): Promise<VerdictCode | "refused"> {
  const { statuses, byGraphql, trusted, v1 } = await verdictsOf(world, token, input);
  expect(trusted).toBe(byGraphql);
  const { data, errors } = JSON.parse(byGraphql);
  const gateway = await toldToGateway(world, token, input);
  if (errors) {
    // What GraphQL refuses, the others refuse for the same reason.
    const refusal = JSON.parse(v1).errors[0];
    expect(refusal.extensions.code).toBe(errors[0].extensions.code);
    // A permission is missed by GraphQL before the service is asked, in words of its own.
    if (refusal.extensions.code !== "FORBIDDEN") expect(refusal.message).toBe(errors[0].message);
    expect(gateway).toMatchObject({ status: 500, code: errors[0].extensions.code });
    return "refused";
  }
  expect(statuses).toEqual([200, 200, 200]);
  expect(byGraphql).toBe(`{"data":{"verifyKey":${v1}}}`);
  expect(gateway).toEqual(expectedOf(data.verifyKey));
  if (guard)
    expect(await toldByGuard(guard, input)).toEqual({
      ...data.verifyKey,
      docsUrl: pageOf(data.verifyKey),
      requestId: undefined,
    });
  return data.verifyKey.code;
}

/** Keys of one tenant, for every code that a key can have. */
async function keysOfEveryCode(world: World) {
  const { tenant, admin } = await world.tenant();
  const owner = await world.user(tenant.id, { externalId: 'ann\u00e9 "100%"\u{1F511}' });
  const make = (input: Record<string, unknown> = {}, ownerId = owner.id) => world.key(tenant.id, ownerId, input);
  const valid = await make({
    scopes: ["a", "b,c", "d%"],
    metadata: { plan: "pro", nested: { \u00e9: [1, null, "\u2028"] } },
  });
  const bound = await make({ allowedIps: ["203.0.113.0/24"], deniedIps: ["203.0.113.9"] });
  const revoked = await make();
  ok(await admin.key("revokeKey", { id: revoked.key.id, reason: 'a "quoted" reason' }));
  const disabled = await make();
  ok(await admin.key("disableKey", { id: disabled.key.id, reason: "paused" }));
  const rotated = await make();
  ok(await admin.keySecret("rotateKey", { id: rotated.key.id, overlapMs: 0 }));
  const deleted = await make();
  ok(await admin.key("deleteKey", { id: deleted.key.id }));
  const expired = await make({ expiresAt: world.clock.in(day) });
  const gone = await world.user(tenant.id);
  const orphan = await make({}, gone.id);
  ok(await admin.user("deleteUser", { id: gone.id, reason: "left" }));
  const off = await world.user(tenant.id);
  const ofDisabled = await make({}, off.id);
  ok(await admin.user("disableUser", { id: off.id, reason: "on leave" }));
  const suspended = await world.tenantWithKey();
  ok(await world.root.tenant("suspendTenant", { id: suspended.tenant.id, reason: "unpaid" }));
  world.clock.advance(2 * day);
  const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
  const secrets = [valid, bound, revoked, disabled, rotated, deleted, expired, orphan, ofDisabled, suspended];
  return {
    valid: valid.secret,
    bound: bound.secret,
    all: [...secrets.map(({ secret }) => secret), unknown],
  };
}

/** Calls that are refused for their API or by a limit. A guard asks the server for those: it is not compared. */
async function callsBeyondTheKey(world: World): Promise<Input[]> {
  const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
  const versions = [{ name: "v1", retiredAt: world.clock.in(minute) }, { name: "v2" }];
  const open = await world.api(tenant.id, { access: "OPEN", versions });
  const closed = await world.api(tenant.id);
  const limited = await world.key(tenant.id, owner.id);
  ok(await admin.setRateLimits(limited.key.id, [{ name: "few", limit: 1, windowMs: day }]));
  ok(await admin.quota("setQuota", { targetId: key.id, limit: 0 }));
  world.clock.advance(hour);
  await world.verify(limited.secret);
  return [
    { key: limited.secret, api: closed.slug },
    { key: limited.secret, api: `${open.slug}@v1` },
    { key: limited.secret, api: `${open.slug}@v2` },
    { key: secret },
  ];
}

/** A key that an integrity check has quarantined, on a server of its own: a check is about all of a database. */
async function quarantinedKey() {
  const server = await startServer();
  const world = new World(server);
  const { key, secret } = await world.tenantWithKey();
  await server.keyplane.database.prisma.key.update({ where: { id: key.id }, data: { scopes: ["admin"] } });
  ok(await mutate(world.url, world.root.token, "checkIntegrity", { repair: true }, "integrityRun { id }"));
  await server.keyplane.services.integrity.settled();
  return { world, secret, token: server.rootToken, stop: () => server.stop() };
}

/** What spoils the text of a key, as far as a header can carry it. */
const spoils: ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `${secret.slice(0, -1)}${secret.endsWith("x") ? "y" : "x"}`,
  (secret) => secret.slice(0, -3),
  (secret) => `"${secret}"`,
  (secret) => `Bearer ${secret}`,
  (secret) => secret.toUpperCase(),
  (secret) => `${secret}!`,
  () => "sk-somebody-elses",
];

describe("all entrances give the same verdicts", () => {
  test("for every code that a key can have, and for any input", { timeout: 120_000 }, async ({ world }) => {
    const { all, valid, bound } = await keysOfEveryCode(world);
    const { token } = world.root;
    const guard = createGuard({
      url: world.url,
      token: world.server.rootToken,
      usage: false,
      fetch: byClockOf(world),
      unknownKeysPerAddress: 1_000_000,
    });
    await guard.ready();
    const met = new Set<string>();
    const meet = async (input: Input): Promise<void> => {
      met.add(await agreedCode(world, token ?? "", input, guard));
    };
    for (const key of all) await meet({ key });
    for (const spoil of spoils) await meet({ key: spoil(valid) });
    await meet({ key: bound, ip: "203.0.113.9" });
    await meet({ key: valid, environment: "TEST" });
    await meet({ key: valid, scopes: ["a", "z", "y", "z"] });

    const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
    const inputs = fc.record({
      key: fc.tuple(fc.constantFrom(...all), fc.constantFrom(...spoils)).map(([secret, spoil]) => spoil(secret)),
      scopes: maybe(
        fc.array(fc.constantFrom("a", "b,c", "d%", "e", 'f"', "x".repeat(129)), { maxLength: 4, minLength: 1 }),
      ),
      environment: maybe(fc.constantFrom("LIVE" as const, "TEST" as const)),
      ip: maybe(fc.constantFrom("203.0.113.7", "203.0.113.9", "198.51.100.1", "::1", "::ffff:203.0.113.7")),
      cost: maybe(fc.oneof(fc.integer({ min: 0, max: 1_000_001 }), fc.constant(0))),
      tags: maybe(
        fc.array(fc.constantFrom("a", "\u00e9 b", "c&d=e", "x".repeat(65), "line\nbreak"), {
          maxLength: 3,
          minLength: 1,
        }),
      ),
      api: maybe(fc.constantFrom("orders/v2", "-", "", "a b")),
    });
    await fc.assert(fc.asyncProperty(inputs, meet), { numRuns: 60 });
    await guard.close();
    for (const input of await callsBeyondTheKey(world)) met.add(await agreedCode(world, token ?? "", input));
    const quarantined = await quarantinedKey();
    met.add(await agreedCode(quarantined.world, quarantined.token, { key: quarantined.secret }));
    await quarantined.stop();

    expect([...met]).toEqual(expect.arrayContaining([...Object.keys(verdictCodes), "refused"]));
  });

  test("and leave the same line of usage, each once", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const input = { key: secret, scopes: ["a"], ip: "203.0.113.7", cost: 3, tags: ["b", "a"], api: "orders/v2" };
    const record = vi.spyOn(world.server.keyplane.recording, "record");
    await agreedCode(world, admin.token ?? "", input);
    const events = record.mock.calls.map(([event]) => event).filter(({ keyId }) => keyId === key.id);
    record.mockRestore();
    const [first, ...others] = events.map(({ at: _at, latencyMs: _latencyMs, ...event }) => event);
    expect(first).toMatchObject({ code: "VALID", cost: 3, tags: ["a", "b"], api: "orders/v2", ip: "203.0.113.7" });
    expect(others).toEqual([first, first, first]);
  });

  test("to a caller of a tenant, too, who sees no other's keys", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { token } = ours.admin;
    expect(await agreedCode(world, token ?? "", { key: ours.secret })).toBe("VALID");
    expect(await agreedCode(world, token ?? "", { key: theirs.secret })).toBe("NOT_FOUND");
    const guest = await world.caller("GUEST", { tenantId: ours.tenant.id });
    expect(await agreedCode(world, guest.token ?? "", { key: ours.secret })).toBe("refused");
  });
});

describe("without the database", () => {
  test("each entrance answers what is in memory, and gives up on the rest in time", async () => {
    const server = await startServer({}, { timeLimitMs: 3_000 });
    const world = new World(server);
    const { secret } = await world.tenantWithKey();
    const token = world.root.token ?? "";
    expect(await agreedCode(world, token, { key: secret })).toBe("VALID");
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let held: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      held = server.keyplane.database.transaction(async (tx) => {
        await tx.$executeRaw`LOCK TABLE "ManagementToken", "KeySecret" IN ACCESS EXCLUSIVE MODE`;
        resolve();
        await released;
      });
      held.catch(reject);
    });
    expect(await agreedCode(world, token, { key: secret })).toBe("VALID");
    const unknown = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    const gateway = (own: string) => toldToGateway(world, own, { key: unknown() });
    const v1 = (own: string) => post(world, own, "/v1/verify", { key: unknown() });
    // All at once: the transaction that is in their way has a limit of its own.
    const owns = [token, "nobody we know"];
    const [atGateway, byV1] = await Promise.all([Promise.all(owns.map(gateway)), Promise.all(owns.map(v1))]);
    for (const each of atGateway) expect(each).toMatchObject({ status: 504, code: "TIMEOUT" });
    for (const each of byV1) expect(each).toMatchObject({ status: 504, text: expect.stringContaining('"TIMEOUT"') });
    release();
    await held;
    await server.stop();
  });
});
