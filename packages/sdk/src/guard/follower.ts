import { FollowKeyEventsDocument } from "../_generated/documents.js";
import { AuthenticationError, ConnectionError, KeyplaneError, ServerError, TimeoutError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import { reconnecting } from "../client/reconnecting.js";
import { ReopeningError } from "../client/reopening.js";
import type { Runtime } from "../client/runtime.js";
import type { Subscribe } from "../client/subscription.js";
import type { KeyEvent } from "../entities.js";
import type { SteadyClock } from "./steady-clock.js";

/** How a guard hears of events. `auto`: by a stream, and by polling while something on the way holds streams back. */
export type EventTransport = "auto" | "stream" | "polling";

/** What one request for events answers. */
export interface EventPage {
  readonly events: readonly KeyEvent[];
  readonly resync: { readonly cursor: string } | null;
  readonly cursor: string;
  /** Up to how many milliseconds after the request came in everything is told; null where more is to come. */
  readonly current: number | null;
}

/** Asks for the events after a place, and waits a while for the next where there is none. */
export type PollEvents = (after: string, waitMs: number, options: RequestOptions) => Promise<EventPage>;

/** Told of what is heard, each call after everything before it has been dealt with. */
export interface FollowerListener {
  onConnected(by: "stream" | "polling"): void;
  onEvent(event: KeyEvent): void;
  /** Everything that was committed by then, by the guard's clock, has been told. */
  onCurrent(asOf: number): void;
  /** Events were missed, or this is the beginning: whatever is read from now on is at least as new as this place. */
  onResync(): void;
  onInterrupted(error: KeyplaneError): void;
}

/** How long a stream may say nothing before it counts as dead: three heartbeats. Milliseconds. */
const silenceMs = 15_000;
/** How long a request waits at a server that is behind itself, in milliseconds. */
const notCurrentMs = 1_000;
/**
 * How long one connection is held, in milliseconds: the server's clock counts from its beginning and ours does, too, and two
 * clocks may differ by a few hundred parts in a million.
 */
const longestStreamMs = 3_600_000;
/** For how long to poll before a stream is tried again, at first and at most; milliseconds. */
const firstPollingMs = 60_000;
const longestPollingMs = 600_000;

/** Follows the events of keys, from where it has come to, until it is told to end: a refusal is tried again as well. */
export class Follower {
  readonly #subscribe: Subscribe;
  readonly #poll: PollEvents;
  readonly #listener: FollowerListener;
  readonly #clock: SteadyClock;
  readonly #runtime: Runtime;
  readonly #tenantId: string | undefined;
  readonly #transport: EventTransport;
  readonly #pollWaitMs: number;
  readonly #renewsToken: boolean;
  readonly #longestStreamMs: number;
  /** An empty cursor is answered with the place to begin at. */
  #cursor: string;
  /** How often in a row a stream was opened and stayed silent, and until when to poll because of that. */
  #silent = 0;
  #pollUntil = Number.NEGATIVE_INFINITY;
  #connection: AbortController | null = null;

  constructor(deps: {
    subscribe: Subscribe;
    poll: PollEvents;
    listener: FollowerListener;
    clock: SteadyClock;
    runtime: Runtime;
    tenantId: string | undefined;
    transport: EventTransport;
    /** How long one request waits for an event, in milliseconds. */
    pollWaitMs: number;
    /** Whether the token may be another one the next time. */
    renewsToken: boolean;
    /** Default: an hour. */
    longestStreamMs?: number | undefined;
    cursor: string | null;
  }) {
    this.#subscribe = deps.subscribe;
    this.#poll = deps.poll;
    this.#listener = deps.listener;
    this.#clock = deps.clock;
    this.#runtime = deps.runtime;
    this.#tenantId = deps.tenantId;
    this.#transport = deps.transport;
    this.#pollWaitMs = deps.pollWaitMs;
    this.#renewsToken = deps.renewsToken;
    this.#longestStreamMs = deps.longestStreamMs ?? longestStreamMs;
    this.#cursor = deps.cursor ?? "";
  }

  /** The place that was reached; null before the first. */
  get cursor(): string | null {
    return this.#cursor || null;
  }

  /** Gives up the present connection and opens another at once: what it says of the time can no longer be trusted. */
  reconnect(): void {
    this.#connection?.abort();
  }

  /** Whether two clocks may have come too far apart on a connection that was opened then. */
  isHeldTooLong(openedAt: number): boolean {
    return this.#clock.now() - openedAt > this.#longestStreamMs;
  }

  /** @throws AbortedError, and whatever is no KeyplaneError, which is a mistake in here. */
  async run(signal: AbortSignal): Promise<void> {
    const onInterrupted = (error: KeyplaneError): void => this.#listener.onInterrupted(error);
    const options = { signal, onInterrupted, outlastsRefusals: true };
    const connect = (onOpen: () => void) => this.#connect(onOpen, signal);
    for await (const _ of reconnecting(connect, options, this.#runtime));
  }

  /** One connection, until it ends. What is heard is dealt with on the way; nothing comes out. */
  async *#connect(onOpen: () => void, outer: AbortSignal): AsyncGenerator<never, void, undefined> {
    yield* [];
    const connection = new AbortController();
    const end = (): void => connection.abort();
    if (outer.aborted) end();
    outer.addEventListener("abort", end, { once: true });
    this.#connection = connection;
    try {
      // Polling ends when a stream is to be tried again, which is no interruption.
      if (this.#polls()) await this.#followByPolling(onOpen, connection.signal);
      await this.#followByStream(onOpen, connection.signal);
    } catch (error) {
      if (outer.aborted) throw error;
      if (!connection.signal.aborted) throw this.#canPass(error) ? passing(error) : error;
      throw new ReopeningError(
        "The connection is opened anew, because of the clock: it has jumped, or an hour is over.",
      );
    } finally {
      outer.removeEventListener("abort", end);
      this.#connection = null;
    }
  }

  /**
   * Whether time may mend by itself what a refusal is elsewhere. Where a Keyplane server was found once, only its own word is one: whatever
   * else answers is a proxy, or a page about maintenance. A function that gives tokens may give a better one the next time.
   */
  #canPass(error: unknown): error is Error {
    const isOfToken = error instanceof AuthenticationError || !(error instanceof KeyplaneError);
    if (this.#renewsToken && isOfToken) return true;
    return this.#cursor !== "" && error instanceof KeyplaneError && !isOfServer(error);
  }

  #polls(): boolean {
    return this.#transport === "polling" || (this.#transport === "auto" && this.#clock.now() < this.#pollUntil);
  }

  async #followByStream(onOpen: () => void, signal: AbortSignal): Promise<void> {
    // Before the request leaves: the server counts from when it came.
    const openedAt = this.#clock.now();
    let isHeard = false;
    const heard = (): void => {
      if (isHeard) return;
      isHeard = true;
      this.#silent = 0;
      onOpen();
      this.#listener.onConnected("stream");
    };
    const onComment = (comment: string): void => {
      heard();
      const current = /^current (\d+)$/.exec(comment)?.[1];
      if (current === undefined) return;
      this.#listener.onCurrent(this.#clock.notLater(openedAt + Number(current)));
      if (this.isHeldTooLong(openedAt)) this.reconnect();
    };
    const variables = { tenantId: this.#tenantId, after: this.#cursor };
    try {
      const options = { signal, idleTimeoutMs: silenceMs, timeoutMs: silenceMs, onComment };
      for await (const { keyEvents } of this.#subscribe(FollowKeyEventsDocument, variables, options)) {
        // A gap is told before the connection, which would otherwise look as if it went on from before.
        if (keyEvents.__typename !== "KeyEvent") this.#resync(keyEvents.cursor);
        heard();
        if (keyEvents.__typename === "KeyEvent") this.#event(keyEvents);
      }
    } catch (error) {
      if (isHeard || this.#transport !== "auto" || !isHeldBack(error)) throw error;
      // Something between here and the server does not let streams through.
      this.#pollUntil = this.#clock.now() + Math.min(longestPollingMs, firstPollingMs * 2 ** this.#silent++);
      await this.#followByPolling(onOpen, signal);
      await this.#followByStream(onOpen, signal);
    }
  }

  async #followByPolling(onOpen: () => void, signal: AbortSignal): Promise<void> {
    let waitMs = 0;
    let isConnected = false;
    do {
      const askedAt = this.#clock.now();
      const { events, resync, cursor, current } = await this.#poll(this.#cursor, waitMs, { signal, maxRetries: 0 });
      onOpen();
      for (const event of events) this.#event(event);
      // It stands behind the events, and is told before the connection, which would otherwise look as if it went on from before.
      if (resync) this.#resync(resync.cursor);
      if (!isConnected) this.#listener.onConnected("polling");
      isConnected = true;
      this.#cursor = resync?.cursor ?? cursor;
      if (current !== null) this.#listener.onCurrent(this.#clock.notLater(askedAt + current));
      // After a resync everything from its place on is asked for at once; a server that is not current itself is given a moment.
      if (current !== null) waitMs = this.#pollWaitMs;
      else waitMs = resync ? 0 : Math.min(notCurrentMs, this.#pollWaitMs);
    } while (this.#polls());
  }

  #event(event: KeyEvent): void {
    this.#cursor = event.cursor;
    this.#listener.onEvent(event);
  }

  #resync(cursor: string): void {
    this.#cursor = cursor;
    this.#listener.onResync();
  }
}

/** Only a Keyplane server names the page that explains its refusal. */
function isOfServer({ docsUrl }: KeyplaneError): boolean {
  return docsUrl !== undefined;
}

function passing(cause: Error): ConnectionError {
  const message = cause instanceof KeyplaneError ? cause.message : "The function that gives the token has failed.";
  return new ConnectionError(message, { cause, neverSent: false });
}

/** Nothing came although the request was taken, or something else came than a stream. */
function isHeldBack(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  return error instanceof ServerError && error.code === "INVALID_RESPONSE";
}
