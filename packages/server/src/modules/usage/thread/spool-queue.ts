import { readdirSync, rmSync } from "node:fs";
import { readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FolderLock, lockFolder } from "../../../platform/database/folder-lock.js";
import { StartupError } from "../../../platform/database/startup-error.js";
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
  readonly #lock: FolderLock | null;

  /** @param lock null for the spool of this process, which the recorder has locked. */
  constructor(root: string, spool: string, lock: FolderLock | null) {
    this.spool = spool;
    this.#folder = join(root, spool);
    this.#lock = lock;
  }

  /** Numbers of the segments in a state, oldest first. Of a dead process, what it left open is ready, too. */
  list(state: "ready" | "counted"): number[] {
    const abandoned = this.#lock !== null;
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

  /** Gives the spool of a dead process free, and removes it when it is empty. */
  release(): void {
    const empty = this.isEmpty();
    this.#lock?.release();
    if (empty) rmSync(this.#folder, { recursive: true, force: true });
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

/** Takes over the spools below `root` whose processes are gone. */
export async function adoptSpools(root: string, known: ReadonlySet<string>): Promise<SpoolQueue[]> {
  const adopted: SpoolQueue[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || known.has(entry.name)) continue;
    try {
      adopted.push(new SpoolQueue(root, entry.name, await lockFolder(join(root, entry.name))));
    } catch (error) {
      if (!(error instanceof StartupError)) throw error; // its process lives
    }
  }
  return adopted;
}
