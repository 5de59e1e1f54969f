import type { Clock } from "../../../platform/clock.js";
import type { Logger } from "../../../platform/logger.js";
import type { UsageRecording } from "../../usage/index.js";

/** How far behind counting may be before nobody can say that a key was not used, in milliseconds. */
const maxBehindMs = 60 * 60_000;
/** For how long an answer holds, in milliseconds: each tenant wants to know, and one that is away lets everybody wait. */
const askEveryMs = 60_000;
/** How often counting is waited for, two seconds each. */
const maxAsks = 3;

/**
 * Makes the function that tells whether it is known when keys were last used: that is counted, and nearly all of it is. A key whose uses
 * nobody counts, or that still wait on a disk, only looks idle.
 */
export function createIsUseKnown(deps: {
  clock: Clock;
  logger: Pick<Logger, "warn">;
  recordVerifications: boolean;
  recording: Pick<UsageRecording, "settle" | "completeUntil">;
}): () => Promise<boolean> {
  const { clock, logger, recordVerifications, recording } = deps;
  let last = { at: Number.NEGATIVE_INFINITY, isKnown: Promise.resolve(false) };

  async function ask(now: number): Promise<boolean> {
    try {
      let completeUntil = 0;
      for (let time = 0; time < maxAsks; time++) {
        await recording.settle();
        completeUntil = await recording.completeUntil();
        if (completeUntil >= now - maxBehindMs) return true;
      }
      logger.warn(
        { completeUntil: new Date(completeUntil) },
        "usage is not counted far enough to tell which keys are idle: nobody is reminded of them, and none is disabled",
      );
    } catch (err) {
      logger.warn(
        { err },
        "when keys were last used is not known: nobody is reminded of idle ones, and none is disabled",
      );
    }
    return false;
  }

  return async () => {
    if (!recordVerifications) return false;
    const now = clock.now();
    if (now - last.at >= askEveryMs) last = { at: now, isKnown: ask(now) };
    return last.isKnown;
  };
}
