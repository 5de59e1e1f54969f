/** Calls those who follow, whenever there may be something for them. */
export class ReaderCalls {
  readonly #waiting = new Set<() => void>();
  #size = 0;

  /** How many follow. */
  get size(): number {
    return this.#size;
  }

  /** Counts one more, until the returned function is called. */
  add(): () => void {
    let isIn = true;
    this.#size += 1;
    return () => {
      if (isIn) this.#size -= 1;
      isIn = false;
    };
  }

  call(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next call, or when the signal aborts. */
  nextCall(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
