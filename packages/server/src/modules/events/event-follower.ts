import type { Clock } from "../../platform/clock.js";
import type { Database } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { DomainEvent } from "./event.js";
import type { Events } from "./events.service.js";
import { type Position, readEndOfLog, readEventsAfter, type StoredEvent } from "./events.store.js";

/** How often the log is read for what other processes did, in milliseconds. */
const pollIntervalMs = 250;
/** How often it is looked at whether the log could be read, in milliseconds. Not by the reading itself, which may hang. */
const watchIntervalMs = 1_000;
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
  let watch: NodeJS.Timeout | undefined;
  /** The sequences of events that were told before their place in the order was final. */
  const toldEarly = new Set<bigint>();
  let running: Promise<void> = Promise.resolve();

  async function poll(): Promise<void> {
    try {
      const begunAt = clock.now();
      await catchUp();
      caughtUpAt = begunAt;
    } catch (error) {
      logger.warn({ err: error }, "the event log could not be read; trying again");
    }
    if (!stopped) schedule();
  }

  /** Also while waiting for a database that is away: what was read in the meantime may be old again. */
  function forgetWhenStale(): void {
    if (clock.now() - caughtUpAt > maxStalenessMs) events.tellGap();
  }

  /**
   * Tells all events after the position, and moves it as far as the order is final. Events beyond are told too, at once: a
   * transaction that stays open, of whomever, must not hold up a revocation.
   */
  async function catchUp(): Promise<void> {
    let place = position;
    let isFinal = true;
    for (;;) {
      const batch = await readEventsAfter(database.prisma, place, batchSize);
      for (const event of batch) {
        if (!toldEarly.has(event.sequence)) events.tell(toDomainEvent(event));
        place = { transactionId: event.transactionId, sequence: event.sequence };
        // What a later batch calls final may stand after something that the one before could not see yet.
        isFinal &&= event.isFinal;
        if (isFinal) {
          position = place;
          toldEarly.delete(event.sequence);
        } else toldEarly.add(event.sequence);
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
      caughtUpAt = clock.now();
      watch = setInterval(forgetWhenStale, watchIntervalMs).unref();
      schedule();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(watch);
      await running;
    },
  };
}

function toDomainEvent(event: StoredEvent): DomainEvent {
  return {
    type: event.type,
    tenantId: event.tenantId,
    ...(event.keyId === null ? {} : { keyId: event.keyId }),
    ...(event.userId === null ? {} : { userId: event.userId }),
    ...(event.tokenId === null ? {} : { tokenId: event.tokenId }),
  };
}
