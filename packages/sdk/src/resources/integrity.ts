import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { IntegrityFinding, IntegrityRun } from "../entities.js";
import { repeatability } from "./repeatability.js";

/** Which findings to list. What is left out does not matter. */
export interface ListIntegrityFindingsArguments {
  /** Those that fit. */
  readonly filter?: Inputs.IntegrityFindingFilter | undefined;
  /** How many to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/** Integrity checks of the whole installation. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. */
export class Integrity {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** Begins a check and answers at once; `run` says how far it is. */
  async check(input: Inputs.CheckIntegrityInput = {}, options?: RequestOptions): Promise<Results.CheckIntegrityResult> {
    return (await this.#send(documents.CheckIntegrityDocument, { input }, repeatability.update, options))
      .checkIntegrity;
  }

  /** One check; null when there is none with this id. */
  async run(id: string, options?: RequestOptions): Promise<IntegrityRun | null> {
    return (await this.#send(documents.GetIntegrityRunDocument, { id }, repeatability.read, options)).integrityRun;
  }

  /** The last hundred checks, newest first. */
  runs(
    { pageSize }: { readonly pageSize?: number | undefined } = {},
    options?: RequestOptions,
  ): PaginatedList<IntegrityRun> {
    return new PaginatedList(async (page) => {
      return (await this.#send(documents.ListIntegrityRunsDocument, page, repeatability.read, options)).integrityRuns;
    }, pageSize);
  }

  /** What was found, newest first. */
  findings(
    { pageSize, filter }: ListIntegrityFindingsArguments = {},
    options?: RequestOptions,
  ): PaginatedList<IntegrityFinding> {
    return new PaginatedList(async (page) => {
      const variables = { filter, ...page };
      return (await this.#send(documents.ListIntegrityFindingsDocument, variables, repeatability.read, options))
        .integrityFindings;
    }, pageSize);
  }
}
