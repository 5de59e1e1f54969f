import type { RotationOverdue } from "@keyplane/schema";
import type { ArgBuilder } from "@pothos/core";
import { builder, type Types } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { EnvironmentEnum, enumOf, KeyStatusEnum } from "../../graphql/enums.js";
import { NodeInterface } from "../../graphql/node.js";
import type { Key, User } from "../../platform/database/index.js";
import { ApiGrantType } from "../apis/grants.graphql.js";
import { KeyEventType } from "../events/key-events.graphql.js";
import { addLimitFields } from "../limits/limits.graphql.js";
import { TeamType } from "../teams/teams.graphql.js";
import { RotationOverdueEnum, TenantType } from "../tenants/tenants.graphql.js";
import { UsageGroupType } from "../usage/usage.graphql.js";
import { UsageEventType } from "../usage/usage-events.graphql.js";
import { UserType } from "../users/users.graphql.js";
import { keyOrders } from "./keys.reads.js";
import type { PendingSecret } from "./keys.store.js";
import { keyStatusAt } from "./lib/key-status.js";

export const KeyType = builder.objectRef<Key>("Key");

const PendingSecretType = builder.objectRef<PendingSecret>("PendingSecret").implement({
  description: "A new secret that works already, and takes the place of the present one with its first use.",
  fields: (t) => ({
    start: t.exposeString("start", { description: "What a person may see of it, e.g. kp_live_3fQz." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "Since when it waits." }),
    overlapMs: t.field({
      type: "Milliseconds",
      description: "How long the present secret works on from its first use.",
      resolve: ({ overlapMs }) => Number(overlapMs ?? 0),
    }),
  }),
});

KeyType.implement({
  description:
    "An API key. Its id stays the same when it is rotated or reissued; its secret is shown once and never again.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenant: t.field({
      type: TenantType,
      description: "The tenant that the key belongs to.",
      access: { permission: "tenants:read" },
      resolve: async (key, _, { loaders }) => found(await loaders.tenants.load(key.tenantId)),
    }),
    owner: t.field({
      type: UserType,
      description:
        "Who owns the key; a deleted user is a tombstone with the status DELETED. So is one without a name where the key's record is corrupt and names nobody of its tenant: the key is refused, and diagnoseKey says what mends it.",
      access: { permission: "users:read" },
      resolve: async (key, _, { loaders }) => ofTenant(key, await loaders.users.load(key.ownerId)) ?? nobodyFor(key),
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: "The team that looks after the key; null: none, or none that you may see.",
      access: { permission: "users:read" },
      resolve: async (key, _, { loaders }) =>
        key.teamId === null ? null : ofTenant(key, await loaders.teams.load(key.teamId)),
    }),
    teamId: t.exposeID("teamId", { nullable: true, description: "The id of that team." }),
    tenantId: t.exposeID("tenantId", { description: "The id of that tenant." }),
    ownerId: t.exposeID("ownerId", { description: "The id of that user." }),
    name: t.exposeString("name", { description: "What the key is for." }),
    environment: t.expose("environment", { type: EnvironmentEnum, description: "LIVE or TEST; part of the secret." }),
    status: t.field({
      type: KeyStatusEnum,
      description: "The status of the key by itself: REVOKED before EXPIRED before DISABLED before ACTIVE.",
      resolve: (key, _, { services }) => keyStatusAt(key, services.clock.now()),
    }),
    start: t.exposeString("start", { description: "What a person may see of the secret, e.g. kp_live_3fQz." }),
    scopes: t.exposeStringList("scopes", {
      description:
        "What the key was given to do in your API. The owner's role and the team may allow less: verdicts say what counts.",
    }),
    metadata: t.expose("metadata", { type: "JSON", description: "Your own data about the key. Verdicts carry it." }),
    allowedIps: t.exposeStringList("allowedIps", {
      description: "The only addresses that may use the key, in CIDR notation; empty: all.",
    }),
    deniedIps: t.exposeStringList("deniedIps", {
      description: "Addresses that may not use the key, in CIDR notation. Stronger than allowedIps.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the key was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the key last changed." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "From when on the key is refused; null: never.",
    }),
    lastUsedAt: t.expose("lastUsedAt", {
      type: "DateTime",
      nullable: true,
      description: "When the key was last accepted; null: not known.",
    }),
    rotatedAt: t.expose("rotatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When the key last got a new secret; null: never.",
    }),
    previousSecretExpiresAt: t.expose("previousSecretExpiresAt", {
      type: "DateTime",
      nullable: true,
      description: "Until when the secret before the last rotation works; null: there was none.",
    }),
    pendingSecret: t.field({
      type: PendingSecretType,
      nullable: true,
      description:
        "A new secret that waits for its first use; null: none, or one that cannot be used because the key is revoked, deleted or expired. The present one works meanwhile.",
      resolve: (key, _, { loaders, services }) => {
        const isOver =
          key.deletedAt !== null || ["REVOKED", "EXPIRED"].includes(keyStatusAt(key, services.clock.now()));
        return isOver ? null : loaders.pendingSecrets.load(key.id);
      },
    }),
    rotateEveryMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "How long a secret of this key may be in use; null: as long as the tenant's policy says.",
      resolve: ({ rotateEveryMs }) => (rotateEveryMs === null ? null : Number(rotateEveryMs)),
    }),
    rotationOverdue: t.field({
      type: RotationOverdueEnum,
      nullable: true,
      description:
        "What this key itself says happens to it when it was not rotated in time; null: what the tenant's policy says. REFUSE counts where either says it.",
      resolve: ({ rotationOverdue }) => rotationOverdue as RotationOverdue | null,
    }),
    rotationOverlapMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description:
        "How long old secrets of this key go on working after rotations that leave it to the policy; null: as long as the tenant's policy says.",
      resolve: ({ rotationOverlapMs }) => (rotationOverlapMs === null ? null : Number(rotationOverlapMs)),
    }),
    rotationWebhookId: t.exposeID("rotationWebhookId", {
      nullable: true,
      description: "The webhook that gets new secrets of this key by itself; null: the one of the tenant's policy.",
    }),
    rotateBy: t.field({
      type: "DateTime",
      nullable: true,
      description: "By when it has to get a new secret, as key and tenant's policy say; null: never.",
      resolve: async (key, _, { loaders }) => {
        const tenant = found(await loaders.tenants.load(key.tenantId));
        const every = [key.rotateEveryMs, tenant.rotateEveryMs].filter((ms) => ms !== null).map(Number);
        return every.length === 0 ? null : new Date((key.rotatedAt ?? key.createdAt).getTime() + Math.min(...every));
      },
    }),
    disabledAt: t.expose("disabledAt", { type: "DateTime", nullable: true, description: "Since when it is disabled." }),
    disabledReason: t.exposeString("disabledReason", { nullable: true, description: "Why it is disabled." }),
    revokedAt: t.expose("revokedAt", { type: "DateTime", nullable: true, description: "When it was revoked." }),
    revokedReason: t.exposeString("revokedReason", { nullable: true, description: "Why it was revoked." }),
    revokedBy: t.exposeID("revokedBy", { nullable: true, description: "The id of the token that revoked it." }),
    quarantinedAt: t.expose("quarantinedAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when it is refused because its record cannot be trusted; releaseKey ends it.",
    }),
    quarantinedReason: t.exposeString("quarantinedReason", {
      nullable: true,
      description: "What an integrity check found.",
    }),
    deletedAt: t.expose("deletedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was deleted; restoreKey brings it back within 30 days.",
    }),
  }),
});

addLimitFields(KeyType, "key", "keys:read");

/** A row that a foreign key promises and the caller's bounds allow; its absence is a fault of ours. */
function found<Row>(row: Row | null): Row {
  if (row === null) throw new Error("an entity that a foreign key names was not found");
  return row;
}

/** What a key names, as far as it is of the key's tenant: where data is corrupt, nothing of another tenant is told, to nobody. */
function ofTenant<Row extends { readonly tenantId: string }>({ tenantId }: Key, row: Row | null): Row | null {
  return row?.tenantId === tenantId ? row : null;
}

/**
 * Stands for an owner whom the key's tenant has not, of whom nothing is told: the same as a deleted one to verification. A list with such a
 * key would fail as a whole without it.
 */
function nobodyFor({ ownerId, tenantId, createdAt, updatedAt }: Key): User {
  return {
    id: ownerId,
    tenantId,
    email: "",
    activeEmail: null,
    name: "",
    externalId: null,
    role: "GUEST",
    customRoleId: null,
    status: "DELETED",
    statusChangedAt: null,
    statusReason: "The key's record names nobody of its tenant.",
    allowedIps: [],
    deniedIps: [],
    rateLimits: [],
    quotaId: null,
    createdAt,
    updatedAt,
  };
}

builder.objectField(UsageGroupType, "key", (t) =>
  t.field({
    type: KeyType,
    nullable: true,
    description: "That key; null: there is none, or none that you may see.",
    access: { permission: "keys:read" },
    resolve: ({ keyId }, _, { loaders }) => (keyId ? loaders.keys.load(keyId) : null),
  }),
);

builder.objectField(UsageEventType, "key", (t) =>
  t.field({
    type: KeyType,
    nullable: true,
    description: "The key; null: there is none, or none that you may see.",
    access: { permission: "keys:read" },
    resolve: ({ keyId }, _, { loaders }) => (keyId ? loaders.keys.load(keyId) : null),
  }),
);

builder.objectField(ApiGrantType, "key", (t) =>
  t.field({
    type: KeyType,
    nullable: true,
    description: "The key; null: none that you may see.",
    access: { permission: "keys:read" },
    resolve: ({ keyId }, _, { loaders }) => loaders.keys.load(keyId),
  }),
);

builder.objectField(KeyEventType, "key", (t) =>
  t.field({
    type: KeyType,
    nullable: true,
    description:
      "The key as it is now, which may be later than the event; null: the event is of no single key, or of none that you may see.",
    access: { permission: "keys:read" },
    // What a loader has read stays the same for as long as a subscription lives.
    resolve: ({ keyId, isLive }, _, { loaders, principal, services }) => {
      if (keyId === null) return null;
      return isLive ? services.keyReads.find(principal, keyId) : loaders.keys.load(keyId);
    },
  }),
);

const KeyConnection = connectionOf("Key", KeyType);
const KeyOrderEnum = enumOf("KeyOrder", "How to order keys. Keys without a value come last.", keyOrders);

const KeyFilterInput = builder.inputType("KeyFilter", {
  description: "Which keys; what is left out does not matter, and all that is given must hold.",
  fields: (t) => ({
    ownerId: t.id({ description: "Those of this user." }),
    teamId: t.id({ description: "Those of this team." }),
    status: t.field({ type: KeyStatusEnum, description: "Those with this status now." }),
    environment: t.field({ type: EnvironmentEnum, description: "Those of this environment." }),
    scope: t.string({ description: "Those that carry this scope." }),
    expiringBefore: t.field({
      type: "DateTime",
      description: "Those that have not expired yet and will before this time.",
    }),
    unusedSince: t.field({ type: "DateTime", description: "Those created before this time and not used since it." }),
    expires: t.boolean({ description: "true: those with an expiresAt; false: those that never expire." }),
    metadata: t.field({
      type: "JSON",
      description: 'Those whose metadata has these top-level fields with these values, e.g. {"plan":"pro"}.',
    }),
    search: t.string({ description: "Those with this text in name or start, in any case." }),
    deleted: t.boolean({ description: "true: the deleted ones instead of the others." }),
  }),
});

/** What every list of keys takes. */
function listArguments(t: ArgBuilder<Types>) {
  return {
    ...pageArguments(t),
    filter: t({ type: KeyFilterInput, description: "Which keys." }),
    orderBy: t({ type: KeyOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
  };
}

builder.queryFields((t) => ({
  key: t.field({
    description: "One key, deleted ones included; null when there is none with this id that you may see.",
    type: KeyType,
    nullable: true,
    access: { permission: "keys:read" },
    args: { id: t.arg.id({ required: true, description: "The key's id, `key_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.keyReads.find(principal, id),
  }),
  keys: t.field({
    description: "The keys that you may see.",
    type: KeyConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...listArguments(t.arg),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.keyReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

builder.objectField(TenantType, "keys", (t) =>
  t.field({
    description: "The tenant's keys.",
    type: KeyConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: listArguments(t.arg),
    resolve: (tenant, { filter, orderBy, ...page }, { principal, services }) =>
      services.keyReads.list(principal, { ...filter, tenantId: tenant.id }, orderBy ?? "CREATED_AT_DESC", page),
  }),
);

builder.objectField(UserType, "keys", (t) =>
  t.field({
    description: "The user's keys.",
    type: KeyConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: listArguments(t.arg),
    resolve: (user, { filter, orderBy, ...page }, { principal, services }) =>
      services.keyReads.list(
        principal,
        { ...filter, ownerId: within(user.id, filter?.ownerId) },
        orderBy ?? "CREATED_AT_DESC",
        page,
      ),
  }),
);

builder.objectField(TeamType, "keys", (t) =>
  t.field({
    description: "The team's keys.",
    type: KeyConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: listArguments(t.arg),
    resolve: (team, { filter, orderBy, ...page }, { principal, services }) =>
      services.keyReads.list(
        principal,
        { ...filter, teamId: within(team.id, filter?.teamId) },
        orderBy ?? "CREATED_AT_DESC",
        page,
      ),
  }),
);

/** The keys of a user, or a team, that are another one's are none. */
function within(id: string, asked: string | null | undefined): string {
  return asked == null || asked === id ? id : "none";
}
