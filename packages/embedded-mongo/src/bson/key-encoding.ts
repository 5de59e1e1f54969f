import { type Binary, type Code, Decimal128, type ObjectId, type Timestamp } from "bson";
import { fault } from "../errors.js";
import { partsOfRegex } from "./compare.js";
import { isExactlyNumber } from "./decimals.js";
import { type Doc, TypeClass, toNumber, typeClass, type Value } from "./values.js";

/** What an index holds for an empty array, as in MongoDB: sorts before null. */
export const EMPTY_ARRAY = Symbol("empty array");

/**
 * Writes values as bytes whose order is MongoDB's order of the values, so that lmdb can keep an index sorted without knowing types.
 * No encoded value is a prefix of another one: encodings may be concatenated, and inverted for descending fields.
 */
export class KeyWriter {
  private buffer = Buffer.allocUnsafe(4096);
  length = 0;

  reset(): this {
    this.length = 0;
    return this;
  }

  /** A copy of what was written. */
  bytes(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  uint32(value: number): this {
    this.ensure(4);
    this.length = this.buffer.writeUInt32BE(value, this.length);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.ensure(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  value(value: Value, descending = false): this {
    const start = this.length;
    this.write(value);
    if (descending) for (let i = start; i < this.length; i++) this.buffer[i] = ~(this.buffer[i] as number) & 0xff;
    return this;
  }

  byte(value: number): this {
    this.ensure(1);
    this.buffer[this.length++] = value;
    return this;
  }

  private write(value: Value): void {
    if (value === EMPTY_ARRAY) {
      this.byte(TypeClass.undefined);
      return;
    }
    const type = typeClass(value);
    this.byte(type);
    switch (type) {
      case TypeClass.number:
        return this.number(value);
      case TypeClass.string:
        return this.text(String(value));
      case TypeClass.object:
        return this.document(value as Doc);
      case TypeClass.array:
        for (const element of value as Value[]) this.write(element);
        this.byte(0);
        return;
      case TypeClass.binary: {
        const bytes = (value as Binary).value();
        this.uint32(bytes.length)
          .byte((value as Binary).sub_type)
          .raw(bytes);
        return;
      }
      case TypeClass.objectId:
        this.raw((value as ObjectId).id);
        return;
      case TypeClass.boolean:
        this.byte(value === true ? 1 : 0);
        return;
      case TypeClass.date:
        this.int64(BigInt((value as Date).getTime()));
        return;
      case TypeClass.timestamp:
        this.ensure(8);
        this.length = this.buffer.writeBigUInt64BE(BigInt.asUintN(64, (value as Timestamp).toBigInt()), this.length);
        return;
      case TypeClass.regex: {
        const [pattern, flags] = partsOfRegex(value);
        this.text(pattern);
        this.text(flags);
        return;
      }
      case TypeClass.code:
        this.text((value as Code).code);
        return;
      default:
        return;
    }
  }

  /** Class, name and value of each field, in MongoDB's order of comparison. */
  private document(doc: Doc): void {
    for (const name of Object.keys(doc)) {
      this.byte(typeClass(doc[name]));
      this.text(name);
      this.write(doc[name]);
    }
    this.byte(0);
  }

  private number(value: Value): void {
    if (value instanceof Decimal128 && !isExactlyNumber(value)) {
      throw fault(
        67,
        `embedded-mongo cannot index the Decimal128 ${value.toString()}: no double has exactly this value`,
      );
    }
    const double = toNumber(value) + 0; // adding zero turns -0 into 0
    this.ensure(10);
    const at = this.length;
    if (Number.isNaN(double)) this.buffer.fill(0, at, at + 8);
    else {
      this.buffer.writeDoubleBE(double, at);
      const first = this.buffer[at] as number;
      if (first >= 0x80) for (let i = at; i < at + 8; i++) this.buffer[i] = ~(this.buffer[i] as number) & 0xff;
      else this.buffer[at] = first | 0x80;
    }
    this.length = at + 8;
    // Beyond 2^53 several int64 share a double; what the rounding took goes behind it.
    if (Math.abs(double) >= 2 ** 53) {
      const residue = typeof value === "bigint" ? Number(value - BigInt(double)) : 0;
      this.length = this.buffer.writeUInt16BE(0x8000 + residue, this.length);
    }
  }

  private int64(value: bigint): void {
    this.ensure(8);
    this.length = this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), this.length);
  }

  /** UTF-8 with zero bytes escaped as 00 FF and 00 01 at the end: shorter texts come first, and no text is another's prefix. */
  private text(text: string): void {
    this.ensure(text.length * 3 + 2);
    if (text.includes("\0")) {
      for (const byte of Buffer.from(text, "utf8")) {
        this.byte(byte);
        if (byte === 0) this.byte(0xff);
      }
    } else this.length += this.buffer.write(text, this.length, "utf8");
    this.byte(0);
    this.byte(1);
  }

  private ensure(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
