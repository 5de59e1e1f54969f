import { EventStream, type StreamedAnswer } from "../testkit/event-stream.js";
import { day, describe, expect, ok, startServer, test, World } from "../testkit/index.js";

const tickOf = (answer: StreamedAnswer | null) => answer?.data?.usageLive;

/** Reads ticks until as many calls are counted. @returns what all of them add up to. */
async function countedIn(stream: EventStream, calls: number): Promise<{ count: number; valid: number; ticks: number }> {
  let [count, valid, ticks] = [0, 0, 0];
  while (count < calls) {
    const tick = tickOf(await stream.next());
    if (!tick) throw new Error("the stream has ended");
    count += tick.count;
    valid += tick.valid;
    ticks += 1;
  }
  return { count, valid, ticks };
}

describe("usageLive", () => {
  test("each call appears in one tick and once, by outcome; ticks follow on each other without a gap", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const stream = await admin.usageLive(tenant.id, 250);
    expect(stream.headers["content-type"]).toMatch(/^text\/event-stream/);
    await world.verify(secret, 3);
    ok(await admin.recordUsage([{ keyId: key.id, code: "REVOKED" }]));
    expect(await countedIn(stream, 4)).toMatchObject({ count: 4, valid: 3 });
    const [one, other] = [tickOf(await stream.next()), tickOf(await stream.next())];
    expect(one).toMatchObject({ count: 0, valid: 0, byCode: [] });
    expect(other.from).toBe(one.to);
    await world.verify(secret);
    expect(await countedIn(stream, 1)).toMatchObject({ count: 1, valid: 1 });
    stream.close();
  });

  test("says nothing of another tenant: its id answers as a missing one's", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const own = await ours.admin.usageLive(ours.tenant.id, 250);
    const other = await ours.admin.usageLive(theirs.tenant.id, 250);
    const missing = await ours.admin.usageLive(world.missingId("Tenant"), 250);
    await world.verify(theirs.secret, 2);
    await world.verify(ours.secret);
    expect(await countedIn(own, 1)).toMatchObject({ count: 1 });
    for (const stream of [other, missing]) {
      for (let round = 0; round < 2; round++) expect(tickOf(await stream.next())).toMatchObject({ count: 0 });
    }
    for (const stream of [own, other, missing]) stream.close();
  });

  test.for([
    ["249 milliseconds", 249],
    ["60001 milliseconds", 60_001],
    ["a negative interval", -1],
  ] as const)("%s are refused, with what to give", async ([, intervalMs], { world }) => {
    const { tenant, admin } = await world.tenant();
    const stream = await admin.usageLive(tenant.id, intervalMs);
    expect(await stream.rest()).toMatchObject([
      {
        errors: [
          {
            message: expect.stringMatching(/^intervalMs: Give 250 to 60000 milliseconds/),
            extensions: { code: "BAD_USER_INPUT", docsUrl: expect.any(String) },
          },
        ],
      },
    ]);
  });

  test("shows a person the calls of their own keys and of their teams' keys only, as new ones come", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const others = await world.key(tenant.id, colleague.id);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const { caller: session } = await world.signIn(owner);
    const streams = [await person.usageLive(tenant.id, 250), await session.usageLive(tenant.id, 250)];
    const whole = await admin.usageLive(tenant.id, 250);
    for (const stream of [...streams, whole]) await stream.next();
    await world.verify(others.secret, 3);
    await world.verify(secret, 2);
    ok(await admin.recordUsage([{ keyId: key.id, code: "REVOKED" }, { keyId: others.key.id }]));
    const later = await world.key(tenant.id, owner.id);
    await world.verify(later.secret);
    for (const stream of streams) {
      expect(await countedIn(stream, 4)).toMatchObject({ count: 4, valid: 3 });
      expect(tickOf(await stream.next())).toMatchObject({ count: 0 });
    }
    expect(await countedIn(whole, 8)).toMatchObject({ count: 8, valid: 7 });
    for (const stream of [...streams, whole]) stream.close();
  });

  test("is refused to who may not read usage, and to who may see all for a tenant that there is not", async ({
    world,
  }) => {
    const { tenant } = await world.tenant();
    const refusals = async (caller: typeof world.root, id: string) =>
      (await (await caller.usageLive(id)).rest())[0]?.errors;
    expect(await refusals(await world.caller("GUEST"), tenant.id)).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    const missing = await refusals(world.root, world.missingId("Tenant"));
    expect(missing).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
  });

  test("nobody who is not known gets a stream", async ({ world }) => {
    const { tenant } = await world.tenant();
    const stream = await world.anonymous.usageLive(tenant.id);
    expect(stream.status).toBe(401);
    expect(JSON.parse(await stream.text()).errors[0].extensions.code).toBe("UNAUTHENTICATED");
  });

  test("ends with UNAUTHENTICATED when the token is revoked, and other streams go on", async ({ world }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const { secret: token, managementToken } = ok(await admin.createToken({ name: "watcher", role: "DEVELOPER" }));
    const document = `subscription { usageLive(tenantId: "${tenant.id}", intervalMs: 250) { count } }`;
    const stream = await EventStream.open(world.url, token, document);
    const other = await admin.usageLive(tenant.id, 250);
    expect(tickOf(await stream.next())).toEqual({ count: 0 });
    ok(await admin.revokeToken({ id: managementToken.id, reason: "x" }));
    const last = (await stream.rest()).at(-1);
    expect(last?.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
    await world.verify(secret);
    expect(await countedIn(other, 1)).toMatchObject({ count: 1 });
    other.close();
  });

  test("reads its arguments wherever they stand: in the text, or in variables of any name", async ({ world }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const open = (document: string, variables?: Record<string, unknown>) =>
      EventStream.open(world.url, admin.token, document, variables);
    const literal = await open(`subscription { usageLive(tenantId: "${tenant.id}", intervalMs: 250) { count } }`);
    const renamed = await open(
      "subscription ($t: ID!, $n: Int) { usageLive(tenantId: $t, intervalMs: $n) { count } }",
      {
        t: tenant.id,
        n: 250,
      },
    );
    for (const stream of [literal, renamed]) await stream.next();
    await world.verify(secret);
    for (const stream of [literal, renamed]) {
      expect(await countedIn(stream, 1)).toMatchObject({ count: 1 });
      stream.close();
    }
    const refused = await open(`subscription { usageLive(tenantId: "${tenant.id}", intervalMs: 10) { count } }`);
    expect((await refused.rest())[0]?.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });

  test("ends when the token expires", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const expiresAt = world.clock.in(day);
    const { secret } = ok(await admin.createToken({ name: "watcher", role: "DEVELOPER", expiresAt }));
    const document = `subscription { usageLive(tenantId: "${tenant.id}", intervalMs: 250) { count } }`;
    const stream = await EventStream.open(world.url, secret, document);
    expect(tickOf(await stream.next())).toEqual({ count: 0 });
    world.clock.advance(day);
    expect((await stream.rest()).at(-1)?.errors).toMatchObject([{ extensions: { code: "UNAUTHENTICATED" } }]);
  });

  test("a reader who does not read costs nothing and misses nothing: it waits as one sum", async ({ world }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const slow = await admin.usageLive(tenant.id, 250);
    await slow.next();
    const open = async () => (await world.metrics()).get("keyplane_open_streams");
    expect(await open()).toBeGreaterThanOrEqual(1);
    for (let round = 0; round < 5; round++) await world.verify(secret, 10);
    expect(await countedIn(slow, 50)).toMatchObject({ count: 50 });
    slow.close();
    await expect.poll(open).toBe(0);
  });

  test("a stream that nobody closes neither delays the stop of the server nor outlives it", async () => {
    const server = await startServer();
    const world = new World(server);
    const { tenant, admin } = await world.tenantWithKey();
    const streams = [await admin.usageLive(tenant.id, 60_000), await admin.usageLive(tenant.id, 250)];
    await streams[1]?.next();
    const stopped = server.keyplane.http.stop();
    // Without an end of their own, they would be cut off at the deadline of the stop, and not ended.
    for (const stream of streams) expect((await stream.rest()).every(({ errors }) => errors === undefined)).toBe(true);
    await stopped;
    await server.stop();
  });
});
