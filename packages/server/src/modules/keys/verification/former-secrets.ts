/**
 * Hashes of secrets whose state was forgotten, because it may have changed. Nothing of it counts any more, but whoever presents one of them
 * does not guess: that there is such a secret cannot become old. Bounded: who has been here longest goes first.
 */
export class FormerSecrets {
  readonly #hashes = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(hash: string): void {
    this.#hashes.delete(hash);
    this.#hashes.add(hash);
    if (this.#hashes.size <= this.#max) return;
    const [oldest] = this.#hashes;
    if (oldest !== undefined) this.#hashes.delete(oldest);
  }

  has(hash: string): boolean {
    return this.#hashes.has(hash);
  }
}
