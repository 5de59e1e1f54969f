import { KeyplaneError } from "../../../platform/errors.js";

/** How many questions are answered at a time, and how many may wait for their turn. */
export interface QueueLimits {
  readonly atOnce: number;
  readonly waiting: number;
}

/** A question holds up to some 100 MB in the usage thread: it is these that bound what all callers together can make it hold. */
export const queueLimits: QueueLimits = { atOnce: 4, waiting: 100 };

interface Waiting {
  readonly start: () => void;
}

/** Lets few questions at a time reach the usage thread, in their order. */
export class QuestionQueue {
  readonly #limits: QueueLimits;
  /** In the order of their coming. */
  readonly #waiting = new Set<Waiting>();
  #running = 0;

  constructor(limits: QueueLimits = queueLimits) {
    this.#limits = limits;
  }

  /**
   * Asks when it is its turn.
   *
   * @param signal aborts when nobody waits for the answer any more; a question that waits is then never asked.
   * @throws UNAVAILABLE when too many wait already, or the signal aborts before the turn comes; whatever `ask` throws.
   */
  async ask<Answer>(ask: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    await this.#turn(signal);
    try {
      return await ask();
    } finally {
      this.#end();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(wentAway());
    if (this.#running < this.#limits.atOnce) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#limits.waiting) return Promise.reject(tooManyWait(this.#limits));
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        reject(wentAway());
      };
      const waiting: Waiting = {
        start: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** The place goes to whoever waits longest: nobody can come in between. */
  #end(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next.start();
  }
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
