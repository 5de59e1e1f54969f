import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { EventStream, type StreamedAnswer } from "../../testkit/event-stream.js";
import { SocketFollower } from "../../testkit/key-event-socket.js";
import { keyEventsDocument, type Message } from "../../testkit/key-events.js";
import type { Installation } from "./installation.js";
import { isAway } from "./writers.js";

/** Events without a break between them. */
export interface Stretch {
  /** The place that the first of them must follow; null where the reader began with what happened from then on. */
  readonly after: string | null;
  /** Since when the reader follows, where it began with what happened from then on. */
  openedAt: number;
  readonly cursors: string[];
  /** Why the next stretch had to begin. */
  endedBy: string | null;
}

type Transport = "SSE" | "graphql-ws";

const fields = "__typename ... on KeyEvent { cursor type keyId } ... on ResyncRequired { cursor code }";
const statusOf: Readonly<Record<string, string>> = {
  CREATED: "ACTIVE",
  ENABLED: "ACTIVE",
  DISABLED: "DISABLED",
  REVOKED: "REVOKED",
};

/**
 * Follows the events as a guard does: applies them to its own picture of the keys, comes back with its last cursor, to
 * either server, and reads the keys again where it is told to. It also leaves by itself now and then.
 */
export class Reader {
  readonly stretches: Stretch[] = [];
  readonly picture = new Map<string, string>();
  /** How often it has come back. */
  returns = 0;
  /** Whether it follows: what is committed from now on comes on this connection, unless it breaks. */
  isFollowing = false;
  /** Stays where it is, until the connection breaks. */
  isSteady = false;
  #cursor: string | null;
  #isStopped = false;
  #leave = (): void => {};
  #mustRead: boolean;

  /**
   * @param from where to begin: a cursor, the empty text, or null for what happens from now on.
   * @param fromBeginning whether nothing was there before that place, so that events alone make the picture.
   */
  constructor(
    readonly installation: Installation,
    readonly transport: Transport,
    from: string | null,
    fromBeginning = false,
  ) {
    this.#cursor = from;
    this.#mustRead = !fromBeginning;
    this.#begin(from);
  }

  /** The last event or place that it has. */
  get cursor(): string | null {
    return this.#cursor;
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      const timer = setTimeout(() => this.isSteady || this.#leave(), 200 + randomInt(4_000));
      try {
        await (this.transport === "SSE" ? this.#followStream() : this.#followSocket());
      } catch (error) {
        // The connection broke, or was never made.
        if (!isAway(error) && !isBroken(error)) throw this.#explained(error);
      } finally {
        clearTimeout(timer);
        this.isFollowing = false;
      }
      this.returns += 1;
      await sleep(randomInt(200));
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#leave();
  }

  /** A socket's own events say nothing when they are printed. */
  #explained(error: unknown): unknown {
    if (error instanceof Error) return error;
    const { code, reason } = error as { code?: number; reason?: string };
    return new Error(`${this.transport}: ${code ? `closed with ${code}, ${reason}` : JSON.stringify(error)}`);
  }

  #begin(after: string | null): void {
    this.stretches.push({ after, openedAt: 0, cursors: [], endedBy: null });
  }

  async #followStream(): Promise<void> {
    const { url, token } = this.installation.root();
    const args = this.#cursor === null ? {} : { after: this.#cursor };
    const stream = await EventStream.open(url, token, keyEventsDocument(args, fields), args);
    this.#leave = () => stream.close();
    try {
      const stretch = this.stretches.at(-1);
      if (stretch && this.#cursor === null) stretch.openedAt = Date.now();
      if (this.#mustRead || this.#cursor === null) await this.#readKeys();
      this.isFollowing = true;
      if (this.#isStopped) return;
      for (;;) {
        const answer = await stream.next();
        if (answer === null) return;
        await this.#take(answer);
      }
    } finally {
      stream.close();
    }
  }

  async #followSocket(): Promise<void> {
    // First, because this protocol does not say when it follows; and because its client never ends an iteration whose
    // connection breaks before anybody waits for something.
    if (this.#mustRead) await this.#readKeys();
    const args = { after: this.#cursor };
    const socket = new SocketFollower(this.installation.root());
    this.#leave = () => void socket.close();
    this.isFollowing = true;
    if (this.#isStopped) this.#leave();
    try {
      const answers = socket.follow(args, keyEventsDocument(args, fields));
      for await (const answer of answers) await this.#take(answer as StreamedAnswer);
    } finally {
      await socket.close();
    }
  }

  async #take({ data, errors }: StreamedAnswer): Promise<void> {
    if (errors) throw new StreamError(errors);
    const { __typename, cursor, code, type, keyId }: Message = data.keyEvents;
    if (__typename === "ResyncRequired") {
      const last = this.stretches.at(-1);
      if (last) last.endedBy = code;
      this.#begin(cursor);
      this.#cursor = cursor;
      this.#mustRead = true;
      return this.#readKeys();
    }
    this.stretches.at(-1)?.cursors.push(cursor);
    this.#cursor = cursor;
    const status = statusOf[type];
    if (keyId && status) this.picture.set(keyId, status);
  }

  async #readKeys(): Promise<void> {
    const found = new Map<string, string>();
    for (let after: string | null = null; ; ) {
      const { keys }: Message = await this.installation.root().query(keysDocument, { after });
      for (const { id, status } of keys.nodes) found.set(id, status);
      if (!keys.pageInfo.hasNextPage) break;
      after = keys.pageInfo.endCursor;
    }
    this.picture.clear();
    for (const [id, status] of found) this.picture.set(id, status);
    this.#mustRead = false;
  }
}

const keysDocument =
  "query ($after: String) { keys(first: 100, after: $after) { nodes { id status } pageInfo { hasNextPage endCursor } } }";

/** The stream's last word. */
class StreamError extends Error {
  constructor(errors: NonNullable<StreamedAnswer["errors"]>) {
    super(JSON.stringify(errors));
  }
}

/** Whether this is how a connection ends whose other side was killed. */
function isBroken(error: unknown): boolean {
  if (error instanceof StreamError) return /"code":"(?:UNAVAILABLE|TIMEOUT)"/.test(error.message);
  const { code, message = "" } = error as { code?: unknown; message?: string };
  // 4400 and above: what the protocol of a socket calls a fault.
  if (typeof code === "number") return code < 4_400;
  return /ECONN|EPIPE|aborted|fetch failed|terminated|hang up|before the connection|premature close/i.test(message);
}
