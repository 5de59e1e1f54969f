import { type IdKind, type Permission, permissions } from "@keyplane/schema";
import { schema } from "@keyplane/server";
import { getNamedType, isInterfaceType, isObjectType } from "graphql";
import {
  type AnyField,
  callOf,
  everyField,
  everyRootField,
  isRoot,
  kindsNamedBy,
  type Own,
  sendAny,
} from "../testkit/any-call.js";
import { type Caller, describe, expect, ok, sendGraphql, test, type World } from "../testkit/index.js";
import { findingId } from "../testkit/lifecycle.js";
import { oauthClientId, trustedIssuerId } from "../testkit/oauth.js";
import { failedDeliveryId, quietWebhookId } from "../testkit/webhooks.js";

/** What a field declares that its caller must have; written by the same option that enforces it. */
const accessOf = ({ field }: AnyField): unknown => field.extensions["access"];

function permissionOf(field: AnyField): Permission | undefined {
  return (accessOf(field) as { permission?: Permission } | undefined)?.permission;
}

/** What others' things need, where one's own are for whoever has signed in. */
function permissionForOthers(field: AnyField): Permission | undefined {
  return (accessOf(field) as { ownSessionOr?: Permission } | undefined)?.ownSessionOr;
}

/** What will do for the caller's own things; tests beside the operation see that it does for nobody else's. */
function permissionForOwn(field: AnyField): Permission | undefined {
  return (accessOf(field) as { ofOwn?: Permission } | undefined)?.ofOwn;
}

const permissionNames = Object.keys(permissions) as Permission[];
const named = (fields: AnyField[]) => fields.map((field) => [field.name, field] as const);

/** Things of their own that a caller could be kept from. Add a new kind here. */
const entities = [
  "Tenant",
  "User",
  "CustomRole",
  "Team",
  "Key",
  "Api",
  "ApiGrant",
  "IntegrityRun",
  "IntegrityFinding",
  "ManagementToken",
  "OAuthClient",
  "TrustedIssuer",
  "Session",
  "AuditRecord",
  "UsageEvent",
  "Quota",
  "QuotaEntry",
  "KeyFinding",
  "Webhook",
  "WebhookDelivery",
  "Node",
];

/** Types that only wrap what the field before them has granted: a page of a list, the payload of a change. */
const isWrapper = (name: string): boolean => /(?:Connection|Edge|Payload)$/.test(name);

function leadsToEntity({ field }: AnyField): boolean {
  const name = getNamedType(field.type).name.replace(/(?:Connection|Edge)$/, "");
  return entities.includes(name === "Audit" ? "AuditRecord" : name);
}

const guarded = everyField().filter((field) => permissionOf(field));
const guardedRoots = everyRootField().filter((field) => permissionOf(field));
const openRoots = everyRootField().filter((field) => accessOf(field) === "anyone");
const guardedNested = guarded.filter(({ parent }) => !isRoot(parent));

/** Permissions that no field needs, and the address that does; a test beside the address's own sees that it is so. */
const neededByAddress: readonly Permission[] = ["metrics:read"];

/** Permissions that a field needs for what belongs to others only, of which tests beside the operation see that it is so. */
const neededForOthers: readonly Permission[] = everyRootField().flatMap((field) => permissionForOthers(field) ?? []);

/** Permissions that do only for what is the caller's own. */
const neededForOwn: readonly Permission[] = everyRootField().flatMap((field) => permissionForOwn(field) ?? []);

/** What a field needs beside its permission for the thing of the story: it hands others something that the caller must have. */
const neededBeside: Readonly<Record<string, readonly Permission[]>> = {
  "Mutation.createWebhook": ["keys:read"],
  // The webhook of the story receives secrets, and another address is one for these, too.
  "Mutation.updateWebhook": ["keys:read", "keys:rotate"],
  "Mutation.rotateWebhookSecret": ["keys:rotate"],
  "Mutation.enableWebhook": ["keys:rotate"],
};

describe("every field says who may use it", () => {
  test("all types with an id are known here as entities", () => {
    const withId = Object.values(schema.getTypeMap()).filter(
      (type) => (isObjectType(type) || isInterfaceType(type)) && "id" in type.getFields(),
    );
    // What verification shows of a key and its owner is part of the verdict, and a viewer is the caller.
    const parts = ["VerifiedKey", "VerifiedOwner", "VerifiedApi", "Viewer"];
    expect(
      withId
        .map(({ name }) => name)
        .filter((name) => !parts.includes(name))
        .sort(),
    ).toEqual([...entities].sort());
  });

  test.for(named(everyRootField()))("%s declares a permission, or that any caller will do", ([, field]) => {
    const access = permissionOf(field) ?? permissionForOthers(field) ?? accessOf(field);
    expect(access).toBeOneOf([...permissionNames, "known", "session", "anyone"]);
  });

  test("only what is about the caller asks for no permission of its own", () => {
    const open = everyRootField().filter((field) => ["known", "session"].includes(String(accessOf(field))));
    expect(open.map(({ name }) => name).sort()).toEqual([
      "Mutation.changePassword",
      "Mutation.signOut",
      // Public ones are for everybody of the tenant; private ones need apis:read.
      "Query.api",
      "Query.apis",
      "Query.can",
      "Query.node",
      "Query.viewer",
    ]);
  });

  test("only what makes somebody known is open to anyone", () => {
    expect(openRoots.map(({ name }) => name).sort()).toEqual([
      "Mutation.refreshSession",
      "Mutation.requestPasswordLink",
      "Mutation.setPassword",
      "Mutation.signIn",
    ]);
  });

  const doors = everyField().filter((field) => leadsToEntity(field) && !isWrapper(field.parent.name));
  test.for(named(doors))("%s leads to another entity and declares access", ([, field]) => {
    expect(accessOf(field)).toBeDefined();
  });

  test.for(named(guarded))("%s names its permission in its description", ([, field]) => {
    const permission = permissionOf(field) as Permission;
    expect(permissionNames).toContain(permission);
    expect(field.field.description).toContain(`\`${permission}\``);
    const ofOwn = permissionForOwn(field);
    if (ofOwn !== undefined) expect(field.field.description).toContain(`\`${ofOwn}\``);
    expect(field.field.description?.includes("on the whole installation")).toBe(
      permissions[permission].installationOnly,
    );
  });

  test("every permission of the registry is needed by some field, or by an address of its own", () => {
    const used = new Set([
      ...guarded.map((field) => permissionOf(field)),
      ...neededByAddress,
      ...neededForOthers,
      ...neededForOwn,
    ]);
    expect(permissionNames.filter((permission) => !used.has(permission))).toEqual([]);
  });
});

/** What makes one thing of a tenant, by its kind. */
function makersOf(world: World, tenantId: string, key: { readonly id: string; readonly secret: string }) {
  const makers: { readonly [Kind in IdKind]?: () => Promise<string> } = {
    OAuthClient: () => oauthClientId(world, tenantId),
    TrustedIssuer: () => trustedIssuerId(world, tenantId),
    CustomRole: async () => (await world.role(tenantId)).id,
    Team: async () => (await world.team(tenantId)).id,
    // One that nobody has asked for, which is seen without `apis:read`.
    Api: async () => (await world.api(tenantId, { visibility: "PUBLIC" })).id,
    // A request that waits.
    ApiGrant: async () => {
      const asked = await world.api(tenantId);
      return ok(await world.root.apiGrant("requestApiAccess", { apiId: asked.id, keyId: key.id })).apiGrant.id;
    },
    IntegrityRun: () => integrityRunId(world),
    KeyFinding: () => findingId(world, key.secret),
    ManagementToken: async () =>
      ok(await world.root.createToken({ name: "token", role: "GUEST", tenantId })).managementToken.id,
    Webhook: () => quietWebhookId(world, tenantId),
    WebhookDelivery: () => failedDeliveryId(world, tenantId),
  };
  return Object.entries(makers) as [IdKind, () => Promise<string>][];
}

/** A check that has ended; as one that failed it means nothing to those that follow. */
async function integrityRunId(world: World): Promise<string> {
  const [id, now] = [world.missingId("IntegrityRun"), new Date(world.clock.now())];
  const data = { id, status: "FAILED", repair: false, resign: false, startedBy: "x", createdAt: now, heardAt: now };
  await world.server.keyplane.database.prisma.integrityRun.create({ data });
  return id;
}

/** A tenant with a thing of each kind, for callers of the whole installation. @param only the kinds that are needed, if not all. */
async function story(world: World, only?: readonly IdKind[]): Promise<Own> {
  const { tenant, owner, key, secret } = await world.tenantWithKey();
  await world.verify(secret);
  ok(await world.root.quota("setQuota", { targetId: key.id, limit: 1_000_000 }));
  const ids: Partial<Record<IdKind, string>> = { Tenant: tenant.id, User: owner.id, Key: key.id };
  for (const [kind, make] of makersOf(world, tenant.id, { id: key.id, secret })) {
    if (!only || only.includes(kind)) ids[kind] = await make();
  }
  return ids;
}

let told: Promise<Own> | undefined;

/** The story of all that changes nothing: what is refused, and what only asks. */
async function sharedStory(world: World): Promise<Own> {
  told ??= story(world);
  return { ...(await told), now: world.clock.now() };
}

/** What a call that succeeds is made with: one that changes something has a story of its own, with what it names. */
async function storyFor(world: World, field: AnyField): Promise<Own> {
  if (field.parent.name !== "Mutation") return sharedStory(world);
  return {
    ...(await story(
      world,
      kindsNamedBy((own) => callOf(field, own)),
    )),
    now: world.clock.now(),
  };
}

const asEnum = (permission: Permission): string => permission.replace(":", "_").toUpperCase();

function callerWith(world: World, granted: readonly Permission[]): Promise<Caller> {
  // An empty list means all of the role's: a role without any stands for none.
  return granted.length === 0 ? world.caller("GUEST") : world.caller("ADMIN", { permissions: granted.map(asEnum) });
}

/** The code of the refusal, wherever it stands in the answer; null when there is none. */
async function refusalOf(caller: Caller, field: AnyField, own: Own): Promise<string | null> {
  const selection =
    getNamedType(field.field.type).name === "Verdict" ? "{ valid }" : "{ __typename ... on Error { code message } }";
  const isResult = getNamedType(field.field.type).name.endsWith("Result");
  const body = await sendAny(caller, callOf(field, own, {}, isResult ? selection : "{ __typename }"));
  const error = body.errors?.[0];
  if (error) return `${error.extensions.code}: ${error.message}`;
  const result = body.data[field.field.name];
  return result?.code ? `${result.code}: ${result.message}` : null;
}

describe("the permission that a field names is the one that it needs", () => {
  test.for(named(guardedRoots))(
    "%s is refused to a token that lacks only this permission",
    async ([, field], { world }) => {
      const needed = permissionOf(field) as Permission;
      const caller = await callerWith(
        world,
        permissionNames.filter((permission) => permission !== needed),
      );
      const refusal = await refusalOf(caller, field, await sharedStory(world));
      expect(refusal).toMatch(/^FORBIDDEN: /);
      expect(refusal).toContain(needed);
    },
  );

  test.for(named(guardedRoots))("%s is open to a token that has only this permission", async ([, field], { world }) => {
    const needed = [permissionOf(field) as Permission, ...(neededBeside[field.name] ?? [])];
    const caller = await callerWith(world, needed);
    expect(await refusalOf(caller, field, await storyFor(world, field))).toBeNull();
  });

  test.for(named(guardedNested))("%s is refused within an answer that is not", async ([, field], { world }) => {
    const needed = permissionOf(field) as Permission;
    const lacking = await callerWith(
      world,
      permissionNames.filter((permission) => permission !== needed),
    );
    const { document, variables } = callOf(field, await sharedStory(world), {}, "{ __typename }");
    const { body } = await sendGraphql(world.url, lacking.token, document, variables);
    expect(body.errors[0].extensions.code).toBe("FORBIDDEN");
    expect(body.errors[0].message).toContain(needed);
  });

  test.for([
    ["tenants:read", "Tenant"],
    ["users:read", "User"],
    ["users:read", "CustomRole"],
    ["users:read", "Team"],
    ["keys:read", "Key"],
    ["apis:read", "Api"],
    ["grants:read", "ApiGrant"],
  ] as const)("node needs %s for a %s, whether it exists or not", async ([needed, kind], { world }) => {
    const lacking = await callerWith(
      world,
      permissionNames.filter((permission) => permission !== needed),
    );
    const own = await sharedStory(world);
    for (const id of [own[kind], world.missingId(kind)]) {
      const refusal = lacking.query("query ($id: ID!) { node(id: $id) { id } }", { id });
      await expect(refusal).rejects.toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining(needed) });
    }
  });

  test.for(named(everyRootField().filter((field) => accessOf(field) !== "anyone")))(
    "%s is refused to whoever is not known",
    async ([, field], { world }) => {
      const own = await sharedStory(world);
      for (const token of [null, "", "keyplane_live_0000000000000000000000000000000000000000000000000"]) {
        const { document, variables } = callOf(field, own, {});
        const { status, body, headers } = await sendGraphql(world.url, token, document, variables);
        expect([status, body.errors?.[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
        expect(body.data).toBeUndefined();
        expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
      }
    },
  );

  test.for(named(openRoots))(
    "%s is open to whoever is not known, by itself and without anything else",
    async ([, field], { world }) => {
      const { document, variables } = callOf(field, {}, {}, "{ __typename }");
      const { status, body } = await sendGraphql(world.url, null, document, variables);
      expect([status, body.errors]).toEqual([200, undefined]);
      const call = document.slice(document.indexOf("{") + 1, document.lastIndexOf("}"));
      for (const wrong of [
        document.replace(/\}$/, ` again: ${call.trim()} }`),
        document.replace(/\}$/, " __typename }"),
        document.replace(/\}$/, ' createTenant(input: { slug: "x", name: "x" }) { __typename } }'),
        `${document} query Other { viewer { id } }`,
        document.replace(/^mutation/, "query"),
        document.replace(/(\{\s*\w+\([^)]*\))/, "$1 @include(if: true)"),
        `${document} ${"#".repeat(9_000)}`,
      ]) {
        const refused = await sendGraphql(world.url, null, wrong, variables);
        expect([refused.status, refused.body.errors?.[0].extensions.code], wrong).toEqual([401, "UNAUTHENTICATED"]);
      }
    },
  );

  test("what only the whole installation's administrators may do is refused to a tenant's", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const reserved = guardedRoots.filter((field) => permissions[permissionOf(field) as Permission].installationOnly);
    expect(reserved.length).toBeGreaterThan(0);
    for (const field of reserved) {
      expect(
        await refusalOf(admin, field, {
          Tenant: tenant.id,
          IntegrityRun: world.missingId("IntegrityRun"),
          now: world.clock.now(),
        }),
      ).toMatch(/^FORBIDDEN: /);
    }
  });
});
