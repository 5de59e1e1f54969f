/** One event of a stream of server-sent events. */
export interface ServerSentEvent {
  /** `message` unless the event names another type. */
  readonly type: string;
  /** The lines of its data, joined by `\n`; empty when it has none. */
  readonly data: string;
}

/** A line that says nothing to whoever listens for events: a sign of life, or what a server and its clients agreed upon. */
export interface StreamComment {
  /** What follows the colon, without one leading space. */
  readonly comment: string;
}

/** The event would not end, or is larger than anything that a Keyplane server sends. */
export class EventTooLargeError extends Error {}

/**
 * Reads server-sent events as the WHATWG specification does
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation), however the stream is
 * cut into pieces. Comments are answered in their place among the events, because Keyplane's heartbeats are comments.
 * Unknown fields are skipped; so are `id` and `retry`, because our cursors are in the data and the pauses between
 * attempts are the client's own matter.
 *
 * In one point it is more lenient: an event that names its type and has no data is answered as well, because older
 * servers of GraphQL over SSE end with a bare `event: complete`.
 */
export class EventStreamParser {
  readonly #maxCharacters: number;
  /** The line that has begun, in pieces: whole lines come out of most pieces, and none is looked through twice. */
  #line = "";
  /** A CR ended the last piece: an LF at the beginning of the next one belongs to it. */
  #afterReturn = false;
  #type = "";
  #data: string[] = [];
  #size = 0;

  /** @param maxCharacters how large one event may be, its field names and comments included. */
  constructor(maxCharacters = 4_000_000) {
    this.#maxCharacters = maxCharacters;
  }

  /**
   * The events and comments that this piece of text completes, in their order. What the end of the stream cuts off never
   * was.
   *
   * @throws EventTooLargeError
   */
  push(text: string): (ServerSentEvent | StreamComment)[] {
    const events: (ServerSentEvent | StreamComment)[] = [];
    let from = this.#afterReturn && text.startsWith("\n") ? 1 : 0;
    if (text !== "") this.#afterReturn = false;
    for (let to = endOfLine(text, from); to >= 0; to = endOfLine(text, from)) {
      this.#grow(to - from);
      const event = this.#endLine(this.#line + text.slice(from, to));
      if (event) events.push(event);
      this.#line = "";
      from = to + 1;
      if (text[to] === "\r") {
        if (from === text.length) this.#afterReturn = true;
        else if (text[from] === "\n") from++;
      }
    }
    this.#grow(text.length - from);
    this.#line += text.slice(from);
    return events;
  }

  #grow(characters: number): void {
    this.#size += characters;
    if (this.#size > this.#maxCharacters) {
      throw new EventTooLargeError(`An event is larger than ${this.#maxCharacters} characters.`);
    }
  }

  #endLine(line: string): ServerSentEvent | StreamComment | undefined {
    if (line === "") return this.#endEvent();
    const colon = line.indexOf(":");
    if (colon === 0) {
      // Comments keep a connection alive for days; they must not add up.
      this.#size -= line.length;
      return { comment: line.slice(line[1] === " " ? 2 : 1) };
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#type = value;
    if (field === "data") this.#data.push(value);
    return undefined;
  }

  #endEvent(): ServerSentEvent | undefined {
    const type = this.#type;
    const data = this.#data;
    this.#type = "";
    this.#data = [];
    this.#size = 0;
    return type === "" && data.length === 0 ? undefined : { type: type || "message", data: data.join("\n") };
  }
}

/** Where the next CR or LF is; -1 when there is none. */
function endOfLine(text: string, from: number): number {
  lineEnd.lastIndex = from;
  return lineEnd.test(text) ? lineEnd.lastIndex - 1 : -1;
}

const lineEnd = /[\r\n]/g;
