import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from "bson";
import { fault } from "../errors.js";
import { type Doc, setField, type Value } from "./values.js";

/** MongoDB's limit on the depth of documents and arrays within each other. */
export const MAX_DEPTH = 100;
// A message's own documents may be as deep as a stored one and its command around it.
const DECODE_DEPTH = MAX_DEPTH + 20;

/**
 * Decodes a BSON document, keeping the types of numbers (see `Value`).
 *
 * Decision: our own reader instead of the one of `bson`, which either loses the type of numbers or makes an object for each,
 * reads all fields where a filter or an index needs two, and turns documents with `$ref` into something else.
 *
 * @param only names of the top-level fields that are needed; the others are skipped without being read.
 * @throws when the bytes are no BSON document.
 */
export function decode(bytes: Buffer, only?: ReadonlySet<string>): Doc {
  return new Decoder(bytes).root(only);
}

/** As `decode`, with numbers as mingo knows them: see `plain`. */
export function decodePlain(bytes: Buffer, only?: ReadonlySet<string>): Doc {
  return new Decoder(bytes, true).root(only);
}

/** The least that a document takes which is too deep: type, name, length and end of each level. */
const LEAST_DEEP_BYTES = MAX_DEPTH * 7;

/** @throws code 15 when documents and arrays lie deeper within each other than MongoDB allows. Reads nothing else. */
export function checkDepth(bytes: Buffer): void {
  if (bytes.length >= LEAST_DEEP_BYTES) new Decoder(bytes).walk(MAX_DEPTH);
}

class Decoder {
  private at = 0;
  private depth = 0;
  private readonly bytes: Buffer;

  private readonly plain: boolean;

  constructor(bytes: Buffer, plain = false) {
    this.bytes = bytes;
    this.plain = plain;
  }

  root(only: ReadonlySet<string> | undefined): Doc {
    const end = this.open();
    if (end !== this.bytes.length) throw invalid("its length does not fit");
    const doc: Doc = {};
    let missing = only?.size ?? -1;
    while (missing !== 0) {
      const type = this.uint8();
      if (type === 0) break;
      const name = this.cstring();
      if (only !== undefined && !only.has(name)) this.skip(type);
      else {
        setField(doc, name, this.value(type));
        missing -= 1;
      }
    }
    if (missing !== 0 && this.at !== end) throw invalid("it ends too early");
    return doc;
  }

  walk(left: number): void {
    if (left === 0) throw tooDeep();
    this.move(4);
    for (let type = this.uint8(); type !== 0; type = this.uint8()) {
      this.skipCstring();
      if (type === 0x03 || type === 0x04) this.walk(left - 1);
      else this.skip(type);
    }
  }

  private open(): number {
    const start = this.at;
    const size = this.int32();
    const end = start + size;
    if (size < 5 || end > this.bytes.length || this.bytes[end - 1] !== 0) throw invalid("a length does not fit");
    if (++this.depth > DECODE_DEPTH) throw tooDeep();
    return end;
  }

  private document(): Doc {
    const end = this.open();
    const doc: Doc = {};
    for (let type = this.uint8(); type !== 0; type = this.uint8()) setField(doc, this.cstring(), this.value(type));
    if (this.at !== end) throw invalid("a document ends too early");
    this.depth -= 1;
    return doc;
  }

  private array(): Value[] {
    const end = this.open();
    const array: Value[] = [];
    for (let type = this.uint8(); type !== 0; type = this.uint8()) {
      this.skipCstring();
      array.push(this.value(type));
    }
    if (this.at !== end) throw invalid("an array ends too early");
    this.depth -= 1;
    return array;
  }

  private value(type: number): Value {
    switch (type) {
      case 0x01: {
        const double = this.bytes.readDoubleLE(this.move(8));
        return !this.plain && isInt32(double) ? new Double(double) : double;
      }
      case 0x02:
        return this.string();
      case 0x03:
        return this.document();
      case 0x04:
        return this.array();
      case 0x05:
        return this.binary();
      case 0x06:
        return undefined;
      case 0x07:
        return new ObjectId(this.take(12));
      case 0x08:
        return this.uint8() === 1;
      case 0x09:
        return new Date(this.millis());
      case 0x0a:
        return null;
      case 0x0b:
        return new BSONRegExp(this.cstring(), this.cstring());
      case 0x0c:
        return new DBRef(this.string(), new ObjectId(this.take(12)));
      case 0x0d:
        return new Code(this.string());
      case 0x0e:
        return new BSONSymbol(this.string());
      case 0x0f:
        this.int32();
        return new Code(this.string(), this.document());
      case 0x10:
        return this.int32();
      case 0x11: {
        const low = this.int32();
        return new Timestamp(new Long(low, this.int32(), true));
      }
      case 0x12:
        return this.long();
      case 0x13:
        return new Decimal128(this.take(16));
      case 0x7f:
        return new MaxKey();
      case 0xff:
        return new MinKey();
      default:
        throw invalid(`there is no type ${type}`);
    }
  }

  private skip(type: number): void {
    switch (type) {
      case 0x01:
      case 0x09:
      case 0x11:
      case 0x12:
        this.move(8);
        return;
      case 0x02:
      case 0x0d:
      case 0x0e:
        this.move(this.int32());
        return;
      case 0x03:
      case 0x04:
      case 0x0f:
        this.move(this.int32() - 4);
        return;
      case 0x05:
        this.move(this.int32() + 1);
        return;
      case 0x08:
        this.move(1);
        return;
      case 0x10:
        this.move(4);
        return;
      default:
        this.value(type);
    }
  }

  private long(): number | bigint {
    const long = this.bytes.readBigInt64LE(this.move(8));
    if (!this.plain) return long;
    const number = Number(long);
    return Number.isSafeInteger(number) ? number : long;
  }

  private binary(): Binary {
    const length = this.int32();
    const subType = this.uint8();
    return new Binary(this.take(length), subType);
  }

  private millis(): number {
    const low = this.bytes.readUInt32LE(this.move(4));
    return this.int32() * 0x1_0000_0000 + low;
  }

  private string(): string {
    const length = this.int32();
    const start = this.move(length);
    if (length < 1 || this.bytes[start + length - 1] !== 0) throw invalid("a string's length does not fit");
    return this.text(start, start + length - 1);
  }

  private cstring(): string {
    const start = this.at;
    this.skipCstring();
    return this.text(start, this.at - 1);
  }

  /** Short ASCII texts, which names mostly are, are read faster here than by a call into the runtime. */
  private text(start: number, end: number): string {
    if (end - start > 20) return this.bytes.toString("utf8", start, end);
    let text = "";
    for (let i = start; i < end; i++) {
      const byte = this.bytes[i] as number;
      if (byte > 127) return this.bytes.toString("utf8", start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private skipCstring(): void {
    while (this.at < this.bytes.length) if (this.bytes[this.at++] === 0) return;
    throw invalid("a name does not end");
  }

  private take(length: number): Buffer {
    const start = this.move(length);
    return Buffer.from(this.bytes.subarray(start, start + length));
  }

  private uint8(): number {
    return this.bytes[this.move(1)] as number;
  }

  private int32(): number {
    return this.bytes.readInt32LE(this.move(4));
  }

  /** Goes on by so many bytes; answers where they start. */
  private move(length: number): number {
    const start = this.at;
    if (length < 0 || start + length > this.bytes.length) throw invalid("a length does not fit");
    this.at = start + length;
    return start;
  }
}

/** MongoDB's refusal of a document that is nested too deeply. */
export function tooDeep(): Error {
  return fault(15, `Document exceeds maximum nested object depth: ${MAX_DEPTH}`);
}

function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

function invalid(why: string): Error {
  return fault(22, `Invalid BSON: ${why}`);
}
