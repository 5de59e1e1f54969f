import { createId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, Transaction } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { DomainEvent, StoredEvent } from "./event.js";
import { insertEvent, insertEvents } from "./events.store.js";

/** How many events one statement keeps. */
const insertedAtOnce = 1_000;

/** Hears of every change that this process or another one has committed. Called at least once for each. */
export interface EventListener {
  /** Forget what you know of the things that this event names. Must not throw and must not wait. */
  onEvent(event: DomainEvent): void;
  /** Events may have been missed: forget everything. */
  onGap(): void;
}

/** Keeps messages about events in the transaction that keeps the events themselves. Gets all that are appended at once. */
export type EventOutbox = (tx: Transaction, events: readonly StoredEvent[]) => Promise<void>;

export type Events = ReturnType<typeof createEvents>;

/**
 * Transactions that carry events. Every write of the server runs in one: the change, its audit record and its events
 * are kept together or not at all, and when it ends, those who remember anything are told before the caller is answered.
 */
export function createEvents(deps: { database: Database; clock: Clock; logger: Logger; outbox?: EventOutbox }) {
  const { database, clock, logger, outbox } = deps;
  const listeners = new Set<EventListener>();
  const writeListeners = new Set<() => void>();
  const pending = new WeakMap<Transaction, DomainEvent[]>();

  function tell(event: DomainEvent): void {
    for (const listener of listeners) {
      try {
        listener.onEvent(event);
      } catch (error) {
        // One listener's fault must not keep a revocation from the others.
        logger.error({ err: error, event: event.type }, "a listener failed on an event");
      }
    }
  }

  function stored(event: DomainEvent): StoredEvent {
    return {
      id: createId("Event"),
      type: event.type,
      tenantId: event.tenantId,
      keyId: event.keyId ?? null,
      userId: event.userId ?? null,
      formerUserId: event.formerUserId ?? null,
      tokenId: event.tokenId ?? null,
      subjectId: event.subjectId ?? null,
      sessionId: event.sessionId ?? null,
      roleId: event.roleId ?? null,
      teamIds: event.teamIds ?? [],
      reason: event.reason ?? null,
      occurredAt: new Date(clock.now()),
    };
  }

  /** It is told when the transaction has ended. */
  function promise(tx: Transaction, event: DomainEvent): void {
    const waiting = pending.get(tx);
    if (!waiting) throw new Error("events.append needs a transaction of events.transaction");
    waiting.push(event);
  }

  return {
    subscribe(listener: EventListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** Called after each transaction with events, when it has ended and its events were told. Must not throw. */
    onWrite(listener: () => void): () => void {
      writeListeners.add(listener);
      return () => writeListeners.delete(listener);
    },

    /** Tells an event that another process committed. */
    tell,

    /** Tells everyone that events may have been missed. */
    tellGap(): void {
      for (const listener of listeners) listener.onGap();
    },

    /** Keeps an event in the transaction of its change. */
    async append(tx: Transaction, event: DomainEvent): Promise<void> {
      promise(tx, event);
      const row = stored(event);
      await insertEvent(tx, row);
      await outbox?.(tx, [row]);
    },

    /** Keeps many events in the transaction of their change. */
    async appendAll(tx: Transaction, all: readonly DomainEvent[]): Promise<void> {
      for (const event of all) promise(tx, event);
      const rows = all.map(stored);
      for (let from = 0; from < rows.length; from += insertedAtOnce) {
        await insertEvents(tx, rows.slice(from, from + insertedAtOnce));
      }
      await outbox?.(tx, rows);
    },

    /**
     * Runs one write. Its events are told when it has ended, also when it failed: a commit whose answer was lost may
     * have happened all the same, and forgetting too much costs one read, forgetting too little a revoked key that works.
     */
    async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
      const events: DomainEvent[] = [];
      try {
        return await database.transaction((tx) => {
          pending.set(tx, events);
          return work(tx);
        });
      } finally {
        for (const event of events) tell(event);
        if (events.length > 0) for (const listener of writeListeners) listener();
      }
    },
  };
}
