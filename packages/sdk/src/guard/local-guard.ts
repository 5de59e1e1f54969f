import {
  decide,
  hasScopes,
  KeyGuesses,
  maxKeyLength,
  networkOf,
  parseKey,
  validUntil,
  type WellFormedKey,
} from "@keyplane/schema";
import { withDeadline } from "../client/deadline.js";
import type { Runtime } from "../client/runtime.js";
import { allowManyListeners } from "./allow-many-listeners.js";
import { Bindings } from "./bindings.js";
import { BoundKeys, expiryLookMs } from "./bound-keys.js";
import { Connection, type ConnectionStatus } from "./connection.js";
import { FirstSight } from "./first-sight.js";
import type { Closable, Guard, GuardEvents, GuardRequest, GuardStatus, GuardVerdict } from "./guard.js";
import type { ResolvedGuardOptions } from "./guard-options.js";
import type { GuardUsage } from "./guard-usage.js";
import {
  acceptance,
  isRefusal,
  keyShown,
  ownerShown,
  recordOf,
  toGuardVerdict,
  unavailable,
  wellFormed,
} from "./guard-verdict.js";
import { hashOfHex, hashOfKey, hexOfHash, type KeyHash } from "./key-hash.js";
import type { HeldSecret } from "./key-memory.js";
import { Knowledge, type Known } from "./knowledge.js";
import { Listeners } from "./listeners.js";
import { repeat } from "./repeat.js";
import { askedOf, checkRequest } from "./request.js";
import type { GuardServer } from "./server.js";
import { ServerTime } from "./server-time.js";
import type { SnapshotFile } from "./snapshot-file.js";
import { SteadyClock } from "./steady-clock.js";

/** A key as it was presented, and what the call needs of it. */
interface Presented {
  readonly key: string;
  readonly format: WellFormedKey;
  /** In hexadecimal. */
  readonly hash: string;
  readonly request: GuardRequest;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

const nothingAsked: GuardRequest = Object.freeze({});

/** How often what is known is saved, in milliseconds. */
const saveMs = 60_000;

/** A guard: what is known of keys, the connection that keeps it true, and what to do when neither is enough. */
export class LocalGuard implements Guard {
  readonly #options: ResolvedGuardOptions;
  readonly #clock: SteadyClock;
  readonly #time: ServerTime;
  readonly #server: GuardServer;
  readonly #knowledge: Knowledge;
  readonly #connection: Connection;
  readonly #firstSight: FirstSight;
  readonly #listeners = new Listeners();
  readonly #bindings = new Bindings((error) => this.#listeners.tell("error", error));
  readonly #bound: BoundKeys;
  readonly #usage: GuardUsage | null;
  readonly #snapshot: SnapshotFile | null;
  readonly #guesses: KeyGuesses;
  readonly #closing = new AbortController();
  readonly #timers: readonly (() => void)[];
  readonly #name: string;
  #verifications = 0;
  #saving: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(parts: {
    options: ResolvedGuardOptions;
    server: (time: ServerTime) => GuardServer;
    usage: GuardUsage | null;
    snapshot: SnapshotFile | null;
    runtime: Runtime;
  }) {
    const { options, runtime } = parts;
    const { signal } = this.#closing;
    allowManyListeners(signal);
    this.#options = options;
    this.#usage = parts.usage;
    this.#snapshot = parts.snapshot;
    this.#guesses = new KeyGuesses({ perMinute: options.unknownKeysPerAddress });
    this.#name = `guard_${Math.floor(runtime.random() * 36 ** 8).toString(36)}_`;
    this.#clock = new SteadyClock(() => this.#connection.reopen());
    this.#time = new ServerTime(this.#clock);
    const server = parts.server(this.#time);
    this.#server = server;
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
    this.#bound = new BoundKeys({
      bindings: this.#bindings,
      memory: knowledge.memory,
      clock,
      time: this.#time,
      requestId: () => this.#requestId(),
    });
    this.#firstSight = new FirstSight((hashes) => this.#knowledge.readHashes(hashes), { clock: this.#clock, onError });
    const onState = (status: ConnectionStatus): void => this.#listeners.tell("state", this.#withUsage(status));
    this.#connection = new Connection({ options, server, clock, knowledge, runtime, signal, onState, onError });
    this.#connection.start(this.#snapshot);
    this.#timers = [repeat(saveMs, () => void this.#save()), repeat(expiryLookMs, () => this.#bound.lookForExpiry())];
  }

  async verify(key: string, request: GuardRequest = nothingAsked): Promise<GuardVerdict> {
    const startedAt = this.#usage ? performance.now() : 0;
    checkRequest(key, request);
    if (this.#connection.restored) await this.#connection.restored;
    if (key.length <= maxKeyLength) {
      const hashed = hashOfKey(key);
      const hash = hashed instanceof Promise ? await hashed : hashed;
      const accepted = this.#accept(hash, key, request);
      if (accepted) {
        this.#usage?.record(accepted, request, accepted.key?.start, startedAt);
        return accepted;
      }
      const format = parseKey(key);
      if (format.ok) {
        const secret = this.#find(hash);
        return this.#examine({ key, format, hash: hexOfHash(hash), request, startedAt }, secret);
      }
    }
    return this.#refuseText(key, request, startedAt);
  }

  bind(keyId: string, closable: Closable): () => void {
    const forget = this.#bindings.add(keyId, closable);
    if (!this.#knowledge.memory.key(keyId)) this.#knowledge.want(keyId);
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

  /**
   * The way of nearly every call: the secret was decided about already, and nothing that is known has changed since. Its
   * text is not read again, because no other has its hash.
   */
  #accept(hash: KeyHash, key: string, { scopes, environment }: GuardRequest): GuardVerdict | null {
    const { memory, freshness } = this.#knowledge;
    const now = this.#time.now();
    let slot = memory.slotOf(hash);
    if (!memory.isDecided(slot)) {
      const secret = this.#find(hash);
      if (!secret) return null;
      slot = memory.slotOf(hash); // finding may have read it, and so have moved it
      this.#decideAhead(slot, secret, key, now);
    }
    if (now >= memory.acceptedUntil(slot)) return null;
    const ageMs = this.#clock.latest - freshness.asOf;
    const granted = memory.granted(slot);
    if (ageMs > this.#options.maxStalenessMs || (scopes && !hasScopes(granted.scopes, scopes))) return null;
    const shownKey = memory.shownKey(slot);
    if (environment !== undefined && environment !== shownKey?.environment) return null;
    return acceptance(granted, shownKey, memory.shownOwner(slot), ageMs, this.#requestId());
  }

  #find(hash: KeyHash): HeldSecret | undefined {
    const secret = this.#knowledge.memory.find(hash);
    if (secret) secret.isUsed = true;
    return secret;
  }

  #decideAhead(slot: number, secret: HeldSecret, text: string, now: number): void {
    const { memory, freshness } = this.#knowledge;
    const { key } = secret;
    const record = recordOf(secret);
    const follows = key.epoch === freshness.epoch && memory.asOfChange(key) === Number.POSITIVE_INFINITY;
    const until = follows && !key.isServerDecided ? validUntil(record, parseKey(text), now) : null;
    if (until === null) memory.leaveOpen(slot);
    else memory.accept(slot, until, key.granted, { key: keyShown(record), owner: ownerShown(record) });
  }

  /** Takes an attempt of the address that presented an unknown key. @returns how long it is held up, in milliseconds. */
  #guessFrom({ ip }: GuardRequest): number {
    return ip === undefined ? 0 : this.#guesses.take(networkOf(ip), this.#clock.now());
  }

  #noGuess({ ip }: GuardRequest): void {
    if (ip !== undefined) this.#guesses.giveBack(networkOf(ip));
  }

  /** The text is no key's. */
  #refuseText(key: string, request: GuardRequest, startedAt: number): GuardVerdict {
    const format = parseKey(key);
    const heldUpMs = !format.ok && format.problem === "checksum" ? this.#guessFrom(request) : 0;
    const decision = decide(null, { format, ...askedOf(request), heldUpMs }, this.#time.now());
    const verdict = toGuardVerdict(decision, null, { source: "local", ageMs: 0, requestId: this.#requestId() });
    this.#usage?.record(verdict, request, format.start, startedAt);
    return verdict;
  }

  #examine(presented: Presented, secret: HeldSecret | undefined): GuardVerdict | Promise<GuardVerdict> {
    const known = this.#knowledge.about(secret, presented.hash);
    const ageMs = this.#clock.now() - known.asOf;
    // Before anybody asks the server: whoever is held up does not get to it.
    const heldUpMs = secret ? 0 : this.#guessFrom(presented.request);
    if (heldUpMs > 0) return this.#conclude(presented, known, "local", 0, heldUpMs);
    if (secret?.key.isServerDecided) return this.#askServer(presented, known);
    if (ageMs <= this.#options.maxStalenessMs) return this.#conclude(presented, known, "local", ageMs);
    return this.#readFirst(presented, secret === undefined);
  }

  /** Nothing is known of the key, or it is too old. @param isGuess whether it was counted as a guess. */
  async #readFirst(presented: Presented, isGuess: boolean): Promise<GuardVerdict> {
    const startedAt = this.#clock.now();
    const { timeoutMs } = this.#options;
    try {
      await withDeadline({ timeoutMs, signal: undefined }, () => this.#firstSight.ask(presented.hash));
    } catch {
      // Listeners were told by whoever asked, once for all that were asked for together. Nobody knows whether it was a guess.
      if (isGuess) this.#noGuess(presented.request);
      return this.#withoutServer(presented);
    }
    const known = this.#lookAgain(presented);
    if (isGuess && known.secret) this.#noGuess(presented.request);
    if (known.secret?.key.isServerDecided) {
      return this.#askServer(presented, known, timeoutMs - (this.#clock.now() - startedAt));
    }
    const ageMs = this.#clock.now() - known.asOf;
    if (ageMs <= Math.max(this.#options.maxStalenessMs, this.#options.timeoutMs)) {
      return this.#conclude(presented, known, "server", ageMs);
    }
    return this.#withoutServer(presented); // it changes faster than it can be read
  }

  /** The key has limits that are counted on the server. */
  async #askServer(presented: Presented, known: Known, timeoutMs = this.#options.timeoutMs): Promise<GuardVerdict> {
    const sentAt = this.#clock.now();
    try {
      const { key, request } = presented;
      const options = { timeoutMs: Math.max(1, timeoutMs), maxRetries: 0, signal: this.#closing.signal };
      const verdict = await this.#server.verify(key, request, options);
      const now = this.#lookAgain(presented);
      // An event may have overtaken the answer, which must not bring the key back.
      if (verdict.valid && now.secret && this.#isRefused(now.secret)) {
        return this.#conclude(presented, now, "local", this.#clock.now() - now.asOf);
      }
      return { ...verdict, source: "server", ageMs: this.#clock.now() - sentAt };
    } catch (error) {
      this.#listeners.tell("error", error as Error);
      return this.#withoutServer(presented, known);
    }
  }

  #isRefused(secret: HeldSecret): boolean {
    const record = recordOf(secret);
    return isRefusal(decide(record, { format: wellFormed(record) }, this.#time.now()));
  }

  /** The server cannot be asked, and what is known is too old to be trusted. */
  #withoutServer(presented: Presented, known = this.#lookAgain(presented)): GuardVerdict {
    const ageMs = this.#clock.now() - known.asOf;
    // A revocation is final, however long ago it was heard of.
    const isRevoked = known.secret ? known.secret.key.state.revokedAt !== null : false;
    if (isRevoked || (known.secret && this.#options.onUnavailable === "allow-known")) {
      return this.#conclude(presented, known, "stale", ageMs);
    }
    return unavailable({ ageMs, requestId: this.#requestId() });
  }

  #lookAgain({ hash }: Presented): Known {
    return this.#knowledge.about(this.#knowledge.memory.find(hashOfHex(hash)), hash);
  }

  #conclude(
    { format, request, startedAt }: Presented,
    { secret }: Known,
    source: GuardVerdict["source"],
    ageMs: number,
    heldUpMs = 0,
  ): GuardVerdict {
    const record = secret && recordOf(secret);
    const decision = decide(record, { format, ...askedOf(request), heldUpMs }, this.#time.now());
    const verdict = toGuardVerdict(decision, record, { source, ageMs, requestId: this.#requestId() });
    this.#usage?.record({ code: verdict.code, key: record?.key ?? null }, request, format.start, startedAt);
    return verdict;
  }

  /** Names the verdict within this process. */
  #requestId(): string {
    return this.#name + (this.#verifications++).toString(36);
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
