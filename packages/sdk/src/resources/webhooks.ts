import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Webhook, WebhookDelivery } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which webhooks to list. What is left out does not matter. */
export interface ListWebhooksArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/** Which deliveries to list. */
export interface ListWebhookDeliveriesArguments {
  /** Those to this webhook. */
  readonly webhookId: string;
  /** Those that are so far. Default: all. */
  readonly status?: Inputs.WebhookDeliveryStatus | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Webhooks: addresses that are told of what happens to keys. Expected refusals are answered as data; every method throws a KeyplaneError
 * for anything else. Each needs the permission that the schema names for its operation.
 */
export class Webhooks {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One webhook; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<Webhook | null> {
    return (await this.#send(documents.GetWebhookDocument, { id }, repeatability.read, options)).webhook;
  }

  /** The webhooks that the token may see, newest first. */
  list({ pageSize, ...filter }: ListWebhooksArguments = {}, options?: RequestOptions): PaginatedList<Webhook> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListWebhooksDocument, variables, repeatability.read, options)).webhooks;
    }, pageSize);
  }

  /** What was told to a webhook, newest first. */
  deliveries(
    { pageSize, ...filter }: ListWebhookDeliveriesArguments,
    options?: RequestOptions,
  ): PaginatedList<WebhookDelivery> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListWebhookDeliveriesDocument, variables, repeatability.read, options))
        .webhookDeliveries;
    }, pageSize);
  }

  /** Tells an address of events from now on. The secret that verifies the messages is shown this once. */
  async create(
    input: Inputs.CreateWebhookInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.CreateWebhookResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateWebhookDocument, variables, repeatability.keyed, options)).createWebhook;
  }

  /** Changes what the input names. */
  async update(input: Inputs.UpdateWebhookInput, options?: RequestOptions): Promise<Results.UpdateWebhookResult> {
    return (await this.#send(documents.UpdateWebhookDocument, { input }, repeatability.update, options)).updateWebhook;
  }

  /** Gives a webhook a new secret, shown this once. For `overlapMs`, messages bear a signature of each. */
  async rotateSecret(
    input: Inputs.RotateWebhookSecretInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.RotateWebhookSecretResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.RotateWebhookSecretDocument, variables, repeatability.keyed, options))
      .rotateWebhookSecret;
  }

  /** Sends nothing until it is enabled again. */
  async disable(input: Inputs.DisableWebhookInput, options?: RequestOptions): Promise<Results.DisableWebhookResult> {
    return (await this.#send(documents.DisableWebhookDocument, { input }, repeatability.close, options)).disableWebhook;
  }

  /** Enables a webhook again, and sends what waits. */
  async enable(input: Inputs.EnableWebhookInput, options?: RequestOptions): Promise<Results.EnableWebhookResult> {
    return (await this.#send(documents.EnableWebhookDocument, { input }, repeatability.open, options)).enableWebhook;
  }

  /** Deletes a webhook for good; what waits is given up. */
  async delete(input: Inputs.DeleteWebhookInput, options?: RequestOptions): Promise<Results.DeleteWebhookResult> {
    return (await this.#send(documents.DeleteWebhookDocument, { input }, repeatability.close, options)).deleteWebhook;
  }

  /** Sends a signed message of type `webhook.test`, or an example of an event's, once, and tells the answer. Changes nothing. */
  async test(input: Inputs.TestWebhookInput, options?: RequestOptions): Promise<Results.TestWebhookResult> {
    return (await this.#send(documents.TestWebhookDocument, { input }, repeatability.read, options)).testWebhook;
  }

  /** Sends a delivery again that was given up, or that the receiver has taken and lost since, with the same webhook-id. */
  async redeliver(
    input: Inputs.RedeliverWebhookInput,
    options?: RequestOptions,
  ): Promise<Results.RedeliverWebhookResult> {
    return (await this.#send(documents.RedeliverWebhookDocument, { input }, repeatability.update, options))
      .redeliverWebhook;
  }
}
