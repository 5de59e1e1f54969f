import { fault } from "../errors.js";

/** A command gives way to others after this long. */
const SLICE_MS = 6;
/** Writing does later: each transaction waits for the disk, and indexes share more of their pages in a longer one. */
const WRITE_SLICE_MS = 20;
/** On a busy machine time passes without work being done: so few documents are not worth a transaction until this long. */
const FEW_DOCUMENTS = 250;
const LONGEST_WRITE_SLICE_MS = 50;

/** Keeps a command within its time: lets others work every few milliseconds, and ends it at its limit. */
export class Pace {
  private sliceEnd = performance.now() + SLICE_MS;
  private deadline: number;
  private signal: AbortSignal;
  private ticks = 0;

  /** @param maxTimeMs 0 for no limit. */
  constructor(maxTimeMs: number, signal: AbortSignal) {
    this.deadline = maxTimeMs > 0 ? performance.now() + maxTimeMs : Number.POSITIVE_INFINITY;
    this.signal = signal;
  }

  /** Whether it is time to call `rest`. Cheap: looks at the clock only now and then. */
  get tired(): boolean {
    return (++this.ticks & 15) === 0 && performance.now() > this.sliceEnd;
  }

  /** Begins the longer slice of a transaction, which may have waited for its turn. */
  startTransaction(): void {
    this.sliceEnd = performance.now() + WRITE_SLICE_MS;
  }

  /** Whether a transaction that has done so many documents should be committed, so that others are answered. */
  isTransactionOver(documents: number): boolean {
    const over = performance.now() - this.sliceEnd;
    return over > 0 && (documents >= FEW_DOCUMENTS || over > LONGEST_WRITE_SLICE_MS - WRITE_SLICE_MS);
  }

  /** As `tired`, for steps that take longer. */
  get overdue(): boolean {
    return performance.now() > this.sliceEnd;
  }

  /** Stops the command's time between two batches of its result. */
  suspend(): void {
    this.deadline -= performance.now();
  }

  /** Goes on with the time that is left, for the client that asks for the next batch. */
  resume(other: Pace): void {
    this.deadline += performance.now();
    this.signal = other.signal;
    this.sliceEnd = other.sliceEnd;
  }

  /** Lets others work. @throws code 50 when the command's time is over, 11601 when its client is gone. */
  async rest(): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.check();
    this.sliceEnd = performance.now() + SLICE_MS;
  }

  check(): void {
    if (this.signal.aborted) throw fault(11601, "operation was interrupted: client disconnected");
    if (performance.now() > this.deadline) throw fault(50, "operation exceeded time limit");
  }
}
