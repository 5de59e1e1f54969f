import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import { endable } from "../client/endable.js";
import type { KeyplaneError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import { reconnecting } from "../client/reconnecting.js";
import type { Runtime } from "../client/runtime.js";
import type { Subscribe } from "../client/subscription.js";
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

/** How to follow a check. */
export interface FollowIntegrityRunOptions extends Omit<RequestOptions, "maxRetries"> {
  /** Told each time that the connection was lost: why, and after how many milliseconds it is tried again. */
  readonly onInterrupted?: ((error: KeyplaneError, pauseMs: number) => void) | undefined;
}

/** What the resource needs of the client. */
interface IntegrityTransport {
  readonly send: Send;
  readonly subscribe: Subscribe;
  readonly runtime: Runtime;
}

/** Integrity checks of the whole installation. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. */
export class Integrity {
  readonly #client: IntegrityTransport;
  readonly #send: Send;

  /** @internal */
  constructor(client: IntegrityTransport) {
    this.#client = client;
    this.#send = client.send;
  }

  /** Begins a check and answers at once; `follow` and `run` say how far it is. */
  async check(input: Inputs.CheckIntegrityInput = {}, options?: RequestOptions): Promise<Results.CheckIntegrityResult> {
    return (await this.#send(documents.CheckIntegrityDocument, { input }, repeatability.update, options))
      .checkIntegrity;
  }

  /** One check; null when there is none with this id. */
  async run(id: string, options?: RequestOptions): Promise<IntegrityRun | null> {
    return (await this.#send(documents.GetIntegrityRunDocument, { id }, repeatability.read, options)).integrityRun;
  }

  /**
   * How a check goes on: how it is now, then whenever its phase or numbers change. It ends when the check is over, or when you stop: by
   * `break`, `return()` or the signal, none of which throws. When the connection is lost, it is opened again after a pause that grows from
   * 1 s to 30 s.
   *
   * @example
   * for await (const { phase, examined, total } of keyplane.integrity.follow(run.id)) console.log(phase, examined, total);
   * @throws NotFoundError, AuthenticationError, PermissionError: what no reconnecting would mend.
   */
  follow(
    id: string,
    { signal: outer, onInterrupted, ...call }: FollowIntegrityRunOptions = {},
  ): AsyncIterableIterator<IntegrityRun> {
    const { subscribe, runtime } = this.#client;
    return endable(async function* (signal) {
      const connect = (onOpen: () => void) =>
        subscribe(documents.FollowIntegrityRunDocument, { id }, { ...call, signal, onOpen });
      for await (const { integrityCheckProgress } of reconnecting(connect, { signal, onInterrupted }, runtime)) {
        yield integrityCheckProgress;
        if (integrityCheckProgress.status !== "RUNNING") return;
      }
    }, outer);
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
