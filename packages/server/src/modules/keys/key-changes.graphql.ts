import { builder } from "../../graphql/builder.js";
import { EnvironmentEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, secretPayloadOf, statusInput } from "../../graphql/mutation.js";
import { RotationOverdueEnum } from "../tenants/tenants.graphql.js";
import { KeyType } from "./keys.graphql.js";

const CreateKeyInput = builder.inputType("CreateKeyInput", {
  description: "A new key.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant that the key will belong to." }),
    ownerId: t.id({ required: true, description: "The user who will own it, of the same tenant." }),
    teamId: t.id({ description: "The team that looks after it, of which the owner is a member; without: none." }),
    name: t.string({ required: true, description: "What it is for, 1 to 100 characters." }),
    environment: t.field({ type: EnvironmentEnum, defaultValue: "LIVE", description: "LIVE or TEST; final." }),
    scopes: t.stringList({ defaultValue: [], description: "What it may do in your API; at most 100." }),
    metadata: t.field({ type: "JSON", description: "A JSON object of at most 16384 bytes. Verdicts carry it." }),
    allowedIps: t.stringList({ description: "The only addresses that may use it, e.g. 203.0.113.0/24; at most 100." }),
    deniedIps: t.stringList({ description: "Addresses that may not use it. Stronger than allowedIps; at most 100." }),
    expiresAt: t.field({ type: "DateTime", description: "When it expires; without: as the tenant's policy says." }),
    rotateEveryMs: t.field({
      type: "Milliseconds",
      description:
        "How long a secret of it may be in use, at least an hour; where the tenant's policy is shorter, that counts.",
    }),
    rotationOverdue: t.field({
      type: RotationOverdueEnum,
      description:
        "What happens to it when it was not rotated in time; REFUSE counts also where the tenant's policy says WARN, and WARN never where that says REFUSE. Without: as the policy says.",
    }),
    rotationOverlapMs: t.field({
      type: "Milliseconds",
      description:
        "How long its old secret goes on working after a rotation that leaves it to the policy, at most 2147483647; without: as the tenant's policy says.",
    }),
    rotationWebhookId: t.id({
      description:
        "A webhook of the tenant with receivesSecrets, which gets new secrets of this key by itself; without: as the tenant's policy says. Needs keys:rotate.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateKeyInput = builder.inputType("UpdateKeyInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The key's id." }),
    name: t.string({ description: "A new name." }),
    teamId: t.id({ description: "Another team, of which the owner is a member; null: none." }),
    scopes: t.stringList({ description: "All scopes from now on." }),
    metadata: t.field({ type: "JSON", description: "All metadata from now on." }),
    allowedIps: t.stringList({ description: "All allowed addresses from now on; empty: every address." }),
    deniedIps: t.stringList({ description: "All denied addresses from now on." }),
    expiresAt: t.field({
      type: "DateTime",
      description: "A new expiry; null: never, if the tenant's policy allows it.",
    }),
    rotateEveryMs: t.field({
      type: "Milliseconds",
      description: "How long a secret of it may be in use from now on; null: as the tenant's policy says.",
    }),
    rotationOverdue: t.field({
      type: RotationOverdueEnum,
      description:
        "What happens to it from now on when it was not rotated in time; null: as the tenant's policy says. The stricter of the two counts.",
    }),
    rotationOverlapMs: t.field({
      type: "Milliseconds",
      description:
        "How long its old secrets go on working after rotations that leave it to the policy, at most 2147483647; null: as the tenant's policy says.",
    }),
    rotationWebhookId: t.id({
      description: "Another webhook that gets its new secrets; null: as the tenant's policy says. Needs keys:rotate.",
    }),
  }),
});

const RotateKeyInput = builder.inputType("RotateKeyInput", {
  description: "Which key gets a new secret.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The key's id; it stays the same." }),
    overlapMs: t.int({
      defaultValue: 0,
      description:
        "For how many milliseconds the old secret goes on working; 0: it stops at once; null: as the key's own rotationOverlapMs says, else the tenant's; where neither does, it stops at once. By keys:rotate_own at most what these say.",
    }),
    activateOnFirstUse: t.boolean({
      defaultValue: false,
      description:
        "true: both secrets work until the new one is first accepted, and only then the overlap of the old one begins. Rotating again before that discards the new one.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const ReissueKeyInput = builder.inputType("ReissueKeyInput", {
  description: "Which key goes to which user.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The key's id; it stays the same." }),
    ownerId: t.id({ required: true, description: "The new owner, of the same tenant." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const RevokeKeyInput = builder.inputType("RevokeKeyInput", {
  description: "Which key to revoke, and why.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The key's id." }),
    reason: t.string({ required: true, description: "Why, 1 to 500 characters. Verdicts show it." }),
  }),
});

const CreateKeyPayload = secretPayloadOf("CreateKeyPayload", "key", KeyType);
const UpdateKeyPayload = payloadOf("UpdateKeyPayload", "key", KeyType);
const RotateKeyPayload = secretPayloadOf("RotateKeyPayload", "key", KeyType);
const ReissueKeyPayload = secretPayloadOf("ReissueKeyPayload", "key", KeyType);
const DisableKeyPayload = payloadOf("DisableKeyPayload", "key", KeyType);
const ReleaseKeyPayload = payloadOf("ReleaseKeyPayload", "key", KeyType);
const EnableKeyPayload = payloadOf("EnableKeyPayload", "key", KeyType);
const RevokeKeyPayload = payloadOf("RevokeKeyPayload", "key", KeyType);
const DeleteKeyPayload = payloadOf("DeleteKeyPayload", "key", KeyType);
const RestoreKeyPayload = payloadOf("RestoreKeyPayload", "key", KeyType);
const DisableKeyInput = statusInput("DisableKeyInput", "disable", "key");
const EnableKeyInput = statusInput("EnableKeyInput", "enable", "key");
const DeleteKeyInput = statusInput("DeleteKeyInput", "delete", "key");
const RestoreKeyInput = statusInput("RestoreKeyInput", "restore", "key");

const ReleaseKeyInput = builder.inputType("ReleaseKeyInput", {
  description: "Which quarantined key to accept, and why.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The key's id." }),
    reason: t.string({ required: true, description: "Why it can be trusted again, 1 to 500 characters." }),
  }),
});

builder.mutationFields((t) => ({
  createKey: t.field({
    description: "Creates a key for a user. Its secret is shown this once.",
    type: CreateKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:create" },
    args: { input: t.arg({ type: CreateKeyInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.keySecrets.create(principal, input),
  }),
  updateKey: t.field({
    description: "Changes a key's name, scopes, metadata, addresses or expiry.",
    type: UpdateKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:update" },
    args: { input: t.arg({ type: UpdateKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.update(principal, input) }),
  }),
  rotateKey: t.field({
    description: "Gives a key a new secret. The id stays, and the old secret works on for `overlapMs`.",
    type: RotateKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:rotate", ofOwn: "keys:rotate_own" },
    args: { input: t.arg({ type: RotateKeyInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.keySecrets.rotate(principal, input),
  }),
  reissueKey: t.field({
    description: "Gives a key to another user of the same tenant, with a new secret. The old one stops at once.",
    type: ReissueKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:reissue" },
    args: { input: t.arg({ type: ReissueKeyInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.keySecrets.reissue(principal, input),
  }),
  disableKey: t.field({
    description: "Refuses a key until it is enabled again.",
    type: DisableKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:disable" },
    args: { input: t.arg({ type: DisableKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.disable(principal, input) }),
  }),
  enableKey: t.field({
    description: "Ends a disablement.",
    type: EnableKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:disable" },
    args: { input: t.arg({ type: EnableKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.enable(principal, input) }),
  }),
  releaseKey: t.field({
    description: "Ends a quarantine: accepts the key as it stands, and signs it. Find out first who changed it.",
    type: ReleaseKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:release" },
    args: { input: t.arg({ type: ReleaseKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.release(principal, input) }),
  }),
  revokeKey: t.field({
    description: "Revokes a key for good. Once this answers, this server refuses the key.",
    type: RevokeKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:revoke" },
    args: { input: t.arg({ type: RevokeKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.revoke(principal, input) }),
  }),
  deleteKey: t.field({
    description: "Refuses a key and takes it out of every list. `restoreKey` brings it back within 30 days.",
    type: DeleteKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:delete" },
    args: { input: t.arg({ type: DeleteKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.delete(principal, input) }),
  }),
  restoreKey: t.field({
    description: "Brings a deleted key back as it was, within 30 days.",
    type: RestoreKeyPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:delete" },
    args: { input: t.arg({ type: RestoreKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ key: await services.keys.restore(principal, input) }),
  }),
}));
