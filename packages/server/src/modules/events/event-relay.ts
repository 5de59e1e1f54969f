import type { Clock } from "../../platform/clock.js";
import type { Database } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { DomainEvent, PlacedEvent } from "./event.js";
import type { Events } from "./events.service.js";
import { findEndOfLog, readLog } from "./events.store.js";
import { EventRing } from "./lib/event-ring.js";
import { type Anchor, comparePositions } from "./lib/position.js";
import type { EventLog } from "./log/event-log.js";
import { createPoller } from "./poller.js";
import { ReaderCalls } from "./reader-calls.js";

/** How often it is looked at whether the log could be read, in milliseconds. Not by the reading itself, which may hang. */
const watchIntervalMs = 1_000;
/** How long a process may go without reading the log before it trusts nothing that it remembers, in milliseconds. */
export const maxStalenessMs = 30_000;
const batchSize = 1_000;
/** How many events are remembered for those who follow; about 500 bytes each. */
const defaultBufferSize = 10_000;

export type EventRelay = ReturnType<typeof createEventRelay>;

/**
 * Reads the event log, once for everybody in this process, after the place it has reached: at once after a write, here or
 * in another process, and again and again in case that a signal was lost. It tells the caches what other processes did, and
 * keeps the newest events, in their final order, for those who follow.
 *
 * When the log cannot be read for `maxStalenessMs`, everything remembered is forgotten and all who follow are turned away: no
 * process answers from a memory older than that.
 */
export function createEventRelay(deps: {
  database: Database;
  events: Events;
  log: EventLog;
  clock: Clock;
  logger: Logger;
  bufferSize?: number | undefined;
}) {
  const { database, events, log, clock, logger, bufferSize = defaultBufferSize } = deps;
  const isServed = database.kind === "postgresql";
  let ring = new EventRing<PlacedEvent>(bufferSize, { transactionId: 0n, sequence: 0n, id: "" });
  /** When the log was read to its end, by the clock. */
  let readAt = clock.now();
  /** The same by a clock that nobody can set, in milliseconds. */
  let readSince = performance.now();
  /** The same, but only when all that was committed has been handed on, too. */
  let completeAt = clock.now();
  /** The same by a clock that nobody can set, in milliseconds. */
  let completeSince = performance.now();
  let hasFailed = false;
  /** Nobody had a use for the ring, so it was left behind. */
  let isBehind = !isServed;
  /** The ring's next offset when those who follow were called last. */
  let calledAt = 0;
  let watch: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void)[] = [];
  const followers = new ReaderCalls();
  /** Events that were told before their place in the order was final, by their ids: a crash may give numbers once more. */
  let toldEarly: ReadonlySet<string> = new Set();

  const poller = createPoller({
    read: catchUp,
    failed(error) {
      hasFailed = true;
      logger.warn({ err: error }, "the event log could not be read; trying again");
    },
    // The embedded database has no other process whose changes one could miss.
    isNeeded: () => isServed || followers.size > 0,
  });

  /**
   * Takes all events after the place that was reached, and moves it as far as the order is final. Caches are told of events
   * beyond too, at once: a transaction that stays open, of whomever, must not hold up a revocation.
   *
   * @returns whether something is committed that has no final place yet.
   */
  async function catchUp(): Promise<boolean> {
    const [begunAt, begunSince] = [clock.now(), performance.now()];
    if (isBehind) ring.restart(await endOfLog());
    isBehind = false;
    let batch = await readAfterEnd();
    let isFinal = true;
    /** Those whose place is still not final. */
    const early = new Set<string>();
    for (;;) {
      for (const event of batch) {
        if (isServed && !toldEarly.has(event.id)) events.tell(toDomainEvent(event));
        // What a later batch calls final may stand after something that the one before could not see yet.
        isFinal &&= event.isFinal;
        if (isFinal) ring.append(event);
        else early.add(event.id);
      }
      callFollowers();
      const last = batch.at(-1);
      // One less, because the event at the place itself is left out.
      if (!last || batch.length < batchSize - 1 || poller.isStopped) break;
      batch = (await readLog(database.prisma, last, batchSize)).filter(({ id }) => id !== last.id);
    }
    toldEarly = early;
    hasFailed = false;
    [readAt, readSince] = [begunAt, begunSince];
    if (isFinal) [completeAt, completeSince] = [begunAt, begunSince];
    return !isFinal;
  }

  /**
   * After each batch, so that nobody who waits falls out of the ring because much came at once. But only when there is
   * something: to wake a thousand who then find nothing costs more than the reading.
   */
  function callFollowers(): void {
    if (ring.nextOffset === calledAt) return;
    calledAt = ring.nextOffset;
    followers.call();
  }

  /**
   * What follows the end of the ring. The event that stands there is read, too: when it is gone, so may be what was told
   * before it. PostgreSQL may have crashed and lost it, or another one taken over, without that any reading failed.
   */
  async function readAfterEnd(): Promise<PlacedEvent[]> {
    const { end } = ring;
    const batch = await readLog(database.prisma, end, batchSize);
    if (batch[0]?.id === end.id) return batch.slice(1);
    if (end.id === "") return batch;
    // Swept away, because it is old: nothing is lost.
    if (comparePositions(end, await log.floor()) <= 0) return batch;
    logger.warn({}, "the database went back to an earlier state; those who follow events read keys again");
    events.tellGap();
    ring.restart(await endOfLog());
    return readAfterEnd();
  }

  async function endOfLog(): Promise<Anchor> {
    return (await findEndOfLog(database.prisma)) ?? (await log.floor());
  }

  function isStale(): boolean {
    if (clock.now() - completeAt <= maxStalenessMs) return false;
    // A clock that was just moved says nothing: only one that was moved while the log could not be read.
    return hasFailed || poller.isHanging || performance.now() - completeSince > maxStalenessMs;
  }

  /**
   * Also while waiting for a database that is away: what was read in the meantime may be old again. Whichever clock says so: one stands still
   * while the machine is suspended, the other one may be put back.
   */
  function forgetWhenStale(): void {
    const isTooOld = clock.now() - readAt > maxStalenessMs || performance.now() - readSince > maxStalenessMs;
    if (isServed && isTooOld) events.tellGap();
    if (followers.size > 0 && isStale()) followers.call();
  }

  return {
    get ring(): EventRing<PlacedEvent> {
      return ring;
    },
    /** The ids of events that were committed when the log was last read, and whose place was not final yet. */
    get pending(): ReadonlySet<string> {
      return toldEarly;
    },
    /** Up to when all that was committed is in the ring, as `performance.now()` counts. */
    get completeSince(): number {
      return completeSince;
    },
    /** Whether the log could not be read for so long that nobody may rely on what they have. */
    get isStale(): boolean {
      return isStale();
    },
    get followers(): number {
      return followers.size;
    },

    /** Opens the log and begins to follow it. */
    async start(): Promise<void> {
      await log.open();
      ring = new EventRing(bufferSize, await endOfLog());
      readAt = completeAt = clock.now();
      readSince = completeSince = performance.now();
      watch = setInterval(forgetWhenStale, watchIntervalMs).unref();
      unsubscribe = [
        events.onWrite(() => {
          poller.wake();
          database.signals.send();
        }),
        database.signals.listen(() => poller.wake()),
      ];
      poller.start();
    },

    /** Registers somebody who follows until the returned function is called; `catchUp` comes next. */
    follow(): () => void {
      isBehind ||= !isServed && followers.size === 0;
      return followers.add();
    },

    /** Resolves when the log was read, in a reading that began after this call. @throws when it cannot be read. */
    async catchUp(): Promise<void> {
      await poller.readNow();
    },

    /** Resolves when there is something new in the ring or the relay is stale, or the signal aborts. */
    nextReading(signal: AbortSignal): Promise<void> {
      return followers.nextCall(signal);
    },

    async stop(): Promise<void> {
      for (const each of unsubscribe) each();
      clearInterval(watch);
      await poller.stop();
    },
  };
}

function toDomainEvent(event: PlacedEvent): DomainEvent {
  return {
    type: event.type,
    tenantId: event.tenantId,
    ...(event.keyId === null ? {} : { keyId: event.keyId }),
    ...(event.userId === null ? {} : { userId: event.userId }),
    ...(event.tokenId === null ? {} : { tokenId: event.tokenId }),
    ...(event.subjectId === null ? {} : { subjectId: event.subjectId }),
    ...(event.sessionId === null ? {} : { sessionId: event.sessionId }),
    ...(event.roleId === null ? {} : { roleId: event.roleId }),
    teamIds: event.teamIds,
  };
}
