import type { Clock } from "../../platform/clock.js";
import type { Database } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { Events } from "./events.service.js";
import { type Position, readEndOfLog, readEventsAfter } from "./events.store.js";

/** How often the log is read for what other processes did, in milliseconds. */
const pollIntervalMs = 250;
/** How long a process may go without reading the log before it trusts nothing that it remembers, in milliseconds. */
export const maxStalenessMs = 30_000;
const batchSize = 1_000;

/** Follows the changes that other server processes on the same database commit. */
export interface EventFollower {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Reads the event log after the place it has reached, again and again, and tells what it finds. When the log cannot be
 * read for `maxStalenessMs`, everything remembered is forgotten, so that verification asks the store or fails: no
 * process answers from a memory older than that. The embedded database has one process only and needs no follower.
 */
export function createEventFollower(deps: {
  database: Database;
  events: Events;
  clock: Clock;
  logger: Logger;
}): EventFollower {
  const { database, events, clock, logger } = deps;
  let position: Position;
  let caughtUpAt = clock.now();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function poll(): Promise<void> {
    try {
      await catchUp();
      caughtUpAt = clock.now();
    } catch (error) {
      logger.warn({ err: error }, "the event log could not be read; trying again");
    }
    // Also while waiting for a database that is away: what was read in the meantime may be old again.
    if (clock.now() - caughtUpAt > maxStalenessMs) events.tellGap();
    if (!stopped) schedule();
  }

  async function catchUp(): Promise<void> {
    for (;;) {
      const batch = await readEventsAfter(database.prisma, position, batchSize);
      for (const event of batch) {
        events.tell({
          type: event.type,
          tenantId: event.tenantId,
          ...(event.keyId === null ? {} : { keyId: event.keyId }),
          ...(event.userId === null ? {} : { userId: event.userId }),
          ...(event.tokenId === null ? {} : { tokenId: event.tokenId }),
        });
        position = { transactionId: event.transactionId, sequence: event.sequence };
      }
      if (batch.length < batchSize || stopped) return;
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = poll();
    }, pollIntervalMs);
    timer.unref();
  }

  return {
    async start() {
      position = await readEndOfLog(database.prisma);
      schedule();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
