import { type RotationOverdue, rotationOverdues } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, TenantStatusEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { Tenant } from "../../platform/database/index.js";
import { tenantOrders } from "./tenants.reads.js";

export const TenantType = builder.objectRef<Tenant>("Tenant");

const numberOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value));

export const RotationOverdueEnum = enumOf(
  "RotationOverdue",
  "What happens to a key whose secret was not rotated in time.",
  rotationOverdues,
);

const KeyPolicyType = builder.objectRef<Tenant>("KeyPolicy").implement({
  description: "The rules for a tenant's keys, enforced when a key is created, updated, rotated or reissued.",
  fields: (t) => ({
    prefix: t.exposeString("keyPrefix", { description: "What new secrets begin with, e.g. `acme` for acme_live_…." }),
    defaultLifetimeMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "How long a key lives when its creator gives no expiresAt; null: as long as maxLifetimeMs allows.",
      resolve: (tenant) => numberOrNull(tenant.defaultKeyLifetimeMs),
    }),
    maxLifetimeMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "The longest lifetime, counted from creation, update or rotation; null: keys may live for ever.",
      resolve: (tenant) => numberOrNull(tenant.maxKeyLifetimeMs),
    }),
    maxKeysPerUser: t.exposeInt("maxKeysPerUser", {
      nullable: true,
      description: "How many keys a user may have that are neither revoked, deleted nor expired; null: no limit.",
    }),
    allowedScopes: t.stringList({
      nullable: true,
      description: "The scopes that keys may carry; null: any.",
      resolve: (tenant) => (tenant.restrictScopes ? tenant.allowedScopes : null),
    }),
    rotateEveryMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description:
        "How long a secret may be in use before it has to be rotated; null: for ever. A key may have a shorter time.",
      resolve: (tenant) => numberOrNull(tenant.rotateEveryMs),
    }),
    rotationOverdue: t.field({
      type: RotationOverdueEnum,
      description: "What happens to keys that were not rotated in time. A key may be stricter, never laxer.",
      resolve: (tenant) => tenant.rotationOverdue as RotationOverdue,
    }),
    rotationOverlapMs: t.field({
      type: "Milliseconds",
      nullable: true,
      description:
        "How long old secrets go on working where rotateKey is called with overlapMs: null, and where new secrets are handed to a webhook, of keys that have no rotationOverlapMs of their own; null: not at all, and a day.",
      resolve: (tenant) => numberOrNull(tenant.rotationOverlapMs),
    }),
    rotationWebhookId: t.exposeID("rotationWebhookId", {
      nullable: true,
      description: "The webhook that gets new secrets of keys by itself before they have to be rotated; null: none.",
    }),
  }),
});

TenantType.implement({
  description: "A customer of this installation. Users and keys belong to exactly one tenant and never see another.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    slug: t.exposeString("slug", { description: "A short name for addresses, unique in the installation." }),
    name: t.exposeString("name", { description: "The name that people read." }),
    status: t.expose("status", { type: TenantStatusEnum, description: "While SUSPENDED, every key is refused." }),
    statusChangedAt: t.expose("statusChangedAt", {
      type: "DateTime",
      nullable: true,
      description: "When the status last changed; null: never.",
    }),
    statusReason: t.exposeString("statusReason", { nullable: true, description: "Why the status last changed." }),
    policy: t.field({ type: KeyPolicyType, description: "The rules for keys.", resolve: (tenant) => tenant }),
    allowedIps: t.exposeStringList("allowedIps", {
      description:
        "The only addresses that may use the tenant's keys, in CIDR notation; empty: all. The lists of key and owner count, too.",
    }),
    deniedIps: t.exposeStringList("deniedIps", {
      description: "Addresses that may not use the tenant's keys, in CIDR notation. Stronger than any allow list.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the tenant was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the tenant last changed." }),
  }),
});

const TenantConnection = connectionOf("Tenant", TenantType);
const TenantOrderEnum = enumOf("TenantOrder", "How to order tenants.", tenantOrders);

const TenantFilterInput = builder.inputType("TenantFilter", {
  description: "Which tenants; what is left out does not matter.",
  fields: (t) => ({
    status: t.field({ type: TenantStatusEnum, description: "Those with this status." }),
    search: t.string({ description: "Those with this text in name or slug, in any case." }),
  }),
});

builder.queryFields((t) => ({
  tenant: t.field({
    description: "One tenant; null when there is none with this id that you may see.",
    type: TenantType,
    nullable: true,
    access: { permission: "tenants:read" },
    args: { id: t.arg.id({ required: true, description: "The tenant's id, `ten_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.tenantReads.find(principal, id),
  }),
  tenants: t.field({
    description: "The tenants that you may see.",
    type: TenantConnection,
    access: { permission: "tenants:read" },
    complexity: listComplexity,
    args: {
      ...pageArguments(t.arg),
      filter: t.arg({ type: TenantFilterInput, description: "Which tenants; all when left out." }),
      orderBy: t.arg({ type: TenantOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (_, { filter, orderBy, ...page }, { principal, services }) =>
      services.tenantReads.list(principal, filter, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

const KeyPolicyInput = builder.inputType("KeyPolicyInput", {
  description: "Rules for a tenant's keys. What is left out stays as it is; null removes a limit.",
  fields: (t) => ({
    prefix: t.string({ description: "2 to 12 of a-z and 0-9. Keys that exist keep theirs. New tenants have `kp`." }),
    defaultLifetimeMs: t.field({ type: "Milliseconds", description: "At least a minute." }),
    maxLifetimeMs: t.field({ type: "Milliseconds", description: "At least a minute." }),
    maxKeysPerUser: t.int({ description: "At least 1." }),
    allowedScopes: t.stringList({ description: "At most 100 scopes; an empty list allows none." }),
    rotateEveryMs: t.field({ type: "Milliseconds", description: "At least an hour." }),
    rotationOverdue: t.field({ type: RotationOverdueEnum, description: "New tenants have WARN." }),
    rotationOverlapMs: t.field({ type: "Milliseconds", description: "At most 2147483647." }),
    rotationWebhookId: t.id({
      description: "A webhook of the tenant with receivesSecrets; not for a new tenant, which has none yet.",
    }),
  }),
});

const CreateTenantInput = builder.inputType("CreateTenantInput", {
  description: "A new tenant.",
  fields: (t) => ({
    slug: t.string({ required: true, description: "Lower-case letters, digits and hyphens, unique, e.g. `acme`." }),
    name: t.string({ required: true, description: "1 to 100 characters." }),
    policy: t.field({ type: KeyPolicyInput, description: "Rules for its keys; without: prefix `kp`, no limits." }),
    allowedIps: t.stringList({
      description: "The only addresses that may use its keys: CIDR ranges or addresses, at most 100; empty: all.",
    }),
    deniedIps: t.stringList({ description: "Addresses that may not; stronger than allowedIps." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateTenantInput = builder.inputType("UpdateTenantInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The tenant's id." }),
    slug: t.string({ description: "A new slug." }),
    name: t.string({ description: "A new name." }),
    policy: t.field({ type: KeyPolicyInput, description: "What to change of the rules for keys." }),
    allowedIps: t.stringList({ description: "All addresses that may use its keys from now on; empty: every address." }),
    deniedIps: t.stringList({ description: "All addresses that may not from now on." }),
  }),
});

const CreateTenantPayload = payloadOf("CreateTenantPayload", "tenant", TenantType);
const UpdateTenantPayload = payloadOf("UpdateTenantPayload", "tenant", TenantType);
const SuspendTenantPayload = payloadOf("SuspendTenantPayload", "tenant", TenantType);
const ResumeTenantPayload = payloadOf("ResumeTenantPayload", "tenant", TenantType);
const SuspendTenantInput = statusInput("SuspendTenantInput", "suspend", "tenant");
const ResumeTenantInput = statusInput("ResumeTenantInput", "resume", "tenant");

builder.mutationFields((t) => ({
  createTenant: t.field({
    description: "Creates a tenant.",
    type: CreateTenantPayload,
    errors: { types: changeErrors },
    access: { permission: "tenants:create" },
    args: { input: t.arg({ type: CreateTenantInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      tenant: await services.tenants.create(principal, input),
    }),
  }),
  updateTenant: t.field({
    description: "Changes a tenant's name, slug, key policy or address lists.",
    type: UpdateTenantPayload,
    errors: { types: changeErrors },
    access: { permission: "tenants:update" },
    args: { input: t.arg({ type: UpdateTenantInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      tenant: await services.tenants.update(principal, input),
    }),
  }),
  suspendTenant: t.field({
    description: "Refuses every key and management token of a tenant until it is resumed.",
    type: SuspendTenantPayload,
    errors: { types: changeErrors },
    access: { permission: "tenants:suspend" },
    args: { input: t.arg({ type: SuspendTenantInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      tenant: await services.tenants.suspend(principal, input),
    }),
  }),
  resumeTenant: t.field({
    description: "Ends a tenant's suspension: its keys answer again as before.",
    type: ResumeTenantPayload,
    errors: { types: changeErrors },
    access: { permission: "tenants:suspend" },
    args: { input: t.arg({ type: ResumeTenantInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      tenant: await services.tenants.resume(principal, input),
    }),
  }),
}));
