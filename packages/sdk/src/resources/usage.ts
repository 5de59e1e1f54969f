import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type { Download } from "../client/download.js";
import { endable } from "../client/endable.js";
import type { KeyplaneError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import { reconnecting } from "../client/reconnecting.js";
import type { Runtime } from "../client/runtime.js";
import type { Subscribe } from "../client/subscription.js";
import type { Send } from "../client/transport.js";
import type { InvalidAttemptsReport, UsageEvent, UsagePointsReport, UsageReport, UsageTick } from "../entities.js";
import type { ResolvedRecordOptions } from "../usage/record-options.js";
import { type FlushOptions, UsageBuffer } from "../usage/usage-buffer.js";
import { type UsageExportArguments, usageExportRequest } from "../usage/usage-export.js";
import type { CompleteRecord, UsageRecord } from "../usage/usage-record.js";
import { type UsageRecordStatus, untouched } from "../usage/usage-status.js";
import { repeatability } from "./repeatability.js";

/** What can be different for one `usage.query`. */
export interface UsageQueryOptions extends RequestOptions {
  /** Answers `previousTotals` too, those of the window of the same length before. Default: false. */
  readonly compare?: boolean | undefined;
}

/** Which calls of the log to list. What is left out does not matter. */
export interface ListUsageEventsArguments {
  readonly tenantId: string;
  readonly filter?: Inputs.UsageEventFilter | undefined;
  /** How many calls to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/** What to watch. */
export interface UsageLiveArguments {
  readonly tenantId: string;
  /** How long an interval is, 250 to 60000 milliseconds. Default: 1000. */
  readonly intervalMs?: number | undefined;
}

/** How to watch. */
export interface UsageLiveOptions extends Omit<RequestOptions, "maxRetries"> {
  /** Told each time that the connection was lost: why, and after how many milliseconds it is tried again. */
  readonly onInterrupted?: ((error: KeyplaneError, pauseMs: number) => void) | undefined;
}

/** What the resource needs of the client. */
interface UsageTransport {
  readonly send: Send;
  readonly subscribe: Subscribe;
  readonly download: Download;
  readonly runtime: Runtime;
}

/**
 * Usage: who called which API how often, with which outcome. Reading needs the permission `usage:read`, recording
 * `usage:record`. Every method that asks the server throws a KeyplaneError when there is no answer, and a RequestError
 * for a question that makes no sense or is too large, with words that say what to narrow.
 */
export class Usage {
  readonly #client: UsageTransport;
  readonly #recordOptions: ResolvedRecordOptions;
  #buffer: UsageBuffer | undefined;

  /** @internal */
  constructor(client: UsageTransport, recordOptions: ResolvedRecordOptions) {
    this.#client = client;
    this.#recordOptions = recordOptions;
  }

  /**
   * Counts calls over a window of time, by bucket and by group. Numbers by bucket are bare arrays: `counts[i]`,
   * `validCounts[i]` and `costs[i]` of a series belong to the report's `starts[i]`.
   *
   * @example
   * const month = { from: "2026-10-31T23:00:00Z", to: "2026-11-30T23:00:00Z", timeZone: "Europe/Berlin" };
   * const report = await keyplane.usage.query({ tenantId, ...month, bucket: "TOTAL", groupBy: ["KEY"] });
   * for (const { group, totals } of report.series) invoice(group.keyId, totals.cost);
   */
  async query(input: Inputs.UsageInput, { compare = false, ...options }: UsageQueryOptions = {}): Promise<UsageReport> {
    const variables = { input, compare };
    return (await this.#client.send(documents.GetUsageDocument, variables, repeatability.read, options)).usage;
  }

  /**
   * As {@link query}, with everything that is known of each bucket: outcomes, meters, and how long calls took. Costs the
   * server more, and answers at most 50000 points (series times buckets).
   */
  async queryPoints(input: Inputs.UsageInput, options?: RequestOptions): Promise<UsagePointsReport> {
    return (await this.#client.send(documents.GetUsagePointsDocument, { input }, repeatability.read, options)).usage;
  }

  /** The call log of a tenant, newest first: `for await (const event of keyplane.usage.events({ tenantId }))`. */
  events({ pageSize, ...which }: ListUsageEventsArguments, options?: RequestOptions): PaginatedList<UsageEvent> {
    return new PaginatedList(async (page) => {
      const variables = { ...which, ...page };
      const { send } = this.#client;
      return (await send(documents.ListUsageEventsDocument, variables, repeatability.read, options)).usageEvents;
    }, pageSize);
  }

  /** Where invalid keys come from: refused verifications by cause, address, visible start of the key, or API. */
  async invalidAttempts(input: Inputs.InvalidAttemptsInput, options?: RequestOptions): Promise<InvalidAttemptsReport> {
    const { send } = this.#client;
    return (await send(documents.GetInvalidAttemptsDocument, { input }, repeatability.read, options)).invalidAttempts;
  }

  /**
   * What is counted, while it is counted: a tick for each interval, also when nothing happened. It goes on until you
   * stop: by `break`, `return()` or the signal, none of which throws.
   *
   * When the connection is lost, it is opened again after a pause that grows from 1 s to 30 s. The calls of the time
   * between are not told; each tick says by `from` and `to` which time it is about, and {@link query} has everything.
   *
   * @throws AuthenticationError, PermissionError, RequestError: what no reconnecting would mend.
   */
  live(
    { tenantId, intervalMs }: UsageLiveArguments,
    { signal: outer, onInterrupted, ...call }: UsageLiveOptions = {},
  ): AsyncIterableIterator<UsageTick> {
    const { subscribe, runtime } = this.#client;
    return endable(async function* (signal) {
      const connect = (onOpen: () => void) =>
        subscribe(documents.FollowUsageDocument, { tenantId, intervalMs }, { ...call, signal, onOpen });
      for await (const { usageLive } of reconnecting(connect, { signal, onInterrupted }, runtime)) yield usageLive;
    }, outer);
  }

  /**
   * A report, the call log, the refused attempts or keys with their last use as CSV or as lines of JSON, in pieces of text, however long it is.
   * Nothing is asked of the server before the first piece is.
   *
   * @example
   * await pipeline(keyplane.usage.export({ kind: "events", format: "csv", tenantId }), createWriteStream("calls.csv"));
   * @throws KeyplaneError from the iteration; also when the text breaks off before its end.
   */
  export(what: UsageExportArguments, options?: RequestOptions): AsyncGenerator<string, void, undefined> {
    return this.#client.download(usageExportRequest(what), options);
  }

  /**
   * Records a call of your API that Keyplane did not see itself. Never throws and never waits: calls are gathered and
   * sent together, again and again until the server has taken them, for up to 24 hours. Each counts once, because it
   * keeps its id. What becomes of them is in {@link recordStatus}, and told to the callbacks of the option `usage`.
   *
   * Calls are in memory until they are sent: `await keyplane.close()` before the process ends. Nothing here keeps a
   * process from ending.
   *
   * @returns whether the call is queued; not when something is wrong with it, or when there is no room.
   */
  record(record: UsageRecord): boolean {
    return this.#recording().record(record);
  }

  /** @internal For whoever records very many, and has seen that nothing is wrong with them. */
  recordComplete(record: CompleteRecord): boolean {
    return this.#recording().recordComplete(record);
  }

  /** What has become of the calls that were recorded. */
  get recordStatus(): UsageRecordStatus {
    return this.#buffer?.status ?? untouched;
  }

  /**
   * Sends what was recorded, and resolves when the server has taken, or rejected, all of it.
   *
   * @throws TimeoutError when that does not succeed in time; `cause` is why the last attempt failed. Calls are kept.
   */
  async flush(options?: FlushOptions): Promise<UsageRecordStatus> {
    return this.#buffer ? this.#buffer.flush(options) : untouched;
  }

  /**
   * Sends what was recorded and records no more. What cannot be sent within `timeoutMs` (default 5000) is dropped:
   * `droppedBecause.closed` of the answer says how much that is, and `lastError` why. Never throws.
   */
  async close(options?: FlushOptions): Promise<UsageRecordStatus> {
    return this.#recording().close(options);
  }

  #recording(): UsageBuffer {
    this.#buffer ??= new UsageBuffer(async (events, signal) => {
      const { send } = this.#client;
      // The buffer repeats by itself, with the pauses of something that nobody waits for.
      const once = { maxRetries: 0, signal };
      return (await send(documents.RecordUsageDocument, { input: { events } }, repeatability.keyed, once)).recordUsage;
    }, this.#recordOptions);
    return this.#buffer;
  }
}
