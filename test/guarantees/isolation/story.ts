import { type IdKind, permissionsOf } from "@keyplane/schema";
import type { Ids, Own } from "../../testkit/any-call.js";
import { type Caller, expect, ok, type World } from "../../testkit/index.js";
import { findingId } from "../../testkit/lifecycle.js";
import { oauthClientId, trustedIssuerId } from "../../testkit/oauth.js";
import { failedDeliveryId, quietWebhookId } from "../../testkit/webhooks.js";
import { everyHolder } from "./holders.js";

/** A tenant with one thing of every kind, and callers in it. */
export interface FullTenant {
  readonly ids: Required<Ids>;
  /** The ids, and the present of the server's clock. */
  readonly own: Own;
  readonly admin: Caller;
  readonly secret: string;
}

/** What the makers of ids work with. */
type Story = Awaited<ReturnType<World["tenantWithKey"]>> & { readonly world: World };

/**
 * A thing of each kind in a tenant, by its id, made in this order: `ids` has those above. A new kind of id needs its line here: that is all that it takes to have everything that
 * names one attacked.
 */
const makers: { readonly [Kind in IdKind]: (story: Story, ids: Ids) => string | Promise<string> } = {
  Tenant: ({ tenant }) => tenant.id,
  User: ({ owner }) => owner.id,
  // Held by somebody and owning something, so that what is filtered by them has something to answer. It takes nothing from its holder.
  CustomRole: async ({ world, tenant, owner, admin }) => {
    const permissions = permissionsOf("DEVELOPER").map((each) => each.replace(":", "_").toUpperCase());
    const role = await world.role(tenant.id, { permissions });
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    return role.id;
  },
  Team: async ({ world, tenant, owner, key, admin }) => {
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    return team.id;
  },
  Key: ({ key }) => key.id,
  Api: async ({ world, tenant }) => (await world.api(tenant.id, { visibility: "PUBLIC" })).id,
  ApiGrant: async ({ admin, key }, { Api }) =>
    ok(await admin.apiGrant("requestApiAccess", { apiId: Api, keyId: key.id })).apiGrant.id,
  ManagementToken: async ({ admin, owner }, { CustomRole }) => {
    const input = { name: "token", role: "GUEST", customRoleId: CustomRole, userId: owner.id };
    return ok(await admin.createToken(input)).managementToken.id;
  },
  AuditRecord: async ({ admin }) => (await admin.query("{ auditLog(first: 1) { nodes { id } } }")).auditLog.nodes[0].id,
  Event: async ({ world, key }) =>
    (await world.server.keyplane.database.prisma.event.findFirstOrThrow({ where: { keyId: key.id } })).id,
  Session: async ({ world, owner }) => (await world.signIn(owner)).session.id,
  OAuthClient: ({ world, tenant }) => oauthClientId(world, tenant.id),
  TrustedIssuer: ({ world, tenant }) => trustedIssuerId(world, tenant.id),
  // Of the key, which it does not keep from being used.
  Quota: async ({ admin, key }) => {
    ok(await admin.setRateLimits(key.id, [{ name: "many", limit: 1_000_000, windowMs: 60_000 }]));
    return ok(await admin.quota("setQuota", { targetId: key.id, limit: 1_000_000 })).quota.id;
  },
  KeyFinding: ({ world, secret }) => findingId(world, secret),
  Webhook: async ({ world, tenant }) => {
    const id = await quietWebhookId(world, tenant.id);
    await failedDeliveryId(world, tenant.id, id);
    return id;
  },
  // Of a webhook that is enabled: nothing is sent again to one that is not.
  WebhookDelivery: ({ world, tenant }) => failedDeliveryId(world, tenant.id),
  // Nobody can name these.
  QuotaEntry: ({ world }) => world.missingId("QuotaEntry"),
  TeamMember: ({ world }) => world.missingId("TeamMember"),
  SigningKey: ({ world }) => world.missingId("SigningKey"),
  // Only the operator of the installation knows of these.
  IntegrityRun: ({ world }) => world.missingId("IntegrityRun"),
  IntegrityFinding: ({ world }) => world.missingId("IntegrityFinding"),
  Mail: ({ world }) => world.missingId("Mail"),
  // Of a request nothing is kept that could be asked for.
  Request: ({ world }) => world.missingId("Request"),
};

/** What a maker needs besides the story. */
const madeOf: { readonly [Kind in IdKind]?: readonly IdKind[] } = {
  ApiGrant: ["Api"],
  ManagementToken: ["CustomRole"],
};

/**
 * @param options.used with calls of its key, so that every question about usage has something to answer. That takes a second or two, until
 * they are counted.
 * @param options.only what is needed besides a tenant, its user and its key: nothing else is made, and its ids name nothing.
 */
export async function fullTenant(
  world: World,
  { used = false, only }: { used?: boolean; only?: readonly IdKind[] } = {},
): Promise<FullTenant> {
  const story = { ...(await world.tenantWithKey()), world };
  const needed =
    only && new Set<IdKind>(["Tenant", "User", "Key", ...only, ...only.flatMap((kind) => madeOf[kind] ?? [])]);
  const ids: Partial<Record<IdKind, string>> = {};
  for (const [name, make] of Object.entries(makers)) {
    const kind = name as IdKind;
    ids[kind] = !needed || needed.has(kind) ? await make(story, ids) : world.missingId(kind);
  }
  const { admin, key, secret } = story;
  if (used) {
    // An accepted call and a refused one.
    await world.verify(secret);
    ok(await admin.recordUsage([{ keyId: key.id, code: "REVOKED", ip: "203.0.113.7", api: "orders", tags: ["a"] }]));
    await world.counted();
    // What was used of the quota is settled, so that nothing changes by itself.
    for (let sweep = 0; sweep < 2; sweep++) await world.server.keyplane.limiting.accounts.sweep();
  }
  const all = ids as Required<Ids>;
  return { ids: all, own: { ...all, now: world.clock.now() }, admin, secret };
}

/** Somebody who asks, and whose things must be to them as if they were not. */
export interface Pair {
  readonly who: string;
  readonly caller: Caller;
  readonly own: Own;
  readonly theirs: Readonly<Partial<Record<IdKind, string>>>;
}

/** One by each kind of token: that all of them find nothing is by the same bounds, and each asks everything of every kind of thing. */
const holdersBeside: readonly string[] = [
  "a person who has signed in, a custom role on DEVELOPER",
  "a tenant's token, a custom role on ADMIN",
  "a tenant's narrowed token",
  "an OAuth client",
  "an OAuth client for a person with a custom role",
  "an external issuer's token, a custom role on DEVELOPER",
];

type TwoTenants = Promise<[ours: FullTenant, theirs: FullTenant]>;

const tenantsOf = new Map<string | undefined, TwoTenants>();

/**
 * Two tenants for what changes nothing: making them anew for each case would take most of the time. For each file others: between
 * two files of a worker, the clock may have moved so far that calls and sessions are of the past.
 */
export function twoTenants(world: World): TwoTenants {
  const file = expect.getState().testPath;
  const tenants =
    tenantsOf.get(file) ?? Promise.all([fullTenant(world, { used: true }), fullTenant(world, { used: true })]);
  tenantsOf.set(file, tenants);
  return tenants;
}

/**
 * Everybody who lives beside somebody else: each role in a tenant beside another tenant, and a person beside another one; and of those
 * with other permissions than a role's, one by each kind of token.
 */
export async function everyPair(world: World): Promise<Pair[]> {
  const [ours, theirs] = await twoTenants(world);
  const { own, ids } = ours;
  const within = { tenantId: ids.Tenant };
  const colleague = await world.user(ids.Tenant);
  const key = await world.key(ids.Tenant, colleague.id);
  const team = await world.team(ids.Tenant, [colleague.id]);
  const person = await world.caller("DEVELOPER", { ...within, userId: ids.User });
  const beside = { own, theirs: theirs.ids };
  // Of what a colleague has, theirs; of everything else, another tenant's.
  const besideBoth = { own, theirs: { ...theirs.ids, User: colleague.id, Team: team.id, Key: key.key.id } };
  const holders = (await everyHolder(world, ids.Tenant)).filter(({ who }) => holdersBeside.includes(who));
  return [
    { who: "a tenant's ADMIN", caller: ours.admin, ...beside },
    { who: "a tenant's DEVELOPER", caller: await world.caller("DEVELOPER", within), ...beside },
    { who: "a tenant's GUEST", caller: await world.caller("GUEST", within), ...beside },
    { who: "a person beside another tenant", caller: person, ...beside },
    {
      who: "a person beside a colleague",
      caller: person,
      own,
      theirs: { User: colleague.id, Team: team.id, Key: key.key.id },
    },
    ...holders.map(({ who, token, seesOnlyOwn }) => ({
      who,
      caller: world.as(token ?? ""),
      ...(seesOnlyOwn ? besideBoth : beside),
    })),
  ];
}
