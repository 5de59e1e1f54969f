import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FolderLock, lockFolder } from "../../../platform/database/folder-lock.js";
import { StartupError } from "../../../platform/database/index.js";
import type { Logger } from "../../../platform/logger.js";
import { readUseFile, type UsedOfLeases, UseFile } from "./use-file.js";

/** What a dead process has used; null: it ran before the machine was started anew, which may have lost some of it. */
export interface LeftBehind {
  readonly holder: string;
  readonly used: UsedOfLeases | null;
  /** Removes what it left. */
  remove(): void;
}

/**
 * The folder in which a process keeps what it has used of its leases, beside those of others on the same data folder. Its name is that of
 * the holder in the database. Those of dead processes are taken over by whoever finds them first.
 */
export class UseFolder {
  readonly holder: string;
  readonly file: UseFile;
  readonly #root: string;
  #lock: FolderLock;

  private constructor(root: string, holder: string, lock: FolderLock) {
    this.#root = root;
    this.holder = holder;
    this.#lock = lock;
    this.file = new UseFile(makeFiles(join(root, holder)));
  }

  static async open(dataDir: string): Promise<UseFolder> {
    const root = join(dataDir, "quota-leases");
    const holder = randomBytes(16).toString("hex");
    return new UseFolder(root, holder, await lockAt(join(root, holder)));
  }

  /**
   * Makes the folder anew where others have taken this process for lost, and removed it: what is used from now on would be written where
   * nobody finds it.
   *
   * @throws StartupError while another process settles what this one has left.
   */
  async renew(): Promise<void> {
    if (this.#lock.isHeld()) return;
    const folder = join(this.#root, this.holder);
    const lock = await lockAt(folder);
    try {
      this.file.moveTo(makeFiles(folder));
    } catch (error) {
      // To be tried again as a whole.
      lock.release();
      throw error;
    }
    this.#lock.release();
    this.#lock = lock;
  }

  /**
   * What dead processes have left. Each is locked, so that nobody else settles it meanwhile.
   *
   * @param isLost whether a holder uses nothing any more, although it may live: asked where its process cannot be looked up, as in another
   * container, which may only be paused.
   * @param signal ends the looking, also while it waits for a sign of life of somebody.
   */
  async *leftBehind(
    logger: Logger,
    isLost: (holder: string) => Promise<boolean>,
    signal: AbortSignal,
  ): AsyncGenerator<LeftBehind, void, undefined> {
    for (const entry of readdirSync(this.#root, { withFileTypes: true })) {
      const { name } = entry;
      if (!entry.isDirectory() || name === this.holder) continue;
      const folder = join(this.#root, name);
      let lock: FolderLock;
      try {
        lock = await lockFolder(folder, undefined, () => isLost(name), signal);
      } catch (err) {
        if (signal.aborted) return;
        // A StartupError says that its process lives.
        if (!(err instanceof StartupError))
          logger.warn({ err, holder: name }, "leases of quotas could not be taken over");
        continue;
      }
      try {
        yield { holder: name, used: usedIn(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
      } finally {
        lock.release();
      }
    }
  }

  /** @param isSettled whether the database knows all that was used: nothing is left behind then. */
  close(isSettled: boolean): void {
    this.file.close();
    this.#lock.release();
    if (isSettled) rmSync(join(this.#root, this.holder), { recursive: true, force: true });
  }
}

async function lockAt(folder: string): Promise<FolderLock> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return lockFolder(folder);
}

/** @returns where the file is to be that says what was used. */
function makeFiles(folder: string): string {
  writeFileSync(join(folder, "machine"), startOfMachine() ?? "");
  return join(folder, "used");
}

/** Whatever cannot be read counts as not known: then all of the leases counts as used. */
function usedIn(folder: string): UsedOfLeases | null {
  try {
    const start = startOfMachine();
    const isSameStart = start !== null && readFileSync(join(folder, "machine"), "utf8") === start;
    return isSameStart ? readUseFile(join(folder, "used")) : null;
  } catch {
    return null;
  }
}

/**
 * Names the machine's last start. Containers on it may come and go: what they wrote stays in the machine's memory.
 *
 * @returns null where the system does not tell: then nobody knows whether a file is whole.
 */
function startOfMachine(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null; // not Linux
  }
}
