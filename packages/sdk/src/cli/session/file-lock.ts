import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A lock that is older was left behind by a process that was killed. Longer than anything that is done while it is held: one
 * request, which is given up after 15 s.
 */
const abandonedMs = 30_000;
const retryMs = 25;

/**
 * Does work while no other process does any under the same lock: a file that only one can create. The lock of a process that
 * was killed is taken over after 30 s.
 *
 * @throws Error when somebody holds the lock for longer than a minute; and what the work throws.
 */
export async function whileLocked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const own = `${process.pid} ${randomUUID()}`;
  for (const until = Date.now() + 2 * abandonedMs; !create(path, own); ) {
    if (Date.now() > until) throw new Error(`${path} is held by another process. Remove it when none is running.`);
    if (!removeAbandoned(path)) await sleep(retryMs);
  }
  try {
    return await work();
  } finally {
    if (read(path) === own) rmSync(path, { force: true });
  }
}

function create(path: string, own: string): boolean {
  try {
    writeFileSync(path, own, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** @returns whether there is none any more. */
function removeAbandoned(path: string): boolean {
  try {
    const holder = read(path);
    if (Date.now() - statSync(path).mtimeMs < abandonedMs) return false;
    // Several may find it abandoned, and one of them may hold a new one by now: only what was judged is removed.
    const aside = `${path}.${randomUUID()}`;
    renameSync(path, aside);
    if (read(aside) !== holder) linkSync(aside, path);
    rmSync(aside, { force: true });
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "EEXIST")) return true; // somebody else was quicker
    throw error;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

/** Whether an error of the file system has this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
