import { type KeyEventType, keyEventTypes, webhookDeliveryStatuses } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { Webhook, WebhookDelivery } from "../../entities.js";
import { command } from "../command.js";
import { choice, choices, duration, flag, listing, orWord, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { agreed, found, requiredTenantId, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<Webhook>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "URL", of: ({ url }) => url },
  { head: "EVENTS", of: ({ eventTypes }) => (eventTypes.length === 0 ? "all" : eventTypes.join(", ")) },
  { head: "FAILING SINCE", of: ({ failingSince }) => failingSince, isWhole: true },
  { head: "DISABLED", of: ({ disabledAt }) => disabledAt, isWhole: true },
];
const deliveryColumns: readonly Column<WebhookDelivery>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "TYPE", of: ({ type }) => type, isWhole: true },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "ATTEMPTS", of: ({ attempts }) => shown(attempts), isWhole: true },
  { head: "NEXT", of: ({ nextAttemptAt }) => nextAttemptAt, isWhole: true },
  { head: "PROBLEM", of: ({ problem }) => problem },
];
const which = { name: "id", description: "The webhook's id: whk_…" };
const events = orWord(
  "all",
  choices("event", Object.keys(keyEventTypes) as KeyEventType[], "Only these events. Default of a new one: all."),
  [],
);

export const webhookCommands = [
  command({
    path: "webhooks list",
    summary: "List webhooks, newest first; never their secrets.",
    options: { ...whose, ...listing },
    examples: [["webhooks list --tenant acme", "the webhooks of a tenant"]],
    async run({ client, print }, { tenant, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { webhooks } = client();
      await print.list(
        (pageSize) => webhooks.list({ tenantId, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "webhooks show",
    summary: "Show a webhook.",
    argument: which,
    examples: [["webhooks show whk_…", "the webhook with this id"]],
    async run({ client, print }, _, id) {
      print.thing(found(await client().webhooks.get(id), "webhook", id));
    },
  }),
  command({
    path: "webhooks create",
    summary: "Tell an address of what happens to a tenant's keys, by signed messages.",
    details: "The secret that verifies the signatures alone goes to standard output, this once.",
    options: {
      ...whose,
      name: required(text("text", "What people call it.")),
      address: required(text("url", "Where messages are sent.")),
      events,
      forRotations: flag(
        "Rotation policies may name it, by --rotation-webhook of tenants update, keys create and keys update: it then gets new secrets of keys.",
      ),
    },
    examples: [
      [
        "webhooks create --tenant acme --name Alerts --address https://acme.example/hooks --events revoked,leaked > secret.txt",
        "of revocations and leaks",
      ],
    ],
    async run({ client, print }, { tenant, events: eventTypes, address: url, forRotations, ...given }) {
      const tenantId = await requiredTenantId(client(), tenant);
      const { webhook, secret } = unwrap(
        await client().webhooks.create({ ...given, url, eventTypes, tenantId, receivesSecrets: forRotations }),
      );
      print.secret("webhook", webhook, secret);
    },
  }),
  command({
    path: "webhooks update",
    summary: "Change a webhook; what is left out stays.",
    argument: which,
    options: { name: text("text", "What people call it."), address: text("url", "Where messages are sent."), events },
    examples: [["webhooks update whk_… --address https://acme.example/new", "another address"]],
    async run({ client, print }, { events: eventTypes, address: url, ...given }, id) {
      print.thing(unwrap(await client().webhooks.update({ ...given, url, eventTypes, id })).webhook);
    },
  }),
  command({
    path: "webhooks rotate",
    summary: "Give a webhook a new secret.",
    details:
      "The secret alone goes to standard output, this once. Without --overlap messages bear only the new signature at once, so it is asked for.",
    argument: which,
    options: { overlap: duration("How long messages bear both signatures, such as 24h."), ...yes },
    examples: [["webhooks rotate whk_… --overlap 24h > secret.txt", "a day to give the receiver the new secret"]],
    async run(context, { overlap, yes: isAgreed }, id) {
      const { client, print } = context;
      if (overlap === undefined) await agreed(context, isAgreed, `Rotate ${id}, and sign with the new secret only?`);
      const { webhook, secret } = unwrap(await client().webhooks.rotateSecret({ id, overlapMs: overlap }));
      print.secret("webhook", webhook, secret);
    },
  }),
  command({
    path: "webhooks test",
    summary: "Send a webhook a signed message, and tell the answer. Changes nothing.",
    argument: which,
    details: "A problem is an answer: exit code 11.",
    options: {
      event: choice(
        keyEventTypes,
        "Send an example of what such an event is told by. Default: a message of type webhook.test.",
        "event",
      ),
    },
    examples: [
      ["webhooks test whk_…", "whether the receiver takes messages"],
      ["webhooks test whk_… --event revoked", "whether it understands what it is told of a revoked key"],
    ],
    async run({ client, print }, { event: eventType }, id) {
      const { webhook, responseStatus, problem } = unwrap(await client().webhooks.test({ id, eventType }));
      print.thing({ id: webhook.id, responseStatus, problem });
      return problem === null ? undefined : "problem";
    },
  }),
  command({
    path: "webhooks deliveries",
    summary: "List what was told to a webhook, newest first.",
    argument: which,
    options: { status: choice(webhookDeliveryStatuses, "Those that are so far."), ...listing },
    examples: [["webhooks deliveries whk_… --status failed", "what was given up"]],
    async run({ client, print }, { status, ...part }, id) {
      const { webhooks } = client();
      await print.list(
        (pageSize) => webhooks.deliveries({ webhookId: id, status, pageSize }),
        part,
        deliveryColumns,
        (delivery) => delivery.id,
      );
    },
  }),
  command({
    path: "webhooks redeliver",
    summary: "Send a delivery again that was given up, or that the receiver has taken and lost since.",
    argument: { name: "id", description: "The delivery's id: dlv_…" },
    examples: [["webhooks redeliver dlv_…", "the same message, with the same webhook-id"]],
    async run({ client, print }, _, deliveryId) {
      print.thing(unwrap(await client().webhooks.redeliver({ deliveryId })).delivery);
    },
  }),
  command({
    path: "webhooks disable",
    summary: "Send a webhook nothing until it is enabled again.",
    argument: which,
    options: { reason: text("text", "Why, for the audit log."), ...yes },
    examples: [["webhooks disable whk_… --reason 'the receiver moves' --yes", "messages wait for up to 5 days"]],
    async run(context, { reason, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Disable ${id}, and let its messages wait?`);
      const { webhook } = unwrap(await client().webhooks.disable({ id, reason }));
      print.changed(webhook, `${webhook.name} (${webhook.id}) is disabled.`);
    },
  }),
  command({
    path: "webhooks enable",
    summary: "Enable a webhook again, and send what waits.",
    argument: which,
    options: { reason: text("text", "Why, for the audit log.") },
    examples: [["webhooks enable whk_…", "end a disablement"]],
    async run({ client, print }, { reason }, id) {
      const { webhook } = unwrap(await client().webhooks.enable({ id, reason }));
      print.changed(webhook, `${webhook.name} (${webhook.id}) is enabled.`);
    },
  }),
  command({
    path: "webhooks delete",
    summary: "Delete a webhook for good; what waits is given up.",
    argument: which,
    options: { reason: text("text", "Why, for the audit log."), ...yes },
    examples: [["webhooks delete whk_… --yes", "without asking"]],
    async run(context, { reason, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete the webhook ${id} for good?`);
      const { webhook } = unwrap(await client().webhooks.delete({ id, reason }));
      print.changed(webhook, `${webhook.name} (${webhook.id}) is deleted.`);
    },
  }),
];
