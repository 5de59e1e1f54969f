import { setTimeout as sleep } from "node:timers/promises";
import type { OriginNotes } from "../origins/origin-notes.js";
import type { UsageCollections } from "../storage/documents.js";
import type { UsageEvent } from "../usage-event.js";
import { Pace } from "./pace.js";
import type { FromThread, SegmentName } from "./protocol.js";
import { type Shipped, shipSegment } from "./shipper.js";
import { type SegmentContent, SpoolQueue } from "./spool-queue.js";
import type { Views } from "./views.js";

/** Pauses after a failure, in milliseconds: doubled from the first to the last. */
const firstPauseMs = 250;
const lastPauseMs = 10_000;
/** More segments than these must not wait: the spool would fill up. */
const longestQueue = 4;
/** How long nothing may happen, in milliseconds: then the folders are looked at all the same. */
const restMs = 60_000;

export interface CounterDeps {
  readonly collections: UsageCollections;
  readonly spoolFolder: string;
  readonly spool: string;
  readonly tell: (message: FromThread) => void;
  /** Makes what a first shipment needs, such as indexes. Called until it succeeds. */
  readonly prepare: () => Promise<void>;
  readonly views: Views;
  readonly origins: OriginNotes;
  /** Since when a reported event must have happened to be told from its copies. @param now both epoch milliseconds. */
  readonly tellableSince: (now: number) => number;
}

/**
 * Ships the segments of this process's spool, in their order, and then those that dead processes left. Goes on trying while
 * MongoDB is away; what waits is on disk.
 */
export class Counter {
  readonly #deps: CounterDeps;
  readonly #own: SpoolQueue;
  readonly #adopted = new Map<string, SpoolQueue>();
  /** Adopted spools whose counted segments were told of. */
  readonly #told = new Set<string>();
  readonly #pace = new Pace();
  readonly #stopping = new AbortController();
  readonly #waiting: { readonly upTo: number; readonly done: () => void }[] = [];
  #wake: (() => void) | null = null;
  #connected: boolean | null = null;
  #stopped: Promise<void>;

  constructor(deps: CounterDeps) {
    this.#deps = deps;
    this.#own = new SpoolQueue(deps.spoolFolder, deps.spool, false);
    this.#stopped = this.#run();
  }

  /** Resolves when our own segments up to a number are counted. */
  settle(upTo: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ upTo, done: resolve });
      this.#wake?.();
    });
  }

  /** Somebody waits for what is to be counted. */
  hurry(): void {
    this.#pace.hurry();
  }

  /** Counts what dead processes left, too. */
  adopt(spools: readonly string[]): void {
    for (const spool of spools) {
      if (!this.#adopted.has(spool)) this.#adopted.set(spool, new SpoolQueue(this.#deps.spoolFolder, spool, true));
    }
    this.#wake?.();
  }

  async saved(segments: readonly SegmentName[]): Promise<void> {
    for (const { spool, number } of segments) {
      const queue = spool === this.#own.spool ? this.#own : this.#adopted.get(spool);
      await queue?.remove(number);
      if (queue && queue !== this.#own && queue.isEmpty()) await this.#bury(queue);
    }
  }

  /** Ends after the shipment that runs. @returns whether our own is empty. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#stopped;
    return this.#own.isEmpty();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    let prepared = false;
    while (!signal.aborted) {
      try {
        if (!prepared) await this.#deps.prepare();
        if (!prepared) await this.#tellAgain(this.#own); // of a thread before this one
        prepared = true;
        this.#store(true);
        await this.#shipOwn();
        const left = await this.#shipAdopted();
        pauseMs = firstPauseMs;
        if (!left) await this.#pause(restMs);
      } catch (error) {
        this.#fail(error, pauseMs);
        await sleep(pauseMs, undefined, { signal }).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, lastPauseMs);
      }
    }
  }

  /** Until somebody waits for a segment, a segment was sealed, or the time is over. */
  #pause(ms: number): Promise<void> {
    // From here to the promise nothing can come in between: whoever asked meanwhile is answered now, whoever asks later wakes us.
    this.#answerSettled();
    if (this.#own.list("ready").length > 0 || this.#stopping.signal.aborted) return Promise.resolve();
    this.#pace.relax();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #shipOwn(): Promise<void> {
    for (const number of this.#own.list("ready")) {
      if (this.#stopping.signal.aborted) return;
      await this.#ship(this.#own, number);
      this.#answerSettled();
    }
  }

  async #ship(queue: SpoolQueue, number: number): Promise<void> {
    this.#pace.begin();
    if (this.#own.list("ready").length > longestQueue) this.#pace.hurry();
    const content = await queue.read(number);
    const segment = { spool: queue.spool, number };
    const now = new Date();
    const time = { now, tellableSince: this.#deps.tellableSince(now.getTime()) };
    const shipped = await shipSegment(this.#deps.collections, segment, content.events, time, () => this.#pace.rest());
    // Before the segment is done: a repetition notes the same again.
    await this.#deps.origins.note(shipped.counted, now, () => this.#pace.rest());
    await queue.markCounted(number);
    this.#store(true);
    this.#tellCounted(segment, content, shipped);
    this.#tellLost(segment, shipped.tooOld, content.unreadable);
  }

  /** A segment of each spool that was taken over: our own must not wait for all that others left. @returns whether there is more. */
  async #shipAdopted(): Promise<boolean> {
    let left = false;
    for (const queue of this.#adopted.values()) {
      if (this.#stopping.signal.aborted) return false;
      if (!this.#told.has(queue.spool)) await this.#tellAgain(queue);
      this.#told.add(queue.spool);
      const [next, another] = queue.list("ready");
      if (next !== undefined) await this.#ship(queue, next);
      else if (queue.isEmpty()) await this.#bury(queue);
      left ||= another !== undefined;
    }
    return left;
  }

  /** What was counted by a process that ended before it could save the last uses. */
  async #tellAgain(queue: SpoolQueue): Promise<void> {
    for (const number of queue.list("counted")) {
      const content = await queue.read(number);
      this.#tellCounted({ spool: queue.spool, number }, content, null);
    }
  }

  /** Told once, when the segment is done: until then each attempt would find the same again. */
  #tellLost(segment: SegmentName, tooOld: number, unreadable: number): void {
    if (tooOld > 0) this.#log("error", { ...segment, tooOld }, "reported usage waited longer than it is kept: lost");
    if (unreadable > 0) this.#log("error", { ...segment, unreadable }, "lines of the usage spool cannot be read: lost");
  }

  /** @param shipped null: it was told of before. */
  #tellCounted(segment: SegmentName, { events, bytes, unreadable }: SegmentContent, shipped: Shipped | null): void {
    const lastUsed = lastUses(events);
    const { duplicates = 0, tooOld = 0, counts = null, counted = [] } = shipped ?? {};
    const told = { events: events.length, duplicates, tooOld, unreadable };
    const views = this.#deps.views.count(counted);
    this.#deps.tell({ type: "counted", segment, bytes, ...told, lastUsed, counts, views });
  }

  #answerSettled(): void {
    const next = this.#own.list("ready")[0] ?? Number.POSITIVE_INFINITY;
    for (const { done } of this.#waiting.filter(({ upTo }) => upTo < next)) done();
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ upTo }) => upTo >= next));
  }

  /** The spool of an ended process holds nothing any more: nobody need wait for it. */
  async #bury(queue: SpoolQueue): Promise<void> {
    await this.#deps.collections.spools.deleteOne({ _id: queue.spool });
    this.#adopted.delete(queue.spool);
    this.#deps.tell({ type: "emptied", spool: queue.spool });
  }

  #fail(err: unknown, retryMs: number): void {
    if (this.#connected !== false) {
      this.#log("warn", { err, retryMs }, "usage cannot be counted now; it waits in the spool on disk");
    }
    this.#store(false);
  }

  #store(connected: boolean): void {
    if (this.#connected === connected) return;
    if (connected && this.#connected === false) this.#log("info", {}, "usage is counted again");
    this.#connected = connected;
    this.#deps.tell({ type: "store", connected });
  }

  #log(level: "info" | "warn" | "error", fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#deps.tell({ type: "log", level, fields, message });
  }
}

/** When each key was last accepted. */
function lastUses(events: readonly UsageEvent[]): Map<string, number> {
  const uses = new Map<string, number>();
  for (const { keyId, code, at } of events) {
    if (keyId !== undefined && code === "VALID") uses.set(keyId, Math.max(at, uses.get(keyId) ?? 0));
  }
  return uses;
}
