import { errorCodes } from "@keyplane/schema";
import { FollowKeyEventsDocument, RecordUsageDocument, VerifyKeyDocument } from "../_generated/documents.js";
import type { Fetch, FetchResponse } from "../client/options.js";
import { publicUrlHeader } from "../guard/docs-address.js";
import { createAnswers, NotInMemoryError, shownEvent, WrongArgumentError } from "./answers.js";
import { EventSource, placeOf, type Reader } from "./event-source.js";
import type { MemoryPlane, PlacedKeyEvent, RecordsAsked } from "./memory-plane.js";
import { MemoryUsage, type TestUsage } from "./memory-usage.js";
import { answer, data, failure } from "./responses.js";

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
  /** Who may ask. Default: anybody. */
  readonly token?: string;
  /** Whether the header `Date` tells milliseconds, too, so that a guard's clock is not up to a second behind. Default: false. */
  readonly exactDate?: boolean;
  /** Where people reach it, as it tells on each answer; undefined: it tells nothing, as an older server. Default: nothing. */
  readonly publicUrl?: () => string | undefined;
}

/** One server process on a {@link MemoryPlane}: what a guard and a client ask of one, by the real protocol. */
export class MemoryServer {
  readonly #plane: MemoryPlane;
  readonly #monotonic: () => number;
  readonly #readUpTo: () => { readonly place: number; readonly at: number };
  readonly #floor: () => number;
  #forgotten = 0;
  readonly #streams = new Set<EventSource>();
  readonly #exactDate: boolean;
  readonly #publicUrl: () => string | undefined;
  readonly #token: string | undefined;
  readonly #answers: ReturnType<typeof createAnswers>;
  readonly #usage: MemoryUsage;
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
    this.#token = options.token;
    this.#exactDate = options.exactDate ?? false;
    this.#publicUrl = options.publicUrl ?? (() => undefined);
    this.#usage = new MemoryUsage(plane);
    this.#answers = createAnswers(plane, this.#usage);
    plane.onChange(() => this.read());
  }

  /** What was counted, by the id of the call. */
  get usage(): ReadonlyMap<string, TestUsage> {
    return this.#usage.events;
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
    const now = new Date(this.#plane.now());
    const date = this.#exactDate ? now.toISOString() : now.toUTCString();
    const told = new Map([
      ["date", date],
      [publicUrlHeader, this.#publicUrl()],
    ]);
    return { ...response, headers: { get: (name) => told.get(name) ?? response.headers.get(name) } };
  };

  async #answer(url: string, init: Init): Promise<FetchResponse> {
    const kind = kindOf(url, init);
    const respond = async (): Promise<FetchResponse> => this.#respond(url, init);
    if (!kind) return respond();
    this.asked[kind] += 1;
    this.requests.push({ kind, url, body: init.body ?? "" });
    const trouble = this.troubles[kind];
    return trouble ? trouble(respond, init.signal) : respond();
  }

  #respond(url: string, init: Init): FetchResponse | Promise<FetchResponse> {
    const isKnown = this.#token === undefined || init.headers["authorization"] === `Bearer ${this.#token}`;
    if (!isKnown) return failure(401, "UNAUTHENTICATED", errorCodes.UNAUTHENTICATED.message);
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/v1/verification-records") return this.#records(JSON.parse(init.body ?? "{}") as RecordsAsked);
    if (pathname === "/v1/key-events") return this.#poll(searchParams, init);
    if (pathname !== "/graphql") return unknown(pathname);
    const { query, variables = {} } = JSON.parse(init.body ?? "{}") as { query: string; variables?: object };
    return query === FollowKeyEventsDocument ? this.#stream(variables, init) : this.#document(query, variables);
  }

  #document(query: string, variables: object): FetchResponse {
    const respond = this.#answers.get(query);
    if (!respond) return unknown(/\w+ \w+/.exec(query)?.[0] ?? query.slice(0, 40));
    try {
      return data(respond(variables as never));
    } catch (error) {
      if (error instanceof WrongArgumentError) return failure(400, "BAD_USER_INPUT", error.message);
      if (error instanceof NotInMemoryError) return unknown(error.message);
      throw error;
    }
  }

  #records(asked: RecordsAsked): FetchResponse {
    return answer(200, `${this.#plane.records(asked).join("\n")}\n`, "application/x-ndjson; charset=utf-8");
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
    return { ...answer(200, "", "text/event-stream"), body: { getReader: () => source } };
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
    const events = found.slice(0, pageSize).map(shownEvent);
    const isWhole = found.length <= pageSize;
    const cursor = isWhole ? `m${place}` : events.at(-1)?.cursor;
    const resync = start.place === null ? { code: start.code, cursor, reason: start.code } : null;
    // After a resync, what follows its place comes with the next answer.
    const current = isWhole && !resync && at >= begunAt ? Math.floor(at - begunAt) : null;
    return answer(200, JSON.stringify({ events, resync, cursor, current }));
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

/** What a request asks for, where that is counted. */
function kindOf(url: string, { body }: Init): RequestKind | null {
  const { pathname } = new URL(url);
  if (pathname === "/v1/verification-records") return "records";
  if (pathname === "/v1/key-events") return "polls";
  if (pathname !== "/graphql") return null;
  const { query } = JSON.parse(body ?? "{}") as { readonly query: string };
  if (query === FollowKeyEventsDocument) return "streams";
  if (query === VerifyKeyDocument) return "verify";
  return query === RecordUsageDocument ? "usage" : null;
}

/** The refusal of what only a real server answers. */
function unknown(what: string): FetchResponse {
  const message = `The in-memory control plane does not know ${what}. It answers what guards ask, keys.verify, the other methods of keys but list, diagnose, resolveInvalidUser and release, viewer, usage.record and keyEvents.list of the SDK. For anything else use a real server: npm start in the repository of Keyplane.`;
  return failure(400, "BAD_REQUEST", message);
}
