import type { FileSystem } from "../snapshot-file.js";

/** The disk of a simulated machine: it survives the processes on it. */
export class Disk {
  readonly #files = new Map<string, string>();

  /** What one process sees of it. @param isAlive whether it still runs: a process that was killed writes nothing more. */
  seenBy(isAlive: () => boolean): FileSystem {
    return {
      readFile: async (path) => {
        const text = this.#files.get(path);
        if (text === undefined) throw Object.assign(new Error(`There is no ${path}.`), { code: "ENOENT" });
        return Buffer.from(text);
      },
      writeFile: async (path, text) => {
        if (isAlive()) this.#files.set(path, text);
      },
      rm: async (path) => {
        if (isAlive()) this.#files.delete(path);
      },
      rename: async (from, to) => {
        if (!isAlive()) return;
        this.#files.set(to, this.#files.get(from) ?? "");
        this.#files.delete(from);
      },
    };
  }
}
