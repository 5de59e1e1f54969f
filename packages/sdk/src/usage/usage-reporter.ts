import type { DroppedUsage, RejectedUsage, ResolvedRecordOptions } from "./record-options.js";

/** Tells the application what has become of its calls, through its callbacks or else, once each, on the console. */
export class UsageReporter {
  readonly #options: ResolvedRecordOptions;
  readonly #warned = new Set<string>();
  /** The causes that were told since the last batch was taken. */
  readonly #causes = new Set<string>();
  /** How often a callback has thrown. Recording must not fail for it, so it is counted and not thrown on. */
  callbackFailures = 0;

  constructor(options: ResolvedRecordOptions) {
    this.#options = options;
  }

  dropped(dropped: DroppedUsage): void {
    const words = `A recorded call was given up (${dropped.reason}). See usage.recordStatus and the option usage.onDrop.`;
    this.#tell("onDrop", dropped, words);
  }

  rejected(rejected: RejectedUsage): void {
    const words = `A recorded call is not counted. ${rejected.message} See the option usage.onRejected.`;
    this.#tell("onRejected", rejected, words);
  }

  /** @param lasting whether somebody has to do something about it. */
  failed(error: Error, lasting: boolean): void {
    const cause = `${error.name} ${"code" in error ? String(error.code) : error.message}`;
    if (this.#causes.has(cause)) return;
    this.#causes.add(cause);
    const words = `Recorded calls cannot be handed over, and are kept. ${error.message} See the option usage.onError.`;
    this.#tell("onError", error, lasting ? words : undefined);
  }

  /** A batch was taken: the next failure is news again. */
  worksAgain(): void {
    this.#causes.clear();
  }

  #tell<News>(name: "onDrop" | "onRejected" | "onError", news: News, words: string | undefined): void {
    const callback = this.#options[name] as ((news: News) => void) | undefined;
    try {
      if (callback) return callback(news);
      if (words === undefined || this.#warned.has(name) || typeof console === "undefined") return;
      this.#warned.add(name);
      console.warn(`[keyplane] ${words}`);
    } catch {
      this.callbackFailures++;
    }
  }
}
