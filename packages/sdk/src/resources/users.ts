import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { User } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which users to list. What is left out does not matter. */
export interface ListUsersArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit; deleted users only with `status: "DELETED"`. */
  readonly filter?: Inputs.UserFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.UserOrder | undefined;
  /** How many users to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Users: the owners of keys. Expected refusals are answered as data; every method throws a KeyplaneError for anything
 * else. Each needs the permission that the schema names for its operation.
 */
export class Users {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** One user, deleted ones included; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<User | null> {
    return (await this.#send(documents.GetUserDocument, { id }, repeatability.read, options)).user;
  }

  /** The users that the token may see. */
  list({ pageSize, ...filter }: ListUsersArguments = {}, options?: RequestOptions): PaginatedList<User> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListUsersDocument, variables, repeatability.read, options)).users;
    }, pageSize);
  }

  /** Creates a user, who can own keys at once. */
  async create(input: Inputs.CreateUserInput, options?: IdempotentRequestOptions): Promise<Results.CreateUserResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateUserDocument, variables, repeatability.keyed, options)).createUser;
  }

  /** Changes a user's details; what the input leaves out stays. */
  async update(input: Inputs.UpdateUserInput, options?: RequestOptions): Promise<Results.UpdateUserResult> {
    return (await this.#send(documents.UpdateUserDocument, { input }, repeatability.update, options)).updateUser;
  }

  /** Refuses the user's keys and management tokens until the user is enabled again. */
  async disable(input: Inputs.DisableUserInput, options?: RequestOptions): Promise<Results.DisableUserResult> {
    return (await this.#send(documents.DisableUserDocument, { input }, repeatability.close, options)).disableUser;
  }

  /** Ends a disablement: the user's keys answer again as before. */
  async enable(input: Inputs.EnableUserInput, options?: RequestOptions): Promise<Results.EnableUserResult> {
    return (await this.#send(documents.EnableUserDocument, { input }, repeatability.open, options)).enableUser;
  }

  /** Deletes a user for good. The keys are refused; a tombstone stays, so that they can name their owner. */
  async delete(input: Inputs.DeleteUserInput, options?: RequestOptions): Promise<Results.DeleteUserResult> {
    return (await this.#send(documents.DeleteUserDocument, { input }, repeatability.close, options)).deleteUser;
  }
}
