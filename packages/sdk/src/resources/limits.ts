import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Quota, QuotaEntry, RateLimit } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** What a key, a user or a tenant may use, and how fast an API may be called. */
export interface LimitsOf {
  readonly rateLimits: readonly RateLimit[];
  /** null: there is none. An API never has one. */
  readonly quota: Quota | null;
}

/**
 * Rate limits and quotas of keys, users and tenants, and rate limits of APIs; `targetId` says whose. Expected refusals are answered as data; every method throws a
 * KeyplaneError for anything else. Each needs the permission that the schema names for its operation.
 */
export class Limits {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** The limits of a key, user, tenant or API; null when there is none with this id that the token may see. */
  async get(targetId: string, options?: RequestOptions): Promise<LimitsOf | null> {
    const variables = { id: targetId };
    if (targetId.startsWith("usr_")) {
      return (await this.#send(documents.GetUserLimitsDocument, variables, repeatability.read, options)).user;
    }
    if (targetId.startsWith("ten_")) {
      return (await this.#send(documents.GetTenantLimitsDocument, variables, repeatability.read, options)).tenant;
    }
    if (targetId.startsWith("api_")) {
      const { api } = await this.#send(documents.GetApiLimitsDocument, variables, repeatability.read, options);
      return api && { ...api, quota: null };
    }
    return (await this.#send(documents.GetKeyLimitsDocument, variables, repeatability.read, options)).key;
  }

  /** What has happened to the quota of a key, user or tenant, newest first, also to one that was removed; nothing where there never was one. */
  history(
    targetId: string,
    { pageSize }: { readonly pageSize?: number | undefined } = {},
    options?: RequestOptions,
  ): PaginatedList<QuotaEntry> {
    return new PaginatedList(async (page) => {
      const of = await this.#historyOf({ id: targetId, ...page }, options);
      return of?.quotaHistory ?? { totalCount: 0, pageInfo: { endCursor: null, hasNextPage: false }, nodes: [] };
    }, pageSize);
  }

  /** Sets all rate limits, in the place of those of before. They count from the next verification on. */
  async setRateLimits(
    input: Inputs.SetRateLimitsInput,
    options?: RequestOptions,
  ): Promise<Results.SetRateLimitsResult> {
    return (await this.#send(documents.SetRateLimitsDocument, { input }, repeatability.update, options)).setRateLimits;
  }

  /** Gives a quota, or changes it; what is used in the present period stays used. */
  async setQuota(input: Inputs.SetQuotaInput, options?: RequestOptions): Promise<Results.SetQuotaResult> {
    return (await this.#send(documents.SetQuotaDocument, { input }, repeatability.update, options)).setQuota;
  }

  /** Takes a quota away: nothing is counted any more. */
  async removeQuota(input: Inputs.RemoveQuotaInput, options?: RequestOptions): Promise<Results.RemoveQuotaResult> {
    return (await this.#send(documents.RemoveQuotaDocument, { input }, repeatability.update, options)).removeQuota;
  }

  /** Adds to a quota: for the present period, or for good where it is never refilled. */
  async topUpQuota(
    input: Inputs.TopUpQuotaInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.TopUpQuotaResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.TopUpQuotaDocument, variables, repeatability.keyed, options)).topUpQuota;
  }

  /** Makes a quota whole again before its time. */
  async resetQuota(input: Inputs.ResetQuotaInput, options?: RequestOptions): Promise<Results.ResetQuotaResult> {
    return (await this.#send(documents.ResetQuotaDocument, { input }, repeatability.update, options)).resetQuota;
  }

  async #historyOf(
    variables: { id: string; first: number; after: string | null; counted: boolean },
    options: RequestOptions | undefined,
  ) {
    const { id } = variables;
    if (id.startsWith("usr_")) {
      return (await this.#send(documents.ListUserQuotaHistoryDocument, variables, repeatability.read, options)).user;
    }
    if (id.startsWith("ten_")) {
      return (await this.#send(documents.ListTenantQuotaHistoryDocument, variables, repeatability.read, options))
        .tenant;
    }
    return (await this.#send(documents.ListKeyQuotaHistoryDocument, variables, repeatability.read, options)).key;
  }
}
