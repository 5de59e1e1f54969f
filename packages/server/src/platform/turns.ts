/** Lets only so many at a time do something; the others wait for their turn. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Waits for a turn.
   *
   * @returns gives it back; call it once.
   * @throws the reason of the signal, when that aborts first: whoever has gone does not wait.
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    return () => this.#next();
  }

  async take<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const leave = await this.enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(begin);
        reject(signal?.reason as Error);
      };
      this.#waiting.add(begin);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #next(): void {
    const [begin] = this.#waiting;
    if (!begin) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(begin);
    begin();
  }
}

/** Turns of which each caller has only so many at a time, so that nobody takes all. */
export class SharedTurns {
  readonly #all: Turns;
  readonly #atOnceEach: number;
  /** Of those who have a turn, or wait for one. */
  readonly #ofCaller = new Map<string, { readonly turns: Turns; users: number }>();

  constructor(atOnce: number, atOnceEach: number) {
    this.#all = new Turns(atOnce);
    this.#atOnceEach = atOnceEach;
  }

  /** As {@link Turns.enter}. */
  async enter(caller: string, signal?: AbortSignal): Promise<() => void> {
    const own = this.#ofCaller.get(caller) ?? { turns: new Turns(this.#atOnceEach), users: 0 };
    this.#ofCaller.set(caller, own);
    own.users += 1;
    const undo: (() => void)[] = [
      () => {
        own.users -= 1;
        if (own.users === 0) this.#ofCaller.delete(caller);
      },
    ];
    const leave = (): void => {
      for (const each of undo) each();
    };
    try {
      undo.push(await own.turns.enter(signal));
      undo.push(await this.#all.enter(signal));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }
}
