import { docsUrlForError } from "@keyplane/schema";
import { allBut } from "../api/keys/key-changes.js";
import { day, describe, expect, ok, startServer, test, World } from "../testkit/index.js";
import { placeBehindAll, poll, pollAll } from "../testkit/key-event-polls.js";
import { EventFollower } from "../testkit/key-events.js";
import { rawRequest } from "../testkit/raw-request.js";

/** How many polls and other streams the server holds open. */
const openStreams = async (world: World) => (await world.metrics()).get("keyplane_open_streams");

describe("GET /v1/key-events", () => {
  test("answers at once with all that came after the cursor, in the words of the subscription", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const begin = await poll(admin);
    expect(begin).toEqual({
      events: [],
      resync: null,
      cursor: expect.stringMatching(/^[\w-]+$/),
      current: expect.any(Number),
    });
    const from = await placeBehindAll(admin);
    const stream = await EventFollower.open(admin);
    ok(await admin.key("disableKey", { id: key.id, reason: "pause" }));
    ok(await admin.user("updateUser", { id: owner.id, name: "New" }));
    const { events, cursor } = await pollAll(admin, from);
    expect(events.map((event) => ({ __typename: "KeyEvent", ...event }))).toEqual(await stream.take(2));
    expect(events[0]).toEqual({
      cursor: expect.any(String),
      type: "DISABLED",
      occurredAt: new Date(world.clock.now()).toISOString(),
      tenantId: tenant.id,
      keyId: key.id,
      userId: owner.id,
      reason: "pause",
    });
    expect(events[1]).toMatchObject({ type: "OWNER_UPDATED", keyId: null, userId: owner.id });
    expect((await pollAll(admin, cursor)).events).toEqual([]);
    expect((await pollAll(admin, events[0].cursor)).events).toEqual([events[1]]);
    stream.close();
  });

  test("waits for the first event, and no longer than it is told", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const cursor = await placeBehindAll(admin);
    const waiting = poll(admin, { after: cursor, waitMs: 25_000 });
    await expect.poll(() => openStreams(world)).toBeGreaterThanOrEqual(1);
    const began = performance.now();
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect((await waiting).events).toMatchObject([{ type: "REVOKED", keyId: key.id }]);
    expect(performance.now() - began).toBeLessThan(20_000);

    const quiet = await poll(admin, { after: (await waiting).cursor, waitMs: 300 });
    expect(quiet).toMatchObject({ events: [], resync: null, current: expect.any(Number) });
  });

  test("from now on: without a cursor nothing is told that was before, and all that comes after", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    await placeBehindAll(admin);
    const { events, cursor } = await poll(admin, { waitMs: 50 });
    expect(events).toEqual([]);
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await pollAll(admin, cursor)).events).toMatchObject([{ type: "DISABLED" }]);
  });

  test("says how current it is: what was committed by then is in the answer or before its cursor", async ({
    world,
  }) => {
    const { admin, key } = await world.tenantWithKey();
    let cursor = await placeBehindAll(admin);
    for (let round = 0; round < 10; round++) {
      ok(await admin.key(round % 2 === 0 ? "disableKey" : "enableKey", { id: key.id }));
      const answer = await poll(admin, { after: cursor });
      // The change was committed before the request: whoever is told that all was told has it.
      if (answer.current !== null) expect(answer.events).toHaveLength(1);
      cursor = answer.cursor;
      if (answer.events.length === 0) cursor = (await pollAll(admin, cursor)).cursor;
    }
  });

  test("filters by type and tenant; another tenant's id answers as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const cursor = await placeBehindAll(world.root);
    for (const { admin, key } of [ours, theirs]) {
      ok(await admin.key("disableKey", { id: key.id }));
      ok(await admin.key("enableKey", { id: key.id }));
      ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    }
    const typesOf = async (caller: World["root"], more: Record<string, string | number>) =>
      (await pollAll(caller, cursor, more)).events.map(({ type }) => type);
    expect(await typesOf(ours.admin, { types: "DISABLED,REVOKED" })).toEqual(["DISABLED", "REVOKED"]);
    expect(await typesOf(ours.admin, { tenantId: theirs.tenant.id })).toEqual([]);
    expect(await typesOf(ours.admin, { tenantId: world.missingId("Tenant") })).toEqual([]);
    expect(await typesOf(ours.admin, {})).toEqual(["DISABLED", "ENABLED", "REVOKED"]);
    const both = await pollAll(world.root, cursor, { types: "REVOKED", tenantId: theirs.tenant.id });
    expect(both.events).toMatchObject([{ tenantId: theirs.tenant.id, type: "REVOKED" }]);
  });

  test("a person hears of own keys only", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const other = await world.key(tenant.id, colleague.id);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const cursor = await placeBehindAll(person);
    ok(await admin.key("disableKey", { id: other.key.id }));
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await pollAll(person, cursor)).events).toMatchObject([{ keyId: key.id }]);
  });

  test.for([
    ["an empty cursor", ""],
    ["no cursor at all", "not a cursor"],
    ["one of another store", Buffer.from("e1.other.1.1.abcdefgh").toString("base64url")],
  ])("%s is answered with what to do, and where to go on", async ([, after = ""], { world }) => {
    const { admin, key } = await world.tenantWithKey();
    await placeBehindAll(admin);
    const answer = await poll(admin, { after, waitMs: 25_000 });
    expect(answer).toEqual({
      events: [],
      resync: {
        code: "CURSOR_UNKNOWN",
        cursor: answer.cursor,
        reason: expect.stringContaining("no cursor of this store"),
      },
      cursor: expect.any(String),
      current: null,
    });
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await pollAll(admin, answer.cursor)).events).toMatchObject([{ type: "DISABLED" }]);
  });

  test("many events come in pieces of at most 500, none twice and none missing", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const cursor = await placeBehindAll(admin);
    const ids = Array.from({ length: 1_100 }, () => world.missingId("Key"));
    const occurredAt = new Date(world.clock.now());
    const of = (keyId: string) => ({ type: "UPDATED", tenantId: tenant.id, userId: owner.id, keyId, occurredAt });
    await world.server.keyplane.database.prisma.event.createMany({
      data: ids.map((keyId) => ({ ...of(keyId), id: world.missingId("Event") })),
    });
    const first = await poll(admin, { after: cursor, waitMs: 25_000 });
    expect([first.events.length, first.current, first.cursor]).toEqual([500, null, first.events.at(-1).cursor]);
    const { events } = await pollAll(admin, first.cursor);
    expect([...first.events, ...events].map(({ keyId }) => keyId)).toEqual(ids);
  });

  test.for([
    ["colour=red", "colour is not a parameter"],
    ["keyIds=key_x", "keyIds is not a parameter"],
    ["__proto__=1", "__proto__ is not a parameter"],
    ["types=DISABLED,FINE", 'types: \\"FINE\\" is no type of event'],
    ["types=", "is no type of event"],
    ["types=USER_UPDATED", "is no type of event"],
    ["types=constructor", "is no type of event"],
    ["waitMs=25001", "waitMs: Give 0 to 25000"],
    ["waitMs=-1", "waitMs: Give 0 to 25000"],
    ["waitMs=1.5", "waitMs: Give 0 to 25000"],
    ["waitMs=", "waitMs: Give 0 to 25000"],
    ["after=a&after=b", "after: Give it once"],
  ] as const)("refuses ?%s, naming what is wrong", async ([search, problem], { world }) => {
    const refused = poll(world.root, search);
    await expect(refused).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining(problem.replaceAll("\\", "")),
    });
  });

  test("needs keys:read, a caller who is known, and a GET", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const without = await allBut(world, tenant.id, "keys:read");
    await expect(poll(without, { waitMs: 25_000 })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("keys:read"),
    });
    await expect(poll(world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const headers = { authorization: `Bearer ${admin.token}` };
    for (const method of ["POST", "HEAD", "PUT", "OPTIONS"]) {
      const answer = await rawRequest(`${world.url}/v1/key-events`, { method, headers });
      expect([answer.status, answer.headers.allow]).toEqual([405, "GET"]);
    }
    const refused = await rawRequest(`${world.url}/v1/key-events?x=1`, { headers });
    expect(refused.headers["content-type"]).toBe("application/json; charset=utf-8");
    const { docsUrl, requestId } = JSON.parse(refused.text).errors[0].extensions;
    expect([docsUrl, requestId]).toEqual([docsUrlForError("BAD_USER_INPUT"), refused.headers["x-request-id"]]);
    const answered = await rawRequest(`${world.url}/v1/key-events`, { headers });
    expect(answered.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-request-id": expect.stringMatching(/^req_/),
    });
  });
});

describe("an open poll", () => {
  test("ends when its token is revoked, and others go on", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const { secret, managementToken } = ok(await admin.createToken({ name: "t", role: "DEVELOPER" }));
    const cursor = await placeBehindAll(admin);
    const [ended, other] = [
      poll({ url: world.url, token: secret }, { after: cursor, waitMs: 25_000 }),
      poll(admin, { after: cursor, waitMs: 25_000 }),
    ];
    const refused = expect(ended).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    ok(await admin.revokeToken({ id: managementToken.id, reason: "x" }));
    await refused;
    ok(await admin.key("disableKey", { id: key.id }));
    expect((await other).events).toMatchObject([{ type: "DISABLED" }]);
  });

  test("of a reader who goes away frees everything at once", async ({ world }) => {
    const { admin } = await world.tenant();
    const before = (await openStreams(world)) ?? 0;
    const gone = new AbortController();
    const left = Array.from({ length: 5 }, () => poll(admin, { waitMs: 25_000 }, gone.signal).catch(() => "left"));
    await expect.poll(() => openStreams(world)).toBe(before + 5);
    gone.abort();
    expect(await Promise.all(left)).toEqual(["left", "left", "left", "left", "left"]);
    await expect.poll(() => openStreams(world)).toBe(before);
  });

  test("is answered when the server stops, with the place to go on from, and does not delay it", async () => {
    const server = await startServer();
    const world = new World(server);
    const { admin } = await world.tenantWithKey();
    const polls = [poll(admin, { waitMs: 25_000 }), poll(admin, { waitMs: 25_000 })];
    await expect.poll(() => openStreams(world)).toBe(2);
    // Open for long enough to have read the log.
    await poll(admin);
    const began = performance.now();
    await server.keyplane.http.stop();
    for (const answer of await Promise.all(polls)) {
      expect(answer).toMatchObject({ events: [], resync: null, cursor: expect.any(String) });
    }
    expect(performance.now() - began).toBeLessThan(10_000);
    await server.stop();
  });
});

describe("a reader of whom nothing is told", () => {
  test("does not fall behind: its cursor goes on with the log, and outlives the events before it", async () => {
    const server = await startServer({}, { eventBufferSize: 2 });
    const world = new World(server);
    const [quiet, busy] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const cursor = await placeBehindAll(quiet.admin);
    ok(await busy.admin.key("disableKey", { id: busy.key.id }));
    world.clock.advance(6 * day);
    const later = await pollAll(quiet.admin, cursor);
    expect(later.events).toEqual([]);
    expect(later.cursor).not.toBe(cursor);
    world.clock.advance(6 * day);
    await server.keyplane.eventLog.sweep();
    for (const change of ["enableKey", "disableKey", "enableKey"]) {
      ok(await busy.admin.key(change, { id: busy.key.id }));
      await poll(busy.admin);
    }
    // The old place is gone, the one that was given meanwhile is not.
    ok(await quiet.admin.key("disableKey", { id: quiet.key.id }));
    expect(await poll(quiet.admin, { after: cursor, waitMs: 5_000 })).toMatchObject({
      resync: { code: "CURSOR_TOO_OLD" },
    });
    expect((await pollAll(quiet.admin, later.cursor)).events).toMatchObject([{ type: "DISABLED" }]);
    await server.stop();
  });
});
