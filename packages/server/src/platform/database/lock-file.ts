import { existsSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./startup-error.js";

/** A file that is there or not: only one process can create it. All calls are synchronous, so none is left half done. */
export interface LockFile {
  /** Creates the file; false when it exists. */
  create(content: string): boolean;
  /** Its content; null when it does not exist. */
  read(): string | null;
  /** When it was last touched; null when it does not exist. */
  touchedAt(): number | null;
  touch(): void;
  /**
   * Removes the file if it still has this content. Two processes may judge a file to be stale at once, and the slower one
   * must not remove what the faster one has put in its place: so this is done under a guard that only one can hold.
   *
   * @returns false when another process holds the guard; then look again.
   */
  removeIf(content: string): boolean;
}

/** The guard is held for microseconds: an older one was left by a crash. */
const GUARD_EXPIRES_MS = 5_000;

/** The lock file at a path. Nothing is created yet. */
export function lockFileAt(path: string): LockFile {
  const guard = `${path}.takeover`;
  const read = (): string | null => orNull("ENOENT", () => readFileSync(path, "utf8"));

  return {
    create: (content) => orNull("EEXIST", () => writeFileSync(path, content, { flag: "wx", mode: 0o600 })) !== null,
    read,
    touchedAt: () => touchedAt(path),
    touch: () => {
      const now = new Date();
      orNull("ENOENT", () => utimesSync(path, now, now)); // gone with its folder: nothing left to protect
    },
    removeIf: (content) => {
      if (!existsSync(dirname(path))) return true; // gone with its folder
      if (orNull("EEXIST", () => mkdirSync(guard)) === null) {
        const since = touchedAt(guard);
        if (since !== null && Date.now() - since > GUARD_EXPIRES_MS) rmSync(guard, { recursive: true, force: true });
        return false;
      }
      try {
        if (read() === content) unlinkSync(path);
      } finally {
        rmSync(guard, { recursive: true, force: true });
      }
      return true;
    },
  };
}

function touchedAt(path: string): number | null {
  return orNull("ENOENT", () => statSync(path).mtimeMs);
}

/** The result of a call; null when it fails with the expected code. */
function orNull<T>(expected: string, call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (codeOf(error) === expected) return null;
    throw error;
  }
}
