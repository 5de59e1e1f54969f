/** What is measured: a call, and what an application has in its hands when it makes it. */
export interface Contender {
  /** Makes what is presented anew, as a request brings it: near, whatever else is far away. It is not measured. */
  readonly present: (index: number) => unknown;
  /**
   * Calls with each, one after the other, in a loop of its own: as in an application, which calls from places of its own. In a loop that
   * all share, each would pay for what the others have taught the compiler, and for one more promise.
   *
   * @throws Error when an answer is not what it must be.
   */
  readonly run: (presented: readonly unknown[]) => Promise<void>;
}

export function contender<Presented>(
  present: (index: number) => Presented,
  run: (presented: readonly Presented[]) => Promise<void>,
): Contender {
  return { present, run: (presented) => run(presented as readonly Presented[]) };
}

/** A text in one piece, as it comes out of a header. */
export function received(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** What a loop throws. */
export function unexpected(): Error {
  return new Error("an answer was not what it must be");
}
