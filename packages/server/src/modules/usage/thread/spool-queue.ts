import { readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseLine } from "../recording/event-line.js";
import { listSegments, type SegmentState, segmentPath } from "../recording/segment-files.js";
import type { UsageEvent } from "../usage-event.js";

/** A segment as it was read. */
export interface SegmentContent {
  readonly events: readonly UsageEvent[];
  readonly bytes: number;
  /** Lines that are no events: the disk has changed them. The last line of a killed process, cut off, is not among them. */
  readonly unreadable: number;
}

/** The segments of one spool, from the side of whoever ships them. */
export class SpoolQueue {
  readonly spool: string;
  readonly #folder: string;
  readonly #abandoned: boolean;

  /** @param abandoned whether its process is dead: what it left open is then ready, too. */
  constructor(root: string, spool: string, abandoned: boolean) {
    this.spool = spool;
    this.#folder = join(root, spool);
    this.#abandoned = abandoned;
  }

  /** Numbers of the segments in a state, oldest first. */
  list(state: "ready" | "counted"): number[] {
    const abandoned = this.#abandoned;
    return listSegments(this.#folder)
      .filter((segment) => segment.state === state || (abandoned && state === "ready" && segment.state === "open"))
      .map(({ number }) => number);
  }

  async read(number: number): Promise<SegmentContent> {
    const bytes = await readFile(await this.#pathOf(number));
    const events: UsageEvent[] = [];
    let unreadable = 0;
    // What follows the last line feed is nothing, or the line that a killed process was writing.
    for (const line of bytes.toString().split("\n").slice(0, -1)) {
      try {
        events.push(parseLine(line));
      } catch {
        unreadable += 1;
      }
    }
    return { events, bytes: bytes.length, unreadable };
  }

  async markCounted(number: number): Promise<void> {
    await rename(await this.#pathOf(number), segmentPath(this.#folder, number, "counted"));
  }

  async remove(number: number): Promise<void> {
    await rm(segmentPath(this.#folder, number, "counted"), { force: true });
  }

  /** Whether nothing is left to ship or to save. */
  isEmpty(): boolean {
    return listSegments(this.#folder).length === 0;
  }

  async #pathOf(number: number): Promise<string> {
    const states: readonly SegmentState[] = ["ready", "counted", "open"];
    for (const state of states) {
      const path = segmentPath(this.#folder, number, state);
      if (await stat(path).catch(() => null)) return path;
    }
    throw new Error(`segment ${number} of the usage spool ${this.spool} has vanished`);
  }
}
