import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and all that leads to it, for their owner only; does nothing where something stands already, a folder or not.
 *
 * Not with Node's `recursive`: where a folder is there but takes no new one and calls it missing, as /proc does, that tries
 * for ever.
 *
 * @throws Error, most often the system's, when a folder cannot be made.
 */
export function makeFolder(path: string): void {
  if (make(path)) return;
  makeFolder(dirname(path));
  if (!make(path)) throw new Error(`${dirname(path)} takes no folder`);
}

/** Whether there is something at the path now; false when the system says that the folder above it is missing. */
function make(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(path) !== path) return false;
    if (code !== "EEXIST") throw error;
  }
  return true;
}
