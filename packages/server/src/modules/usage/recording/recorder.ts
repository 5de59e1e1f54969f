import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VerdictCode } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import { type FolderLock, lockFolder } from "../../../platform/database/folder-lock.js";
import { LimitReachedError } from "../../../platform/errors.js";
import type { Logger } from "../../../platform/logger.js";
import type { UsageEvent } from "../usage-event.js";
import { lineOf } from "./event-line.js";
import { type SealedSegment, SpoolWriter } from "./spool-writer.js";

/** Reported events that wait in memory for a slow disk, in bytes. */
const maxUnwrittenBytes = 32 * 1024 * 1024;
/** How often a loss is told to the log, in milliseconds. */
const tellLossMs = 60_000;

/** Why events were lost. Add a reason here. */
export const lossReasons = {
  no_room: "The spool was full, or the disk too slow, for a verification.",
  unwritten: "The server stopped, and the disk did not take what verifications had left in memory.",
  vanished: "Somebody has removed a segment of the spool before it was counted.",
  unreadable: "A line of the spool is no event any more: the disk has changed it.",
  too_old: "A report waited in the spool for longer than single calls are kept.",
} as const;
export type LossReason = keyof typeof lossReasons;

/** What became of what was recorded, since the start. */
export interface RecorderStatus {
  /** Events of verifications and reports that were taken. */
  readonly recorded: number;
  /** Events that were lost, by why. */
  readonly lost: Readonly<Record<LossReason, number>>;
  /** Bytes that wait to be counted, on disk and in memory. */
  readonly waitingBytes: number;
  readonly maxBytes: number;
  /** Verifications by outcome. */
  readonly verifications: ReadonlyMap<VerdictCode, number>;
}

/**
 * Takes usage off the path of verification: an event is a line in a buffer, written to the spool on disk ten times a second.
 * What waits there is bounded, so that MongoDB may be away for as long as the space lasts.
 */
export class Recorder {
  readonly spool: string;
  readonly folder: string;
  readonly #writer: SpoolWriter;
  readonly #logger: Logger;
  readonly #maxBytes: number;
  readonly #lock: FolderLock;
  #recorded = 0;
  readonly #lost: Record<LossReason, number> = { no_room: 0, unwritten: 0, vanished: 0, unreadable: 0, too_old: 0 };
  #waiting = 0;
  #unwritten = 0;
  #lostTold = 0;
  #lossToldAt = Number.NEGATIVE_INFINITY;
  readonly #byCode = new Map<VerdictCode, number>();

  /**
   * Makes a spool of this process's own below `folder`, with a name that none ever had.
   *
   * @param waitingBytes what earlier processes left there.
   */
  static async open(options: {
    folder: string;
    maxBytes: number;
    waitingBytes: number;
    clock: Clock;
    logger: Logger;
    onSealed: (segment: SealedSegment, until: number) => void;
  }): Promise<Recorder> {
    const spool = randomBytes(10).toString("hex");
    const folder = join(options.folder, spool);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(folder);
    return new Recorder(spool, folder, lock, options);
  }

  private constructor(
    spool: string,
    folder: string,
    lock: FolderLock,
    { maxBytes, waitingBytes, clock, logger, onSealed }: Parameters<typeof Recorder.open>[0],
  ) {
    this.spool = spool;
    this.folder = folder;
    this.#lock = lock;
    this.#maxBytes = maxBytes;
    this.#waiting = waitingBytes;
    this.#logger = logger;
    const onUnwritten = (events: number, bytes: number): void => {
      this.lost("unwritten", events);
      this.removed(bytes);
    };
    this.#writer = new SpoolWriter({ folder, clock, logger, onSealed, onUnwritten });
  }

  get status(): RecorderStatus {
    return {
      recorded: this.#recorded,
      lost: this.#lost,
      waitingBytes: this.#waiting,
      maxBytes: this.#maxBytes,
      verifications: this.#byCode,
    };
  }

  /** Records a verification. Never waits and never throws: a loss is counted and told to the log. */
  record(event: UsageEvent): void {
    this.#byCode.set(event.code, (this.#byCode.get(event.code) ?? 0) + 1);
    const bytes = this.#waiting < this.#maxBytes ? this.#writer.add(lineOf(event)) : 0;
    if (bytes === 0) return this.#lose();
    this.#recorded += 1;
    this.#waiting += bytes;
  }

  /**
   * Records events that somebody reports, all or none. Resolves when they are written.
   *
   * @throws LimitReachedError when there is no room: the sender keeps them and tries again, so nothing is lost.
   */
  async recordAll(events: readonly UsageEvent[]): Promise<void> {
    if (events.length === 0) return;
    const lines = Buffer.from(events.map(lineOf).join(""));
    const isFull = this.#waiting + lines.length > this.#maxBytes || this.#unwritten + lines.length > maxUnwrittenBytes;
    if (isFull) throw new LimitReachedError(spoolFull);
    this.#waiting += lines.length;
    this.#unwritten += lines.length;
    try {
      await this.#writer.addAll(lines, events.length);
      this.#recorded += events.length;
    } catch (error) {
      this.removed(lines.length);
      throw error;
    } finally {
      this.#unwritten -= lines.length;
    }
  }

  /** Closes the present segment. @returns the number of the newest one; shipping it ships all that was recorded before. */
  seal(): Promise<number> {
    return this.#writer.seal();
  }

  /** Told when bytes of the spool were counted and removed. */
  removed(bytes: number): void {
    this.#waiting = Math.max(0, this.#waiting - bytes);
  }

  /** Writes what is left; then nothing more is taken. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Lets the next process have what is left; the folder goes when nothing is. */
  release(isEmpty: boolean): void {
    this.#lock.release();
    if (isEmpty) rmSync(this.folder, { recursive: true, force: true });
  }

  /** Told when events that were taken will never be counted. */
  lost(reason: LossReason, events: number): void {
    this.#lost[reason] += events;
  }

  /** Tells the log of verifications that there was no room for since the last time, at most once a minute. */
  tellLoss(): void {
    const now = performance.now();
    const { no_room: lost } = this.#lost;
    if (lost === this.#lostTold || now - this.#lossToldAt < tellLossMs) return;
    this.#lossToldAt = now;
    this.#lostTold = lost;
    this.#logger.error(
      { lost, waitingBytes: this.#waiting, maxBytes: this.#maxBytes },
      "usage of verifications is lost: the spool is full until MongoDB takes it, or the disk is too slow; see KEYPLANE_USAGE_SPOOL_BYTES",
    );
  }

  #lose(): void {
    this.lost("no_room", 1);
    this.tellLoss();
  }
}

const spoolFull =
  "The server cannot take more usage now: the space for what waits, for MongoDB or for the disk, is used up. Keep the events and send them again later; their ids make that harmless.";
