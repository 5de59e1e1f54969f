/** How many texts of two digits of base 36 there are, each made once. */
const lows = Array.from({ length: 36 ** 2 }, (_, low) => low.toString(36).padStart(2, "0"));

/** Names verdicts within this process: a number in base 36, whose higher digits are made anew once in 1,296 times. */
export class RequestIds {
  readonly #prefix: string;
  #high = 0;
  #low = 0;
  #beginning: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.#beginning = prefix;
  }

  next(): string {
    if (this.#low === lows.length) this.#turn();
    return this.#beginning + (lows[this.#low++] as string);
  }

  #turn(): void {
    this.#low = 0;
    this.#high += 1;
    this.#beginning = this.#prefix + this.#high.toString(36);
  }
}
