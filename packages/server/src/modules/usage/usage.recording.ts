import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../platform/clock.js";
import type { FolderLock } from "../../platform/database/folder-lock.js";
import type { Logger } from "../../platform/logger.js";
import { UsageFeed } from "./live/usage-feed.js";
import { Recorder, type RecorderStatus } from "./recording/recorder.js";
import { Settling } from "./recording/settling.js";
import { SpoolAdoption } from "./recording/spool-adoption.js";
import type { SealedSegment } from "./recording/spool-writer.js";
import { lockStore } from "./recording/store-lock.js";
import type { Retention } from "./storage/tiers.js";
import type { FromThread, SegmentName, ThreadMethods, Watching } from "./thread/protocol.js";
import { ThreadClient } from "./thread/thread-client.js";
import type { UsageEvent } from "./usage-event.js";

/** How often the last uses of keys are saved, and other servers told how far we are, in milliseconds. */
const beatEveryMs = 10_000;
/** Every so many of these, spools of dead processes are looked for. */
const beatsBetweenLooks = 6;
/** How long a question waits for what was recorded before it to be counted, in milliseconds. */
const settleWithinMs = 2_000;
/** How long a stop waits for MongoDB; what is left then stays in the spool. Milliseconds. */
const stopWithinMs = 5_000;

/** Saves when keys were last accepted, epoch milliseconds by key; never an earlier time than what is saved. */
export type SaveLastUsed = (lastUsed: ReadonlyMap<string, number>) => Promise<void>;

export interface UsageRecordingDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly mongodbUrl: string | null;
  readonly retention: Retention;
  readonly maxSpoolBytes: number;
  readonly saveLastUsed: SaveLastUsed;
  /** The compiled program of the thread. Default: what lies beside this file. */
  readonly usageThread?: URL | undefined;
}

/** The state of counting, for metrics and people. */
export interface UsageStatus extends RecorderStatus {
  /** Whether MongoDB took the last shipment; null before the first one. */
  readonly storeConnected: boolean | null;
  /** Everything that this server took before is counted; epoch milliseconds. */
  readonly completeUntil: number;
  readonly counted: number;
  readonly duplicates: number;
}

/** What the thread has counted, and of what the last uses are still to be saved. */
interface Unsaved {
  readonly lastUsed: Map<string, number>;
  readonly segments: Map<string, SegmentName & { readonly bytes: number }>;
}

const nothingUnsaved = (): Unsaved => ({ lastUsed: new Map(), segments: new Map() });

/** Everything between a verification and MongoDB: the recorder, the thread that counts, and what both tell. */
export class UsageRecording {
  readonly feed: UsageFeed;
  readonly #deps: UsageRecordingDeps;
  readonly #recorder: Recorder;
  readonly #thread: ThreadClient;
  readonly #adoption: SpoolAdoption;
  readonly #storeLock: FolderLock | null;
  readonly #timer: NodeJS.Timeout;
  readonly #settling = new Settling(() => this.#settleOnce());
  readonly #saving = new Settling(() => this.#saveOnce());
  #unsaved: Unsaved = nothingUnsaved();
  /** Closed segments of our own that the thread has not told of yet, by number. */
  readonly #uncounted = new Map<number, SealedSegment>();
  /** Everything recorded before this is counted; epoch milliseconds. */
  #settledAt: number;
  #watching: Watching = { on: false, views: [] };
  #beats = 0;
  #counted = 0;
  #duplicates = 0;
  #storeConnected: boolean | null = null;

  static async open(deps: UsageRecordingDeps): Promise<UsageRecording> {
    const folder = join(deps.dataDir, "usage-spool");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const storeLock = deps.mongodbUrl === null ? await lockStore(deps.dataDir) : null;
    const sealed: { told?: (segment: SealedSegment, until: number) => void } = {};
    const recorder = await Recorder.open({
      folder,
      maxBytes: deps.maxSpoolBytes,
      clock: deps.clock,
      logger: deps.logger,
      onSealed: (segment, until) => sealed.told?.(segment, until),
    });
    const recording = new UsageRecording(deps, recorder, folder, storeLock);
    sealed.told = (segment, until) => recording.#sealed(segment, until);
    return recording;
  }

  private constructor(deps: UsageRecordingDeps, recorder: Recorder, folder: string, storeLock: FolderLock | null) {
    const { mongodbUrl, dataDir, retention, logger, clock } = deps;
    this.#deps = deps;
    this.#recorder = recorder;
    this.#storeLock = storeLock;
    const onAdopted = (bytes: number): void => recorder.adopted(bytes);
    this.#adoption = new SpoolAdoption({ root: folder, own: recorder.spool, logger, onAdopted });
    this.#settledAt = clock.now();
    const settings = { mongodbUrl, dataDir, retention, spoolFolder: folder, spool: recorder.spool };
    this.#thread = new ThreadClient(settings, logger, (message) => this.#hear(message), deps.usageThread);
    this.feed = new UsageFeed({
      onWatched: (watching) => {
        this.#watching = watching;
        this.#tellWatching();
      },
      settle: () => this.settle(),
    });
    this.#timer = setInterval(() => void this.#beat(), beatEveryMs);
    this.#timer.unref();
  }

  /** Resolves when usage can be counted. @throws StartupError when the store cannot be opened. */
  get started(): Promise<void> {
    return this.#thread.started;
  }

  get status(): UsageStatus {
    const { status } = this.#recorder;
    return {
      ...status,
      storeConnected: this.#storeConnected,
      completeUntil: this.#settledAt,
      counted: this.#counted,
      duplicates: this.#duplicates,
    };
  }

  /** Records a verification: copies a line into a buffer. Never waits and never throws. */
  record(event: UsageEvent): void {
    this.#recorder.record(event);
  }

  /** Records reported events, all or none. @throws LimitReachedError when there is no room for them. */
  recordAll(events: readonly UsageEvent[]): Promise<void> {
    return this.#recorder.recordAll(events);
  }

  /**
   * Has everything counted that was recorded so far, so that a caller sees its own calls. Waits two seconds at most: what
   * takes longer is told by `completeUntil`.
   */
  settle(): Promise<void> {
    this.ask("hurry", null).catch(() => {}); // as below
    return this.#settleSoon();
  }

  /** The same without a hurry. */
  async #settleSoon(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, settleWithinMs);
    });
    // When the thread has just ended, the question that follows will say so.
    const settled = this.#settling.settle().catch(() => {});
    await Promise.race([settled, late]).finally(() => clearTimeout(timer));
  }

  /** Asks the usage thread. */
  ask<Method extends keyof ThreadMethods>(
    method: Method,
    argument: Parameters<ThreadMethods[Method]>[0],
  ): Promise<ReturnType<ThreadMethods[Method]>> {
    return this.#thread.call(method, argument);
  }

  /**
   * Before which instant everything is counted that servers took, epoch milliseconds. Ask it before the question: an answer that was
   * read earlier may lack what was counted since.
   */
  completeUntil(): Promise<number> {
    return this.ask("completeUntil", this.#settledAt);
  }

  /** Writes what is left, has it counted if MongoDB is there, and ends. What could not be counted stays in the spool. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // What could not be written any more was told to the log and to whoever reported it; the rest must end all the same.
    await this.#recorder.close().catch(() => {});
    await this.settle();
    await this.#saving.settle();
    const isEmpty = await this.#thread.stop(stopWithinMs);
    await this.#adoption.release();
    this.#recorder.release(isEmpty);
    this.#storeLock?.release();
  }

  async #settleOnce(): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#settleSegments(await this.#recorder.seal());
    this.#settledAt = Math.max(this.#settledAt, now);
  }

  /** Resolves when all segments of our own up to a number are counted. One that the thread has not met by then is gone. */
  async #settleSegments(upTo: number): Promise<void> {
    await this.ask("settle", upTo);
    for (const { number, events, bytes } of [...this.#uncounted.values()].filter((segment) => segment.number <= upTo)) {
      this.#uncounted.delete(number);
      this.#recorder.lost("vanished", events);
      this.#recorder.removed(bytes);
      this.#deps.logger.error(
        { segment: number, events },
        "a segment of the usage spool was removed: its usage is lost",
      );
    }
  }

  /** A segment was closed: the thread counts it without anybody waiting for it. */
  #sealed(segment: SealedSegment, until: number): void {
    this.#uncounted.set(segment.number, segment);
    this.#settleSegments(segment.number).then(
      () => {
        this.#settledAt = Math.max(this.#settledAt, until);
      },
      () => {}, // the thread has ended; the next one finds the segment
    );
  }

  #hear(message: Parameters<ConstructorParameters<typeof ThreadClient>[2]>[0]): void {
    switch (message.type) {
      case "counted":
        return this.#hearCounted(message);
      case "others":
        return this.feed.publish(message.counts, message.views);
      case "emptied":
        return this.#adoption.remove(message.spool);
      case "store":
        this.#storeConnected = message.connected;
        return;
      case "started":
        // Also after a fault: the new thread knows nothing of what was agreed with the one before it.
        this.#tellWatching();
        void this.#beat(true);
    }
  }

  #tellWatching(): void {
    this.ask("watch", this.#watching).catch(() => {}); // the thread has ended; the next one is told
  }

  #hearCounted({ segment, bytes, events, duplicates, tooOld, unreadable, lastUsed, counts, views }: Counted): void {
    if (segment.spool === this.#recorder.spool) this.#uncounted.delete(segment.number);
    for (const [keyId, at] of lastUsed) raise(this.#unsaved.lastUsed, keyId, at);
    this.#unsaved.segments.set(`${segment.spool}.${segment.number}`, { ...segment, bytes });
    if (counts === null) return; // told again, by a thread or process after the one that counted
    this.#counted += events - duplicates - tooOld;
    this.#duplicates += duplicates;
    this.#recorder.lost("too_old", tooOld);
    this.#recorder.lost("unreadable", unreadable);
    // What an ended process left is told by the journal, like what other processes count.
    if (segment.spool === this.#recorder.spool) this.feed.publish(counts, views);
  }

  /** Lets others know how far we are, also when nothing happens here, and looks after what dead processes left. */
  async #beat(looksForSpools = false): Promise<void> {
    this.#beats += 1;
    if (looksForSpools || this.#beats % beatsBetweenLooks === 0) {
      const spools = await this.#adoption.look();
      await this.ask("adopt", spools).catch(() => {}); // the thread has ended; the next one is told
    }
    this.#recorder.tellLoss();
    await this.#settleSoon();
    await this.#saving.settle();
    await this.completeUntil().then(
      () => {
        this.#storeConnected = true;
      },
      () => {
        this.#storeConnected = false; // the log says so when there is something to count
      },
    );
  }

  /** Saves the last uses; only then may the segments go that tell of them. Never throws. */
  async #saveOnce(): Promise<void> {
    const { lastUsed, segments } = this.#unsaved;
    if (segments.size === 0) return;
    this.#unsaved = nothingUnsaved();
    try {
      if (lastUsed.size > 0) await this.#deps.saveLastUsed(lastUsed);
      await this.ask("saved", [...segments.values()]);
      for (const { bytes } of segments.values()) this.#recorder.removed(bytes);
    } catch (err) {
      this.#deps.logger.warn({ err, keys: lastUsed.size }, "the last uses of keys could not be saved; trying again");
      for (const [keyId, at] of lastUsed) raise(this.#unsaved.lastUsed, keyId, at);
      for (const [name, segment] of segments) this.#unsaved.segments.set(name, segment);
    }
  }
}

type Counted = Extract<FromThread, { type: "counted" }>;

function raise(times: Map<string, number>, keyId: string, at: number): void {
  times.set(keyId, Math.max(at, times.get(keyId) ?? 0));
}
