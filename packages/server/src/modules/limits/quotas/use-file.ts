import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What one lease takes in the file: its id of 32 characters, and how much of it was used. */
const slotBytes = 40;
const idBytes = 32;
/** What lies between two places is written again where it is no more than this: one writing costs as much as so many bytes. */
const writtenTooBytes = 4_096;

/** What a file says was used of leases, by their ids. */
export type UsedOfLeases = ReadonlyMap<string, number>;

/**
 * What a process has used of its leases, written before the calls that used it are answered: those of one turn of the event loop
 * together, because a writing of its own would cost each call more than all of its arithmetic. What is written is in the system's memory at once: a process
 * that is killed loses nothing of it. Nothing waits for the disk, so a machine that loses power may lose some; whoever reads the file must
 * know whether the machine is still the one that it was.
 */
export class UseFile {
  #file: number;
  readonly #free: number[] = [];
  /** The file as it is to be. */
  #image = Buffer.alloc(64 * slotBytes);
  #slots = 0;
  /** Places whose use was not written yet. */
  #changed: number[] = [];
  #written: Promise<void> | null = null;

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
  }

  /**
   * Resolves when all is written that was used by now; null: it is. Rejects when it cannot be: then nobody may be answered. It is tried again
   * with the next use, and when somebody asks.
   */
  get written(): Promise<void> | null {
    if (this.#changed.length > 0) this.#written ??= this.#writeSoon();
    return this.#written;
  }

  /** What was used of the leases that have a place, and of some that have ended. */
  get used(): UsedOfLeases {
    return usedIn(this.#image.subarray(0, this.#slots * slotBytes));
  }

  /** Makes a place for a lease of which nothing is used. @param leaseId 32 ASCII characters. */
  begin(leaseId: string): number {
    const slot = this.#free.pop() ?? this.#slots++;
    if (this.#slots * slotBytes > this.#image.length) {
      this.#image = Buffer.concat([this.#image, Buffer.alloc(this.#image.length)]);
    }
    const start = slot * slotBytes;
    this.#image.fill(0, start, start + slotBytes);
    this.#image.write(leaseId, start, "latin1");
    this.#write(start, start + slotBytes);
    return slot;
  }

  /** Says how much was used of a lease in all: see `written`. */
  use(slot: number, used: number): void {
    this.#image.writeDoubleLE(used, slot * slotBytes + idBytes);
    this.#changed.push(slot);
    this.#written ??= this.#writeSoon();
  }

  /** At the end of this turn of the event loop. */
  #writeSoon(): Promise<void> {
    const written = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#written = null;
      this.flush();
    });
    // Told to those who wait for it.
    written.catch(() => {});
    return written;
  }

  /** Writes what was not written yet. @throws when it cannot be: it is kept for the next time. */
  flush(): void {
    try {
      this.#writePlaces(this.#changed.sort((one, other) => one - other));
      this.#changed = [];
    } catch (error) {
      // Each once, however often it is tried.
      this.#changed = [...new Set(this.#changed)];
      throw error;
    }
  }

  /** @param changed in their order. */
  #writePlaces(changed: readonly number[]): void {
    let [start, end] = [-1, -1];
    for (const slot of changed) {
      const at = slot * slotBytes + idBytes;
      if (start >= 0 && at - end > writtenTooBytes) {
        this.#write(start, end);
        start = -1;
      }
      if (start < 0) start = at;
      end = at + slotBytes - idBytes;
    }
    if (start >= 0) this.#write(start, end);
  }

  /** Goes on at another path, with all that is there. */
  moveTo(path: string): void {
    const file = openSync(path, "w", 0o600);
    try {
      this.#write(0, this.#slots * slotBytes, file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
    closeSync(this.#file);
    this.#file = file;
  }

  /** Gives a place free, when the database knows what was used. What stands there is asked for by nobody: there is no such lease any more. */
  end(slot: number): void {
    this.#free.push(slot);
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #write(start: number, end: number, file = this.#file): void {
    // Short writes happen where the disk is full; a charge that is not written must not be answered.
    if (writeSync(file, this.#image, start, end - start, start) !== end - start) {
      throw new Error("what was used of quotas could not be written: is the disk full?");
    }
  }
}

/** Reads what a process that is gone has left. */
export function readUseFile(path: string): UsedOfLeases {
  return usedIn(readFileSync(path));
}

function usedIn(bytes: Buffer): UsedOfLeases {
  const used = new Map<string, number>();
  for (let at = 0; at + slotBytes <= bytes.length; at += slotBytes) {
    const id = bytes.toString("latin1", at, at + idBytes);
    if (!id.startsWith("\0")) used.set(id, bytes.readDoubleLE(at + idBytes));
  }
  return used;
}
