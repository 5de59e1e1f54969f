import { AbortedError, type KeyplaneError } from "../client/errors.js";
import { canPass } from "../client/reconnecting.js";
import type { Runtime } from "../client/runtime.js";
import { Follower } from "./follower.js";
import type { GuardStatus } from "./guard.js";
import type { ResolvedGuardOptions } from "./guard-options.js";
import type { Knowledge } from "./knowledge.js";
import { Readiness } from "./readiness.js";
import { repeat } from "./repeat.js";
import type { GuardServer } from "./server.js";
import type { SnapshotFile } from "./snapshot-file.js";
import type { SteadyClock } from "./steady-clock.js";

/** How often it is looked whether the state has changed by the mere passing of time, in milliseconds. */
const lookMs = 1_000;
/** How long one request for events waits for the next, in milliseconds: a third of the bound, within these limits. */
const shortestPollMs = 1_000;
const longestPollMs = 10_000;

/** The state of a guard, but for its usage. */
export type ConnectionStatus = Omit<GuardStatus, "dropped">;

/** Keeps what is known true by following the server, from a snapshot on disk where there is one, and tells how that goes. */
export class Connection {
  /** While what was saved is being read: resolves when it is in memory. */
  restored: Promise<void> | null = null;
  readonly #options: ResolvedGuardOptions;
  readonly #knowledge: Knowledge;
  readonly #clock: SteadyClock;
  readonly #signal: AbortSignal;
  readonly #onState: (status: ConnectionStatus) => void;
  readonly #onError: (error: Error) => void;
  readonly #makeFollower: (cursor: string | null) => Follower;
  #follower: Follower | null = null;
  #by: "stream" | "polling" | null = null;
  #lastError: Error | null = null;
  #hasFailed = false;
  #told: GuardStatus["state"] = "starting";
  #readiness = new Readiness();

  constructor(deps: {
    options: ResolvedGuardOptions;
    server: GuardServer;
    clock: SteadyClock;
    knowledge: Knowledge;
    runtime: Runtime;
    signal: AbortSignal;
    onState: (status: ConnectionStatus) => void;
    onError: (error: Error) => void;
    longestStreamMs?: number | undefined;
  }) {
    const { options, server, clock, knowledge, runtime, longestStreamMs } = deps;
    this.#options = options;
    this.#knowledge = knowledge;
    this.#clock = clock;
    this.#signal = deps.signal;
    this.#onState = deps.onState;
    this.#onError = deps.onError;
    this.#makeFollower = (cursor) =>
      new Follower({
        subscribe: server.subscribe,
        poll: server.poll,
        clock,
        runtime,
        tenantId: options.tenantId,
        transport: options.events,
        pollWaitMs: Math.max(shortestPollMs, Math.min(longestPollMs, Math.floor(options.maxStalenessMs / 3))),
        renewsToken: typeof options.token === "function",
        longestStreamMs,
        cursor,
        listener: {
          onConnected: (by) => this.#connected(by),
          onEvent: (event) => knowledge.onEvent(event),
          onCurrent: (asOf) => {
            knowledge.freshness.isCurrent(asOf);
            this.#look();
          },
          onResync: () => {
            knowledge.onResync(() => this.#look());
            this.#look();
          },
          onInterrupted: (error) => this.#interrupted(error),
        },
      });
  }

  start(snapshot: SnapshotFile | null): void {
    if (!snapshot) return void this.#run(null);
    this.restored = this.#restore(snapshot).then((cursor) => {
      this.restored = null;
      void this.#run(cursor);
    });
  }

  /** Resolves with the first `current`; rejects when the server refuses it before, and for whoever asks while it does. */
  get ready(): Promise<void> {
    return this.#readiness.promise;
  }

  /** What the present connection says of the time can no longer be trusted. */
  reopen(): void {
    this.#follower?.reconnect();
  }

  status(): ConnectionStatus {
    const { memory } = this.#knowledge;
    return {
      mode: this.#options.mode,
      state: this.#state(),
      connected: this.#by,
      ageMs: this.#clock.now() - this.#knowledge.freshness.asOf,
      keys: memory.size,
      complete: this.#knowledge.isWhole,
      cursor: this.#follower?.cursor ?? null,
      lastError: this.#lastError,
    };
  }

  /** @returns the place to go on from; null to begin anew. */
  async #restore(snapshot: SnapshotFile): Promise<string | null> {
    try {
      return await snapshot.restore(this.#knowledge, this.#clock);
    } catch (error) {
      this.#onError(error as Error);
      return null;
    }
  }

  async #run(cursor: string | null): Promise<void> {
    const follower = this.#makeFollower(cursor);
    this.#follower = follower;
    const stopLooking = repeat(lookMs, () => this.#look());
    try {
      await follower.run(this.#signal);
    } catch (error) {
      if (!this.#signal.aborted) this.#fail(error as Error);
    } finally {
      stopLooking();
      this.#by = null;
      this.#readiness.reject(new AbortedError("The guard was closed.", { code: "ABORTED" }));
      this.#look();
    }
  }

  #connected(by: "stream" | "polling"): void {
    this.#by = by;
    this.#lastError = null;
    this.#recovered();
    this.#knowledge.onResumed(() => this.#look());
    this.#look();
  }

  #interrupted(error: KeyplaneError): void {
    this.#by = null;
    if (!canPass(error)) return this.#fail(error);
    this.#recovered();
    this.#lastError = error;
    this.#onError(error);
    this.#look();
  }

  #fail(error: Error): void {
    this.#hasFailed = true;
    this.#lastError = error;
    this.#readiness.reject(error);
    this.#onError(error);
    this.#look();
  }

  /** The server refuses no longer, as far as can be told: whoever waits from now on waits for `current` again. */
  #recovered(): void {
    if (this.#hasFailed) this.#readiness = this.#readiness.again();
    this.#hasFailed = false;
  }

  #state(): GuardStatus["state"] {
    if (this.#signal.aborted) return "closed";
    if (this.#hasFailed) return "failed";
    const { freshness, isLoading } = this.#knowledge;
    const isConnected = this.#by !== null;
    if (isConnected && isLoading) return "loading";
    if (freshness.asOf === Number.NEGATIVE_INFINITY) return this.#stateBeforeCurrent(isConnected);
    if (this.#clock.now() - freshness.asOf > this.#options.maxStalenessMs) return "stale";
    return isConnected ? "current" : "reconnecting";
  }

  /** A stream that was just opened, or has lost its place, says within moments that it is current. */
  #stateBeforeCurrent(isConnected: boolean): GuardStatus["state"] {
    const isAsBefore = this.#told === "starting" || this.#told === "stale" || (this.#told === "loading" && isConnected);
    return isAsBefore ? this.#told : "reconnecting";
  }

  /** Tells the state where it is another one. */
  #look(): void {
    const status = this.status();
    if (status.state === this.#told) return;
    this.#told = status.state;
    if (status.state === "current") this.#readiness.resolve();
    this.#onState(status);
  }
}
