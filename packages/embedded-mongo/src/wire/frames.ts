import { fault } from "../errors.js";
import { HEADER_BYTES, MAX_MESSAGE_BYTES } from "./message.js";

/** Cuts a stream of bytes into messages. */
export class Frames {
  private parts: Buffer[] = [];
  private size = 0;
  private wanted = 0;

  /** @returns the messages that are complete now. @throws when a length cannot be right. */
  push(bytes: Buffer): Buffer[] {
    this.parts.push(bytes);
    this.size += bytes.length;
    const messages: Buffer[] = [];
    while (this.size >= HEADER_BYTES) {
      if (this.wanted === 0) this.wanted = this.readLength();
      if (this.size < this.wanted) break;
      messages.push(this.take());
    }
    return messages;
  }

  private readLength(): number {
    const length = this.joined().readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw fault(17, `recv(): message len ${length} is invalid. Min ${HEADER_BYTES} Max: ${MAX_MESSAGE_BYTES}`);
    }
    return length;
  }

  private take(): Buffer {
    const all = this.joined();
    const message = all.subarray(0, this.wanted);
    const rest = all.subarray(this.wanted);
    this.parts = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
    this.wanted = 0;
    return message;
  }

  private joined(): Buffer {
    if (this.parts.length > 1) this.parts = [Buffer.concat(this.parts, this.size)];
    return this.parts[0] as Buffer;
  }
}
