import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const BLOCK = 512;

/**
 * Writes the files and folders of a ustar archive (POSIX.1-1988) below a folder: what `dumpDataDir` makes, nothing more.
 * PGlite can unpack its own dumps, but it writes through its emulated file system, which takes a second longer and 100 MB
 * more, and leaves half a database behind when it is interrupted.
 *
 * @throws Error when the archive is cut off, holds a kind of entry that a data folder never has, or leads out of the folder.
 */
export function untar(archive: Uint8Array, folder: string): void {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const made = new Set<string>();
  for (let offset = 0; ; ) {
    const header = bytes.subarray(offset, offset + BLOCK);
    if (header.length < BLOCK) throw new Error("the archive is cut off");
    if (header[0] === 0) return; // an empty block ends the archive

    const path = pathOf(header, folder);
    const size = Number.parseInt(text(header, 124, 12), 8);
    const content = bytes.subarray(offset + BLOCK, offset + BLOCK + size);
    if (content.length < size) throw new Error("the archive is cut off");

    const type = text(header, 156, 1);
    const parent = type === "5" ? path : dirname(path);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true, mode: 0o700 });
    made.add(parent);
    if (type === "0" || type === "") writeFileSync(path, content, { mode: 0o600 });
    else if (type !== "5") throw new Error(`the archive holds an entry of type ${type}`);
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function pathOf(header: Buffer, folder: string): string {
  const path = join(folder, text(header, 345, 155), text(header, 0, 100));
  if (relative(folder, path).startsWith("..")) throw new Error("the archive leads out of its folder");
  return path;
}

/** A field of a header: it ends at its first zero byte. */
function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end).trim();
}
