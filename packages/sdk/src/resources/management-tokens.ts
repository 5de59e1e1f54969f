import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { ManagementToken } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which management tokens to list. What is left out does not matter. */
export interface ListManagementTokensArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.ManagementTokenFilter | undefined;
  /** How many tokens to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Management tokens: the credentials for Keyplane itself. Expected refusals are answered as data; every method throws a
 * KeyplaneError for anything else. Each needs the permission that the schema names for its operation.
 */
export class ManagementTokens {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** The management tokens that the token may see, newest first. */
  list(
    { pageSize, ...filter }: ListManagementTokensArguments = {},
    options?: RequestOptions,
  ): PaginatedList<ManagementToken> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListManagementTokensDocument, variables, repeatability.read, options))
        .managementTokens;
    }, pageSize);
  }

  /**
   * Creates a management token, which can never do more than the one that creates it. The answer holds its secret,
   * shown this once.
   */
  async create(
    input: Inputs.CreateManagementTokenInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.CreateManagementTokenResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateManagementTokenDocument, variables, repeatability.keyed, options))
      .createManagementToken;
  }

  /**
   * Gives a management token a new secret; its id stays, and the old secret works on for `overlapMs`. The answer holds the new
   * secret, shown this once.
   */
  async rotate(
    input: Inputs.RotateManagementTokenInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.RotateManagementTokenResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.RotateManagementTokenDocument, variables, repeatability.keyed, options))
      .rotateManagementToken;
  }

  /** Ends a management token at once. Revoking again changes nothing. */
  async revoke(
    input: Inputs.RevokeManagementTokenInput,
    options?: RequestOptions,
  ): Promise<Results.RevokeManagementTokenResult> {
    return (await this.#send(documents.RevokeManagementTokenDocument, { input }, repeatability.close, options))
      .revokeManagementToken;
  }
}
