import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot, say } from "./workspace.mjs";

/** Not in node_modules, which the installer may empty. */
const path = inRoot(".cache/setup.lock");
const RETRY_MS = 200;

/**
 * Lets one process at a time set the workspace up; others wait. What a process that died has left is taken over.
 *
 * @template T
 * @param {() => T} work
 * @returns {T}
 */
export function whileLocked(work) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) say(`Another process (${holder() || "starting"}) is setting up; waiting for it …`);
    sleep(RETRY_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take() {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!holderLives()) rmSync(path, { force: true });
    return false;
  }
}

function holderLives() {
  const pid = holder();
  if (pid === 0) return true; // being written or removed at this moment: look again
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM"; // it lives and is someone else's
  }
}

/** The number of the process that holds the lock; 0 when there is none to be read. */
function holder() {
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
