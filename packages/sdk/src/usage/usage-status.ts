import type { UsageDropReason } from "./record-options.js";

/**
 * What has become of the calls that were recorded. Every one is in exactly one place: `recorded` is always the sum of
 * `queued`, `accepted`, `rejected` and `dropped`.
 */
export interface UsageRecordStatus {
  /** How often `record` was called. */
  readonly recorded: number;
  /** Calls that wait, those under way included. */
  readonly queued: number;
  /** Calls that the server has taken: they are on its disk, and are counted once. */
  readonly accepted: number;
  /** Calls that something is wrong with: they will never be counted. */
  readonly rejected: number;
  /** Calls that were given up. Where an answer was lost, the server may have counted them all the same. */
  readonly dropped: number;
  /** The dropped ones by cause. */
  readonly droppedBecause: Readonly<Record<UsageDropReason, number>>;
  /** Calls in requests, each time that they were sent: more than `accepted` where requests were repeated. */
  readonly sent: number;
  /** Why the last attempt failed; undefined while it works. */
  readonly lastError: Error | undefined;
  /** How often a callback of yours has thrown. */
  readonly callbackFailures: number;
}

/** Before anything was recorded. */
export const untouched: UsageRecordStatus = {
  recorded: 0,
  queued: 0,
  accepted: 0,
  rejected: 0,
  dropped: 0,
  droppedBecause: { "queue-full": 0, "too-old": 0, closed: 0 },
  sent: 0,
  lastError: undefined,
  callbackFailures: 0,
};
