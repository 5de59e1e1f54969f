import type { Pace } from "../commands/pace.js";
import { fault } from "../errors.js";

/** Gives the documents of a result one by one, encoded; null at the end. Async only where it has to wait. */
export interface ResultStream {
  next(): Promise<Buffer | null> | Buffer | null;
  /** Whether it is known without asking that nothing follows. */
  readonly finished?: boolean;
  /** Frees what it holds. */
  close?(): void;
}

/** A result that is being fetched in batches. */
export interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly stream: ResultStream;
  /** A document that did not fit into the last batch. */
  pending: Buffer | null;
  usedAt: number;
  /** The time of the command that has opened it, which counts while a batch is made. */
  readonly pace: Pace;
  readonly timesOut: boolean;
  busy: boolean;
}

/** MongoDB's time-out of cursors that nobody asks for. */
const TIMEOUT_MS = 10 * 60_000;

/** The open cursors. */
export class CursorStore {
  private readonly cursors = new Map<bigint, Cursor>();
  private readonly clock: () => Date;
  private readonly limit: number;
  private nextId: bigint;

  constructor(clock: () => Date, limit: number) {
    this.clock = clock;
    this.limit = limit;
    // Ids of an earlier run must not meet cursors of this one.
    this.nextId = BigInt(Date.now()) * 1_000_000n + BigInt(Math.floor(Math.random() * 1_000_000));
  }

  get size(): number {
    return this.cursors.size;
  }

  open(namespace: string, stream: ResultStream, pending: Buffer | null, pace: Pace, timesOut: boolean): Cursor {
    if (this.cursors.size >= this.limit) throw fault(2, `Too many open cursors: the limit is ${this.limit}`);
    const cursor = {
      id: this.nextId++,
      namespace,
      stream,
      pending,
      pace,
      usedAt: this.clock().getTime(),
      timesOut,
      busy: false,
    };
    this.cursors.set(cursor.id, cursor);
    return cursor;
  }

  /** @throws code 43 when there is none. */
  take(id: bigint, namespace: string): Cursor {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) throw fault(43, `cursor id ${id} not found`);
    if (cursor.namespace !== namespace) {
      throw fault(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    }
    if (cursor.busy) throw fault(12051, `cursor with id ${id} is in use`);
    cursor.usedAt = this.clock().getTime();
    return cursor;
  }

  close(id: bigint): boolean {
    const cursor = this.cursors.get(id);
    if (cursor === undefined) return false;
    this.cursors.delete(id);
    cursor.stream.close?.();
    return true;
  }

  /** Closes those on collections that are gone. */
  closeWhere(matches: (namespace: string) => boolean): void {
    for (const cursor of this.cursors.values()) if (matches(cursor.namespace)) this.close(cursor.id);
  }

  closeIdle(): void {
    const before = this.clock().getTime() - TIMEOUT_MS;
    for (const cursor of this.cursors.values()) {
      if (cursor.timesOut && !cursor.busy && cursor.usedAt < before) this.close(cursor.id);
    }
  }
}
