import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import type { Clock } from "../../../platform/clock.js";
import type { Logger } from "../../../platform/logger.js";
import { segmentPath } from "./segment-files.js";

/** What is recorded reaches the file after at most this, in milliseconds: all that a killed process can lose. */
const flushMs = 100;
/** A segment is closed and shipped when it is this old, in milliseconds, or this large, in bytes. */
const sealAfterMs = 2_000;
const sealAtBytes = 8 * 1024 * 1024;
/** Lines are gathered in a buffer of this size, in bytes. */
const bufferBytes = 1024 * 1024;
/** How often a disk that refuses is tried again, in milliseconds. */
const retryMs = 1_000;

/** A segment that was closed. */
export interface SealedSegment {
  readonly number: number;
  readonly events: number;
  readonly bytes: number;
}

export interface SpoolWriterOptions {
  /** An existing folder of this writer's own. */
  readonly folder: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told after a segment was closed. What was added before `until`, epoch milliseconds, is in it or in an earlier one. */
  readonly onSealed: (segment: SealedSegment, until: number) => void;
  /** Told of events that were taken and could not be written before the writer closed, and of their bytes. */
  readonly onUnwritten?: (events: number, bytes: number) => void;
}

/**
 * Writes lines to numbered files, a segment each. `add` only copies the line into a buffer: the file system is met by
 * `flush`, off the path of whoever adds. Every segment is written once, in order, and never again after it was sealed.
 *
 * Written means handed to the operating system: a killed process loses nothing of it, a power cut may.
 */
export class SpoolWriter {
  readonly #options: SpoolWriterOptions;
  readonly #timer: NodeJS.Timeout;
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #spare: Buffer | null = Buffer.allocUnsafeSlow(bufferBytes);
  #full: Buffer | null = null;
  #used = 0;
  /** Events in the two buffers, and in the file. */
  #usedEvents = 0;
  #fullEvents = 0;
  #fileEvents = 0;
  #number = 0;
  #file: FileHandle | null = null;
  #fileBytes = 0;
  #openedAt = 0;
  #closed = false;
  /** All work on files, one after another. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: SpoolWriterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), flushMs);
    this.#timer.unref();
  }

  /** Adds a line, which ends with a line feed. @returns its length in bytes; 0 when there is no room at the moment. */
  add(line: string): number {
    if (this.#used + line.length * 3 > bufferBytes && !this.#swap()) return 0;
    const bytes = this.#buffer.write(line, this.#used);
    this.#used += bytes;
    this.#usedEvents += 1;
    return bytes;
  }

  /** Writes lines, an event each, straight to the file. Resolves when they are written. */
  addAll(lines: Buffer, events: number): Promise<void> {
    void this.flush();
    return this.#enqueue(() => this.#write(lines, events));
  }

  /** Resolves when everything added so far is written. */
  flush(): Promise<void> {
    return this.#enqueue(() => this.#drain());
  }

  /** Closes the present segment, if it holds anything. @returns the number of the newest segment that is sealed. */
  async seal(): Promise<number> {
    void this.flush();
    const until = this.#options.clock.now();
    await this.#enqueue(() => this.#seal(until));
    return this.#file ? this.#number - 1 : this.#number;
  }

  /** Writes and seals what is left. Nothing can be added afterwards. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.seal().finally(() => this.#tellUnwritten());
  }

  /** What a report held was refused; what verifications left in the buffers is lost. */
  #tellUnwritten(): void {
    const events = this.#usedEvents + (this.#full === null ? 0 : this.#fullEvents);
    const bytes = this.#used + (this.#full?.length ?? 0);
    if (events > 0) this.#options.onUnwritten?.(events, bytes);
  }

  #tick(): void {
    if (this.#used > 0) void this.flush();
    if (this.#file && (performance.now() - this.#openedAt >= sealAfterMs || this.#fileBytes >= sealAtBytes)) {
      const until = this.#options.clock.now();
      void this.#enqueue(() => this.#seal(until));
    }
  }

  /** Sets the full buffer aside. False when the one before it is not written yet: memory must stay bounded. */
  #swap(): boolean {
    if (this.#spare === null) return false;
    this.#full = this.#buffer.subarray(0, this.#used);
    this.#buffer = this.#spare;
    this.#fullEvents = this.#usedEvents;
    this.#spare = null;
    this.#used = 0;
    this.#usedEvents = 0;
    void this.flush();
    return true;
  }

  async #drain(): Promise<void> {
    // What was set aside first, then what is being filled: each leaves its buffer as the spare one.
    for (let turn = 0; turn < 2; turn++) {
      if (this.#full === null && this.#used > 0) this.#swap();
      if (this.#full === null) return;
      await this.#write(this.#full, this.#fullEvents);
      this.#spare = Buffer.from(this.#full.buffer, 0, bufferBytes);
      this.#full = null;
    }
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    // Whoever waits for this piece hears of its failure; the pieces after it are not harmed by it.
    this.#work = done.catch((err: unknown) =>
      this.#options.logger.error({ err }, "stopping, and the usage spool cannot be written: lost"),
    );
    done.catch(() => {});
    return done;
  }

  /**
   * Writes all of it. Memory is bounded, and what waits is told by `add`; so a disk that refuses is tried again and again.
   *
   * @throws only while closing: what was not written then is lost, and nobody may be told that it was taken.
   */
  async #write(bytes: Buffer, events: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      await this.#insist(async () => {
        this.#file ??= await this.#openNext();
        written += (await this.#file.write(bytes, written, bytes.length - written)).bytesWritten;
      });
    }
    this.#fileBytes += bytes.length;
    this.#fileEvents += events;
  }

  async #openNext(): Promise<FileHandle> {
    // Somebody may have tidied up the data folder.
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const file = await open(segmentPath(this.#options.folder, this.#number + 1, "open"), "wx", 0o600);
    this.#number += 1;
    this.#fileBytes = 0;
    this.#fileEvents = 0;
    this.#openedAt = performance.now();
    return file;
  }

  /** @param until what was added before this instant is in this segment or an earlier one; epoch milliseconds. */
  async #seal(until: number): Promise<void> {
    if (!this.#file) return;
    const { folder, logger, onSealed } = this.#options;
    const file = this.#file;
    this.#file = null;
    await file.close().catch((err: unknown) => logger.error({ err }, "a segment of the usage spool did not close"));
    const [from, to] = [segmentPath(folder, this.#number, "open"), segmentPath(folder, this.#number, "ready")];
    const gone = await this.#insist(() => rename(from, to).then(() => false, ifGone));
    const segment = { number: this.#number, events: this.#fileEvents, bytes: this.#fileBytes };
    if (gone) logger.error(segment, "a segment of the usage spool has vanished: somebody else has taken or removed it");
    onSealed(segment, until);
  }

  /** Does something with files until it succeeds, or until the writer closes. */
  async #insist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let refused = false; ; refused = true) {
      try {
        const result = await work();
        if (refused) this.#options.logger.info("the usage spool can be written again");
        return result;
      } catch (err) {
        if (this.#closed) throw err;
        if (!refused) this.#options.logger.error({ err }, "the usage spool cannot be written; trying again");
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }
}

function ifGone(error: NodeJS.ErrnoException): true {
  if (error.code === "ENOENT") return true;
  throw error;
}
