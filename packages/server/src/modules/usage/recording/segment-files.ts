import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The files of a spool. `open` is being written, `ready` waits to be shipped, `counted` is shipped and waits until the last use
 * of its keys is saved. One that a killed process left open counts as ready.
 */
export type SegmentState = "open" | "ready" | "counted";

const namePattern = /^(\d{12})\.(open|ready|counted)$/;

/** Where a segment lies in its state. Numbers are padded, so that names sort as numbers do. */
export function segmentPath(folder: string, number: number, state: SegmentState): string {
  return join(folder, `${String(number).padStart(12, "0")}.${state}`);
}

/** The segments in a folder, oldest first; other files are left alone. */
export function listSegments(folder: string): { readonly number: number; readonly state: SegmentState }[] {
  return readdirSync(folder)
    .map((name) => namePattern.exec(name))
    .filter((match) => match !== null)
    .map((match) => ({ number: Number(match[1]), state: match[2] as SegmentState }))
    .sort((a, b) => a.number - b.number);
}

/** How many bytes all spools of a folder hold. */
export function bytesBelow(root: string): number {
  let bytes = 0;
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(root, entry.name);
    for (const { number, state } of listSegments(folder)) {
      // One of a server that runs may be counted and gone by now.
      bytes += statSync(segmentPath(folder, number, state), { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return bytes;
}
