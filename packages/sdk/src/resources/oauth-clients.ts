import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { OAuthClient } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which OAuth clients to list. What is left out does not matter. */
export interface ListOAuthClientsArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * OAuth clients: programs that get access tokens from Keyplane's authorization server. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. Each needs the permission that
 * the schema names for its operation.
 */
export class OAuthClients {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One client; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<OAuthClient | null> {
    return (await this.#send(documents.GetOAuthClientDocument, { id }, repeatability.read, options)).oauthClient;
  }

  /** The OAuth clients that the token may see, newest first. */
  list({ pageSize, ...filter }: ListOAuthClientsArguments = {}, options?: RequestOptions): PaginatedList<OAuthClient> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListOAuthClientsDocument, variables, repeatability.read, options))
        .oauthClients;
    }, pageSize);
  }

  /** Creates a client. The answer holds its secret, shown this once; null for a public client. */
  async create(
    input: Inputs.CreateOAuthClientInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.CreateOAuthClientResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateOAuthClientDocument, variables, repeatability.keyed, options))
      .createOAuthClient;
  }

  /** Changes what the input names; tokens that exist follow at once. */
  async update(
    input: Inputs.UpdateOAuthClientInput,
    options?: RequestOptions,
  ): Promise<Results.UpdateOAuthClientResult> {
    const variables = { input };
    return (await this.#send(documents.UpdateOAuthClientDocument, variables, repeatability.update, options))
      .updateOAuthClient;
  }

  /** Gives a client a new secret, shown this once. The old one works on for `overlapMs`. */
  async rotateSecret(
    input: Inputs.RotateOAuthClientSecretInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.RotateOAuthClientSecretResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.RotateOAuthClientSecretDocument, variables, repeatability.keyed, options))
      .rotateOAuthClientSecret;
  }

  /** Refuses a client and all its tokens until it is enabled again. */
  async disable(
    input: Inputs.DisableOAuthClientInput,
    options?: RequestOptions,
  ): Promise<Results.DisableOAuthClientResult> {
    const variables = { input };
    return (await this.#send(documents.DisableOAuthClientDocument, variables, repeatability.close, options))
      .disableOAuthClient;
  }

  /** Ends a disablement. */
  async enable(
    input: Inputs.EnableOAuthClientInput,
    options?: RequestOptions,
  ): Promise<Results.EnableOAuthClientResult> {
    const variables = { input };
    return (await this.#send(documents.EnableOAuthClientDocument, variables, repeatability.open, options))
      .enableOAuthClient;
  }

  /** Deletes a client for good, and all its tokens with it. */
  async delete(
    input: Inputs.DeleteOAuthClientInput,
    options?: RequestOptions,
  ): Promise<Results.DeleteOAuthClientResult> {
    const variables = { input };
    return (await this.#send(documents.DeleteOAuthClientDocument, variables, repeatability.close, options))
      .deleteOAuthClient;
  }
}
