import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { ApiGrant } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which grants to list. What is left out does not matter. */
export interface ListApiGrantsArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.ApiGrantFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.ApiGrantOrder | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * The access of keys to APIs. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. Each needs the permission
 * that the schema names for its operation.
 */
export class ApiGrants {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One of them; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<ApiGrant | null> {
    return (await this.#send(documents.GetApiGrantDocument, { id }, repeatability.read, options)).apiGrant;
  }

  /** Those that the token may see. */
  list({ pageSize, ...filter }: ListApiGrantsArguments = {}, options?: RequestOptions): PaginatedList<ApiGrant> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListApiGrantsDocument, variables, repeatability.read, options)).apiGrants;
    }, pageSize);
  }

  /** Asks for a key's access to an API; it waits until somebody approves or refuses it. */
  async request(
    input: Inputs.RequestApiAccessInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.RequestApiAccessResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.RequestApiAccessDocument, variables, repeatability.keyed, options))
      .requestApiAccess;
  }

  /** Gives a key access to an API at once. */
  async grant(
    input: Inputs.GrantApiAccessInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.GrantApiAccessResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.GrantApiAccessDocument, variables, repeatability.keyed, options)).grantApiAccess;
  }

  /** Approves a request. */
  async approve(
    input: Inputs.ApproveApiAccessInput,
    options?: RequestOptions,
  ): Promise<Results.ApproveApiAccessResult> {
    return (await this.#send(documents.ApproveApiAccessDocument, { input }, repeatability.open, options))
      .approveApiAccess;
  }

  /** Refuses a request that waits. */
  async refuse(input: Inputs.RefuseApiAccessInput, options?: RequestOptions): Promise<Results.RefuseApiAccessResult> {
    return (await this.#send(documents.RefuseApiAccessDocument, { input }, repeatability.close, options))
      .refuseApiAccess;
  }

  /** Takes access away, or a request that waits. */
  async revoke(input: Inputs.RevokeApiAccessInput, options?: RequestOptions): Promise<Results.RevokeApiAccessResult> {
    return (await this.#send(documents.RevokeApiAccessDocument, { input }, repeatability.close, options))
      .revokeApiAccess;
  }
}
