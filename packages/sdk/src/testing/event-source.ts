import { shownEvent } from "./answers.js";
import type { PlacedKeyEvent } from "./memory-plane.js";

/** How often a stream says that it is current, in milliseconds; as the real server does. */
const heartbeatMs = 5_000;
const encoder = new TextEncoder();

/** What one reader can be told of at a moment. */
export interface Reader {
  readonly place: number;
  readonly at: number;
  readonly floor: number;
  after(place: number): readonly PlacedKeyEvent[];
}

/** Where a reader begins, or why it cannot. */
export function placeOf(
  after: string | null,
  { place, floor }: Reader,
): { place: number } | { place: null; code: string } {
  if (after === null) return { place };
  const wanted = /^m(\d+)$/.exec(after)?.[1];
  if (wanted === undefined || Number(wanted) > place) return { place: null, code: "CURSOR_UNKNOWN" };
  return Number(wanted) < floor ? { place: null, code: "CURSOR_TOO_OLD" } : { place: Number(wanted) };
}

/** Who reads a stream, and from where on. */
interface StreamDeps {
  readonly begunAt: number;
  readonly after: string | null;
  readonly reader: () => Reader;
  readonly monotonic: () => number;
  readonly ended: () => void;
}

/** The body of a stream: GraphQL over server-sent events. */
export class EventSource {
  readonly #deps: StreamDeps;
  readonly #pieces: Uint8Array[] = [];
  readonly #heart: ReturnType<typeof setInterval>;
  #waiting: { resolve: (piece: { done: boolean; value?: Uint8Array }) => void; reject: (error: Error) => void } | null =
    null;
  #place: number;
  #isBroken = false;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    const reader = deps.reader();
    const start = placeOf(deps.after, reader);
    this.#place = start.place ?? reader.place;
    if (start.place === null) {
      const cursor = `m${reader.place}`;
      this.#next({ __typename: "ResyncRequired", cursor, code: start.code, reason: start.code });
    }
    this.#heart = setInterval(() => this.#beat(), heartbeatMs);
    this.send();
    setTimeout(() => this.#beat(), 20);
  }

  send(): void {
    const reader = this.#deps.reader();
    for (const event of reader.after(this.#place)) this.#next({ __typename: "KeyEvent", ...shownEvent(event) });
    this.#place = Math.max(this.#place, reader.place);
  }

  fail(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    clearInterval(this.#heart);
    this.#deps.ended();
    this.#waiting?.reject(new Error("the connection broke"));
  }

  async cancel(): Promise<void> {
    this.fail();
  }

  read(): Promise<{ done: boolean; value?: Uint8Array }> {
    const piece = this.#pieces.shift();
    if (piece) return Promise.resolve({ done: false, value: piece });
    if (this.#isBroken) return Promise.reject(new Error("the connection broke"));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #beat(): void {
    if (this.#isBroken) return;
    const { at } = this.#deps.reader();
    const current = at - this.#deps.begunAt;
    if (current >= 0 && this.#deps.monotonic() - at <= heartbeatMs) this.#push(`: current ${Math.floor(current)}\n\n`);
  }

  #next(keyEvents: object): void {
    this.#push(`event: next\ndata: ${JSON.stringify({ data: { keyEvents } })}\n\n`);
  }

  #push(text: string): void {
    const value = encoder.encode(text);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting.resolve({ done: false, value });
    else this.#pieces.push(value);
  }
}
