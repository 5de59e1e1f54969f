import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FolderLock, lockFolder } from "../../../platform/database/folder-lock.js";
import { StartupError } from "../../../platform/database/startup-error.js";
import type { Logger } from "../../../platform/logger.js";
import { bytesOfSpool } from "./segment-files.js";

/**
 * The spools that dead processes left, taken over by this one. The locks are held here and not in the thread that counts, so
 * that they outlive it: a thread that is started again goes on with the same spools.
 */
export class SpoolAdoption {
  readonly #root: string;
  readonly #own: string;
  readonly #logger: Logger;
  readonly #onAdopted: (bytes: number) => void;
  readonly #locks = new Map<string, FolderLock>();
  #looking: Promise<void> = Promise.resolve();

  /**
   * @param deps.own the spool of this process.
   * @param deps.onAdopted told how many bytes a spool holds that was taken over: those of one whose process lives are that process's.
   */
  constructor(deps: { root: string; own: string; logger: Logger; onAdopted: (bytes: number) => void }) {
    this.#root = deps.root;
    this.#own = deps.own;
    this.#logger = deps.logger;
    this.#onAdopted = deps.onAdopted;
  }

  /** Takes over what dead processes have left since the last look. Never throws. @returns all spools that are taken over now. */
  async look(): Promise<string[]> {
    this.#looking = this.#looking
      .then(() => this.#lookOnce())
      .catch((err: unknown) => this.#logger.warn({ err }, "the spools of usage could not be looked at"));
    await this.#looking;
    return [...this.#locks.keys()];
  }

  /** Removes a spool that holds nothing any more. Never throws: what stays is found empty again by a later look. */
  remove(spool: string): void {
    try {
      this.#locks.get(spool)?.release();
      rmSync(join(this.#root, spool), { recursive: true, force: true });
    } catch (err) {
      this.#logger.warn({ err, spool }, "an empty spool of usage could not be removed");
    } finally {
      this.#locks.delete(spool);
    }
  }

  /** Lets other processes have what is left. */
  async release(): Promise<void> {
    await this.#looking;
    for (const lock of this.#locks.values()) lock.release();
    this.#locks.clear();
  }

  async #lookOnce(): Promise<void> {
    for (const entry of readdirSync(this.#root, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === this.#own || this.#locks.has(entry.name)) continue;
      try {
        const folder = join(this.#root, entry.name);
        this.#locks.set(entry.name, await lockFolder(folder));
        this.#onAdopted(bytesOfSpool(folder));
      } catch (err) {
        // A StartupError says that its process lives. What else there is, such as a folder that was just removed, harms only itself.
        if (!(err instanceof StartupError)) {
          this.#logger.warn({ err, spool: entry.name }, "a spool of usage could not be taken over");
        }
      }
    }
  }
}
