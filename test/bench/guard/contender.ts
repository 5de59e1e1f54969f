/** What is measured: a call, and what an application has in its hands when it makes it. */
export interface Contender {
  /** Makes what is presented anew, as a request brings it: near, whatever else is far away. It is not measured. */
  readonly present: (index: number) => unknown;
  readonly call: (presented: unknown) => Promise<boolean>;
}

export function contender<Presented>(
  present: (index: number) => Presented,
  call: (presented: Presented) => Promise<boolean>,
): Contender {
  return { present, call: (presented) => call(presented as Presented) };
}

/** A text in one piece, as it comes out of a header. */
export function received(text: string): string {
  return Buffer.from(text).toString("latin1");
}
