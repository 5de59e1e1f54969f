import { decide } from "@keyplane/schema";
import type { Download } from "../client/download.js";
import type { RequestOptions } from "../client/options.js";
import type { Runtime } from "../client/runtime.js";
import type { KeyEvent } from "../entities.js";
import { refusingTypes, tighten } from "./apply-event.js";
import type { Bindings } from "./bindings.js";
import { ChangeLog, somethingNew } from "./change-log.js";
import { Freshness } from "./freshness.js";
import type { Revocation } from "./guard.js";
import { isRefusal, recordOfKey, wellFormed } from "./guard-verdict.js";
import type { HeldKey, HeldSecret, Reading } from "./held.js";
import { KeyMemory } from "./key-memory.js";
import type { KeyLine } from "./record-lines.js";
import { type PartyLine, type Read, RecordReader } from "./record-reader.js";
import { Refresher } from "./refresher.js";
import { repeat } from "./repeat.js";
import type { ServerTime } from "./server-time.js";
import type { SteadyClock } from "./steady-clock.js";
import { UnknownHashes } from "./unknown-hashes.js";
import { type ReadingListener, WholeReading } from "./whole-reading.js";

/** What is known of a presented key: its secret, or that there is none, and as of when that is true. */
export interface Known {
  readonly secret: HeldSecret | null;
  /** By the guard's clock; -Infinity when nothing is known. */
  readonly asOf: number;
}

/** Told of what changes in what is known. */
export interface KnowledgeListener extends ReadingListener {
  onRefused(revocation: Revocation): void;
}

/** Hashes whose key changed while the answer came are asked for again so often. */
const maxAttempts = 5;
/** How many keys of a snapshot are read at once, and how often, in milliseconds. */
const readSavedAtOnce = 200;
const readSavedEveryMs = 5;
/** Between two pieces of the answer with all keys, in milliseconds. */
const wholeTimeoutMs = 60_000;

/** Everything that is known of keys, kept true by the events that the follower hears. */
export class Knowledge {
  readonly freshness: Freshness = new Freshness();
  readonly memory: KeyMemory;
  readonly #changes = new ChangeLog();
  readonly #unknown = new UnknownHashes(this.freshness);
  readonly #reader: RecordReader;
  readonly #refresher: Refresher;
  readonly #all: WholeReading;
  readonly #time: ServerTime;
  readonly #listener: KnowledgeListener;
  readonly #isFull: boolean;
  readonly #pinned: Pick<Bindings, "keyIds">;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;

  constructor(deps: {
    download: Download;
    clock: SteadyClock;
    time: ServerTime;
    runtime: Runtime;
    listener: KnowledgeListener;
    /** Whether all keys are to be known. */
    isFull: boolean;
    tenantId: string | undefined;
    maxKeys: number;
    /** Keys that are always to be known, because something is to be closed when they are refused. */
    pinned: Pick<Bindings, "keeps" | "keyIds">;
    timeoutMs: number;
    signal: AbortSignal;
  }) {
    const { download, clock, runtime, listener, signal } = deps;
    this.#time = deps.time;
    this.#pinned = deps.pinned;
    this.#listener = listener;
    this.#isFull = deps.isFull;
    this.#timeoutMs = deps.timeoutMs;
    this.#signal = signal;
    this.memory = new KeyMemory(
      this.freshness,
      deps.maxKeys,
      (held) => deps.pinned.keeps(held.state.id) || this.#reader.isReading(held),
    );
    this.#reader = new RecordReader({
      download,
      memory: this.memory,
      changes: this.#changes,
      freshness: this.freshness,
      clock,
      tenantId: deps.tenantId,
      onParty: (line, install) => this.#takeParty(line, install),
      onRead: (line, install) => this.#take(line, install),
    });
    this.#refresher = new Refresher({
      memory: this.memory,
      freshness: this.freshness,
      read: async (keyIds) => this.#missing(keyIds, await this.#reader.read({ keyIds }, this.#once())),
      onError: (error) => listener.onError(error),
      runtime,
      signal,
    });
    const everything = deps.tenantId === undefined ? {} : { tenantId: deps.tenantId };
    this.#all = new WholeReading({
      memory: this.memory,
      freshness: this.freshness,
      refresher: this.#refresher,
      read: () => this.#reader.read(everything, { signal, timeoutMs: wholeTimeoutMs, maxRetries: 0 }, true),
      listener,
      runtime,
      signal,
    });
  }

  /** Whether all keys are in memory. */
  get isWhole(): boolean {
    return this.#all.isWhole;
  }

  /** Whether all keys are in memory as they were at the place that was reached: nothing waits to be read. */
  get isWholeNow(): boolean {
    return this.#all.isWholeNow;
  }

  get isLoading(): boolean {
    return this.#all.isLoading;
  }

  /** @param secret what the memory has found. @param hash the same in hexadecimal. */
  about(secret: HeldSecret | undefined, hash: string): Known {
    if (secret) return { secret, asOf: this.memory.asOf(secret.key) };
    return { secret: null, asOf: Math.max(this.#all.asOf, this.#unknown.asOf(hash)) };
  }

  /** Asks the server about hashes. @throws KeyplaneError */
  async readHashes(hashes: readonly string[]): Promise<Read> {
    for (let attempt = 1; ; attempt++) {
      const read = await this.#reader.read({ hashes }, this.#once());
      if (!read.mayLackNew) {
        for (const hash of hashes) if (!read.hashes.has(hash)) this.#unknown.add(hash, read.reading);
      }
      if ((read.changed.length === 0 && !read.mayLackNew) || attempt === maxAttempts) return read;
    }
  }

  /** To be asked when an answer about keys has come that was not taken in here: see {@link ChangeLog.begin}. */
  watch(): ReturnType<ChangeLog["begin"]> {
    return this.#changes.begin();
  }

  /** Whether it is known that nobody is accepted with this secret. @param isFresh whether what is known counts; that it was revoked counts always. */
  hasRefused(secret: HeldSecret, isFresh: boolean): boolean {
    return this.hasRevoked(secret) || (isFresh && this.#isRefused(secret.key));
  }

  /** Whether it was revoked, which is final, however long ago it was heard of. */
  hasRevoked({ key }: HeldSecret): boolean {
    return key.state.revokedAt !== null;
  }

  /** Reads a key that somebody is interested in, unless that is under way. */
  want(keyId: string): void {
    const held = this.memory.key(keyId);
    if (!held || held.asOfChange === Number.POSITIVE_INFINITY) this.#refresher.key(keyId);
  }

  onEvent(event: KeyEvent): void {
    const { type, keyId, userId, tenantId } = event;
    const isOfKey = keyId !== null;
    const isOfOwner = !isOfKey && userId !== null;
    this.#changes.add(keyId ?? userId ?? tenantId);
    const saysAll = tighten(this.memory, event, this.#time.now());
    if (!saysAll) this.#readAgain(keyId, isOfOwner ? userId : null, isOfKey || isOfOwner ? null : tenantId);
    if (refusingTypes.has(type)) {
      this.#listener.onRefused({ ...event, type, occurredAt: new Date(event.occurredAt) });
    }
    this.#listener.onChanged(keyId);
  }

  /** What is known grows old from now on; what is read from now on does not. @param onLoaded told when all keys are read. */
  onResync(onLoaded: () => void): void {
    this.freshness.beginEpoch();
    this.memory.hasChanged();
    if (this.#isFull) void this.#all.load().then(onLoaded);
    // Others are read when they are presented. Nobody presents the key of a socket that is open.
    else for (const keyId of this.#pinned.keyIds) this.#refresher.key(keyId);
  }

  /** The events from the place of what was restored are told from now on. @param onLoaded as above. */
  onResumed(onLoaded: () => void): void {
    if (this.#isFull && this.#all.isMissing) void this.#all.load().then(onLoaded);
  }

  /**
   * Takes what was saved, as it was at that time, by the guard's clock: the beginning of an epoch that the events from there go on.
   *
   * @param isWhole whether these are all keys that there are.
   */
  restore(saved: (memory: KeyMemory, reading: Reading) => void, asOf: number, isWhole: boolean): void {
    this.freshness.beginEpoch();
    const reading = { sentAt: asOf, epoch: this.freshness.epoch };
    const { evictions } = this.memory;
    saved(this.memory, reading);
    this.memory.makeRoom();
    if (this.#isFull && isWhole) this.#all.restored(reading, evictions);
    // A few at a time, so that nobody waits; by the first event about an owner or a tenant all have to be read.
    const stop = repeat(readSavedEveryMs, () => {
      if (this.#signal.aborted || !this.memory.readSaved(readSavedAtOnce)) stop();
    });
    this.#listener.onChanged(null);
  }

  #readAgain(keyId: string | null, userId: string | null, tenantId: string | null): void {
    if (keyId !== null) {
      this.#changes.add(somethingNew);
      this.#unknown.clear();
      if (this.#isFull || this.memory.key(keyId)) this.#refresher.key(keyId);
    }
    const party = userId === null ? tenantId !== null && this.memory.tenant(tenantId) : this.memory.owner(userId);
    if (party) this.#refresher.party(party);
  }

  #takeParty(line: PartyLine, install: () => void): void {
    const { id } = line.type === "owner" ? line.owner : line.tenant;
    const held = line.type === "owner" ? this.memory.owner(id) : this.memory.tenant(id);
    const wasActive = held?.state.status === "ACTIVE";
    install();
    if (!held || !wasActive || held.state.status === "ACTIVE") return;
    // An event that was missed, or is still to come.
    const { status, since, reason } = held.state;
    const of = line.type === "owner" ? { tenantId: line.owner.tenantId, userId: id } : { tenantId: id, userId: null };
    const ofOwner = status === "DELETED" ? "OWNER_DELETED" : "OWNER_DISABLED";
    const type = line.type === "owner" ? ofOwner : "TENANT_SUSPENDED";
    const occurredAt = new Date(since ?? this.#time.now());
    this.#listener.onRefused({ ...of, type, keyId: null, reason, occurredAt });
    this.#listener.onChanged(null);
  }

  #take({ key }: KeyLine, install: () => void): void {
    const before = this.memory.key(key.id);
    const wasRefused = before && this.#isRefused(before);
    install();
    const after = this.memory.key(key.id);
    if (before && after && !wasRefused && this.#isRefused(after)) this.#tellRefused(after);
    this.#listener.onChanged(key.id);
  }

  #isRefused(held: HeldKey): boolean {
    const record = recordOfKey(held);
    return isRefusal(decide(record, { format: wellFormed(record) }, this.#time.now()));
  }

  /** An event that was missed has refused it. */
  #tellRefused(held: HeldKey): void {
    const record = recordOfKey(held);
    const { code } = decide(record, { format: wellFormed(record) }, this.#time.now());
    const type = code === "NOT_FOUND" ? "DELETED" : code === "OWNER_NOT_FOUND" ? "OWNER_DELETED" : code;
    const { id: keyId, tenantId, ownerId: userId, revokedReason, disabledReason } = held.state;
    const reason = revokedReason ?? disabledReason;
    this.#listener.onRefused({ type, keyId, tenantId, userId, reason, occurredAt: new Date(this.#time.now()) });
  }

  /** What the server does not answer any more is gone. */
  #missing(keyIds: readonly string[], read: Read): Read {
    for (const id of keyIds) {
      if (read.found.has(id)) continue;
      const held = this.memory.key(id);
      if (held) this.memory.forget(held);
      this.#listener.onGone(id);
    }
    return read;
  }

  /** Somebody waits, or something is tried again by itself: one attempt. */
  #once(): RequestOptions {
    return { signal: this.#signal, timeoutMs: this.#timeoutMs, maxRetries: 0 };
  }
}
