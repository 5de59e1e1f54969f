import { decode } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import { type Doc, toNumber } from "../bson/values.js";
import { fault } from "../errors.js";
import { afterPrefix } from "../storage/range-scan.js";
import type { Store } from "../storage/store.js";

/** A retryable write: the client's session and the number it has given to the write. */
export interface WriteId {
  readonly session: Buffer;
  readonly txnNumber: bigint;
}

/** What a statement of a write has done; kept to answer a retry. */
export type StatementResult = Doc;

interface Known {
  txnNumber: bigint;
  chunks: number;
}

const MAX_KNOWN = 10_000;
/** MongoDB's time-out of sessions. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * What retryable writes have done, stored in the same transaction as the write itself, so that a retry is answered from the record
 * and never applied twice, even when the server was killed between write and answer.
 */
export class WriteSessions {
  private readonly store: Store;
  private readonly clock: () => Date;
  private readonly known = new Map<string, Known>();

  constructor(store: Store, clock: () => Date) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * What the write has done already, by statement; empty when it is new.
   *
   * @throws code 225 when the session has begun a later write.
   */
  begin(id: WriteId): Map<number, StatementResult> {
    const done = new Map<number, StatementResult>();
    const known = this.known.get(id.session.toString("latin1")) ?? this.loadLatest(id);
    if (known === null || known.txnNumber < id.txnNumber) return done;
    if (known.txnNumber > id.txnNumber) {
      throw fault(
        225,
        `Retryable write with txnNumber ${id.txnNumber} is prohibited on session because a newer retryable write with txnNumber ${known.txnNumber} has already started on this session.`,
      );
    }
    for (const { value } of this.range(id.session)) {
      const record = decode(Buffer.from(value));
      if (BigInt(record["txn"] as bigint) !== id.txnNumber) continue;
      for (const entry of record["done"] as Doc[]) {
        const from = toNumber(entry["from"]);
        const to = toNumber(entry["to"]);
        for (let i = from; i <= to; i++) done.set(i, entry["result"] as Doc);
      }
    }
    return done;
  }

  /** Records what was done. Only within the transaction that does it. */
  record(id: WriteId, done: ReadonlyArray<{ from: number; to: number; result: StatementResult }>): void {
    const name = id.session.toString("latin1");
    let known = this.known.get(name);
    if (known === undefined || known.txnNumber !== id.txnNumber) {
      const old = Array.from(this.store.sessions.getKeys({ start: id.session, end: afterPrefix(id.session) }));
      for (const key of old) this.store.sessions.removeSync(key);
      known = { txnNumber: id.txnNumber, chunks: 0 };
    }
    const key = Buffer.alloc(id.session.length + 4);
    id.session.copy(key);
    key.writeUInt32BE(known.chunks, id.session.length);
    this.store.sessions.putSync(key, encodeAny({ txn: id.txnNumber, at: this.clock(), done }));
    this.remember(name, { txnNumber: id.txnNumber, chunks: known.chunks + 1 });
  }

  /** After a transaction that was rolled back, memory says more than the store. */
  forget(id: WriteId): void {
    this.known.delete(id.session.toString("latin1"));
  }

  /** Removes what is too old to be retried. @returns whether there may be more. */
  async removeExpired(limit: number): Promise<boolean> {
    const before = this.clock().getTime() - TIMEOUT_MS;
    const old: Buffer[] = [];
    let seen = 0;
    for (const { key, value } of this.store.sessions.getRange({ start: this.sweptTo, limit })) {
      seen += 1;
      this.sweptTo = Buffer.concat([key, Buffer.alloc(1)]);
      if ((decode(Buffer.from(value), atOnly)["at"] as Date).getTime() < before) old.push(Buffer.from(key));
    }
    if (old.length > 0) {
      await this.store.write(() => {
        for (const key of old) this.store.sessions.removeSync(key);
      });
      for (const key of old) this.known.delete(key.subarray(0, key.length - 4).toString("latin1"));
    }
    if (seen === limit) return true;
    this.sweptTo = Buffer.from([0]);
    return false;
  }

  private sweptTo = Buffer.from([0]);

  private loadLatest(id: WriteId): Known | null {
    const chunks = [...this.range(id.session)];
    const [first] = chunks;
    if (first === undefined) return null;
    const txnNumber = BigInt(decode(Buffer.from(first.value), txnOnly)["txn"] as bigint);
    const known = { txnNumber, chunks: chunks.length };
    this.remember(id.session.toString("latin1"), known);
    return known;
  }

  private range(session: Buffer): Iterable<{ key: Buffer; value: Buffer }> {
    return this.store.sessions.getRange({ start: session, end: afterPrefix(session) });
  }

  private remember(name: string, known: Known): void {
    this.known.delete(name);
    this.known.set(name, known);
    if (this.known.size > MAX_KNOWN) this.known.delete(this.known.keys().next().value as string);
  }
}

const atOnly: ReadonlySet<string> = new Set(["at"]);
const txnOnly: ReadonlySet<string> = new Set(["txn"]);
