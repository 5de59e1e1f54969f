import type { VerdictCode } from "@keyplane/schema";
import { textOfFieldName } from "../storage/field-names.js";
import { Cells, type Contribution, latencyKey } from "./contribution.js";

/** Which bucket of the report each slot of a read belongs to; -1: none. */
export interface SlotBuckets {
  /** When slot 0 begins, epoch milliseconds. */
  readonly from: number;
  readonly slotMs: number;
  readonly buckets: Int32Array;
}

/** Types of BSON elements, see https://bsonspec.org/spec.html. */
const bson = {
  double: 1,
  string: 2,
  document: 3,
  array: 4,
  boolean: 8,
  date: 9,
  null: 10,
  int32: 16,
  int64: 18,
} as const;

/**
 * Reads a row of counts out of its BSON, straight into a contribution. A month of a thousand keys is some ten million numbers:
 * making an object of each row, with a property for each slot, takes several times as long as this.
 */
export class RowDecoder {
  readonly #into: Contribution;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(into: Contribution) {
    this.#into = into;
  }

  /** Fills the contribution with the row's dimensions, as far as they were read, and with its numbers within the window. */
  decode(row: Uint8Array, slots: SlotBuckets): void {
    this.#bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    this.#into.clear();
    // Fields come in any order, and the numbers make sense only when the start is known.
    const numbers = { count: 0, cost: 0, latency: 0, meters: 0 };
    let first = 0;
    this.#eachElement(0, (type, name) => {
      if (name === "start") first = (this.#number(type) - slots.from) / slots.slotMs;
      else if (name in numbers) numbers[name as keyof typeof numbers] = this.#at;
      else this.#dimension(type, name);
    });
    const into = this.#into;
    if (numbers.count) this.#slots(numbers.count, into.count, slots.buckets, first);
    if (numbers.cost) this.#slots(numbers.cost, into.cost, slots.buckets, first);
    if (numbers.latency) this.#latencies(numbers.latency, slots.buckets, first);
    if (numbers.meters) this.#meters(numbers.meters, slots.buckets, first);
  }

  #dimension(type: number, name: string): void {
    const into = this.#into;
    if (name === "keyId") into.keyId = this.#string();
    else if (name === "userId") into.userId = this.#string();
    else if (name === "api") into.api = this.#string();
    else if (name === "code") into.code = this.#string() as VerdictCode;
    else if (name === "tags" && type === bson.array) into.tags = this.#strings();
  }

  /** Adds the numbers of `{ "<slot>": <number> }` to the buckets of their slots. */
  #slots(document: number, into: Cells, buckets: Int32Array, first: number): void {
    const bytes = this.#bytes;
    let at = document + 4;
    for (let type = bytes[at] as number; type !== 0; type = bytes[at] as number) {
      const bucket = buckets[first + this.#slotName(at + 1)];
      if (bucket !== undefined && bucket >= 0) into.add(bucket, this.#number(type));
      at = this.#at + this.#size(type);
    }
  }

  /** Adds the counts of `{ "<slot>": { "<index>": <count> } }`. */
  #latencies(document: number, buckets: Int32Array, first: number): void {
    const bytes = this.#bytes;
    const counts = new Cells();
    let at = document + 4;
    for (let type = bytes[at] as number; type !== 0; type = bytes[at] as number) {
      const bucket = buckets[first + this.#slotName(at + 1)];
      const histogram = this.#at;
      at = histogram + this.#size(type);
      if (bucket === undefined || bucket < 0) continue;
      counts.length = 0;
      this.#slots(histogram, counts, allIndexes, 0);
      for (let cell = 0; cell < counts.length; cell += 1) {
        this.#into.latency.add(latencyKey(bucket, counts.keys[cell] as number), counts.values[cell] as number);
      }
    }
  }

  /** Reads a name of digits as it stands, and goes on to its value: a text for each would cost more than all the rest. */
  #slotName(begin: number): number {
    const bytes = this.#bytes;
    let slot = 0;
    let at = begin;
    for (let digit = bytes[at] as number; digit !== 0; digit = bytes[at] as number) {
      slot = slot * 10 + digit - 48;
      at += 1;
    }
    this.#at = at + 1;
    return slot;
  }

  #meters(document: number, buckets: Int32Array, first: number): void {
    this.#eachElement(document, (_, name) => {
      const cells = new Cells();
      this.#slots(this.#at, cells, buckets, first);
      if (cells.length > 0) this.#into.meters.set(textOfFieldName(name), cells);
    });
  }

  /** Calls back with `#at` on the value of each element of the document that begins at `document`. */
  #eachElement(document: number, read: (type: number, name: string) => void): void {
    const bytes = this.#bytes;
    let at = document + 4;
    for (let type = bytes[at] as number; type !== 0; type = bytes[at] as number) {
      const end = bytes.indexOf(0, at + 1);
      const name = bytes.toString("utf8", at + 1, end);
      this.#at = end + 1;
      at = this.#at + this.#size(type);
      read(type, name);
    }
  }

  #number(type: number): number {
    switch (type) {
      case bson.int32:
        return this.#bytes.readInt32LE(this.#at);
      case bson.double:
        return this.#bytes.readDoubleLE(this.#at);
      case bson.int64:
      case bson.date:
        return Number(this.#bytes.readBigInt64LE(this.#at));
      default:
        throw new Error(`A row of counts has a value of BSON type ${type} where a number is expected`);
    }
  }

  #string(): string {
    return this.#bytes.toString("utf8", this.#at + 4, this.#at + 3 + this.#bytes.readInt32LE(this.#at));
  }

  #strings(): string[] {
    const strings: string[] = [];
    this.#eachElement(this.#at, () => strings.push(this.#string()));
    return strings;
  }

  /** How many bytes the value at `#at` has. */
  #size(type: number): number {
    switch (type) {
      case bson.double:
      case bson.date:
      case bson.int64:
        return 8;
      case bson.int32:
        return 4;
      case bson.string:
        return 4 + this.#bytes.readInt32LE(this.#at);
      case bson.document:
      case bson.array:
        return this.#bytes.readInt32LE(this.#at);
      case bson.boolean:
        return 1;
      case bson.null:
        return 0;
      default:
        throw new Error(`A row of counts has a value of the unexpected BSON type ${type}`);
    }
  }
}

/** As buckets: every index of the latency histogram is one of its own. */
const allIndexes = Int32Array.from({ length: 2_048 }, (_, index) => index);
