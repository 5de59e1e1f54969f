import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { HygieneReport, KeyFinding, LifecyclePolicy } from "../entities.js";
import { repeatability } from "./repeatability.js";

/** Which findings to list. What is left out does not matter. */
export interface ListKeyFindingsArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit. */
  readonly filter?: Inputs.KeyFindingFilter | undefined;
  /** How many findings to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * Keys that look after themselves: leaks, shared and idle keys, and what a tenant's policy does about them. Expected refusals are answered as
 * data; every method throws a KeyplaneError for anything else. Each needs the permission that the schema names for its operation.
 */
export class Lifecycle {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** The policy of a tenant; null when there is no such tenant that the token may see. */
  async policy(tenantId: string, options?: RequestOptions): Promise<LifecyclePolicy | null> {
    const variables = { tenantId };
    const { tenant } = await this.#send(documents.GetLifecyclePolicyDocument, variables, repeatability.read, options);
    return tenant?.lifecyclePolicy ?? null;
  }

  /** Changes the policy of a tenant; what the input leaves out stays. */
  async updatePolicy(
    input: Inputs.UpdateLifecyclePolicyInput,
    options?: RequestOptions,
  ): Promise<Results.UpdateLifecyclePolicyResult> {
    return (await this.#send(documents.UpdateLifecyclePolicyDocument, { input }, repeatability.update, options))
      .updateLifecyclePolicy;
  }

  /** What was found about the keys that the token may see, the latest first. */
  findings(
    { pageSize, ...filter }: ListKeyFindingsArguments = {},
    options?: RequestOptions,
  ): PaginatedList<KeyFinding> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListKeyFindingsDocument, variables, repeatability.read, options)).keyFindings;
    }, pageSize);
  }

  /** Marks a finding as dealt with; the key stays as it is. */
  async resolveFinding(
    input: Inputs.ResolveKeyFindingInput,
    options?: RequestOptions,
  ): Promise<Results.ResolveKeyFindingResult> {
    return (await this.#send(documents.ResolveKeyFindingDocument, { input }, repeatability.update, options))
      .resolveKeyFinding;
  }

  /** Reports a key that was found in public, as it was found. The tenant's policy says what happens to it. */
  async reportLeakedKey(
    input: Inputs.ReportLeakedKeyInput,
    options?: RequestOptions,
  ): Promise<Results.ReportLeakedKeyResult> {
    return (await this.#send(documents.ReportLeakedKeyDocument, { input }, repeatability.close, options))
      .reportLeakedKey;
  }

  /** How well the keys of a tenant are kept; null when there is no such tenant that the token may see. */
  async hygiene(tenantId: string, options?: RequestOptions): Promise<HygieneReport | null> {
    const variables = { tenantId };
    return (await this.#send(documents.GetKeyHygieneDocument, variables, repeatability.read, options)).keyHygiene;
  }
}
