import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LockFile, lockFileAt } from "./lock-file.js";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.js";
import { messageOf, StartupError } from "./startup-error.js";

/** The holder touches its lock this often, for those who cannot look up its process: other containers on one volume. */
const HEARTBEAT_MS = 2_000;
/** Longer than anything that holds up the event loop, such as PGlite's first start. */
const HEARTBEAT_PATIENCE_MS = 15_000;
/** A heart that has not beaten for this long is not even waited for. Allows for clocks that differ. */
const HEARTBEAT_DEAD_MS = 60_000;
/** A lock is written in an instant: one that stays incomplete for this long was left by a crash. */
const INCOMPLETE_MS = 5_000;
const RETRY_MS = 100;

/** The right to use a data folder. */
export interface FolderLock {
  /** Whether it was not taken over by another process, which took this one for dead. */
  isHeld(): boolean;
  /** Gives the folder free; a second call does nothing. */
  release(): void;
}

interface Holder extends ProcessIdentity {
  /** When it took the lock. */
  readonly since: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/**
 * Takes `<folder>/keyplane.lock`, because PGlite has no lock of its own: two processes on one folder lose rows silently.
 * The lock of a process that is dead, killed or gone with its machine is taken over.
 *
 * @param heartFailed told once, and why, when the lock can no longer be touched.
 * @param isGone asked of a holder whose process cannot be looked up and whose heart is silent, which may only be paused: false leaves it
 * its lock. When left out, silence is enough.
 * @param signal ends the waiting for the heart of a holder.
 * @throws StartupError when a running process holds it; the signal's reason.
 */
export async function lockFolder(
  folder: string,
  heartFailed?: (reason: string) => void,
  isGone?: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<FolderLock> {
  const file = lockFileAt(join(folder, "keyplane.lock"));
  const holder: Holder = { ...ownIdentity(), since: new Date().toISOString(), token: randomUUID() };
  const own = JSON.stringify(holder);
  while (!file.create(own)) {
    const found = file.read();
    if (found === null) continue; // released this very moment
    if (await isHeld(file, found, isGone, signal)) throw inUse(folder, parse(found));
    if (!file.removeIf(found)) await sleep(RETRY_MS);
  }
  return hold(file, own, heartFailed);
}

function hold(file: LockFile, own: string, heartFailed?: (reason: string) => void): FolderLock {
  let failed = false;
  // A disk that turns read-only or fails must not end the server, which still verifies keys from memory.
  const beat = (): void => {
    try {
      file.touch();
    } catch (error) {
      if (!failed) heartFailed?.(messageOf(error));
      failed = true;
    }
  };
  const heart = setInterval(beat, HEARTBEAT_MS).unref();
  let held = true;
  return {
    isHeld: () => held && file.read() === own,
    release() {
      if (!held) return;
      held = false;
      clearInterval(heart);
      file.removeIf(own);
    },
  };
}

async function isHeld(
  file: LockFile,
  found: string,
  isGone?: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<boolean> {
  const holder = parse(found);
  if (holder?.realm === ownIdentity().realm) return isRunning(holder);
  if (await isBeating(file, found, holder, signal)) return true;
  // Released, or complete now: not what was judged.
  return file.read() === found && isGone !== undefined && !(await isGone());
}

async function isBeating(file: LockFile, found: string, holder: Holder | null, signal?: AbortSignal): Promise<boolean> {
  // Its number means nothing here, or is not written yet: what counts is whether the file still changes.
  const touched = file.touchedAt();
  if (touched === null || Date.now() - touched > (holder ? HEARTBEAT_DEAD_MS : INCOMPLETE_MS)) return false;
  const until = Date.now() + (holder ? HEARTBEAT_PATIENCE_MS : INCOMPLETE_MS);
  while (Date.now() < until) {
    await sleep(RETRY_MS);
    signal?.throwIfAborted();
    if (file.read() !== found) return false; // released, or complete now: not what was judged, so look again
    if (file.touchedAt() !== touched) return true;
  }
  return false;
}

function parse(content: string): Holder | null {
  try {
    const holder = JSON.parse(content) as Partial<Holder> | null;
    return typeof holder?.pid === "number" && typeof holder.realm === "string" ? (holder as Holder) : null;
  } catch {
    return null; // not written to the end
  }
}

function inUse(folder: string, holder: Holder | null): StartupError {
  const who = holder ? ` (process ${holder.pid}, since ${holder.since})` : "";
  return new StartupError(
    `The data folder ${folder} is in use by another Keyplane${who}; stop that one, or set KEYPLANE_DATA_DIR to another folder.`,
  );
}
