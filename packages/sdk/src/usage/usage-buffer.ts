import type { RecordUsage } from "../_generated/operations.js";
import type { UsageEventInput } from "../_generated/schema-types.js";
import { abortedBy } from "../client/deadline.js";
import { TimeoutError } from "../client/errors.js";
import { isRefusal, KeyplaneRefusedError } from "../client/results.js";
import { askedPause, pauseAfter, reactionTo } from "./reaction.js";
import type { ResolvedRecordOptions, UsageDropReason } from "./record-options.js";
import { realTimers, type Timers } from "./timers.js";
import { type Entry, UsageBatches } from "./usage-batches.js";
import { type CompleteRecord, completeRecord, maxAgeMs, type UsageRecord } from "./usage-record.js";
import { UsageReporter } from "./usage-reporter.js";
import { type UsageRecordStatus, untouched } from "./usage-status.js";

/** Sends one batch, once. What it throws, or refuses, decides whether and when the batch is sent again. */
export type SendUsage = (
  events: readonly UsageEventInput[],
  signal: AbortSignal,
) => Promise<RecordUsage["recordUsage"]>;

/** How long to wait. */
export interface FlushOptions {
  /** After how many milliseconds to give up waiting. Default: 10000; to close, 5000. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting with an AbortedError; nothing is lost by that. */
  readonly signal?: AbortSignal | undefined;
}

/** After so many calls that were refused alone, one after the other, each further one waits: a mistake may be elsewhere. */
const isolatedWithoutPause = 20;

/**
 * Gathers calls and hands them over in batches, one after the other, for as long as it takes. Whatever happens on the
 * way, a call that was recorded is counted once, or rejected, or dropped, and `status` says how many of each: a call's
 * id and time never change, so that the server recognises a repetition.
 */
export class UsageBuffer {
  readonly #send: SendUsage;
  readonly #options: ResolvedRecordOptions;
  readonly #timers: Timers;
  readonly #reporter: UsageReporter;
  readonly #batches: UsageBatches;
  readonly #aborting = new AbortController();
  readonly #dropped = { ...untouched.droppedBecause };
  #recorded = 0;
  #accepted = 0;
  #rejected = 0;
  #sent = 0;
  #lastError: Error | undefined;
  /** Attempts that have failed in a row, and calls that were refused alone in a row. */
  #failures = 0;
  #isolated = 0;
  /** Calls up to this place are to be sent without waiting for more. */
  #sendUpTo = 0;
  #sending = false;
  /** Whether a pause after a failure goes on, and whether the server has asked for it. */
  #pause: "none" | "own" | "asked" = "none";
  #cancelTimer: (() => void) | undefined;
  #flushes: { readonly upTo: number; readonly resolve: () => void }[] = [];
  #closing: Promise<UsageRecordStatus> | undefined;
  /** Ends the waiting of `close`: somebody would have to mend what is wrong, and nobody will in that time. */
  readonly #hopeless = new AbortController();

  constructor(send: SendUsage, options: ResolvedRecordOptions, timers: Timers = realTimers) {
    this.#send = send;
    this.#options = options;
    this.#timers = timers;
    this.#reporter = new UsageReporter(options);
    this.#batches = new UsageBatches(options.batchSize);
  }

  get status(): UsageRecordStatus {
    const { "queue-full": full, "too-old": old, closed } = this.#dropped;
    return {
      recorded: this.#recorded,
      queued: this.#batches.size,
      accepted: this.#accepted,
      rejected: this.#rejected,
      dropped: full + old + closed,
      droppedBecause: { ...this.#dropped },
      sent: this.#sent,
      lastError: this.#lastError,
      callbackFailures: this.#reporter.callbackFailures,
    };
  }

  /** Never throws and never waits. @returns whether the call is queued now. */
  record(record: UsageRecord): boolean {
    let complete: CompleteRecord;
    try {
      complete = completeRecord(record, this.#timers.now());
    } catch (error) {
      this.#recorded++;
      this.#reject(record, "INVALID_INPUT", messageOf(error));
      return false;
    }
    return this.recordComplete(complete);
  }

  /** The same for a call with which nothing is wrong. */
  recordComplete(record: CompleteRecord): boolean {
    const place = ++this.#recorded;
    if (this.#closing) return this.#drop(record, "closed");
    if (this.#batches.size >= this.#options.maxQueue) {
      const victim = this.#options.onFull === "drop-oldest" ? this.#batches.giveUpOldest() : undefined;
      if (!victim) return this.#drop(record, "queue-full");
      this.#drop(victim.record, "queue-full");
    }
    this.#batches.add({ record, place });
    this.#goOn();
    return true;
  }

  /** Resolves when everything recorded before is done with. @throws TimeoutError, AbortedError */
  async flush({ timeoutMs = 10_000, signal }: FlushOptions = {}): Promise<UsageRecordStatus> {
    const upTo = this.#recorded;
    if (signal?.aborted) throw abortedBy(signal);
    if (this.#isDone(upTo)) return this.status;
    await new Promise<void>((resolve, reject) => {
      const flush = { upTo, resolve: () => settle(resolve) };
      const settle = (settled: () => void): void => {
        cancelDeadline();
        signal?.removeEventListener("abort", onAbort);
        this.#flushes = this.#flushes.filter((each) => each !== flush);
        settled();
      };
      const onAbort = (): void => settle(() => reject(abortedBy(signal)));
      // A process that waits here has nothing else to live for.
      const cancelDeadline = this.#timers.after(timeoutMs, () => settle(() => reject(this.#late(timeoutMs))), true);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#flushes.push(flush);
      this.#sendUpTo = Math.max(this.#sendUpTo, upTo);
      if (this.#pause === "own") this.#endPause();
      this.#goOn();
    });
    return this.status;
  }

  /**
   * Hands over what is left, and drops what cannot be handed over in time; at once where no waiting would help, such as without the
   * permission. Never throws.
   */
  close(options: FlushOptions = {}): Promise<UsageRecordStatus> {
    this.#closing ??= this.#close({ timeoutMs: 5_000, ...options });
    return this.#closing;
  }

  async #close(options: FlushOptions): Promise<UsageRecordStatus> {
    const { signal } = options;
    const leave = (): void => this.#hopeless.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      await this.flush({ ...options, signal: this.#hopeless.signal });
    } catch (error) {
      this.#lastError ??= asError(error);
    }
    signal?.removeEventListener("abort", leave);
    this.#endPause();
    for (const { record } of this.#batches.empty()) this.#drop(record, "closed");
    this.#aborting.abort();
    return this.status;
  }

  /** Sends now, or sees to it that it will be: by a timer, unless a request or a pause does so. */
  #goOn(): void {
    if (this.#sending || this.#pause !== "none" || this.#batches.size === 0) return;
    if (this.#isDue()) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      void this.#work();
    } else {
      this.#cancelTimer ??= this.#timers.after(this.#options.flushIntervalMs, () => this.#intervalEnds(), false);
    }
  }

  #intervalEnds(): void {
    this.#cancelTimer = undefined;
    this.#sendUpTo = this.#recorded;
    this.#goOn();
  }

  #isDue(): boolean {
    const { batch, isFull, oldest } = this.#batches;
    return batch.length > 0 || isFull || (oldest !== undefined && oldest <= this.#sendUpTo);
  }

  async #work(): Promise<void> {
    this.#sending = true;
    while (this.#pause === "none" && this.#batches.size > 0 && this.#isDue()) await this.#attempt();
    this.#sending = false;
    this.#goOn();
  }

  /** One request. Never throws. */
  async #attempt(): Promise<void> {
    const oldest = this.#timers.now() - maxAgeMs;
    const { batch, tooOld } = this.#batches.next(({ record }) => record.at < oldest);
    for (const { record } of tooOld) this.#drop(record, "too-old");
    if (batch.length === 0) return this.#settleFlushes();
    this.#sent += batch.length;
    try {
      const events = batch.map(({ record }) => record.event);
      const result = await this.#send(events, this.#aborting.signal);
      if (isRefusal(result)) throw new KeyplaneRefusedError(result);
      const refused = new Map(result.rejected.map((rejection) => [rejection.index, rejection]));
      if (this.#batches.batch === batch) this.#taken(batch, refused);
    } catch (error) {
      // Closing has dropped the batch that was under way.
      if (this.#batches.batch === batch) this.#failed(batch, asError(error));
    }
    this.#settleFlushes();
  }

  #taken(
    batch: readonly Entry[],
    refused: ReadonlyMap<number, { readonly code: string; readonly message: string }>,
  ): void {
    this.#batches.done(true);
    this.#failures = 0;
    this.#isolated = 0;
    this.#lastError = undefined;
    this.#reporter.worksAgain();
    for (const [index, { record }] of batch.entries()) {
      const rejection = refused.get(index);
      if (rejection) this.#reject(record.event, rejection.code, rejection.message);
      else this.#accepted++;
    }
  }

  #failed(batch: readonly Entry[], error: Error): void {
    const reaction = reactionTo(error);
    if (reaction === "smaller") return this.#refusedAsWhole(batch, error);
    this.#failures++;
    this.#lastError = error;
    this.#reporter.failed(error, reaction === "slow");
    const pauseMs = pauseAfter(reaction, this.#failures, error, this.#timers.random);
    this.#beginPause(pauseMs, askedPause(error) > 0 ? "asked" : "own");
    if (this.#closing && reaction === "slow") this.#hopeless.abort(error);
  }

  /** One call that the server cannot read must not hold up the others for ever: halving finds it. */
  #refusedAsWhole(batch: readonly Entry[], error: Error): void {
    const [only, ...others] = batch;
    if (!only || others.length > 0) return this.#batches.split();
    this.#batches.done(false);
    this.#reject(only.record.event, "code" in error ? String(error.code) : "INVALID_INPUT", error.message);
    this.#isolated++;
    if (this.#isolated > isolatedWithoutPause) this.#beginPause(1_000, "own");
  }

  #beginPause(ms: number, kind: "own" | "asked"): void {
    this.#pause = kind;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#timers.after(
      ms,
      () => {
        this.#endPause();
        this.#goOn();
      },
      false,
    );
  }

  #endPause(): void {
    this.#pause = "none";
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #drop(given: CompleteRecord, reason: UsageDropReason): false {
    this.#dropped[reason]++;
    // Nobody may want to look at it, and there may be very many.
    this.#reporter.dropped({
      reason,
      get record() {
        return given.event;
      },
    });
    return false;
  }

  #reject(record: UsageRecord, code: string, message: string): void {
    this.#rejected++;
    this.#reporter.rejected({ record, code, message });
  }

  #isDone(upTo: number): boolean {
    const { oldest } = this.#batches;
    return oldest === undefined || oldest > upTo;
  }

  #settleFlushes(): void {
    for (const { upTo, resolve } of this.#flushes) if (this.#isDone(upTo)) resolve();
  }

  #late(timeoutMs: number): TimeoutError {
    const why = this.#lastError ? ` The last attempt failed: ${this.#lastError.message}` : "";
    const message = `${this.#batches.size} recorded calls could not be handed over within ${timeoutMs} ms.${why}`;
    return new TimeoutError(message, { code: "TIMEOUT", cause: this.#lastError });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function messageOf(error: unknown): string {
  return asError(error).message;
}
