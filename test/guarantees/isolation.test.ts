import {
  type AnyCall,
  type AnyField,
  callOf,
  everyField,
  everyRootField,
  type Ids,
  idPlaces,
  kindsAt,
  type Own,
} from "../testkit/any-call.js";
import { EventStream } from "../testkit/event-stream.js";
import { type Caller, describe, expect, ok, sendGraphql, test, type World } from "../testkit/index.js";
import { everyRow } from "../testkit/rows.js";

// Generated from the schema: an operation that is added later is tested from its first day, or makes this file fail.
const cases = everyField().flatMap((field) =>
  idPlaces(field).map((place) => [`${field.name} at ${place}`, { field, place }] as const),
);
const lists = everyRootField()
  .filter(({ parent, field }) => parent.name === "Query" && field.args.some((arg) => arg.name === "first"))
  .map((list) => [list.name, list] as const);

/** A tenant with one thing of every kind, and its administrator. */
interface FullTenant {
  readonly ids: Required<Ids>;
  /** The ids, and the present of the server's clock. */
  readonly own: Own;
  readonly admin: Caller;
  readonly secret: string;
}

async function fullTenant(world: World): Promise<FullTenant> {
  const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
  // Held by somebody and owning something, so that lists filtered by them have something to answer.
  const role = await world.role(tenant.id);
  const team = await world.team(tenant.id, [owner.id]);
  ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
  ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
  const asked = { name: "token", role: "GUEST", customRoleId: role.id, userId: owner.id };
  const token = ok(await admin.createToken(asked)).managementToken;
  const { auditLog } = await admin.query("{ auditLog(first: 1) { nodes { id } } }");
  const event = await world.server.keyplane.database.prisma.event.findFirstOrThrow({ where: { keyId: key.id } });
  const ids = {
    Tenant: tenant.id,
    User: owner.id,
    CustomRole: role.id,
    Team: team.id,
    TeamMember: world.missingId("TeamMember"),
    Key: key.id,
    ManagementToken: token.id,
    AuditRecord: auditLog.nodes[0].id,
    Event: event.id,
    Request: world.missingId("Request"),
  };
  // An accepted call and a refused one, so that every question about usage has something to answer.
  await world.verify(secret);
  ok(await admin.recordUsage([{ keyId: key.id, code: "REVOKED", ip: "203.0.113.7", api: "orders", tags: ["a"] }]));
  await world.counted();
  return { ids, own: { ...ids, now: world.clock.now() }, admin, secret };
}

/** What must be out of the way before one's own thing can be deleted. */
async function makeRoom({ ids, admin }: FullTenant, field: string): Promise<void> {
  if (field === "deleteRole") {
    ok(await admin.user("updateUser", { id: ids.User, customRoleId: null }));
    ok(await admin.revokeToken({ id: ids.ManagementToken }));
  }
  if (field === "deleteTeam") ok(await admin.key("updateKey", { id: ids.Key, teamId: null }));
}

/** Everything of an answer that a caller can tell apart, but what names this one request. */
async function answerOf(caller: Caller, call: AnyCall, id: string, meanwhile?: () => Promise<unknown>) {
  const { document, variables } = call;
  if (document.startsWith("subscription")) return firstOf(caller, call, id, meanwhile);
  const { status, headers, text } = await sendGraphql(caller.url, caller.token, document, variables);
  const kept = [...headers].filter(([name]) => !["date", "x-request-id", "keep-alive"].includes(name));
  return { status, headers: kept, body: text.replaceAll(id, "<id>").replaceAll(/req_[0-9A-Za-z]{24}/g, "<request>") };
}

/** What a subscription tells of what happens meanwhile, as far as it does not depend on when it was asked. */
async function firstOf(
  caller: Caller,
  { document, variables }: AnyCall,
  id: string,
  meanwhile?: () => Promise<unknown>,
) {
  const stream = await EventStream.open(caller.url, caller.token, document, variables);
  await meanwhile?.();
  // What happened while one interval ran is told at its end; a slow machine may need the next one, too.
  const answers = [];
  for (let count = 0; count < 3; count++) {
    // A stream of events has nothing to tell of what is not visible.
    const silence = new Promise((resolve) => setTimeout(resolve, 2_500, null));
    const answer = await Promise.race([stream.next(), silence]);
    if (answer === null) break;
    answers.push(answer);
  }
  stream.close();
  const text = JSON.stringify(answers).replaceAll(/"(?:from|to)":"[^"]+"/g, "<time>");
  const body = [...new Set(text.match(/"(?:count|code|message)":[^,}]+/g) ?? [])].sort().join();
  return { status: stream.status, headers: [stream.headers["content-type"]], body: body.replaceAll(id, "<id>") };
}

/** Every row that names any of these things. */
async function rowsOf(world: World, ids: readonly string[]): Promise<string[]> {
  return (await everyRow(world.server)).filter((row) => ids.some((id) => row.includes(id)));
}

let pair: Promise<[ours: FullTenant, theirs: FullTenant]> | undefined;

/** Two tenants for the cases that change nothing: making them anew for each would take most of the time. */
function twoTenants(world: World): Promise<[ours: FullTenant, theirs: FullTenant]> {
  pair ??= Promise.all([fullTenant(world), fullTenant(world)]);
  return pair;
}

describe("isolation: another tenant's id answers byte for byte as a missing one, and changes nothing", () => {
  test("there is something to test", () => {
    expect(cases.length).toBeGreaterThan(30);
    expect(lists.length).toBeGreaterThan(4);
  });

  test.for(cases)("%s", async ([, { field, place }], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const everything = [...Object.values(ours.ids), ...Object.values(theirs.ids)];
    const before = await rowsOf(world, everything);
    for (const kind of kindsAt(field, place)) {
      const answerFor = (id: string) =>
        answerOf(ours.admin, callOf(field, ours.own, valuesFor(field, place, id)), id, () =>
          world.verify(theirs.secret),
        );
      const missing = await answerFor(world.missingId(kind));
      expect(await answerFor(theirs.ids[kind])).toEqual(missing);
    }
    expect(await rowsOf(world, everything)).toEqual(before);
  });

  // Without this, a call that fails for another reason would pass above whatever it does.
  // What a stream of events tells of one's own is what happens while it is read: test/api/events tells it.
  const telling = cases.filter(([, { field }]) => field.name !== "Subscription.keyEvents");
  test.for(telling)("with one's own id, %s answers something else", async ([, { field, place }], { world }) => {
    const installationOnly = ["suspendTenant", "resumeTenant"].includes(field.field.name);
    // What is asked of `can` is about users.
    const one: "Tenant" | "User" = installationOnly || field.field.name === "node" ? "Tenant" : "User";
    const isOne = installationOnly || ["node", "can"].includes(field.field.name);
    for (const kind of isOne ? [one] : kindsAt(field, place)) {
      const ours = await fullTenant(world);
      await makeRoom(ours, field.field.name);
      const caller = installationOnly ? world.root : ours.admin;
      // The actor of what happened in the tenant is whoever did it: here, its administrator.
      const own = place.endsWith("actorId") ? await actorOf(ours.admin) : ours.ids[kind];
      const answerFor = (id: string) =>
        answerOf(caller, callOf(field, ours.own, valuesFor(field, place, id)), id, () => world.verify(ours.secret));
      const missing = await answerFor(world.missingId(kind));
      const answer = await answerFor(own);
      expect(answer).not.toEqual(missing);
      expect(answer.body).not.toMatch(/"errors":|"__typename":"\w+Error"/);
    }
  });
});

/** An id at its place, and what else makes the answer tell of it. */
function valuesFor({ field }: AnyField, place: string, id: string): Record<string, unknown> {
  return { [place]: id, ...(field.name === "usageLive" ? { intervalMs: 250 } : {}) };
}

async function actorOf(admin: Caller): Promise<string> {
  return (await admin.query("{ viewer { id } }")).viewer.id;
}

describe("isolation: what names no id", () => {
  test.for(lists)("%s lists nothing of another tenant", async ([, list], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const id = list.name === "Query.keyEvents" ? "keyId" : "id";
    const { document, variables } = callOf(list, ours.own, { first: 100 }, `{ totalCount nodes { ${id} } }`);
    const { text, body } = await sendGraphql(world.url, ours.admin.token, document, variables);
    expect(body.data[list.field.name].nodes.length).toBeGreaterThan(0);
    expect(body.data[list.field.name].totalCount).toBe(body.data[list.field.name].nodes.length);
    for (const theirId of Object.values(theirs.ids)) expect(text).not.toContain(theirId);
  });

  test.for(["usage", "usage-events", "invalid-attempts"])(
    "the export %s has nothing of another tenant",
    async (name, { world }) => {
      const [ours, theirs] = await twoTenants(world);
      const { tenantId, ...window } = world.around(ours.ids.Tenant);
      const parameters =
        name === "usage-events" ? { tenantId } : { tenantId, ...window, groupBy: name === "usage" ? "KEY" : "CODE" };
      const { status, text } = await ours.admin.export(name, { ...parameters, format: "ndjson" });
      expect(status).toBe(200);
      expect(text).toContain(name === "invalid-attempts" ? "REVOKED" : ours.ids.Key);
      for (const id of Object.values(theirs.ids)) expect(text).not.toContain(id);
      const other = await ours.admin.export(name, { ...parameters, tenantId: theirs.ids.Tenant, format: "ndjson" });
      const missing = await ours.admin.export(name, {
        ...parameters,
        tenantId: world.missingId("Tenant"),
        format: "ndjson",
      });
      expect([other.status, other.text]).toEqual([missing.status, missing.text]);
    },
  );

  test.for(lists)("%s follows a cursor of another tenant into one's own list only", async ([, list], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const cursors = callOf(list, theirs.own, { first: 1 }, "{ pageInfo { endCursor } }");
    const answer = await theirs.admin.query(cursors.document, cursors.variables);
    const after = answer[list.field.name].pageInfo.endCursor;
    const { document, variables } = callOf(list, ours.own, { first: 100, after }, "{ totalCount nodes { id } }");
    const { text, status } = await sendGraphql(world.url, ours.admin.token, document, variables);
    expect(status).toBe(200);
    for (const id of Object.values(theirs.ids)) expect(text).not.toContain(id);
  });

  test("another tenant's key is verified byte for byte as an unknown one", async ({ world }) => {
    const [ours, theirs] = [await fullTenant(world), await fullTenant(world)];
    const gone = await fullTenant(world);
    ok(await gone.admin.key("deleteKey", { id: gone.ids.Key }));
    const verification = everyRootField().find(({ field }) => field.name === "verifyKey");
    if (!verification) throw new Error("there is no verifyKey");
    const answerFor = (key: string) => answerOf(ours.admin, callOf(verification, ours.own, { "input.key": key }), key);
    const deleted = await answerFor(gone.secret);
    expect(await answerFor(theirs.secret)).toEqual(deleted);
    expect(await answerFor(theirs.secret)).toEqual(deleted); // warm
    expect(deleted.body).toContain('"NOT_FOUND"');
  });

  test("another tenant's idempotencyKey is one's own to use", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const idempotencyKey = world.unique("attempt");
    const create = (story: typeof ours) =>
      story.admin.keySecret("createKey", {
        tenantId: story.tenant.id,
        ownerId: story.owner.id,
        name: "Key",
        idempotencyKey,
      });
    const [first, second] = [ok(await create(theirs)), ok(await create(ours))];
    expect(second.key.tenant.id).toBe(ours.tenant.id);
    expect(second.secret).not.toBe(first.secret);
  });

  test("a person who is no administrator meets another person's id of the same tenant as a missing one", async ({
    world,
  }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const person = await world.user(tenant.id);
    const caller = await world.caller("DEVELOPER", { tenantId: tenant.id, userId: person.id });
    for (const [kind, id] of [
      ["Key", key.id],
      ["User", owner.id],
    ] as const) {
      for (const [, { field }] of cases.filter(([name]) => /^Query\.\w+ at id$/.test(name))) {
        const answerFor = (each: string) => answerOf(caller, callOf(field, {}, { id: each }), each);
        expect(await answerFor(id)).toEqual(await answerFor(world.missingId(kind)));
      }
    }
  });
});
