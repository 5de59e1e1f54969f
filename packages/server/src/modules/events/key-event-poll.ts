import type { KeyEvent, KeyEventMessage, ResyncRequired } from "./key-event.js";
import type { Progress } from "./key-event-reader.js";

/** How many events one answer has at most. */
export const maxPolledEvents = 500;

/** What a reader gets who asks again and again instead of holding a stream. */
export interface KeyEventPoll {
  readonly events: readonly KeyEvent[];
  /** Comes after the events: what was between them and its cursor cannot be told. */
  readonly resync: ResyncRequired | null;
  /** The place to go on from: what is not in this answer and was to be told stands after it. */
  readonly cursor: string;
  /**
   * Up to when all that was committed is in this answer or before its cursor, as `performance.now()` counts; null when there is
   * more to come.
   */
  readonly completeSince: number | null;
}

/**
 * What a reader says of itself, with its place at that very moment. A place that is asked for later may be further
 * already, past an event that the reader is about to tell.
 */
export class PollProgress implements Progress {
  readonly #endOfLog: () => string;
  readonly #waiting: (() => void)[] = [];
  #completeSince: Progress["completeSince"] = null;
  /** Where the reader was when it last had told everything, and up to when that was all; null before the first time. */
  reached: { readonly cursor: string; readonly completeSince: number } | null = null;

  /** @param endOfLog the cursor of the newest event, whatever its type. */
  constructor(endOfLog: () => string) {
    this.#endOfLog = endOfLog;
  }

  get completeSince(): Progress["completeSince"] {
    return this.#completeSince;
  }

  set completeSince(value: Progress["completeSince"]) {
    this.#completeSince = value;
    if (!value) return;
    this.reached = { cursor: this.#endOfLog(), completeSince: value() };
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when the reader has told everything that there is. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#completeSince) resolve();
      else this.#waiting.push(resolve);
    });
  }
}

/**
 * Gathers what a reader tells, until there is something and it has told all, or until `enough` resolves.
 *
 * @param enough resolves when the answer must not wait any longer for a first event.
 * @returns null when the reader has ended before it knew its place.
 * @throws what the reader has failed with, unless there are events to tell first.
 */
export async function collectEvents(
  messages: AsyncGenerator<KeyEventMessage, void, undefined>,
  progress: PollProgress,
  enough: Promise<void>,
): Promise<KeyEventPoll | null> {
  const events: KeyEvent[] = [];
  const upTo = (cursor: string, resync: ResyncRequired | null = null): KeyEventPoll => ({
    events,
    resync,
    cursor,
    completeSince: null,
  });
  const all = (): KeyEventPoll | null => progress.reached && { events, resync: null, ...progress.reached };

  for (;;) {
    const coming = messages.next();
    const toldAll = progress.idle().then(() => (events.length > 0 ? undefined : enough));
    const next = await Promise.race([coming, toldAll]);
    if (!next) return all();
    const last = events.at(-1);
    // Where it was idle before these events, it is not any more.
    if (next.done) return last ? upTo(last.cursor) : all();
    const message = next.value;
    if (message.kind === "event") {
      events.push(message);
      if (events.length === maxPolledEvents) return upTo(message.cursor);
    } else if (message.kind === "resync") return upTo(message.cursor, message);
    else if (last) return upTo(last.cursor);
    else throw message.error;
  }
}
