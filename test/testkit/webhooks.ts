import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { mutate } from "./graphql.js";
import { ok, type World } from "./world.js";

export const webhookFields =
  "id tenantId name url eventTypes receivesSecrets secretRotatedAt previousSecretExpiresAt failingSince disabledAt disabledReason createdBy createdAt";
export const deliveryFields =
  "id webhookId type keyId payload hasSecret status attempts nextAttemptAt lastAttemptAt responseStatus problem createdAt finishedAt";

/** Calls a mutation on webhooks. */
export function webhookMutation(caller: { url: string; token: string | null }, name: string, input: object) {
  if (name === "redeliverWebhook")
    return mutate(caller.url, caller.token, name, { ...input }, `delivery { ${deliveryFields} }`);
  const more = /^(?:create|rotate)/.test(name) ? "secret" : name === "testWebhook" ? "responseStatus problem" : "";
  return mutate(caller.url, caller.token, name, { ...input }, `webhook { ${webhookFields} } ${more}`);
}

/** A message as it came. */
export interface ReceivedMessage {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody who receives messages: a small server whose answers a test can change. */
export interface Receiver {
  readonly url: string;
  readonly messages: ReceivedMessage[];
  /** What it answers; a status, or never. */
  answer: (message: ReceivedMessage) => number | "never" | Promise<number>;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const messages: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const message = { path: request.url ?? "", headers: request.headers, body };
      messages.push(message);
      const answer = receiver.answer(message);
      if (answer === "never") return;
      void Promise.resolve(answer).then((status) => response.writeHead(status).end("x".repeat(100_000)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    messages,
    answer: () => 204,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return receiver;
}

/** What a message says, checked as its receiver would by the library of Standard Webhooks. @throws when its signature is wrong. */
export function verified(secret: string, { body, headers }: ReceivedMessage, now: number) {
  // The library has no clock of its own to give it another time.
  const spy = vi.spyOn(Date, "now").mockReturnValue(now);
  try {
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
    return new Webhook(secret).verify(body, headers as Record<string, string>) as any;
  } finally {
    spy.mockRestore();
  }
}

/** The id of a new webhook of a tenant that is disabled: what is compared then stays as it is. */
export async function quietWebhookId(world: World, tenantId: string): Promise<string> {
  const input = { tenantId, name: "Quiet", url: "http://127.0.0.1:1/webhook", receivesSecrets: true };
  const eventTypes = ["NEVER_EXPIRES"];
  const { webhook } = ok(await webhookMutation(world.root, "createWebhook", { ...input, eventTypes }));
  ok(await webhookMutation(world.root, "disableWebhook", { id: webhook.id }));
  return webhook.id;
}

/** The id of a new webhook of a tenant that is enabled, and hears of nothing that happens by itself. */
async function deafWebhookId(world: World, tenantId: string): Promise<string> {
  const input = { tenantId, name: "Deaf", url: "http://127.0.0.1:1/webhook", eventTypes: ["NEVER_EXPIRES"] };
  return ok(await webhookMutation(world.root, "createWebhook", input)).webhook.id;
}

/** The id of a delivery that was given up; of a webhook of its own, which is enabled, when none is given. */
export async function failedDeliveryId(world: World, tenantId: string, ofWebhook?: string): Promise<string> {
  const webhookId = ofWebhook ?? (await deafWebhookId(world, tenantId));
  const id = world.missingId("WebhookDelivery");
  const at = new Date(world.clock.now());
  const times = { createdAt: at, expiresAt: at, finishedAt: at };
  const row = { id, webhookId, tenantId, type: "key.revoked", payload: "{}", status: "FAILED", ...times };
  await world.server.keyplane.database.prisma.webhookDelivery.create({ data: row });
  return id;
}
