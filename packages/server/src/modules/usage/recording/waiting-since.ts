import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { maxAheadMs } from "../usage-event.js";
import { parseLine } from "./event-line.js";
import { listSegments, segmentPath } from "./segment-files.js";

/** More than any line has, in bytes. */
const enoughForLines = 64 * 1024;

/**
 * Before which instant nothing waits in the spools of a folder, whoever's they are; `Infinity` where none holds anything.
 * Lines stand in the order in which they were taken, so the first one that is not counted tells; only it is read.
 *
 * @param but a spool that is left out.
 */
export function waitingSince(root: string, but: string): number {
  const spools = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== but,
  );
  return Math.min(Number.POSITIVE_INFINITY, ...spools.map(({ name }) => sinceIn(join(root, name))));
}

function sinceIn(folder: string): number {
  try {
    for (const { number, state } of listSegments(folder)) {
      if (state === "counted") continue;
      const since = firstTakenIn(segmentPath(folder, number, state));
      if (since !== null) return since;
    }
  } catch (error) {
    // Its process has renamed the file, or removed the folder, while it was looked at. What is certain is what is claimed.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  return Number.POSITIVE_INFINITY;
}

/** When the first event of a file was taken, at the earliest; null: it has none. Epoch milliseconds. */
function firstTakenIn(path: string): number | null {
  const buffer = Buffer.alloc(enoughForLines);
  const file = openSync(path, "r");
  let length: number;
  try {
    length = readSync(file, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(file);
  }
  // What follows the last line feed is cut off.
  for (const line of buffer.subarray(0, length).toString().split("\n").slice(0, -1)) {
    try {
      const { at, source } = parseLine(line);
      // The clock of whoever reports may run ahead.
      return source === "SDK" ? at - maxAheadMs : at;
    } catch {
      // It cannot be read, and so will not be counted: the next one tells.
    }
  }
  return length < buffer.length ? null : 0;
}
