import type { Runtime } from "../client/runtime.js";
import { allowManyListeners } from "./allow-many-listeners.js";
import { Bindings } from "./bindings.js";
import { BoundKeys, expiryLookMs } from "./bound-keys.js";
import { Connection, type ConnectionStatus } from "./connection.js";
import type { DocsAddress } from "./docs-address.js";
import { FirstSight } from "./first-sight.js";
import type { Closable, Guard, GuardEvents, GuardRequest, GuardStatus, GuardVerdict } from "./guard.js";
import type { ResolvedGuardOptions } from "./guard-options.js";
import type { GuardUsage } from "./guard-usage.js";
import { Knowledge } from "./knowledge.js";
import { Listeners } from "./listeners.js";
import { repeat } from "./repeat.js";
import { RequestIds } from "./request-ids.js";
import type { GuardServer } from "./server.js";
import { ServerTime } from "./server-time.js";
import type { SnapshotFile } from "./snapshot-file.js";
import { SteadyClock } from "./steady-clock.js";
import { Verifier } from "./verifier.js";

/** How often what is known is saved, in milliseconds. */
const saveMs = 60_000;

/** A guard: what is known of keys, the connection that keeps it true, and what to do when neither is enough. */
export class LocalGuard implements Guard {
  readonly #clock: SteadyClock;
  readonly #time: ServerTime;
  readonly #knowledge: Knowledge;
  readonly #connection: Connection;
  readonly #listeners = new Listeners();
  readonly #bindings = new Bindings((error) => this.#listeners.tell("error", error));
  readonly #bound: BoundKeys;
  readonly #verifier: Verifier;
  readonly #usage: GuardUsage | null;
  readonly #snapshot: SnapshotFile | null;
  readonly #docs: DocsAddress;
  readonly #closing = new AbortController();
  readonly #timers: readonly (() => void)[];
  #saving: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(parts: {
    options: ResolvedGuardOptions;
    docs: DocsAddress;
    server: (time: ServerTime) => GuardServer;
    usage: GuardUsage | null;
    snapshot: SnapshotFile | null;
    runtime: Runtime;
    longestStreamMs?: number | undefined;
  }) {
    const { options, docs, runtime, longestStreamMs } = parts;
    const { signal } = this.#closing;
    allowManyListeners(signal);
    this.#usage = parts.usage;
    this.#snapshot = parts.snapshot;
    this.#docs = docs;
    const ids = new RequestIds(`guard_${Math.floor(runtime.random() * 36 ** 8).toString(36)}_`);
    this.#clock = new SteadyClock(() => this.#connection.reopen());
    this.#time = new ServerTime(this.#clock);
    const server = parts.server(this.#time);
    const onError = (error: Error): void => this.#listeners.tell("error", error);
    this.#knowledge = new Knowledge({
      download: server.download,
      clock: this.#clock,
      time: this.#time,
      runtime,
      listener: {
        onRefused: (revocation) => this.#listeners.tell("revoked", revocation),
        onChanged: (keyId) => this.#bound.look(keyId),
        onGone: (keyId) => this.#bound.gone(keyId),
        onError,
      },
      isFull: options.mode === "full",
      tenantId: options.tenantId,
      maxKeys: options.maxKeys,
      pinned: this.#bindings,
      timeoutMs: options.timeoutMs,
      signal,
    });
    const { knowledge, clock } = { knowledge: this.#knowledge, clock: this.#clock };
    const { ahead } = knowledge.memory;
    docs.follow(({ verdicts }) => {
      ahead.docsUrl = verdicts.VALID;
    });
    this.#bound = new BoundKeys({
      bindings: this.#bindings,
      memory: knowledge.memory,
      clock,
      time: this.#time,
      requestId: () => ids.next(),
      docs,
    });
    const firstSight = new FirstSight({
      read: (hashes) => knowledge.readHashes(hashes),
      clock,
      onError,
      runtime,
      timeoutMs: options.timeoutMs,
      signal,
    });
    const onState = (status: ConnectionStatus): void => this.#listeners.tell("state", this.#withUsage(status));
    const follow = { options, server, clock, knowledge, runtime, signal, onState, onError, longestStreamMs };
    this.#connection = new Connection(follow);
    this.#connection.start(this.#snapshot);
    this.#verifier = new Verifier({
      options,
      clock,
      time: this.#time,
      server,
      knowledge,
      firstSight,
      usage: parts.usage,
      ids,
      docs,
      restored: () => this.#connection.restored,
      onError,
      signal,
    });
    this.#timers = [repeat(saveMs, () => void this.#save()), repeat(expiryLookMs, () => this.#bound.lookForExpiry())];
  }

  get docsUrl(): string {
    return this.#docs.pages.url;
  }

  verify(key: string, request?: GuardRequest): Promise<GuardVerdict> {
    return this.#verifier.verify(key, request);
  }

  bind(keyId: string, closable: Closable): () => void {
    const forget = this.#bindings.add(keyId, closable);
    const { memory } = this.#knowledge;
    const held = memory.key(keyId);
    // What was missed in a gap before nobody tells any more.
    if (!held || !memory.isCurrent(held)) this.#knowledge.want(keyId);
    this.#bound.look(keyId);
    return forget;
  }

  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  ready(): Promise<void> {
    return this.#connection.ready;
  }

  status(): GuardStatus {
    return this.#withUsage(this.#connection.status());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const stop of this.#timers) stop();
    await this.#save();
    this.#closing.abort();
    await this.#usage?.close();
  }

  #save(): Promise<void> {
    // One after the other: they share a file.
    this.#saving = this.#saving.then(() => this.#saveNow());
    return this.#saving;
  }

  async #saveNow(): Promise<void> {
    try {
      await this.#snapshot?.save(this.#knowledge, () => this.#connection.status().cursor, this.#clock);
    } catch (error) {
      this.#listeners.tell("error", error as Error);
    }
  }

  #withUsage(status: ConnectionStatus): GuardStatus {
    return { ...status, dropped: this.#usage?.dropped ?? 0 };
  }
}
