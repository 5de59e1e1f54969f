import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Tenant } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which tenants to list. What is left out does not matter. */
export interface ListTenantsArguments {
  readonly filter?: Inputs.TenantFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.TenantOrder | undefined;
  /** How many tenants to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Tenants: the customers of an installation. Expected refusals are answered as data; every method throws a
 * KeyplaneError for anything else. Each needs the permission that the schema names for its operation.
 */
export class Tenants {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One tenant; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<Tenant | null> {
    return (await this.#send(documents.GetTenantDocument, { id }, repeatability.read, options)).tenant;
  }

  /** The tenants that the token may see. */
  list({ pageSize, ...filter }: ListTenantsArguments = {}, options?: RequestOptions): PaginatedList<Tenant> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListTenantsDocument, variables, repeatability.read, options)).tenants;
    }, pageSize);
  }

  /** Creates a tenant. */
  async create(
    input: Inputs.CreateTenantInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.CreateTenantResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateTenantDocument, variables, repeatability.keyed, options)).createTenant;
  }

  /** Changes name, slug or key policy; what the input leaves out stays. */
  async update(input: Inputs.UpdateTenantInput, options?: RequestOptions): Promise<Results.UpdateTenantResult> {
    return (await this.#send(documents.UpdateTenantDocument, { input }, repeatability.update, options)).updateTenant;
  }

  /** Refuses every key and management token of a tenant until it is resumed. */
  async suspend(input: Inputs.SuspendTenantInput, options?: RequestOptions): Promise<Results.SuspendTenantResult> {
    return (await this.#send(documents.SuspendTenantDocument, { input }, repeatability.close, options)).suspendTenant;
  }

  /** Ends a suspension: the tenant's keys answer again as before. */
  async resume(input: Inputs.ResumeTenantInput, options?: RequestOptions): Promise<Results.ResumeTenantResult> {
    return (await this.#send(documents.ResumeTenantDocument, { input }, repeatability.open, options)).resumeTenant;
  }
}
