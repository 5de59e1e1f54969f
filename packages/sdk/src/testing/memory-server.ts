import type { Fetch, FetchResponse } from "../client/options.js";
import type { MemoryPlane, PlacedKeyEvent, RecordsAsked } from "./memory-plane.js";
import { textAnswer } from "./text-answer.js";

/** How often a stream says that it is current, in milliseconds; as the real server does. */
const heartbeatMs = 5_000;
/** How many events one poll answers. */
const pageSize = 500;

type Init = Parameters<Fetch>[1];

/** What can be asked of a server. */
export type RequestKind = "verify" | "records" | "streams" | "polls" | "usage";

/** What happens to a request instead of its answer. @param answer makes the answer that was due. */
export type Trouble = (answer: () => Promise<FetchResponse>, signal: AbortSignal) => Promise<FetchResponse>;

/** A request as it came. */
export interface SentRequest {
  readonly kind: RequestKind;
  readonly url: string;
  readonly body: string;
}

/** What a test sees of a running server. */
export interface MemoryServerOptions {
  /** Milliseconds that nobody sets back. Default: `performance.now()`. */
  readonly monotonic?: () => number;
  /** Up to which place of the log this server has read, and when it last did. Default: always everything. */
  readonly readUpTo?: () => { readonly place: number; readonly at: number };
  /** The oldest place that can still be told from. Default: the beginning. */
  readonly floor?: () => number;
}

/** One server process on a {@link MemoryPlane}: what a guard and a client ask of one, by the real protocol. */
export class MemoryServer {
  readonly #plane: MemoryPlane;
  readonly #monotonic: () => number;
  readonly #readUpTo: () => { readonly place: number; readonly at: number };
  readonly #floor: () => number;
  #forgotten = 0;
  readonly #streams = new Set<EventSource>();
  /** Usage that was reported, each event once. */
  readonly usage = new Map<string, Readonly<Record<string, unknown>>>();
  /** How often something was asked, by what. */
  readonly asked: Record<RequestKind, number> = { verify: 0, records: 0, streams: 0, polls: 0, usage: 0 };
  /** All requests, in their order. */
  readonly requests: SentRequest[] = [];
  /** What goes wrong at present, by what is asked. */
  troubles: Partial<Record<RequestKind, Trouble>> = {};

  constructor(plane: MemoryPlane, options: MemoryServerOptions = {}) {
    this.#plane = plane;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#readUpTo = options.readUpTo ?? (() => ({ place: plane.events.length, at: this.#monotonic() }));
    this.#floor = options.floor ?? (() => this.#forgotten);
    plane.onChange(() => this.read());
  }

  /** To be called after what `readUpTo` answers has changed: readers get what is new. */
  read(): void {
    for (const stream of this.#streams) stream.send();
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Nobody can go on from before what has happened so far. */
  forget(): void {
    this.#forgotten = this.#plane.events.length;
  }

  /** From now on the same goes wrong with whatever is asked, and what was open breaks. */
  goAway(trouble: Trouble): void {
    this.troubles = { verify: trouble, records: trouble, streams: trouble, polls: trouble, usage: trouble };
    this.kill();
  }

  comeBack(): void {
    this.troubles = {};
  }

  /** Ends all streams, as a process that is killed does. */
  kill(): void {
    for (const stream of this.#streams) stream.fail();
  }

  /** A `fetch` that only reaches this server. */
  readonly fetch: Fetch = async (url, init) => {
    const response = await this.#answer(url, init);
    const date = new Date(this.#plane.now()).toUTCString();
    return { ...response, headers: { get: (name) => (name === "date" ? date : response.headers.get(name)) } };
  };

  async #answer(url: string, init: Init): Promise<FetchResponse> {
    const kind = kindOf(url, init);
    if (!kind)
      return textAnswer(
        404,
        JSON.stringify({ errors: [{ message: "The control plane in memory has no such thing." }] }),
      );
    this.asked[kind] += 1;
    this.requests.push({ kind, url, body: init.body ?? "" });
    const trouble = this.troubles[kind];
    return trouble ? trouble(async () => this.#answers[kind](url, init), init.signal) : this.#answers[kind](url, init);
  }

  readonly #answers: Record<RequestKind, (url: string, init: Init) => FetchResponse | Promise<FetchResponse>> = {
    verify: (_, init) => this.#verify(variablesOf(init)),
    records: (_, init) => this.#records(JSON.parse(init.body ?? "{}") as RecordsAsked),
    streams: (_, init) => this.#stream(variablesOf(init), init),
    polls: (url, init) => this.#poll(new URL(url).searchParams, init),
    usage: (_, init) => this.#recordUsage(variablesOf(init)),
  };

  #verify({ input }: { readonly input: Parameters<MemoryPlane["verify"]>[0] }): FetchResponse {
    return data({ verifyKey: this.#plane.verify(input) });
  }

  #recordUsage({ input }: { input?: { events: readonly { readonly id: string }[] } }): FetchResponse {
    const events = input?.events ?? [];
    for (const event of events) this.usage.set(event.id, { ...event });
    return data({ recordUsage: { __typename: "RecordUsagePayload", accepted: events.length, rejected: [] } });
  }

  #records(asked: RecordsAsked): FetchResponse {
    return textAnswer(200, `${this.#plane.records(asked).join("\n")}\n`, "application/x-ndjson; charset=utf-8");
  }

  #stream(variables: { tenantId?: string; after?: string }, init: Init): FetchResponse {
    const source = new EventSource({
      begunAt: this.#monotonic(),
      after: variables.after ?? null,
      reader: () => this.#reader(variables.tenantId),
      monotonic: this.#monotonic,
      ended: () => this.#streams.delete(source),
    });
    this.#streams.add(source);
    init.signal.addEventListener("abort", () => source.fail(), { once: true });
    return { ...textAnswer(200, "", "text/event-stream"), body: { getReader: () => source } };
  }

  async #poll(parameters: URLSearchParams, init: Init): Promise<FetchResponse> {
    const begunAt = this.#monotonic();
    const after = parameters.get("after");
    const reader = this.#reader(parameters.get("tenantId") ?? undefined);
    const start = placeOf(after, reader);
    const until = begunAt + Number(parameters.get("waitMs") ?? 0);
    while (start.place !== null && reader.after(start.place).length === 0 && this.#monotonic() < until) {
      if (init.signal.aborted) throw new DOMException("aborted", "AbortError");
      await this.#change(until - this.#monotonic(), init.signal);
    }
    const { place, at } = this.#readUpTo();
    const found = start.place === null ? [] : reader.after(start.place);
    const events = found.slice(0, pageSize).map(shown);
    const isWhole = found.length <= pageSize;
    const cursor = isWhole ? `m${place}` : events.at(-1)?.cursor;
    const resync = start.place === null ? { code: start.code, cursor, reason: start.code } : null;
    const current = isWhole && at >= begunAt ? Math.floor(at - begunAt) : null;
    return textAnswer(200, JSON.stringify({ events, resync, cursor, current }));
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, Math.min(ms, 250)));
      const stop = this.#plane.onChange(done);
      signal.addEventListener("abort", done);
    });
  }

  #reader(tenantId: string | undefined): Reader {
    const mayRead = (event: PlacedKeyEvent): boolean => tenantId === undefined || event.tenantId === tenantId;
    return {
      ...this.#readUpTo(),
      floor: this.#floor(),
      after: (place) => this.#plane.events.slice(place, this.#readUpTo().place).filter(mayRead),
    };
  }
}

function kindOf(url: string, { body }: Init): RequestKind | null {
  const { pathname } = new URL(url);
  if (pathname === "/v1/verification-records") return "records";
  if (pathname === "/v1/key-events") return "polls";
  if (pathname !== "/graphql") return null;
  const { query } = JSON.parse(body ?? "{}") as { readonly query: string };
  if (query.includes("subscription FollowKeyEvents")) return "streams";
  if (query.includes("verifyKey(")) return "verify";
  return query.includes("recordUsage(") ? "usage" : null;
}

function variablesOf<Variables>({ body }: Init): Variables {
  return (JSON.parse(body ?? "{}") as { readonly variables: Variables }).variables;
}

/** What one reader can be told of at a moment. */
interface Reader {
  readonly place: number;
  readonly at: number;
  readonly floor: number;
  after(place: number): readonly PlacedKeyEvent[];
}

function placeOf(after: string | null, { place, floor }: Reader): { place: number } | { place: null; code: string } {
  if (after === null) return { place };
  const wanted = /^m(\d+)$/.exec(after)?.[1];
  if (wanted === undefined || Number(wanted) > place) return { place: null, code: "CURSOR_UNKNOWN" };
  return Number(wanted) < floor ? { place: null, code: "CURSOR_TOO_OLD" } : { place: Number(wanted) };
}

function shown({ place: _place, ...event }: PlacedKeyEvent): Omit<PlacedKeyEvent, "place"> {
  return event;
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
class EventSource {
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
    for (const event of reader.after(this.#place)) this.#next({ __typename: "KeyEvent", ...shown(event) });
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

const encoder = new TextEncoder();

function data(value: unknown): FetchResponse {
  return textAnswer(200, JSON.stringify({ data: value }));
}
