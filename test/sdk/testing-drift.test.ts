import { isRefusal, Keyplane, type KeyplaneError, unwrap } from "@keyplane/sdk";
import { createGuard, type Guard } from "@keyplane/sdk/guard";
import { afterAll, beforeAll, vi } from "vitest";
import { parseRecordLine } from "../../packages/sdk/src/guard/record-lines.js";
import { describe, expect, hour, minute, startServer, type TestServer, test } from "../testkit/index.js";
import { type CountedCall, memoryPlane, normalizer, type Plane, realPlane } from "./two-planes.js";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** What was answered, or what was thrown. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: KeyplaneError) => ({ thrown: error.name, code: error.code, status: error.status }));
}

type Told = Record<string, unknown>;

/** Runs a story on a plane. @returns everything that it was answered, with names and times that are always the same. */
async function tell(plane: Plane, story: (plane: Plane, note: (name: string, what: unknown) => void) => Promise<void>) {
  const told: Told = {};
  const normalize = normalizer();
  await story(plane, (name, what) => {
    if (Object.hasOwn(told, name)) throw new Error(`${name} was told already`);
    told[name] = normalize(what);
  });
  return told;
}

const stories: Record<string, (plane: Plane, note: (name: string, what: unknown) => void) => Promise<void>> = {
  async "a key's life"(plane, note) {
    const { keys } = plane.client;
    const ownerId = await plane.user("Grace");
    const { tenantId } = plane;
    const input = { tenantId, ownerId, name: "Orders", scopes: ["b", "a", "b"], metadata: { plan: "pro", nil: null } };
    const created = unwrap(await keys.create({ ...input, allowedIps: ["203.0.113.0/24"] }, { idempotencyKey: "one" }));
    note("created", created);
    const { secret } = created;
    const { id } = created.key;
    const ip = "203.0.113.7";
    const other = unwrap(await keys.create({ tenantId, ownerId, name: "Other", environment: "TEST" }));
    const repeat = { ...input, allowedIps: ["203.0.113.0/24"] };
    const repeated = unwrap(await keys.create(repeat, { idempotencyKey: "one" }));
    note("repeated", [repeated, repeated.secret === secret, repeated.key.id === id]);
    note("repeated with another input", await keys.create({ ...input, name: "X" }, { idempotencyKey: "one" }));

    const verify = async (name: string, key: string, more = {}) => note(name, await keys.verify({ key, ...more }));
    await verify("valid", secret, { scopes: ["a"], ip });
    await verify("scope", secret, { scopes: ["a", "c", "c"], ip });
    await verify("address", secret, { ip: "198.51.100.1" });
    await verify("no address", secret);
    await verify("environment", other.secret, { environment: "LIVE" });
    await verify("malformed", `Bearer ${secret}`);
    await verify("checksum", secret.slice(0, -1) + (secret.endsWith("a") ? "b" : "a"));
    await verify("unknown", "kp_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0GsQOQ");

    note("disabled", await keys.disable({ id, reason: "paused" }));
    await verify("while disabled", secret, { ip });
    note("disabled again", await keys.disable({ id, reason: "again" }));
    note("enabled", await keys.enable({ id, reason: "resumed" }));
    note("enabled again", await keys.enable({ id }));
    note("updated", await keys.update({ id, name: "Renamed", scopes: ["c"], allowedIps: [], metadata: {} }));
    note("updated to the same", await keys.update({ id, name: "Renamed" }));
    await verify("updated and verified", secret, { scopes: ["c"] });

    const rotated = unwrap(await keys.rotate({ id, overlapMs: minute }));
    note("rotated", rotated);
    await verify("old within the overlap", secret);
    await verify("new within the overlap", rotated.secret);
    plane.advance(minute);
    await verify("old after the overlap", secret);
    const heir = await plane.user("Ada");
    const reissued = unwrap(await keys.reissue({ id, ownerId: heir }));
    note("reissued", reissued);
    await verify("before reissued", rotated.secret);
    await verify("after reissued", reissued.secret);

    note("deleted", await keys.delete({ id, reason: "tidy" }));
    await verify("while deleted", reissued.secret);
    note("got while deleted", await keys.get(id));
    note("changed while deleted", await keys.enable({ id }));
    note("restored", await keys.restore({ id }));
    note("expiring", await keys.update({ id, expiresAt: plane.inMs(hour) }));
    plane.advance(hour);
    await verify("expired", reissued.secret);
    note("got when expired", await keys.get(id));
    note("rotated when expired", await keys.rotate({ id }));
    await told(plane, id, "EXPIRED");
    note("extended", await keys.update({ id, expiresAt: null }));
    note("revoked", await keys.revoke({ id, reason: "leaked" }));
    note("revoked again", await keys.revoke({ id, reason: "twice" }));
    await verify("when revoked", reissued.secret);
    note("rotated when revoked", await keys.rotate({ id }));
    note("got when revoked", await keys.get(id));

    await noteEvents(plane, note);
    note("records of keys", await recordsOf(plane, { keyIds: [id, other.key.id] }));
    note("records of the tenant", await recordsOf(plane, { tenantId }));
  },

  async "owners and tenants"(plane, note) {
    const { keys } = plane.client;
    const { tenantId } = plane;
    const ownerId = await plane.user("Grace");
    const { key, secret } = unwrap(await keys.create({ tenantId, ownerId, name: "Orders" }));
    const verify = async (name: string) => note(name, await keys.verify({ key: secret }));
    await plane.disableUser(ownerId);
    await verify("of a disabled owner");
    note("created for a disabled owner", await keys.create({ tenantId, ownerId, name: "More" }));
    note("records while disabled", await recordsOf(plane, { keyIds: [key.id] }));
    await plane.enableUser(ownerId);
    await verify("of an enabled owner");
    await plane.suspend();
    await verify("of a suspended tenant");
    await plane.resume();
    await verify("of a resumed tenant");
    await plane.deleteUser(ownerId);
    await verify("of a deleted owner");
    note("created for a deleted owner", await keys.create({ tenantId, ownerId, name: "More" }));
    note("records after all", await recordsOf(plane, { keyIds: [key.id] }));
    await noteEvents(plane, note);
  },

  async "what is refused"(plane, note) {
    const { client, connection } = plane;
    const { keys } = client;
    const ownerId = await plane.user("Grace");
    const { tenantId } = plane;
    const input = { tenantId, ownerId, name: "Orders" };
    const missing = { key: "key_000000000000000000000000", user: "usr_000000000000000000000000" };
    for (const [name, more] of Object.entries({
      "no name": { name: " " },
      "a long name": { name: "n".repeat(101) },
      "wrong scopes": { scopes: ["", "a b", "s".repeat(129)] },
      "wrong addresses": { allowedIps: ["203.0.113.0/24", "x"], deniedIps: ["300.0.0.1"] },
      "a past expiry": { expiresAt: plane.inMs(-1) },
      "no such tenant": { tenantId: "ten_000000000000000000000000" },
      "no such owner": { ownerId: missing.user },
      "no such webhook": { rotationWebhookId: "whk_000000000000000000000000" },
    })) {
      note(name, await keys.create({ ...input, ...more }));
    }
    note("metadata", await keys.create({ ...input, metadata: [1] as never }));
    note("no such key", await Promise.all([keys.get(missing.key), keys.revoke({ id: missing.key, reason: "x" })]));
    const { key } = unwrap(await keys.create(input));
    note("no reason", await keys.revoke({ id: key.id, reason: "" }));
    note("a negative overlap", await keys.rotate({ id: key.id, overlapMs: -1 }));
    note("a wrong update", await keys.update({ id: key.id, scopes: ["é"], name: "" }));
    note("no such new owner", await keys.reissue({ id: key.id, ownerId: missing.user }));
    const stranger = new Keyplane({ ...connection, token: "not-a-token", maxRetries: 0 });
    note("a wrong token", await outcome(stranger.viewer()));
    note("a wrong token for records", await outcome(stranger.keys.get(key.id)));
    const { role, permissions, tenantId: bound, userId, expiresAt } = await client.viewer();
    note("viewer", { role, permissions: [...permissions].sort(), bound, userId, expiresAt });
  },

  async usage(plane, note) {
    const { client } = plane;
    const { tenantId } = plane;
    const ownerId = await plane.user("Grace");
    const { key, secret } = unwrap(await client.keys.create({ tenantId, ownerId, name: "Orders" }));
    const usage = { api: "orders/v1", cost: 3, tags: ["b", "a", "b"], meters: [{ name: "tokens", value: 7 }] };
    const of = { keyId: key.id, at: new Date() };
    const events = [
      { ...of, ...usage, id: "one", ip: "203.0.113.7", userAgent: "curl", latencyMs: 2 },
      { ...of, ...usage, id: "two", code: "EXPIRED" as const, start: "kp_live_3fQz" },
      { ...of, ...usage, id: "one" },
      { id: "three", tenantId, code: "NOT_FOUND" as const, at: new Date() },
      { id: "four", keyId: "key_000000000000000000000000" },
      { ...of, id: "five", tenantId: "ten_000000000000000000000000" },
    ];
    const rejected: unknown[] = [];
    const reporter = new Keyplane({ ...plane.connection, usage: { onRejected: (each) => rejected.push(each) } });
    for (const event of events) reporter.usage.record(event);
    const { accepted } = await reporter.usage.flush();
    note("accepted", accepted);
    note("rejected", rejected);
    await client.keys.verify({ key: secret, scopes: ["orders:read"], ip: "203.0.113.7", ...usage });
    await client.keys.verify({ key: secret, ...usage, userAgent: "curl" });
    const counted = (await plane.usage(5)).map((event) => ({ ...event, id: undefined }));
    note("counted", counted.sort(byWhatItSays));
    await reporter.close();
  },
};

/** No two of the story have the same outcome from the same place, and the order in which they were counted is nobody's promise. */
function byWhatItSays(a: Pick<CountedCall, "code" | "source">, b: typeof a): number {
  return `${a.code} ${a.source}` < `${b.code} ${b.source}` ? -1 : 1;
}

async function eventsOf({
  client,
  tenantId,
}: Pick<Plane, "client" | "tenantId">): Promise<{ type: string; keyId: string | null }[]> {
  const events = [];
  for await (const event of client.keyEvents.list({ tenantId })) events.push(event);
  return events;
}

/** Waits until an event of a key was told; the real server tells of expiries within a second or two. */
async function told(plane: Pick<Plane, "client" | "tenantId">, keyId: string, type: string): Promise<void> {
  const isTold = async (): Promise<boolean> =>
    (await eventsOf(plane)).some((event) => event.keyId === keyId && event.type === type);
  await expect.poll(() => isTold()).toBe(true);
}

/** The events of the tenant, as the list has them and as the poll has them. */
async function noteEvents(
  { client, connection, tenantId }: Pick<Plane, "client" | "connection" | "tenantId">,
  note: (name: string, what: unknown) => void,
): Promise<void> {
  const listed = await eventsOf({ client, tenantId });
  note("events", listed);
  const { totalCount, nodes } = await client.keyEvents.list({ tenantId, types: ["CREATED"], pageSize: 1 }).page();
  note("one event and how many", [totalCount, nodes]);
  const [first] = listed as unknown as { cursor: string }[];
  const polled = await raw(connection, "GET", `/v1/key-events?tenantId=${tenantId}&after=${first?.cursor}`);
  const { events, resync, current, ...rest } = JSON.parse(polled) as Record<string, unknown>;
  note("polled", { events, resync, current: typeof current, rest });
  const anew = JSON.parse(await raw(connection, "GET", `/v1/key-events?tenantId=${tenantId}&after=`));
  note("polled from nowhere", [anew.events, anew.resync.code, typeof anew.resync.cursor, anew.current]);
}

/** The lines of an answer with records, as a guard reads them. */
async function recordsOf({ connection }: Pick<Plane, "connection">, asked: object): Promise<unknown> {
  const text = await raw(connection, "POST", "/v1/verification-records", asked);
  const lines = text.trimEnd().split("\n").map(parseRecordLine);
  const weight = { tenant: 0, owner: 1, key: 2, end: 3 };
  const place = (line: (typeof lines)[number]): string => {
    const name = line?.type === "owner" ? line.owner.name : line?.type === "key" ? line.line.key.name : "";
    return line ? `${weight[line.type]} ${name}` : "";
  };
  for (const line of lines) {
    if (line?.type !== "key") continue;
    const secrets = line.line.secrets as unknown as { state: { supersededAt: number | null } }[];
    const since = ({ state }: (typeof secrets)[number]): number => state.supersededAt ?? Number.POSITIVE_INFINITY;
    secrets.sort((a, b) => since(a) - since(b));
  }
  return lines.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** A request that no method of the SDK makes. */
async function raw(connection: Plane["connection"], method: "GET" | "POST", path: string, body?: object) {
  const { url, token, fetch: send = fetch } = connection;
  const headers = { authorization: `Bearer ${String(token)}`, "content-type": "application/json" };
  const { signal } = new AbortController();
  const init = { method, headers, redirect: "manual", signal } as const;
  const response = await send(`${url}${path}`, body ? { ...init, body: JSON.stringify(body) } : init);
  const text = await response.text();
  expect(`${response.status} ${text}`).toMatch(/^200 /);
  return text;
}

describe("the control plane in memory answers as the real one", () => {
  test.each(Object.entries(stories))("%s", async (_, story) => {
    const real = await tell(await realPlane(server), story);
    const memory = await tell(await memoryPlane(), story);
    expect(memory).toEqual(real);
    expect(Object.keys(real).length).toBeGreaterThan(1);
  });

  test("and its guards say the same", async () => {
    const real = await tell(await realPlane(server), guarded);
    const memory = await tell(await memoryPlane(), guarded);
    expect(memory).toEqual(real);
  });
});

const ways = [
  { mode: "lazy", events: "stream" },
  { mode: "lazy", events: "polling" },
  { mode: "full", events: "stream" },
  { mode: "full", events: "polling" },
] as const;

/** What guards of all kinds hear of changes and say of keys. */
async function guarded(plane: Plane, note: (name: string, what: unknown) => void) {
  const { connection } = plane;
  const { keys } = plane.client;
  const { tenantId } = plane;
  for (const [number, way] of ways.entries()) {
    const guard = createGuard({ ...connection, ...way, tenantId, usage: false });
    const heard: string[] = [];
    // A reading and the event may both tell of one change.
    guard.on("revoked", ({ type }) => {
      if (heard.at(-1) !== type) heard.push(type);
    });
    try {
      await guard.ready();
      const ownerId = await plane.user(`Grace${number}`);
      const { key, secret } = unwrap(await keys.create({ tenantId, ownerId, name: "Orders", scopes: ["a"] }));
      const { id } = key;
      const says = async (name: string, code: string, presented = secret) =>
        note(`${way.mode} ${way.events}: ${name}`, await comesTo(guard, presented, code));
      await says("created", "VALID");
      await says("strange", "MALFORMED", "x");
      const changes: [string, string, () => Promise<unknown>][] = [
        ["disabled", "DISABLED", () => keys.disable({ id })],
        ["enabled", "VALID", () => keys.enable({ id })],
        ["owner disabled", "OWNER_DISABLED", () => plane.disableUser(ownerId)],
        ["owner enabled", "VALID", () => plane.enableUser(ownerId)],
        ["suspended", "TENANT_SUSPENDED", () => plane.suspend()],
        ["resumed", "VALID", () => plane.resume()],
        ["deleted", "NOT_FOUND", () => keys.delete({ id })],
        ["restored", "VALID", () => keys.restore({ id })],
        ["scope taken", "INSUFFICIENT_SCOPE", () => keys.update({ id, scopes: [] })],
        ["scope given", "VALID", () => keys.update({ id, scopes: ["a"] })],
        ["rotated", "SUPERSEDED", () => keys.rotate({ id })],
        ["revoked", "REVOKED", () => keys.revoke({ id, reason: "leaked" })],
      ];
      for (const [name, code, change] of changes) {
        const result = await change();
        if (typeof result === "object" && result !== null && isRefusal(result as never)) throw new Error(name);
        await says(name, code);
      }
      note(`${way.mode} ${way.events}: heard`, heard);
    } finally {
      await guard.close();
    }
  }
}

/** What a guard says of a key, when the news of a change have come to it. */
async function comesTo(guard: Guard, secret: string, code: string): Promise<unknown> {
  return vi.waitFor(async () => {
    const { source: _source, ageMs: _ageMs, ...verdict } = await guard.verify(secret, { scopes: ["a"] });
    expect(verdict.code).toBe(code);
    return verdict;
  }, 60_000);
}
