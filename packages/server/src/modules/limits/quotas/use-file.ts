import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What one lease takes in the file: its id of 32 characters, and how much of it was used. */
const slotBytes = 40;
const idBytes = 32;

/** What a file says was used of leases, by their ids. */
export type UsedOfLeases = ReadonlyMap<string, number>;

/**
 * What a process has used of its leases, written before the call that used it is answered. What is written is in the system's memory at
 * once: a process that is killed loses nothing of it. Nothing waits for the disk, so a machine that loses power may lose some;
 * whoever reads the file must know whether the machine is still the one that it was.
 */
export class UseFile {
  readonly #file: number;
  readonly #free: number[] = [];
  readonly #use = Buffer.alloc(8);
  readonly #view = new DataView(this.#use.buffer, this.#use.byteOffset, 8);
  #slots = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
  }

  /** Makes a place for a lease of which nothing is used. @param leaseId 32 ASCII characters. */
  begin(leaseId: string): number {
    const slot = this.#free.pop() ?? this.#slots++;
    const bytes = Buffer.alloc(slotBytes);
    bytes.write(leaseId, "latin1");
    this.#write(bytes, slot * slotBytes);
    return slot;
  }

  /** Says how much was used of a lease in all. */
  write(slot: number, used: number): void {
    this.#view.setFloat64(0, used, true);
    this.#write(this.#use, slot * slotBytes + idBytes);
  }

  /** Gives a place free, when the database knows what was used. */
  end(slot: number): void {
    this.#write(Buffer.alloc(slotBytes), slot * slotBytes);
    this.#free.push(slot);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Buffer, position: number): void {
    // Short writes happen where the disk is full; a charge that is not written must not be answered.
    if (writeSync(this.#file, bytes, 0, bytes.length, position) !== bytes.length) {
      throw new Error("what was used of quotas could not be written: is the disk full?");
    }
  }
}

/** Reads what a process that is gone has left. */
export function readUseFile(path: string): UsedOfLeases {
  const bytes = readFileSync(path);
  const used = new Map<string, number>();
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    const id = bytes.toString("latin1", at, at + idBytes);
    if (!id.startsWith("\0")) used.set(id, bytes.readDoubleLE(at + idBytes));
  }
  return used;
}
