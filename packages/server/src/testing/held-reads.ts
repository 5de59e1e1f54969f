interface HeldRead {
  readonly name: string;
  look(): void;
  answer(): void;
  fail(error: Error): void;
}

/**
 * Reads of a store that a test holds in its hands: each sees the store at one moment and answers at a later one, in any
 * order. That is how a slow read meets a change.
 */
export class HeldReads {
  readonly #waiting: HeldRead[] = [];

  /** How many reads have not been answered. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The place among those that wait of the newest read with this name; -1 when there is none. */
  find(name: string): number {
    return this.#waiting.findLastIndex((read) => read.name === name);
  }

  /** Begins a read. @param see takes a picture of the store. */
  read<Result>(see: () => Result, name = ""): Promise<Result> {
    return new Promise((resolve, reject) => {
      let seen: { readonly result: Result } | undefined;
      const look = () => {
        seen ??= { result: see() };
        return seen.result;
      };
      this.#waiting.push({ name, look, answer: () => resolve(look()), fail: reject });
    });
  }

  /** Lets a read see the store as it is now; its answer is settled from here on. */
  look(index = 0): void {
    this.#waiting[index]?.look();
  }

  /** Lets a read answer; what waited for it has run when this resolves. */
  async answer(index = 0): Promise<void> {
    this.#waiting.splice(index, 1)[0]?.answer();
    await settled();
  }

  async fail(index = 0): Promise<void> {
    this.#waiting.splice(index, 1)[0]?.fail(new Error("the store is away"));
    await settled();
  }

  /** Answers reads until none waits any more. */
  async answerAll(): Promise<void> {
    await settled();
    while (this.#waiting.length > 0) await this.answer();
  }
}

/** Resolves when everything that can run without another event from outside has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
