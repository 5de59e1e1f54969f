import { type KeyEventType, type WebhookDeliveryStatus, webhookDeliveryStatuses } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, KeyEventTypeEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, secretPayloadOf, statusInput } from "../../graphql/mutation.js";
import type { Webhook, WebhookDelivery } from "../../platform/database/index.js";
import { RateLimitedError } from "../../platform/errors.js";
import type { WebhookTest } from "./webhooks.service.js";

const WebhookType = builder.objectRef<Webhook>("Webhook").implement({
  description: "An address of a tenant that is told of events, by messages that are signed as Standard Webhooks says.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`whk_…`." }),
    tenantId: t.exposeID("tenantId", { description: "The tenant whose events it is told of." }),
    name: t.exposeString("name", { description: "What people call it." }),
    url: t.exposeString("url", { description: "Where messages are sent." }),
    eventTypes: t.field({
      type: [KeyEventTypeEnum],
      description: "Only these types of events; empty: all.",
      resolve: ({ eventTypes }) => eventTypes as KeyEventType[],
    }),
    receivesSecrets: t.exposeBoolean("receivesSecrets", {
      description: "Whether rotation policies may name it: it then gets new secrets of keys. Final.",
    }),
    secretRotatedAt: t.expose("secretRotatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it last got a new secret; null: never.",
    }),
    previousSecretExpiresAt: t.expose("previousSecretExpiresAt", {
      type: "DateTime",
      nullable: true,
      description: "Until when messages bear the signature of the secret before, too; null: they do not.",
    }),
    failingSince: t.expose("failingSince", {
      type: "DateTime",
      nullable: true,
      description: "Since when every attempt has failed; null: the last one did not. After 5 days it is disabled.",
    }),
    disabledAt: t.expose("disabledAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when nothing is sent; null: it is enabled.",
    }),
    disabledReason: t.exposeString("disabledReason", { nullable: true, description: "Why it is disabled." }),
    createdBy: t.exposeString("createdBy", { description: "The id of whoever created it." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last changed." }),
  }),
});

const WebhookDeliveryStatusEnum = enumOf(
  "WebhookDeliveryStatus",
  "How far the delivery of a message is.",
  webhookDeliveryStatuses,
);

const WebhookDeliveryType = builder.objectRef<WebhookDelivery>("WebhookDelivery").implement({
  description: "A message to a webhook, and what became of it.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`dlv_…`: what the message says as webhook-id, the same at every attempt." }),
    webhookId: t.exposeID("webhookId", { description: "The webhook." }),
    type: t.exposeString("type", { description: "What the message says as `type`, such as `key.revoked`." }),
    keyId: t.exposeID("keyId", {
      nullable: true,
      description: "The key that it is about; null: of none alone. Its payload may then name `keyIds`.",
    }),
    payload: t.exposeString("payload", { description: "The message as JSON; without the secret, if it has one." }),
    hasSecret: t.exposeBoolean("hasSecret", { description: "Whether it hands over a key's new secret." }),
    status: t.field({
      type: WebhookDeliveryStatusEnum,
      description: "How far it is.",
      resolve: ({ status }) => status as WebhookDeliveryStatus,
    }),
    attempts: t.exposeInt("attempts", { description: "How often it was sent." }),
    nextAttemptAt: t.expose("nextAttemptAt", {
      type: "DateTime",
      nullable: true,
      description: "When it is sent next; null: never, or when its webhook is enabled again.",
    }),
    lastAttemptAt: t.expose("lastAttemptAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was last sent; null: never yet.",
    }),
    responseStatus: t.exposeInt("responseStatus", {
      nullable: true,
      description: "The HTTP status that the receiver last answered with; null: none.",
    }),
    problem: t.exposeString("problem", {
      nullable: true,
      description: "Why the last attempt came to nothing, or why it was given up; null: nothing is wrong.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When what it tells of was committed." }),
    finishedAt: t.expose("finishedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was delivered or given up; null: neither yet.",
    }),
  }),
});

const WebhookConnection = connectionOf("Webhook", WebhookType);
const WebhookDeliveryConnection = connectionOf("WebhookDelivery", WebhookDeliveryType);

builder.queryFields((t) => ({
  webhook: t.field({
    description: "One webhook; null when there is none with this id that you may see.",
    type: WebhookType,
    nullable: true,
    access: { permission: "webhooks:read" },
    args: { id: t.arg.id({ required: true, description: "The webhook's id, `whk_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.webhooks.get(principal, id),
  }),
  webhooks: t.field({
    description: "The webhooks that you may see, newest first.",
    type: WebhookConnection,
    access: { permission: "webhooks:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
    },
    resolve: (_, { tenantId, ...page }, { principal, services }) => services.webhooks.list(principal, tenantId, page),
  }),
  webhookDeliveries: t.field({
    description: "What was told to a webhook, newest first: 30 days of what is finished, and all that waits.",
    type: WebhookDeliveryConnection,
    access: { permission: "webhooks:read" },
    complexity: listComplexity,
    args: {
      webhookId: t.arg.id({ required: true, description: "The webhook." }),
      status: t.arg({ type: WebhookDeliveryStatusEnum, description: "Only those that are so far; all when left out." }),
      ...pageArguments(t.arg),
    },
    resolve: (_, { webhookId, status, ...page }, { principal, services }) =>
      services.webhookDeliveries.list(principal, { webhookId, status }, page),
  }),
}));

const CreateWebhookInput = builder.inputType("CreateWebhookInput", {
  description: "A new webhook.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant whose events it is told of." }),
    name: t.string({ required: true, description: "What people call it, 1 to 100 characters." }),
    url: t.string({
      required: true,
      description:
        "Where messages are sent: an https address that can be reached from anywhere. At most 2000 characters.",
    }),
    eventTypes: t.field({
      type: [KeyEventTypeEnum],
      defaultValue: [],
      description: "Only these types of events; all when left out.",
    }),
    receivesSecrets: t.boolean({
      defaultValue: false,
      description:
        "Whether rotation policies may name it as rotationWebhookId: it then gets new secrets of keys. This needs keys:rotate as well.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateWebhookInput = builder.inputType("UpdateWebhookInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The webhook's id." }),
    name: t.string({ description: "A new name." }),
    url: t.string({ description: "A new address, to which messages go that wait, too." }),
    eventTypes: t.field({ type: [KeyEventTypeEnum], description: "All types of events from now on; empty: all." }),
  }),
});

const RotateWebhookSecretInput = builder.inputType("RotateWebhookSecretInput", {
  description: "Which webhook gets a new secret.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The webhook's id." }),
    overlapMs: t.int({
      defaultValue: 0,
      description: "For how many milliseconds messages are signed with the secret before, too; at most a week.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const TestWebhookInput = builder.inputType("TestWebhookInput", {
  description: "Which webhook to test, and by what.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The webhook's id." }),
    eventType: t.field({
      type: KeyEventTypeEnum,
      description:
        "Sends an example of what such an event is told by, with `isTest: true` in its data; ROTATED to a webhook that receives secrets hands over one that no key has. `webhook.test` when left out.",
    }),
  }),
});

const RedeliverWebhookInput = builder.inputType("RedeliverWebhookInput", {
  description: "Which delivery to send again.",
  fields: (t) => ({
    deliveryId: t.id({ required: true, description: "The id of a delivery that was delivered or given up." }),
  }),
});

const TestWebhookPayload = builder.objectRef<WebhookTest>("TestWebhookPayload").implement({
  description: "What a receiver answered to a test.",
  fields: (t) => ({
    webhook: t.expose("webhook", { type: WebhookType, description: "The webhook that was tested." }),
    responseStatus: t.exposeInt("status", {
      nullable: true,
      description: "The HTTP status that it answered with; null: there was no answer.",
    }),
    problem: t.exposeString("problem", {
      nullable: true,
      description: "What is wrong, and what to do; null: nothing.",
    }),
  }),
});

const CreateWebhookPayload = secretPayloadOf("CreateWebhookPayload", "webhook", WebhookType);
const RotateWebhookSecretPayload = secretPayloadOf("RotateWebhookSecretPayload", "webhook", WebhookType);
const RedeliverWebhookPayload = payloadOf("RedeliverWebhookPayload", "delivery", WebhookDeliveryType);
const UpdateWebhookPayload = payloadOf("UpdateWebhookPayload", "webhook", WebhookType);
const DisableWebhookPayload = payloadOf("DisableWebhookPayload", "webhook", WebhookType);
const EnableWebhookPayload = payloadOf("EnableWebhookPayload", "webhook", WebhookType);
const DeleteWebhookPayload = payloadOf("DeleteWebhookPayload", "webhook", WebhookType);
const DisableWebhookInput = statusInput("DisableWebhookInput", "disable", "webhook");
const EnableWebhookInput = statusInput("EnableWebhookInput", "enable", "webhook");
const DeleteWebhookInput = statusInput("DeleteWebhookInput", "delete", "webhook");

builder.mutationFields((t) => ({
  createWebhook: t.field({
    description: "Tells an address of what happens to a tenant's keys from now on. The secret verifies the messages.",
    type: CreateWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:create" },
    args: { input: t.arg({ type: CreateWebhookInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.webhooks.create(principal, input),
  }),
  updateWebhook: t.field({
    description: "Changes a webhook.",
    type: UpdateWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: UpdateWebhookInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      webhook: await services.webhooks.update(principal, input),
    }),
  }),
  rotateWebhookSecret: t.field({
    description: "Gives a webhook a new secret. During the overlap, messages bear a signature of each.",
    type: RotateWebhookSecretPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: RotateWebhookSecretInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.webhooks.rotateSecret(principal, input),
  }),
  disableWebhook: t.field({
    description: "Sends nothing to a webhook until it is enabled again. What waits is kept for 5 days.",
    type: DisableWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: DisableWebhookInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      webhook: await services.webhooks.disable(principal, input),
    }),
  }),
  enableWebhook: t.field({
    description: "Enables a webhook again, also one that its failures have disabled, and sends what waits.",
    type: EnableWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: EnableWebhookInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      webhook: await services.webhooks.enable(principal, input),
    }),
  }),
  deleteWebhook: t.field({
    description: "Deletes a webhook for good. What waits is given up.",
    type: DeleteWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:delete" },
    args: { input: t.arg({ type: DeleteWebhookInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      webhook: await services.webhooks.delete(principal, input),
    }),
  }),
  testWebhook: t.field({
    description:
      "Sends a signed message of type `webhook.test`, or an example of an event's, once, and tells the answer. Changes nothing.",
    type: TestWebhookPayload,
    errors: { types: [...changeErrors, RateLimitedError] },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: TestWebhookInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.webhooks.test(principal, input),
  }),
  redeliverWebhook: t.field({
    description:
      "Sends a delivery again that was given up, or that the receiver has taken and lost since, with the same webhook-id.",
    type: RedeliverWebhookPayload,
    errors: { types: changeErrors },
    access: { permission: "webhooks:update" },
    args: { input: t.arg({ type: RedeliverWebhookInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      delivery: await services.webhookDeliveries.redeliver(principal, input),
    }),
  }),
}));
