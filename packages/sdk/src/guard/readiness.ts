/** What somebody may wait for, and nobody has to: a rejection that nobody waits for is not told. */
export class Readiness {
  readonly promise: Promise<void>;
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #isRejected = false;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.promise.catch(() => undefined);
  }

  /** Changes nothing where it was settled before; so does `reject`. */
  resolve(): void {
    this.#settle?.resolve();
    this.#settle = undefined;
  }

  reject(error: Error): void {
    if (this.#settle) this.#isRejected = true;
    this.#settle?.reject(error);
    this.#settle = undefined;
  }

  /** One that can still be settled, where this one was rejected; else this one. */
  again(): Readiness {
    return this.#isRejected ? new Readiness() : this;
  }
}
