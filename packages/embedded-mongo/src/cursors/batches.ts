import { Double } from "bson";
import { encodeAny } from "../bson/encode.js";
import type { Call } from "../commands/context.js";
import type { Pace } from "../commands/pace.js";
import type { Cursor, ResultStream } from "./cursor-store.js";

/** A batch is full when it has this many bytes; one document always fits. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** How a result is to be handed out. */
export interface BatchOptions {
  readonly batchSize: number;
  readonly singleBatch?: boolean;
  readonly timesOut?: boolean;
}

/** Answers a command with the first batch of a result; a cursor stays open for the rest. */
export async function firstBatch(
  call: Call,
  namespace: string,
  stream: ResultStream,
  options: BatchOptions,
): Promise<Buffer> {
  const batch = new Batch();
  try {
    const state = await fill(call.pace, batch, stream, null, options.batchSize);
    if (state.done || options.singleBatch === true) {
      stream.close?.();
      return batch.reply("firstBatch", 0n, namespace);
    }
    const cursor = call.server.cursors.open(namespace, stream, state.pending, call.pace, options.timesOut ?? true);
    call.pace.suspend();
    return batch.reply("firstBatch", cursor.id, namespace);
  } catch (error) {
    stream.close?.();
    throw error;
  }
}

/** Answers `getMore`. */
export async function nextBatch(call: Call, cursor: Cursor, batchSize: number): Promise<Buffer> {
  const batch = new Batch();
  cursor.busy = true;
  cursor.pace.resume(call.pace);
  try {
    const state = await fill(cursor.pace, batch, cursor.stream, cursor.pending, batchSize);
    cursor.pending = state.pending;
    if (state.done) call.server.cursors.close(cursor.id);
    return batch.reply("nextBatch", state.done ? 0n : cursor.id, cursor.namespace);
  } catch (error) {
    call.server.cursors.close(cursor.id);
    throw error;
  } finally {
    cursor.pace.suspend();
    cursor.busy = false;
  }
}

async function fill(
  pace: Pace,
  batch: Batch,
  stream: ResultStream,
  pending: Buffer | null,
  batchSize: number,
): Promise<{ done: boolean; pending: Buffer | null }> {
  let document = pending;
  while (batch.count < batchSize) {
    if (document === null) {
      const next = stream.next();
      document = next instanceof Promise ? await next : next;
      if (document === null) return { done: true, pending: null };
    }
    if (batch.count > 0 && batch.bytes + document.length > MAX_BATCH_BYTES) return { done: false, pending: document };
    batch.add(document);
    document = null;
    if (pace.tired) await pace.rest();
  }
  return { done: document === null && stream.finished === true, pending: document };
}

/** Puts encoded documents into an answer without decoding them. */
class Batch {
  private readonly parts: Buffer[] = [];
  count = 0;
  bytes = 0;

  add(document: Buffer): void {
    const name = Buffer.from(`\x03${this.count}\0`, "latin1");
    this.parts.push(name, document);
    this.bytes += name.length + document.length;
    this.count += 1;
  }

  reply(field: string, id: bigint, namespace: string): Buffer {
    const size = this.bytes + 5;
    const array = Buffer.allocUnsafe(4);
    array.writeInt32LE(size, 0);
    const before = encodeAny({ id, ns: namespace });
    const fields = before.subarray(4, before.length - 1);
    const name = Buffer.from(`\x04${field}\0`, "latin1");
    const cursorSize = 4 + fields.length + name.length + size + 1;
    const cursor = Buffer.allocUnsafe(4);
    cursor.writeInt32LE(cursorSize, 0);
    const cursorName = Buffer.from("\x03cursor\0", "latin1");
    const tail = encodeAny({ ok: new Double(1) });
    const okField = tail.subarray(4, tail.length - 1);
    const head = Buffer.allocUnsafe(4);
    head.writeInt32LE(4 + cursorName.length + cursorSize + okField.length + 1, 0);
    return Buffer.concat([head, cursorName, cursor, fields, name, array, ...this.parts, zero, zero, okField, zero]);
  }
}

const zero = Buffer.alloc(1);
