import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { TrustedIssuer } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which trusted issuers to list. What is left out does not matter. */
export interface ListTrustedIssuersArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Trusted issuers: identity providers whose tokens a tenant accepts for its users. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. Each needs the permission that
 * the schema names for its operation.
 */
export class TrustedIssuers {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One trusted issuer; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<TrustedIssuer | null> {
    return (await this.#send(documents.GetTrustedIssuerDocument, { id }, repeatability.read, options)).trustedIssuer;
  }

  /** The trusted issuers that the token may see, newest first. */
  list(
    { pageSize, ...filter }: ListTrustedIssuersArguments = {},
    options?: RequestOptions,
  ): PaginatedList<TrustedIssuer> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListTrustedIssuersDocument, variables, repeatability.read, options))
        .trustedIssuers;
    }, pageSize);
  }

  /** Lets a tenant's users in with the tokens of an identity provider. */
  async create(
    input: Inputs.CreateTrustedIssuerInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.CreateTrustedIssuerResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateTrustedIssuerDocument, variables, repeatability.keyed, options))
      .createTrustedIssuer;
  }

  /** Changes how an issuer's tokens are judged, from the next request on. */
  async update(
    input: Inputs.UpdateTrustedIssuerInput,
    options?: RequestOptions,
  ): Promise<Results.UpdateTrustedIssuerResult> {
    const variables = { input };
    return (await this.#send(documents.UpdateTrustedIssuerDocument, variables, repeatability.update, options))
      .updateTrustedIssuer;
  }

  /** Refuses an issuer's tokens at once. */
  async delete(
    input: Inputs.DeleteTrustedIssuerInput,
    options?: RequestOptions,
  ): Promise<Results.DeleteTrustedIssuerResult> {
    const variables = { input };
    return (await this.#send(documents.DeleteTrustedIssuerDocument, variables, repeatability.close, options))
      .deleteTrustedIssuer;
  }

  /** Asks an issuer for its keys, as is done for its tokens, and tells what it says. Changes nothing. */
  async test(input: Inputs.TestTrustedIssuerInput, options?: RequestOptions): Promise<Results.TestTrustedIssuerResult> {
    const variables = { input };
    return (await this.#send(documents.TestTrustedIssuerDocument, variables, repeatability.read, options))
      .testTrustedIssuer;
  }
}
