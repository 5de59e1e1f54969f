import type { IdKind } from "@keyplane/schema";
import { getNamedType, isInputObjectType } from "graphql";
import { afterAll, beforeAll } from "vitest";
import { type AnyField, callOf, everyRootField, type Ids, kindsNamedBy } from "../testkit/any-call.js";
import { describe, expect, ok, sendGraphql, startServer, type TestServer, test, World } from "../testkit/index.js";
import { findingId, policyMutation } from "../testkit/lifecycle.js";
import { oauthClientId, trustedIssuerId } from "../testkit/oauth.js";
import { everyRow } from "../testkit/rows.js";
import { failedDeliveryId, quietWebhookId } from "../testkit/webhooks.js";

/**
 * What is tested elsewhere: usage is not written to this database; and of signing in, tests beside its operations tell, because
 * it needs a person instead of a token, or has nothing that anybody would have to forget.
 */
const elsewhere: readonly string[] = [
  "verifyKey",
  "recordUsage",
  "testTrustedIssuer",
  "testWebhook",
  // Begins what goes on for long: test/api/integrity.
  "checkIntegrity",
  "signIn",
  "refreshSession",
  "signOut",
  "requestPasswordLink",
  "sendPasswordLink",
  "setPassword",
  "changePassword",
];

// Generated from the schema: a mutation that is added later is tested from its first day.
const mutations = everyRootField()
  .filter(({ parent, field }) => parent.name === "Mutation" && !elsewhere.includes(field.name))
  .map((mutation) => [mutation.field.name, mutation] as const);

/** What must have happened before, so that a mutation of this name has something to change. */
const opposites: readonly (readonly [RegExp, string])[] = [
  [/^enable/, "disable"],
  // The one of the story is.
  [/^disable(?=Webhook)/, "enable"],
  [/^resume/, "suspend"],
  [/^restore/, "delete"],
];

let server: TestServer;
let world: World;

beforeAll(async () => {
  server = await startServer();
  world = new World(server);
  await run(
    `CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken by a test'; END $$`,
  );
});
afterAll(() => server.stop());

const run = (sql: string) => server.keyplane.database.prisma.$executeRawUnsafe(sql);

/** Ways to make a write fail after its change was made. */
const breakages = [
  ["the audit record cannot be written", 'CREATE TRIGGER broken BEFORE INSERT ON "AuditRecord"', "AuditRecord"],
  ["the event cannot be written", 'CREATE TRIGGER broken BEFORE INSERT ON "Event"', "Event"],
  [
    "the commit fails",
    'CREATE CONSTRAINT TRIGGER broken AFTER INSERT ON "Event" DEFERRABLE INITIALLY DEFERRED',
    "Event",
  ],
] as const;

/** An id of each kind that a mutation may need of a new tenant; only what it names is made. */
function makersOf({ tenant, owner, admin, key }: Awaited<ReturnType<World["tenantWithKey"]>>, mutation: AnyField) {
  const makers: { readonly [Kind in IdKind]?: () => Promise<string> } = {
    ManagementToken: async () => ok(await admin.createToken({ name: "token", role: "GUEST" })).managementToken.id,
    Api: async () => (await world.api(tenant.id)).id,
    // A request that waits.
    ApiGrant: async () => {
      const asked = await world.api(tenant.id);
      return ok(await world.root.apiGrant("requestApiAccess", { apiId: asked.id, keyId: key.id })).apiGrant.id;
    },
    CustomRole: async () => (await world.role(tenant.id)).id,
    Team: async () => (await world.team(tenant.id, mutation.field.name === "removeTeamMember" ? [owner.id] : [])).id,
    OAuthClient: () => oauthClientId(world, tenant.id),
    TrustedIssuer: () => trustedIssuerId(world, tenant.id),
    Webhook: () => quietWebhookId(world, tenant.id),
    WebhookDelivery: () => failedDeliveryId(world, tenant.id),
    // Of another key: a leak that is known already would change nothing.
    KeyFinding: async () => findingId(world, (await world.key(tenant.id, owner.id)).secret),
  };
  return Object.entries(makers) as [IdKind, () => Promise<string>][];
}

/** A story in which this mutation has something to change, and the call that would. */
async function readyFor(mutation: AnyField) {
  const story = await world.tenantWithKey();
  const { tenant, owner, key, secret } = story;
  const own: { -readonly [Kind in keyof Ids]: Ids[Kind] } = { Tenant: tenant.id, User: owner.id, Key: key.id };
  const named = kindsNamedBy((ids) => callOf(mutation, ids));
  for (const [kind, make] of makersOf(story, mutation)) if (named.includes(kind)) own[kind] = await make();
  // Revoking the key as well would be a second change; and of a policy that there is, another part changes than of a new one.
  if (/^(?:reportLeakedKey|updateLifecyclePolicy)$/.test(mutation.field.name)) {
    ok(await policyMutation(world.root, { tenantId: tenant.id, leakAction: "NOTIFY" }));
  }
  // Only an integrity check does that, or whoever changes rows.
  if (mutation.field.name === "releaseKey") {
    await run(`UPDATE "Key" SET "quarantinedAt" = now() WHERE "id" = '${key.id}'`);
  }
  for (const [name, opposite] of opposites) {
    if (!name.test(mutation.field.name)) continue;
    const before = mutations.find(([each]) => each === mutation.field.name.replace(name, opposite));
    if (!before) throw new Error(`${mutation.name} has no opposite: teach opposites what must have happened before it`);
    const { document, variables } = callOf(before[1], own, {}, "{ __typename }");
    expect((await world.root.query(document, variables))[before[0]].__typename).toMatch(/Payload$/);
  }
  if (mutation.field.name.endsWith("Quota")) {
    // Another key's, or each verification of this one would leave the quota another one.
    const other = await world.key(tenant.id, owner.id);
    own.Key = other.key.id;
    if (mutation.field.name !== "setQuota") await haveUsedQuota(other);
  }
  if (takes(mutation, "userId") && !takes(mutation, "name")) await world.signIn(owner);
  const attempt = {
    ...(mutation.field.name === "signOutEverywhere" ? { "input.userId": owner.id } : {}),
    ...(takes(mutation, "idempotencyKey") ? { "input.idempotencyKey": world.unique("attempt") } : {}),
    // Whose owner is valid keeps its secret, unless that is asked for.
    ...(takes(mutation, "reissue") ? { "input.reissue": true } : {}),
    ...(mutation.field.name === "reportLeakedKey" ? { "input.key": secret } : {}),
    ...(takes(mutation, "leakAction") ? { "input.leakAction": "REVOKE" } : {}),
    ...(takes(mutation, "name") ? { "input.name": "Another name" } : {}),
  };
  return { call: callOf(mutation, own, attempt, "{ __typename }"), secret };
}

/** Gives a key a quota of which something is used, and nothing held. */
async function haveUsedQuota({ key, secret }: { key: { id: string }; secret: string }): Promise<void> {
  ok(await world.root.quota("setQuota", { targetId: key.id, limit: 1_000_000 }));
  await world.root.verify(secret);
  const { accounts } = server.keyplane.limiting;
  for (let sweep = 0; sweep < 2; sweep++) await accounts.sweep();
}

/** The rows of what is managed here, without what is written beside them. */
function things(rows: readonly string[]): string[] {
  return rows.filter((row) => !/^(?:AuditRecord|Event|IdempotencyRecord) /.test(row));
}

function takes({ field }: AnyField, name: string): boolean {
  const input = field.args[0] && getNamedType(field.args[0].type);
  return isInputObjectType(input) && name in input.getFields();
}

describe("a mutation whose transaction fails", () => {
  // One after the other: what fails next is a repeat of what failed before.
  test.for(mutations)("%s changes nothing, and a repeat makes the change whole", async ([name, mutation]) => {
    const { call, secret } = await readyFor(mutation);
    const verdict = await world.root.verify(secret);
    const before = await everyRow(server);

    for (const [when, trigger, table] of breakages) {
      await run(`${trigger} FOR EACH ROW EXECUTE FUNCTION break()`);
      const { body } = await sendGraphql(server.url, server.rootToken, call.document, call.variables);
      await run(`DROP TRIGGER broken ON "${table}"`);

      expect(body.errors?.[0].extensions.code, when).toBe("INTERNAL");
      expect(await everyRow(server), when).toEqual(before);
      expect(await world.root.verify(secret), when).toEqual({ ...verdict, requestId: expect.anything() });
    }

    const repeated = await world.root.query(call.document, call.variables);
    expect(repeated[name].__typename).toMatch(/Payload$/);
    const after = await everyRow(server);
    const known = new Set(before);
    const added = after.filter((row) => !known.has(row));
    expect(added.filter((row) => row.startsWith("AuditRecord "))).toHaveLength(1);
    expect(added.filter((row) => row.startsWith("Event "))).toHaveLength(1);
    expect(added.filter((row) => row.startsWith("IdempotencyRecord "))).toHaveLength(
      takes(mutation, "idempotencyKey") ? 1 : 0,
    );
    expect(things(after)).not.toEqual(things(before));
  });
});
