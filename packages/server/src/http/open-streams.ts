import type { ServerResponse } from "node:http";

/** How many streams one server holds open at most. */
const maxStreams = 10_000;
/** How often it is looked whether the caller may still listen, in milliseconds. */
const checkEveryMs = 1_000;

/** Answers that do not end by themselves: subscriptions. They end when the server stops, or when their caller may no longer listen. */
export class OpenStreams {
  readonly #open = new Set<AbortController>();
  #stopping = false;

  /** Whether one more would be too many. */
  get isFull(): boolean {
    return this.#open.size >= maxStreams;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Passes on a stream of server-sent events as fast as its reader takes them: what it has not taken is not asked for.
   *
   * @param allowed asked once a second; resolves false once the caller's token has ended.
   */
  async send(
    response: ServerResponse,
    events: ReadableStream<Uint8Array>,
    allowed: () => Promise<boolean>,
  ): Promise<void> {
    const ending = new AbortController();
    const reader = events.getReader();
    this.#open.add(ending);
    response.once("close", () => ending.abort());
    ending.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    if (this.#stopping) ending.abort();
    const check = setInterval(() => {
      allowed().then(
        (may) => may || ending.abort(tokenEnded),
        () => {}, // it could not be found out; the next look will tell
      );
    }, checkEveryMs);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (!response.write(value)) await writable(response, ending.signal);
      }
    } finally {
      clearInterval(check);
      this.#open.delete(ending);
      if (ending.signal.reason === tokenEnded) response.write(unauthenticated);
      response.end();
    }
  }

  /** Ends all of them, and those to come. */
  stop(): void {
    this.#stopping = true;
    for (const ending of this.#open) ending.abort();
  }
}

const tokenEnded = new Error("the token of this stream has ended");

/** In the form of GraphQL over SSE: an answer with an error, and the end. */
const unauthenticated = `event: next
data: {"errors":[{"message":"Your management token was revoked or has expired. Use another one.","extensions":{"code":"UNAUTHENTICATED"}}]}

event: complete
data:

`;

function writable(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) return resolve();
    response.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
