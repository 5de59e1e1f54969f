import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Which process this is: a number alone is given again to another one. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process began, as the system counts; null where that cannot be known. */
  readonly began: string | null;
  /** The machine and its start: the number means nothing on another one. */
  readonly realm: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, began: beganAt(process.pid), realm: realm() };
}

/** Whether that process still runs. In doubt, as on another machine, it does. */
export function mayRun(other: ProcessIdentity): boolean {
  const own = realm();
  if (other.realm !== own) {
    // The same machine after a restart: nothing from before runs any more.
    return other.realm.split("/", 1)[0] !== own.split("/", 1)[0];
  }
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return other.began === null || other.began === beganAt(other.pid);
}

function realm(): string {
  return `${hostname()}/${read("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}`;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may contain spaces. */
function beganAt(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // not Linux, or the process is gone
  }
}
