import { accessSync, constants, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder } from "../make-folder.js";
import { codeOf, messageOf, StartupError } from "./startup-error.js";

/**
 * Makes sure that a data folder exists and can be written to, by writing to it: rights alone tell nothing of a full disk
 * or a volume that is mounted read-only.
 *
 * @returns its absolute path.
 * @throws StartupError when it cannot be used.
 */
export function prepareDataFolder(dataDir: string): string {
  const folder = resolve(dataDir);
  try {
    // Only for its owner: it will hold hashes of keys and the people's addresses.
    makeFolder(folder);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (cause) {
    throw new StartupError(describe(folder, cause), { cause });
  }
  return folder;
}

function describe(folder: string, cause: unknown): string {
  switch (codeOf(cause)) {
    case "EEXIST":
    case "ENOTDIR":
      return `The data folder ${folder} is not a directory, or lies below a file; set KEYPLANE_DATA_DIR to a directory.`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `The data folder ${folder} is not writable for this user; change its owner or rights, or set KEYPLANE_DATA_DIR to another.`;
    case "ENOSPC":
    case "EDQUOT":
      return `The disk of the data folder ${folder} is full; make room, or set KEYPLANE_DATA_DIR to another.`;
    default:
      return `The data folder ${folder} cannot be used (${messageOf(cause)}); set KEYPLANE_DATA_DIR to another.`;
  }
}
