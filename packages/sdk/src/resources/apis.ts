import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Api } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which APIs to list. What is left out does not matter. */
export interface ListApisArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.ApiFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.ApiOrder | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * The APIs of tenants, with their versions. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. Each needs the permission
 * that the schema names for its operation.
 */
export class Apis {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One of them; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<Api | null> {
    return (await this.#send(documents.GetApiDocument, { id }, repeatability.read, options)).api;
  }

  /** Those that the token may see. */
  list({ pageSize, ...filter }: ListApisArguments = {}, options?: RequestOptions): PaginatedList<Api> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListApisDocument, variables, repeatability.read, options)).apis;
    }, pageSize);
  }

  /** Creates an API. From a tenant's first one on, what verifiers ask for as `api` must be one of them. */
  async create(input: Inputs.CreateApiInput, options?: IdempotentRequestOptions): Promise<Results.CreateApiResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateApiDocument, variables, repeatability.keyed, options)).createApi;
  }

  /** Changes an API; what the input leaves out stays, and `versions` takes the place of all that there were. */
  async update(input: Inputs.UpdateApiInput, options?: RequestOptions): Promise<Results.UpdateApiResult> {
    return (await this.#send(documents.UpdateApiDocument, { input }, repeatability.update, options)).updateApi;
  }

  /** Deletes an API with all access to it. Deleting it again answers NOT_FOUND. */
  async delete(input: Inputs.DeleteApiInput, options?: RequestOptions): Promise<Results.DeleteApiResult> {
    return (await this.#send(documents.DeleteApiDocument, { input }, repeatability.update, options)).deleteApi;
  }
}
