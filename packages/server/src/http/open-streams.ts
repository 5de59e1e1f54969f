import type { ServerResponse } from "node:http";
import { docsUrlForError } from "@keyplane/schema";
import type { Principal } from "../modules/auth/index.js";
import type { Progress } from "../modules/events/index.js";
import { KeyplaneError } from "../platform/errors.js";

/** How many streams one server holds open at most, and how many of one caller: one token must not use up what all need. */
export const maxStreams = 10_000;
export const maxStreamsOfCaller = 2_500;
/** How long a reader may take nothing of what waits for it, in milliseconds. */
const stuckMs = 120_000;
/** How often it is looked whether the caller may still listen, in milliseconds. */
const checkEveryMs = 1_000;
/** How often a stream of events says that it is current, in milliseconds. Short, because a guard's bound on staleness hangs on it. */
export const heartbeatMs = 5_000;
/** A stream that was current this long ago says nothing any more, in milliseconds. */
const currentMs = 5_000;

/** The pieces of a stream of events, as a reader of a `ReadableStream` gives them. */
export interface EventChunks {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Why a stream ends before its reader leaves. */
export type EndReason = "token ended" | "server stops";

/** Answers that do not end by themselves: subscriptions. They end when the server stops, or when their caller may no longer listen. */
export class OpenStreams {
  readonly #open = new Set<(reason: EndReason) => void>();
  readonly #ofCaller = new Map<string, number>();
  readonly #maxOfCaller: number;
  #size = 0;
  #stopping = false;

  constructor(maxOfCaller = maxStreamsOfCaller) {
    this.#maxOfCaller = maxOfCaller;
  }

  /** Whether one more would be too many, whoever calls. */
  get isFull(): boolean {
    return this.#size >= maxStreams;
  }

  /** Why one more of this caller would be too many; null when there is room. */
  refusalFor({ id }: Pick<Principal, "id">): KeyplaneError | null {
    if (this.isFull) return new KeyplaneError("UNAVAILABLE", full);
    const ofCaller = this.#ofCaller.get(id) ?? 0;
    return ofCaller < this.#maxOfCaller ? null : new KeyplaneError("UNAVAILABLE", fullOfCaller);
  }

  get size(): number {
    return this.#size;
  }

  /** Counts one more, that is watched over with another one of the same connection. @returns called when it has ended. */
  count({ id }: Pick<Principal, "id">): () => void {
    this.#size += 1;
    this.#ofCaller.set(id, (this.#ofCaller.get(id) ?? 0) + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.#size -= 1;
      const left = (this.#ofCaller.get(id) ?? 0) - 1;
      if (left > 0) this.#ofCaller.set(id, left);
      else this.#ofCaller.delete(id);
    };
  }

  /**
   * Counts one more, and watches over its caller.
   *
   * @param caller whose it is.
   * @param allowed asked once a second; resolves false once the caller's token has ended.
   * @param end called once, when it must end.
   * @returns called when it has ended.
   */
  hold(caller: Pick<Principal, "id">, allowed: () => Promise<boolean>, end: (reason: EndReason) => void): () => void {
    const release = this.count(caller);
    this.#open.add(end);
    let isAsking = false;
    const check = setInterval(() => {
      // A database that takes longer is not asked ever more.
      if (isAsking) return;
      isAsking = true;
      allowed()
        .then(
          (may) => may || end("token ended"),
          () => {}, // it could not be found out; the next look will tell
        )
        .finally(() => {
          isAsking = false;
        });
    }, checkEveryMs);
    if (this.#stopping) end("server stops");
    return () => {
      clearInterval(check);
      this.#open.delete(end);
      release();
    };
  }

  /**
   * Passes on a stream of server-sent events as fast as its reader takes them: what it has not taken is not asked for.
   *
   * @param allowed asked once a second; resolves false once the caller's token has ended.
   * @param current how far the stream has told everything, for heartbeats; null while that is not known.
   */
  async send(
    response: ServerResponse,
    reader: EventChunks,
    caller: Pick<Principal, "id">,
    allowed: () => Promise<boolean>,
    current: () => number | null = () => null,
  ): Promise<void> {
    const ending = new AbortController();
    ending.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    // Whoever has gone already says so no more.
    if (response.destroyed) ending.abort();
    response.once("close", () => ending.abort());
    const release = this.hold(caller, allowed, (reason) => ending.abort(reason));
    /** Whether nothing is on its way: a heartbeat must not overtake an event, nor stand within one. */
    let isIdle = false;
    const beat = (): void => {
      const ms = isIdle && !response.writableNeedDrain ? current() : null;
      if (ms !== null && !response.write(`: current ${ms}\n\n`)) void writable(response, ending.signal);
    };
    const heart = setInterval(beat, heartbeatMs);
    // Soon, because a reader who begins waits for it: from then on it misses nothing.
    const first = setInterval(() => {
      if (!isIdle || current() === null) return;
      clearInterval(first);
      beat();
    }, firstBeatMs);
    try {
      let isWhole = true;
      for (;;) {
        isIdle = isWhole;
        const { done, value } = await reader.read();
        isIdle = false;
        if (done || !value || ending.signal.aborted) break;
        isWhole = value.at(-1) === lineFeed && (value.at(-2) === lineFeed || value.length === 1);
        if (!response.write(value)) await writable(response, ending.signal);
      }
    } finally {
      clearInterval(heart);
      clearInterval(first);
      release();
      if (ending.signal.reason === ("token ended" satisfies EndReason)) response.write(unauthenticated());
      endSoon(response);
    }
  }

  /** Ends all of them, and those to come. */
  stop(): void {
    this.#stopping = true;
    for (const end of this.#open) end("server stops");
  }
}

const firstBeatMs = 20;
const lineFeed = 10;

/**
 * How far a stream has told everything, in milliseconds since `openedAt`: whatever was committed by then has been sent. null
 * while something is on its way, or when the server itself is not current. Both as `performance.now()` counts.
 */
export function currentOf(progress: Progress, openedAt: number): number | null {
  return currentSince(progress.completeSince?.() ?? null, openedAt);
}

/** The same of a place that was reached. */
export function currentSince(since: number | null, openedAt: number): number | null {
  if (since === null || performance.now() - since > currentMs || since < openedAt) return null;
  return Math.floor(since - openedAt);
}

// Short enough for the reason of a close frame.
const full = "This server has as many subscriptions open as it can hold. Try another server, or later.";
const fullOfCaller = "This token has as many subscriptions open as one may. Close some, or use another token.";

/** Which of them it was, the next request is told: here only that it ended was found out. Short enough for a close frame as well. */
export const tokenEndedMessage =
  "Your token was revoked, has expired, lost permissions, or its user or tenant is disabled. Connect again to hear which.";

/** In the form of GraphQL over SSE: an answer with an error, and the end. */
const unauthenticated = (): string => `event: next
data: {"errors":[{"message":"${tokenEndedMessage}","extensions":{"code":"UNAUTHENTICATED","docsUrl":"${docsUrlForError("UNAUTHENTICATED")}"}}]}

event: complete
data:

`;

function writable(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // It will not read any more, and its place is another's.
    const stuck = setTimeout(() => {
      response.destroy();
      done();
    }, stuckMs);
    const done = (): void => {
      clearTimeout(stuck);
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done);
    if (signal.aborted || response.destroyed) done();
  });
}

/** Ends an answer, and its connection when the reader does not take the end either. */
function endSoon(response: ServerResponse): void {
  if (response.destroyed) return;
  const stuck = setTimeout(() => response.destroy(), stuckMs);
  response.once("close", () => clearTimeout(stuck));
  response.end(() => clearTimeout(stuck));
}
