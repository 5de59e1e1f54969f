import { setTimeout as sleep } from "node:timers/promises";
import type { UsageCollections } from "../storage/documents.js";
import type { UsageEvent } from "../usage-event.js";
import type { CountsByTenant, FromThread, SegmentName } from "./protocol.js";
import { shipSegment } from "./shipper.js";
import { adoptSpools, type SegmentContent, SpoolQueue } from "./spool-queue.js";

/** Pauses after a failure, in milliseconds: doubled from the first to the last. */
const firstPauseMs = 250;
const lastPauseMs = 10_000;
/** How often spools of dead processes are looked for, in milliseconds. */
const adoptEveryMs = 60_000;

export interface CounterDeps {
  readonly collections: UsageCollections;
  readonly spoolFolder: string;
  readonly spool: string;
  readonly tell: (message: FromThread) => void;
  /** Makes what a first shipment needs, such as indexes. Called until it succeeds. */
  readonly prepare: () => Promise<void>;
}

/**
 * Ships the segments of this process's spool, in their order, and then those that dead processes left. Goes on trying while
 * MongoDB is away; what waits is on disk.
 */
export class Counter {
  readonly #deps: CounterDeps;
  readonly #own: SpoolQueue;
  readonly #adopted = new Map<string, SpoolQueue>();
  readonly #stopping = new AbortController();
  readonly #waiting: { readonly upTo: number; readonly done: () => void }[] = [];
  #wake: (() => void) | null = null;
  #connected: boolean | null = null;
  #stopped: Promise<void>;

  constructor(deps: CounterDeps) {
    this.#deps = deps;
    this.#own = new SpoolQueue(deps.spoolFolder, deps.spool, null);
    this.#stopped = this.#run();
  }

  /** Resolves when our own segments up to a number are counted. */
  settle(upTo: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ upTo, done: resolve });
      this.#wake?.();
    });
  }

  async saved(segments: readonly SegmentName[]): Promise<void> {
    for (const { spool, number } of segments) {
      const queue = spool === this.#own.spool ? this.#own : this.#adopted.get(spool);
      await queue?.remove(number);
      if (queue && queue !== this.#own && queue.isEmpty()) await this.#bury(queue);
    }
  }

  /** Ends after the shipment that runs; adopted spools are given free. @returns whether our own is empty. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#stopped;
    for (const queue of this.#adopted.values()) queue.release();
    return this.#own.isEmpty();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let pauseMs = firstPauseMs;
    let adoptAt = 0;
    let prepared = false;
    while (!signal.aborted) {
      try {
        if (!prepared) await this.#deps.prepare();
        if (!prepared) await this.#tellAgain(this.#own); // of a thread before this one
        prepared = true;
        this.#store(true);
        await this.#shipAll(this.#own);
        if (performance.now() >= adoptAt) {
          await this.#adopt();
          adoptAt = performance.now() + adoptEveryMs;
        }
        for (const queue of this.#adopted.values()) await this.#shipAll(queue);
        pauseMs = firstPauseMs;
        await this.#pause(adoptAt - performance.now());
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
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #shipAll(queue: SpoolQueue): Promise<void> {
    for (const number of queue.list("ready")) {
      if (this.#stopping.signal.aborted) return;
      const content = await this.#read(queue, number);
      const segment = { spool: queue.spool, number };
      const shipped = await shipSegment(this.#deps.collections, segment, content.events, new Date());
      await queue.markCounted(number);
      this.#store(true);
      this.#tellCounted(segment, content, shipped);
      if (queue === this.#own) this.#answerSettled();
    }
    if (queue === this.#own) this.#answerSettled();
  }

  /** What was counted by a process that ended before it could save the last uses. */
  async #tellAgain(queue: SpoolQueue): Promise<void> {
    for (const number of queue.list("counted")) {
      const content = await this.#read(queue, number);
      this.#tellCounted({ spool: queue.spool, number }, content, { duplicates: 0, counts: null });
    }
  }

  async #read(queue: SpoolQueue, number: number): Promise<SegmentContent> {
    const content = await queue.read(number);
    const { unreadable } = content;
    if (unreadable > 0) {
      this.#log("error", { spool: queue.spool, number, unreadable }, "lines of the usage spool cannot be read: lost");
    }
    return content;
  }

  #tellCounted(
    segment: SegmentName,
    { events, bytes }: SegmentContent,
    { duplicates, counts }: { duplicates: number; counts: CountsByTenant | null },
  ): void {
    const lastUsed = lastUses(events);
    this.#deps.tell({ type: "counted", segment, bytes, events: events.length, duplicates, lastUsed, counts });
  }

  #answerSettled(): void {
    const next = this.#own.list("ready")[0] ?? Number.POSITIVE_INFINITY;
    for (const { done } of this.#waiting.filter(({ upTo }) => upTo < next)) done();
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ upTo }) => upTo >= next));
  }

  async #adopt(): Promise<void> {
    const known = new Set([this.#own.spool, ...this.#adopted.keys()]);
    for (const queue of await adoptSpools(this.#deps.spoolFolder, known)) {
      this.#adopted.set(queue.spool, queue);
      if (queue.isEmpty()) await this.#bury(queue);
      else {
        this.#log("info", { spool: queue.spool }, "counting usage that an ended process left in its spool");
        await this.#tellAgain(queue);
      }
    }
  }

  /** The spool of an ended process holds nothing any more: nobody need wait for it. */
  async #bury(queue: SpoolQueue): Promise<void> {
    await this.#deps.collections.spools.deleteOne({ _id: queue.spool });
    this.#adopted.delete(queue.spool);
    queue.release();
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
