import { setTimeout as sleep } from "node:timers/promises";

/** Of the time that counting takes, so many times as much is left to others: a quarter of a processor is used. */
const restsForEach = 3;
/** The longest rest, in milliseconds. */
const longestRestMs = 500;

/**
 * Counting in the background leaves the processors to verification, unless somebody waits for it: then it takes what it
 * can get, until nothing is left to count.
 */
export class Pace {
  #hurried = false;
  #resting: AbortController | null = null;
  #workingSince = performance.now();

  /** Somebody waits. */
  hurry(): void {
    this.#hurried = true;
    this.#resting?.abort();
  }

  /** Nothing is left to count: whoever waited has what they waited for. */
  relax(): void {
    this.#hurried = false;
  }

  /** To be called when work begins after a pause. */
  begin(): void {
    this.#workingSince = performance.now();
  }

  /** Rests for what was done since the last rest; not at all when somebody waits. */
  async rest(): Promise<void> {
    const restMs = Math.min(longestRestMs, (performance.now() - this.#workingSince) * restsForEach);
    if (!this.#hurried && restMs >= 1) {
      this.#resting = new AbortController();
      await sleep(restMs, undefined, { signal: this.#resting.signal }).catch(() => {});
      this.#resting = null;
    }
    this.begin();
  }
}
