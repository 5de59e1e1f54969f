import type { ErrorCode } from "../open-enums.js";
import type { UsageRecord } from "./usage-record.js";

/** Why a call was given up: no room was left, it grew too old to be counted, or the client was closed. */
export type UsageDropReason = "queue-full" | "too-old" | "closed";

/** A call that was given up. Where an answer was lost on the way, the server may have counted it all the same. */
export interface DroppedUsage {
  readonly record: UsageRecord;
  readonly reason: UsageDropReason;
}

/** A call that will never be counted, because something is wrong with it. */
export interface RejectedUsage {
  readonly record: UsageRecord;
  /** The reason, for programs; INVALID_INPUT where it never left this process. */
  readonly code: ErrorCode;
  /** The reason, and what to do, for people. */
  readonly message: string;
}

/** How `usage.record` gathers and hands over calls. */
export interface UsageRecordOptions {
  /** How many calls are sent together at most, 1 to 10000. As many are sent without waiting. Default: 500. */
  readonly batchSize?: number | undefined;
  /** How long a call waits for others at most, in milliseconds, 1 to 3600000. Default: 2000. */
  readonly flushIntervalMs?: number | undefined;
  /** How many calls are kept while they cannot be sent, 1 to 10000000; one takes about 1 kB. Default: 100000. */
  readonly maxQueue?: number | undefined;
  /** Which call to give up when there is no room: the new one, or the oldest that is not being sent. Default: drop-newest. */
  readonly onFull?: "drop-newest" | "drop-oldest" | undefined;
  /** Told of each call that is given up. Default: `console.warn` for the first. */
  readonly onDrop?: ((dropped: DroppedUsage) => void) | undefined;
  /** Told of each call that something is wrong with. Default: `console.warn` for the first. */
  readonly onRejected?: ((rejected: RejectedUsage) => void) | undefined;
  /**
   * Told when calls cannot be handed over, once for each cause until it works again. They are kept, and sent again.
   * Default: `console.warn` where only somebody can mend it, such as a wrong token.
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** Options that have been checked and completed. */
export interface ResolvedRecordOptions extends UsageRecordOptions {
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly maxQueue: number;
  readonly onFull: "drop-newest" | "drop-oldest";
}

/** @throws TypeError that names the option, what it got and what it wants. */
export function resolveRecordOptions(options: UsageRecordOptions = {}): ResolvedRecordOptions {
  const { batchSize = 500, flushIntervalMs = 2_000, maxQueue = 100_000, onFull = "drop-newest" } = options;
  checkWhole("batchSize", batchSize, 10_000);
  checkWhole("flushIntervalMs", flushIntervalMs, 3_600_000);
  checkWhole("maxQueue", maxQueue, 10_000_000);
  if (onFull !== "drop-newest" && onFull !== "drop-oldest") {
    throw new TypeError(`usage.onFull must be drop-newest or drop-oldest, not ${String(onFull)}.`);
  }
  for (const callback of ["onDrop", "onRejected", "onError"] as const) {
    const given = options[callback];
    if (given !== undefined && typeof given !== "function") {
      throw new TypeError(`usage.${callback} must be a function.`);
    }
  }
  return { ...options, batchSize, flushIntervalMs, maxQueue, onFull };
}

function checkWhole(option: string, value: number, highest: number): void {
  if (!Number.isInteger(value) || value < 1 || value > highest) {
    throw new TypeError(`usage.${option} must be a whole number from 1 to ${highest}, not ${value}.`);
  }
}
