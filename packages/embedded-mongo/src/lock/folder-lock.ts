import { randomUUID } from "node:crypto";
import { readFileSync, realpathSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mayRun, ownIdentity, type ProcessIdentity } from "./process-identity.js";

/** The right to use a data folder. */
export interface FolderLock {
  /** Gives the folder free; a second call does nothing. */
  release(): void;
}

interface Holder extends ProcessIdentity {
  readonly since: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/**
 * Takes `<folder>/server.lock`. lmdb itself would let two processes in, but each keeps the catalogue, the counters and the results
 * of retryable writes in memory too. The lock of a process that is dead is taken over.
 *
 * @throws when a running server holds it.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(realpathSync(folder), "server.lock");
  const holder: Holder = { ...ownIdentity(), since: new Date().toISOString(), token: randomUUID() };
  const own = JSON.stringify(holder);
  while (!create(path, own)) {
    const found = read(path);
    if (found === null) continue; // given free this very moment
    const other = parse(found);
    // A lock that is not complete was left by a crash, for it is written by one call.
    if (other !== null && mayRun(other)) throw inUse(folder, other);
    removeStale(path, found);
  }
  let held = true;
  return {
    release() {
      if (held && read(path) === own) unlinkSync(path);
      held = false;
    },
  };
}

function create(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Two may find the lock stale at once. Only one of them can move it away, and he who has moved another's new lock puts it back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== stale) create(path, read(aside) ?? "");
  unlinkSync(aside);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function parse(content: string): Holder | null {
  try {
    const holder = JSON.parse(content) as Partial<Holder> | null;
    return typeof holder?.pid === "number" && typeof holder.realm === "string" ? (holder as Holder) : null;
  } catch {
    return null;
  }
}

function inUse(folder: string, holder: Holder): Error {
  return new Error(
    `The data folder ${folder} is in use by another embedded-mongo (process ${holder.pid}, since ${holder.since}): stop that one, or choose another folder.`,
  );
}
