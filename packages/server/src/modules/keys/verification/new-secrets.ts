/** How many keys are read at once. */
const page = 250;
/** From how many on they are read before anybody asks, so that nobody waits for long. */
const many = 1_000;

/**
 * Keys that were made or rotated since memory was filled. Whoever verifies much has them read when they are presented; this is for whoever
 * must be told at once whether a key is one of them, because his guesses are not looked up any more.
 *
 * Read when that is asked, not with each event: a server that makes keys, and one that imports a million, would read them all for nobody, and
 * push those out of memory that are used.
 */
export class NewSecrets {
  readonly #noted = new Set<string>();
  readonly #remember: (keyIds: readonly string[]) => Promise<void>;
  #reading: Promise<void> | null = null;

  /** @param remember reads the secrets of these keys into memory. */
  constructor(remember: (keyIds: readonly string[]) => Promise<void>) {
    this.#remember = remember;
  }

  /** An event has told that the key has a secret that memory may lack. */
  note(keyId: string): void {
    this.#noted.add(keyId);
    if (this.#noted.size >= many) void this.read();
  }

  /**
   * Resolves when memory has the secrets of all that was noted before, as far as it has room, and never rejects: what could not be read stays
   * noted, and whoever asks next has it read again.
   */
  async read(): Promise<void> {
    // A reading that is under way has left out what was noted since it began.
    while (this.#reading) await this.#reading;
    if (this.#noted.size === 0) return;
    this.#reading = this.#readNoted();
    await this.#reading;
  }

  async #readNoted(): Promise<void> {
    const ids = [...this.#noted];
    this.#noted.clear();
    let done = 0;
    try {
      for (; done < ids.length; done += page) await this.#remember(ids.slice(done, done + page));
    } catch {
      for (const id of ids.slice(done)) this.#noted.add(id);
    } finally {
      this.#reading = null;
    }
  }
}
