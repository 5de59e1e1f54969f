import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "./startup-error.js";

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks since the machine's start; null where the system does not tell. */
  readonly startTicks: string | null;
  /** Where `pid` has a meaning: the same machine since the same start, and the same container. */
  readonly realm: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid), realm: ownRealm() };
}

/** Whether a process of this realm still runs. Numbers are used again, so a number that lives proves nothing by itself. */
export function isRunning(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0); // signal 0 only asks
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false; // EPERM: it lives and belongs to someone else
  }
  const ticks = startTicksOf(identity.pid);
  return ticks === null || identity.startTicks === null || ticks === identity.startTicks;
}

/** Field 22 of /proc/<pid>/stat. The second field is the program's name and may hold anything, brackets and spaces too. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null; // no /proc: not Linux
  }
}

function ownRealm(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname(); // not Linux
  }
}
