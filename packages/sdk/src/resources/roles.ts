import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { CustomRole } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which roles to list. What is left out does not matter. */
export interface ListRolesArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.CustomRoleFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.CustomRoleOrder | undefined;
  /** How many roles to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Custom roles: what a tenant makes of permissions. Expected refusals are answered as data; every method throws a KeyplaneError for
 * anything else. Each needs the permission that the schema names for its operation.
 */
export class Roles {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One role; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<CustomRole | null> {
    return (await this.#send(documents.GetRoleDocument, { id }, repeatability.read, options)).role;
  }

  /** The roles that the token may see. */
  list({ pageSize, ...filter }: ListRolesArguments = {}, options?: RequestOptions): PaginatedList<CustomRole> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListRolesDocument, variables, repeatability.read, options)).roles;
    }, pageSize);
  }

  /** Creates a role, which can do no more than the token. */
  async create(input: Inputs.CreateRoleInput, options?: IdempotentRequestOptions): Promise<Results.CreateRoleResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateRoleDocument, variables, repeatability.keyed, options)).createRole;
  }

  /** Changes a role, for all its holders at once; what the input leaves out stays. */
  async update(input: Inputs.UpdateRoleInput, options?: RequestOptions): Promise<Results.UpdateRoleResult> {
    return (await this.#send(documents.UpdateRoleDocument, { input }, repeatability.update, options)).updateRole;
  }

  /** Deletes a role that nobody has any more. Deleting it again answers NOT_FOUND. */
  async delete(input: Inputs.DeleteRoleInput, options?: RequestOptions): Promise<Results.DeleteRoleResult> {
    return (await this.#send(documents.DeleteRoleDocument, { input }, repeatability.update, options)).deleteRole;
  }
}
