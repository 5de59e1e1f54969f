import { day, describe, expect, hour, ok, test } from "../../testkit/index.js";
import { EventFollower, type Message } from "../../testkit/key-events.js";

const what = ({ __typename, type, keyId, userId }: Message) =>
  __typename === "KeyEvent" ? { type, keyId, userId } : { __typename };

describe("the keyEvents subscription", () => {
  test("tells what happens from now on, and nothing that was before", async ({ world }) => {
    const { admin, key, owner, tenant } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin);
    ok(await admin.key("revokeKey", { id: key.id, reason: "left" }));
    expect(await stream.next()).toEqual({
      __typename: "KeyEvent",
      cursor: expect.stringMatching(/^[\w-]+$/),
      type: "REVOKED",
      occurredAt: new Date(world.clock.now()).toISOString(),
      tenantId: tenant.id,
      keyId: key.id,
      userId: owner.id,
      reason: "left",
    });
    stream.close();
  });

  test("tells every kind of change of a key, its owner and its tenant, in order and once", async ({ world }) => {
    const { admin, tenant, owner } = await world.tenantWithKey();
    const stream = await EventFollower.open(world.root, { tenantId: tenant.id });
    const { key } = ok(await admin.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "K" }));
    const { id } = key;
    ok(await admin.key("updateKey", { id, name: "New" }));
    ok(await admin.keySecret("rotateKey", { id }));
    ok(await admin.key("disableKey", { id }));
    ok(await admin.key("enableKey", { id }));
    ok(await admin.key("deleteKey", { id }));
    ok(await admin.key("restoreKey", { id }));
    ok(await admin.key("revokeKey", { id, reason: "x" }));
    ok(await admin.user("updateUser", { id: owner.id, name: "New" }));
    ok(await admin.user("updateUser", { id: owner.id, name: "New" })); // no change, no event
    ok(await admin.user("disableUser", { id: owner.id }));
    ok(await admin.user("enableUser", { id: owner.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    ok(await world.root.tenant("resumeTenant", { id: tenant.id }));
    const ofKey = ["CREATED", "UPDATED", "ROTATED", "DISABLED", "ENABLED", "DELETED", "UPDATED", "REVOKED"];
    const ofOwner = ["OWNER_UPDATED", "OWNER_DISABLED", "OWNER_ENABLED", "OWNER_DELETED"];
    const expected = [
      ...ofKey.map((type) => ({ type, keyId: id, userId: owner.id })),
      ...ofOwner.map((type) => ({ type, keyId: null, userId: owner.id })),
      ...["TENANT_SUSPENDED", "TENANT_RESUMED"].map((type) => ({ type, keyId: null, userId: null })),
    ];
    expect((await stream.take(expected.length)).map(what)).toEqual(expected);
    // The list has the same, with the same cursors, and what was before it began.
    const document = `query ($tenantId: ID) { keyEvents(tenantId: $tenantId, first: 100) {
      totalCount edges { cursor node { cursor type keyId userId } } pageInfo { hasNextPage endCursor } } }`;
    const { keyEvents } = await world.root.query(document, { tenantId: tenant.id });
    expect(keyEvents.totalCount).toBe(expected.length + 1);
    const later = keyEvents.edges.slice(1);
    expect(later.map(({ node }: Message) => node.cursor)).toEqual(stream.messages.map(({ cursor }) => cursor));
    expect(later.map(({ cursor }: Message) => cursor)).toEqual(later.map(({ node }: Message) => node.cursor));
    stream.close();
  });

  test("filters by type and by key, whether names are literals or variables", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    const other = await world.key(tenant.id, owner.id);
    const byKey = await EventFollower.open(admin, { keyIds: [key.id] });
    const byType = await EventFollower.open(admin, { types: ["REVOKED", "TENANT_SUSPENDED"] });
    ok(await admin.key("disableKey", { id: other.key.id }));
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.key("revokeKey", { id: other.key.id, reason: "x" }));
    expect(what(await byKey.next())).toEqual({ type: "DISABLED", keyId: key.id, userId: owner.id });
    expect(what(await byType.next())).toEqual({ type: "REVOKED", keyId: other.key.id, userId: owner.id });
    for (const stream of [byKey, byType]) {
      await stream.current();
      expect(stream.messages).toHaveLength(1);
      stream.close();
    }
    const document = `{ keyEvents(tenantId: "${tenant.id}", keyIds: ["${key.id}"], types: [DISABLED]) { nodes { type keyId } } }`;
    expect((await admin.query(document)).keyEvents.nodes).toEqual([{ type: "DISABLED", keyId: key.id }]);
  });

  test("goes on after a cursor: everything that was missed, once and in order, then what follows", async ({
    world,
  }) => {
    const { admin, key } = await world.tenantWithKey();
    const first = await EventFollower.open(admin);
    ok(await admin.key("disableKey", { id: key.id }));
    const { cursor } = await first.next();
    first.close();
    ok(await admin.key("enableKey", { id: key.id }));
    ok(await admin.key("disableKey", { id: key.id }));
    const again = await EventFollower.open(admin, { after: cursor });
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect((await again.take(3)).map(({ type }) => type)).toEqual(["ENABLED", "DISABLED", "REVOKED"]);
    again.close();
  });

  test("reads the key anew for each event", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const fields = "... on KeyEvent { key { name status } }";
    const stream = await EventFollower.open(admin, { keyIds: [key.id] }, fields);
    ok(await admin.key("updateKey", { id: key.id, name: "Second" }));
    expect(await stream.next()).toEqual({ key: { name: "Second", status: "ACTIVE" } });
    ok(await admin.key("disableKey", { id: key.id }));
    expect(await stream.next()).toEqual({ key: { name: "Second", status: "DISABLED" } });
    stream.close();
  });

  test("says that it is current, after everything that it has told", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin);
    await stream.current();
    ok(await admin.key("disableKey", { id: key.id }));
    await stream.next();
    await stream.current();
    const before = stream.heartbeats.filter((beat) => beat.after === 0).at(-1);
    const after = stream.heartbeats.find((beat) => beat.after === 1);
    expect(after?.ms).toBeGreaterThan(before?.ms ?? 0);
    stream.close();
  });

  test("ends with an error when its token is revoked", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    const made = ok(await world.root.createToken({ name: "t", role: "ADMIN", tenantId: tenant.id }));
    const stream = await EventFollower.open({ url: world.url, token: made.secret });
    ok(await world.root.revokeToken({ id: made.managementToken.id }));
    await stream.ended();
    expect(stream.error?.code).toBe("UNAUTHENTICATED");
  });
});

describe("who sees what", () => {
  test("a tenant's caller hears of its own tenant only, and another's id answers as one that does not exist", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const own = await EventFollower.open(ours.admin);
    const foreign = await EventFollower.open(ours.admin, { tenantId: theirs.tenant.id });
    const missing = await EventFollower.open(ours.admin, { tenantId: world.missingId("Tenant") });
    const byKey = await EventFollower.open(ours.admin, { keyIds: [theirs.key.id] });
    ok(await theirs.admin.key("disableKey", { id: theirs.key.id }));
    ok(await ours.admin.key("disableKey", { id: ours.key.id }));
    expect((await own.next()).keyId).toBe(ours.key.id);
    for (const stream of [own, foreign, missing, byKey]) {
      await stream.current();
      expect(stream.messages).toHaveLength(stream === own ? 1 : 0);
      stream.close();
    }
    const document = "query ($tenantId: ID) { keyEvents(tenantId: $tenantId) { totalCount nodes { type } } }";
    const nothing = { keyEvents: { totalCount: 0, nodes: [] } };
    expect(await ours.admin.query(document, { tenantId: theirs.tenant.id })).toEqual(nothing);
    expect(await ours.admin.query(document, { tenantId: world.missingId("Tenant") })).toEqual(nothing);
  });

  test("a developer hears of own keys, also of one that is taken away, and of user and tenant", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const other = await world.user(tenant.id);
    const theirs = await world.key(tenant.id, other.id);
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id, userId: owner.id });
    const stream = await EventFollower.open(developer);
    ok(await admin.key("disableKey", { id: theirs.key.id }));
    ok(await admin.user("disableUser", { id: other.id }));
    ok(await admin.user("enableUser", { id: other.id }));
    ok(await admin.key("updateKey", { id: key.id, name: "N" }));
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: other.id }));
    ok(await admin.key("updateKey", { id: key.id, name: "M" }));
    expect((await stream.take(2)).map(what)).toEqual([
      { type: "UPDATED", keyId: key.id, userId: owner.id },
      { type: "ROTATED", keyId: key.id, userId: other.id },
    ]);
    await stream.current();
    expect(stream.messages).toHaveLength(2);
    stream.close();
    const { keyEvents } = await developer.query("{ keyEvents { totalCount nodes { type userId } } }");
    expect(keyEvents.nodes.map(({ type }: Message) => type)).toEqual(["CREATED", "UPDATED", "ROTATED"]);
    expect(keyEvents.totalCount).toBe(3);
  });

  test("without keys:read it is refused, and without a token", async ({ world }) => {
    const guest = await world.caller("GUEST");
    await expect(EventFollower.open(world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const refused = await EventFollower.open(guest);
    await refused.ended();
    expect(refused.error).toMatchObject({ code: "FORBIDDEN" });
    await expect(guest.query("{ keyEvents { totalCount } }")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("empty filters are refused instead of meaning everything or nothing", async ({ world }) => {
    for (const args of ["types: []", "keyIds: []", "first: 0", 'after: "x"']) {
      const refused = world.root.query(`{ keyEvents(${args}) { totalCount } }`);
      await expect(refused).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
  });
});

describe("expiry", () => {
  test("EXPIRING comes 7 days and 1 day before, EXPIRED at the time, each once", async ({ world }) => {
    const expiresAt = world.clock.in(8 * day);
    const { admin, key } = await world.tenantWithKey({ key: { expiresAt } });
    const stream = await EventFollower.open(admin, { keyIds: [key.id] });
    world.clock.advance(day + hour);
    expect(await stream.next()).toMatchObject({ type: "EXPIRING", reason: `expires at ${expiresAt}` });
    world.clock.advance(6 * day);
    expect((await stream.next()).type).toBe("EXPIRING");
    world.clock.advance(day);
    expect((await stream.next()).type).toBe("EXPIRED");
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(2 * day) }));
    expect((await stream.next()).type).toBe("UPDATED");
    world.clock.advance(day + hour);
    expect((await stream.next()).type).toBe("EXPIRING");
    world.clock.advance(day);
    expect((await stream.next()).type).toBe("EXPIRED");
    stream.close();
  });

  test("an expiry that is moved is told at its new time only, and of a revoked or deleted key never", async ({
    world,
  }) => {
    const expiresAt = world.clock.in(hour);
    const { admin, tenant, owner, key } = await world.tenantWithKey({ key: { expiresAt } });
    const revoked = await world.key(tenant.id, owner.id, { expiresAt });
    const deleted = await world.key(tenant.id, owner.id, { expiresAt });
    const witness = await world.key(tenant.id, owner.id, { expiresAt });
    const stream = await EventFollower.open(admin, { types: ["EXPIRED", "EXPIRING"] });
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(3 * hour) }));
    ok(await admin.key("revokeKey", { id: revoked.key.id, reason: "x" }));
    ok(await admin.key("deleteKey", { id: deleted.key.id }));
    world.clock.advance(2 * hour);
    expect(what(await stream.next())).toMatchObject({ type: "EXPIRED", keyId: witness.key.id });
    world.clock.advance(2 * hour);
    expect(what(await stream.next())).toMatchObject({ type: "EXPIRED", keyId: key.id });
    stream.close();
  });
});
