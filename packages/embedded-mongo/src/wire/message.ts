import { decode } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import type { Doc } from "../bson/values.js";
import { fault, MongoServerFault } from "../errors.js";

/** The largest message, as in MongoDB. */
export const MAX_MESSAGE_BYTES = 48_000_000;
export const HEADER_BYTES = 16;
export const OP_MSG = 2013;
export const OP_QUERY = 2004;
const OP_REPLY = 1;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const OVERFLOW = 15;

/** A request, whichever way it came. */
export interface Request {
  readonly id: number;
  readonly body: Doc;
  /** Documents that came beside the command, undecoded, by the name of the command's field. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** The client wants no answer. */
  readonly silent: boolean;
  readonly legacy: boolean;
  /** Why a body that is well-formed cannot be read: answered, where one that is malformed ends the connection. */
  readonly refused?: MongoServerFault;
}

/** Reads a whole message. @throws when it is malformed; then the connection cannot go on. */
export function readMessage(message: Buffer): Request {
  const opcode = message.readInt32LE(12);
  const id = message.readInt32LE(4);
  if (opcode === OP_MSG) return readOpMsg(message, id);
  if (opcode === OP_QUERY) return readOpQuery(message, id);
  throw fault(17, `Unsupported OP_CODE ${opcode}`);
}

function readOpMsg(message: Buffer, id: number): Request {
  const flags = message.readUInt32LE(HEADER_BYTES);
  if ((flags & 0xffff & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0) throw fault(17, `Unknown required flags: ${flags}`);
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  const sequences = new Map<string, Buffer[]>();
  let body: Doc | null = null;
  let at = HEADER_BYTES + 4;
  while (at < end) {
    const kind = message[at++];
    const size = message.readInt32LE(at);
    const next = at + size;
    if (size < 5 || next > end) throw fault(17, "A section of the message does not fit");
    if (kind === 0) {
      if (body !== null) throw fault(17, "A message has one body");
      try {
        body = decode(message.subarray(at, next));
      } catch (error) {
        if (!(error instanceof MongoServerFault) || error.code !== OVERFLOW) throw error;
        return { id, body: {}, sequences, silent: (flags & MORE_TO_COME) !== 0, legacy: false, refused: error };
      }
    } else if (kind === 1) {
      const [name, documents] = readSequence(message, at + 4, next);
      if (sequences.has(name)) throw fault(17, `Duplicate document sequence: ${name}`);
      sequences.set(name, documents);
    } else throw fault(17, `Unknown section kind ${kind}`);
    at = next;
  }
  if (body === null) throw fault(17, "A message needs a body");
  return { id, body, sequences, silent: (flags & MORE_TO_COME) !== 0, legacy: false };
}

function readSequence(message: Buffer, start: number, end: number): [string, Buffer[]] {
  const zero = message.indexOf(0, start);
  if (zero < 0 || zero >= end) throw fault(17, "The name of a document sequence does not end");
  const documents: Buffer[] = [];
  for (let at = zero + 1; at < end; ) {
    const size = at + 4 <= end ? message.readInt32LE(at) : 0;
    if (size < 5 || at + size > end || message[at + size - 1] !== 0)
      throw fault(17, "A document of a sequence does not fit");
    documents.push(message.subarray(at, at + size));
    at += size;
  }
  return [message.toString("utf8", start, zero), documents];
}

/** Drivers say hello in this old form, because they do not know the server yet. */
function readOpQuery(message: Buffer, id: number): Request {
  const nameAt = HEADER_BYTES + 4;
  const zero = message.indexOf(0, nameAt);
  if (zero < 0) throw fault(17, "The name of a collection does not end");
  const namespace = message.toString("utf8", nameAt, zero);
  const at = zero + 1 + 8;
  const size = message.readInt32LE(at);
  if (size < 5 || at + size > message.length) throw fault(17, "A query does not fit");
  const body = decode(message.subarray(at, at + size));
  body["$db"] = namespace.replace(/\.\$cmd$/, "");
  return { id, body, sequences: new Map(), silent: false, legacy: true };
}

let nextId = 1;

/** Encodes an answer. `body` may be encoded already, for answers that carry stored documents as they are. */
export function writeReply(request: Pick<Request, "id" | "legacy">, body: Doc | Buffer): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : encodeAny(body);
  const prefix = request.legacy ? HEADER_BYTES + 20 : HEADER_BYTES + 5;
  const head = Buffer.alloc(prefix);
  head.writeInt32LE(prefix + bytes.length, 0);
  head.writeInt32LE(nextId++ & 0x7fffffff, 4);
  head.writeInt32LE(request.id, 8);
  head.writeInt32LE(request.legacy ? OP_REPLY : OP_MSG, 12);
  if (request.legacy) {
    head.writeInt32LE(8, 16); // AwaitCapable
    head.writeInt32LE(1, 32);
  }
  return Buffer.concat([head, bytes]);
}
