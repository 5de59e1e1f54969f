import { KeyplaneError } from "../../../platform/errors.js";

/** How many questions are answered at a time, how many may wait for their turn, and how many of these with one token. */
export interface QueueLimits {
  readonly atOnce: number;
  readonly waiting: number;
  readonly waitingOfOne: number;
}

/** A question holds up to some 100 MB in the usage thread: it is these that bound what all callers together can make it hold. */
export const queueLimits: QueueLimits = { atOnce: 4, waiting: 100, waitingOfOne: 25 };

interface Waiting {
  readonly who: string;
  readonly start: () => void;
}

/**
 * Lets few questions at a time reach the usage thread. The next one is of whoever has the fewest that are being answered, and among those of
 * whoever waits longest: however many somebody asks at once, others need not wait for all of them.
 */
export class QuestionQueue {
  readonly #limits: QueueLimits;
  /** In the order of their coming. */
  readonly #waiting = new Set<Waiting>();
  /** How many are being answered, by who asked. */
  readonly #running = new Map<string, number>();

  constructor(limits: QueueLimits = queueLimits) {
    this.#limits = limits;
  }

  /**
   * Asks when it is its turn.
   *
   * @param who asks: the id of a token.
   * @param signal aborts when nobody waits for the answer any more; a question that waits is then never asked.
   * @throws UNAVAILABLE when too many wait already, or the signal aborts before the turn comes; whatever `ask` throws.
   */
  async ask<Answer>(who: string, ask: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    await this.#turn(who, signal);
    try {
      return await ask();
    } finally {
      this.#end(who);
    }
  }

  #turn(who: string, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(wentAway());
    if (this.#count() < this.#limits.atOnce) {
      this.#begin(who);
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#limits.waiting) return Promise.reject(tooManyWait(this.#limits));
    const own = [...this.#waiting].filter((waiting) => waiting.who === who).length;
    if (own >= this.#limits.waitingOfOne) return Promise.reject(tooManyOfOneWait(this.#limits));
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        reject(wentAway());
      };
      const waiting: Waiting = {
        who,
        start: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #count(): number {
    let count = 0;
    for (const running of this.#running.values()) count += running;
    return count;
  }

  #begin(who: string): void {
    this.#running.set(who, (this.#running.get(who) ?? 0) + 1);
  }

  /** The place goes to one who waits: nobody can come in between. */
  #end(who: string): void {
    const left = (this.#running.get(who) ?? 1) - 1;
    if (left === 0) this.#running.delete(who);
    else this.#running.set(who, left);
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (!next || this.#runningOf(waiting) < this.#runningOf(next)) next = waiting;
    }
    if (!next) return;
    this.#waiting.delete(next);
    this.#begin(next.who);
    next.start();
  }

  #runningOf({ who }: Waiting): number {
    return this.#running.get(who) ?? 0;
  }
}

function tooManyOfOneWait({ waitingOfOne }: QueueLimits): KeyplaneError {
  return new KeyplaneError(
    "UNAVAILABLE",
    `${waitingOfOne} questions about usage with this token wait already. Ask fewer at a time.`,
  );
}

function tooManyWait({ atOnce, waiting }: QueueLimits): KeyplaneError {
  return new KeyplaneError(
    "UNAVAILABLE",
    `This server answers ${atOnce} questions about usage at a time, and ${waiting} wait already. Try again in a moment.`,
  );
}

/** Nobody reads it. A refusal rather than the signal's reason, which would be logged as a fault of ours. */
function wentAway(): KeyplaneError {
  return new KeyplaneError("UNAVAILABLE", "The caller went away before it was this question's turn.");
}
