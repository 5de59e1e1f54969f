/**
 * How old the knowledge is that came by the stream of events, by the guard's {@link SteadyClock}.
 *
 * An epoch is a stretch of the log of events that was followed without a gap, reconnections included. What was read from the
 * server during an epoch is as new as the last sign that the stream is current; when the epoch ends, it stays as it is.
 */
export class Freshness {
  /** 0 before the first: what is read then has only its own age. */
  #epoch = 0;
  #asOf = Number.NEGATIVE_INFINITY;
  readonly #endedAsOf: number[] = [];

  get epoch(): number {
    return this.#epoch;
  }

  /** Everything that was committed by then has been told. */
  get asOf(): number {
    return this.#asOf;
  }

  /** How old at a moment everything is that was told during this epoch. */
  ageAt(now: number): number {
    return now - this.#asOf;
  }

  /** The place was lost: what is known already grows old from now on. */
  beginEpoch(): void {
    this.#endedAsOf[this.#epoch] = this.#asOf;
    this.#epoch += 1;
    this.#asOf = Number.NEGATIVE_INFINITY;
  }

  /** The stream has told everything up to then. */
  isCurrent(asOf: number): void {
    if (asOf > this.#asOf) this.#asOf = asOf;
  }

  /** As of when something is true that was read at that time, during that epoch. */
  asOfReading(readAt: number, epoch: number): number {
    const told = epoch === this.#epoch ? this.#asOf : (this.#endedAsOf[epoch] ?? Number.NEGATIVE_INFINITY);
    return Math.max(told, readAt);
  }
}
