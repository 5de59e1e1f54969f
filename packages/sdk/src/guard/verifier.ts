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
import type { Verdict } from "../entities.js";
import type { DocsAddress } from "./docs-address.js";
import type { FirstSight } from "./first-sight.js";
import type { GuardRequest, GuardVerdict } from "./guard.js";
import type { ResolvedGuardOptions } from "./guard-options.js";
import type { GuardUsage } from "./guard-usage.js";
import { acceptance, keyShown, ownerShown, recordOf, toGuardVerdict, unavailable } from "./guard-verdict.js";
import { type HeldSecret, isServerDecided } from "./held.js";
import { hashOfHex, hashOfKey, hexOfHash, type KeyHash } from "./key-hash.js";
import type { Knowledge, Known } from "./knowledge.js";
import { concerns, isOvertaken } from "./overtaken.js";
import { askedApiOf, askedOf, checkRequest, isCommon } from "./request.js";
import type { RequestIds } from "./request-ids.js";
import type { GuardServer } from "./server.js";
import type { ServerTime } from "./server-time.js";
import type { SteadyClock } from "./steady-clock.js";

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

/** The way of a verification: from memory while that is fresh enough, else by asking the server, else as `onUnavailable` says. */
export class Verifier {
  readonly #maxStalenessMs: number;
  readonly #timeoutMs: number;
  readonly #onUnavailable: ResolvedGuardOptions["onUnavailable"];
  readonly #clock: SteadyClock;
  readonly #time: ServerTime;
  readonly #server: GuardServer;
  readonly #knowledge: Knowledge;
  readonly #firstSight: FirstSight;
  readonly #usage: GuardUsage | null;
  readonly #guesses: KeyGuesses;
  readonly #ids: RequestIds;
  readonly #docs: DocsAddress;
  readonly #restored: () => Promise<void> | null;
  readonly #onError: (error: Error) => void;
  readonly #signal: AbortSignal;

  constructor(deps: {
    options: ResolvedGuardOptions;
    clock: SteadyClock;
    time: ServerTime;
    server: GuardServer;
    knowledge: Knowledge;
    firstSight: FirstSight;
    usage: GuardUsage | null;
    ids: RequestIds;
    docs: DocsAddress;
    /** What to wait for before memory has what was saved; null: nothing. */
    restored: () => Promise<void> | null;
    onError: (error: Error) => void;
    signal: AbortSignal;
  }) {
    const { options } = deps;
    this.#maxStalenessMs = options.maxStalenessMs;
    this.#timeoutMs = options.timeoutMs;
    this.#onUnavailable = options.onUnavailable;
    this.#clock = deps.clock;
    this.#time = deps.time;
    this.#server = deps.server;
    this.#knowledge = deps.knowledge;
    this.#firstSight = deps.firstSight;
    this.#usage = deps.usage;
    this.#guesses = new KeyGuesses({ perMinute: options.unknownKeysPerAddress });
    this.#ids = deps.ids;
    this.#docs = deps.docs;
    this.#restored = deps.restored;
    this.#onError = deps.onError;
    this.#signal = deps.signal;
  }

  /**
   * No async function, and nothing that a call leaves behind but its verdict: nearly no call waits for anything, and what it
   * would keep for that costs as much as the hash.
   */
  verify(key: string, request: GuardRequest = nothingAsked): Promise<GuardVerdict> {
    try {
      const startedAt = this.#usage ? performance.now() : 0;
      if (!isCommon(key, request) || key.length > maxKeyLength || this.#restored()) {
        return this.#verifyLater(key, request, startedAt);
      }
      const hash = hashOfKey(key);
      if (hash instanceof Promise) return this.#verifyLater(key, request, startedAt, hash);
      return this.#settle(hash, key, request, startedAt);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #verifyLater(
    key: string,
    request: GuardRequest,
    startedAt: number,
    hashing?: Promise<KeyHash>,
  ): Promise<GuardVerdict> {
    checkRequest(key, request);
    await this.#restored();
    if (key.length > maxKeyLength) return this.#refuseText(key, request, startedAt);
    // Nothing may come in between where it is there at once: the next hash overwrites it.
    const hashed = hashing ?? hashOfKey(key);
    const hash = hashed instanceof Promise ? await hashed : hashed;
    return this.#settle(hash, key, request, startedAt);
  }

  #settle(hash: KeyHash, key: string, request: GuardRequest, startedAt: number): Promise<GuardVerdict> {
    const accepted = this.#accept(hash, request, startedAt);
    if (accepted) return accepted;
    // Not from within: V8 gives each function little room for what it calls, and what is seldom called would take that of the rest.
    const acceptedNow = this.#decideAhead(hash, key) ? this.#accept(hash, request, startedAt) : null;
    return acceptedNow ?? this.#decide(hash, key, request, startedAt);
  }

  /**
   * The way of nearly every call: the secret was decided about already, and nothing that is known has changed since. Its
   * text is not read again, because no other has its hash.
   */
  #accept(hash: KeyHash, request: GuardRequest, startedAt: number): Promise<GuardVerdict> | null {
    // Which API a key may call depends on the key and its tenant, and so has to be decided each time.
    if (request.api !== undefined) return null;
    const { memory, freshness } = this.#knowledge;
    const { ahead } = memory;
    const entry = memory.entryOf(hash);
    if (!ahead.has(entry)) return null;
    // All that is far away first, so that the processor can fetch it at once.
    const shownKey = ahead.key(entry);
    const shownOwner = ahead.owner(entry);
    const granted = ahead.granted(entry);
    const steady = this.#clock.recent();
    const ageMs = freshness.ageAt(steady);
    if (this.#time.at(steady) >= ahead.until(entry) || ageMs > this.#maxStalenessMs) return null;
    const { scopes, environment } = request;
    if (scopes !== undefined && !hasScopes(granted.scopes, scopes)) return null;
    if (environment !== undefined && environment !== shownKey?.environment) return null;
    const verdict = acceptance(granted, shownKey, shownOwner, ahead.docsUrl, ageMs, this.#ids.next());
    if (this.#usage) this.#usage.record(verdict, request, shownKey?.start, startedAt);
    return Promise.resolve(verdict);
  }

  /** Decides about the secret, unless that was done since something changed. @returns whether it was done now. */
  #decideAhead(hash: KeyHash, text: string): boolean {
    const { memory } = this.#knowledge;
    const { ahead } = memory;
    if (ahead.has(memory.entryOf(hash))) return false;
    const secret = this.#find(hash);
    if (!secret) return false;
    const { key } = secret;
    const entry = memory.entryOf(hash);
    const record = recordOf(secret);
    const granted = key.granted.number;
    const isOpen = !memory.isCurrent(key) || isServerDecided(key) || granted === null;
    const until = isOpen ? null : validUntil(record, parseKey(text), this.#time.now());
    if (until === null || granted === null) ahead.leaveOpen(entry);
    else ahead.accept(entry, until, granted, keyShown(record), ownerShown(record));
    return true;
  }

  #find(hash: KeyHash): HeldSecret | undefined {
    const secret = this.#knowledge.memory.find(hash);
    if (secret) secret.isUsed = true;
    return secret;
  }

  async #decide(hash: KeyHash, key: string, request: GuardRequest, startedAt: number): Promise<GuardVerdict> {
    checkRequest(key, request);
    const format = parseKey(key);
    if (!format.ok) return this.#refuseText(key, request, startedAt);
    return this.#examine({ key, format, hash: hexOfHash(hash), request, startedAt }, this.#find(hash));
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
    const about = { source: "local", ageMs: 0, requestId: this.#ids.next(), docs: this.#docs.pages } as const;
    const verdict = toGuardVerdict(decision, null, about);
    this.#usage?.record(verdict, request, format.start, startedAt);
    return verdict;
  }

  #examine(presented: Presented, secret: HeldSecret | undefined): GuardVerdict | Promise<GuardVerdict> {
    const known = this.#knowledge.about(secret, presented.hash);
    const ageMs = this.#clock.now() - known.asOf;
    // Before anybody asks the server: whoever is held up does not get to it.
    const heldUpMs = secret ? 0 : this.#guessFrom(presented.request);
    if (heldUpMs > 0) return this.#conclude(presented, known, "local", 0, heldUpMs);
    if (secret && isServerDecided(secret.key, presented.request.api)) {
      // The server's answer says nothing of what else is known of the key: neither that it is enabled, nor that it has no limit any more.
      if (ageMs > this.#maxStalenessMs) this.#knowledge.want(secret.key.state.id);
      return this.#askServer(presented, known);
    }
    if (ageMs <= this.#maxStalenessMs) return this.#conclude(presented, known, "local", ageMs);
    return this.#readFirst(presented, secret === undefined);
  }

  /** Nothing is known of the key, or it is too old. @param isGuess whether it was counted as a guess. */
  async #readFirst(presented: Presented, isGuess: boolean): Promise<GuardVerdict> {
    const startedAt = this.#clock.now();
    try {
      await withDeadline({ timeoutMs: this.#timeoutMs, signal: undefined }, () => this.#firstSight.ask(presented.hash));
    } catch {
      // Listeners were told by whoever asked, once for all that were asked for together. Nobody knows whether it was a guess.
      if (isGuess) this.#noGuess(presented.request);
      return this.#withoutServer(presented);
    }
    const known = this.#lookAgain(presented);
    if (isGuess && known.secret) this.#noGuess(presented.request);
    if (known.secret && isServerDecided(known.secret.key, presented.request.api)) {
      return this.#askServer(presented, known, this.#timeoutMs - (this.#clock.now() - startedAt));
    }
    const ageMs = this.#clock.now() - known.asOf;
    if (this.#isWithinBound(ageMs)) return this.#conclude(presented, known, "server", ageMs);
    return this.#withoutServer(presented); // it changes faster than it can be read
  }

  /** Whether an answer of the server may be accepted by. It is older where this process was suspended while the answer was on its way. */
  #isWithinBound(ageMs: number): boolean {
    return ageMs <= Math.max(this.#maxStalenessMs, this.#timeoutMs);
  }

  /** The key has limits that are counted on the server. */
  async #askServer(presented: Presented, known: Known, timeoutMs = this.#timeoutMs): Promise<GuardVerdict> {
    const { key, request } = presented;
    const sentAt = this.#clock.now();
    const change = this.#knowledge.watch();
    try {
      const options = { timeoutMs: Math.max(1, Math.ceil(timeoutMs)), maxRetries: 0, signal: this.#signal };
      const verdict = await this.#server.verify(key, request, options);
      if (verdict.valid) {
        const now = this.#lookAgain(presented);
        const knownForMs = this.#clock.now() - now.asOf;
        if (now.secret && this.#knowledge.hasRefused(now.secret, knownForMs <= this.#maxStalenessMs)) {
          return this.#conclude(presented, now, "local", knownForMs, 0, verdict);
        }
        const ageMs = this.#clock.now() - sentAt;
        const leftMs = timeoutMs - ageMs;
        const wasOvertaken = isOvertaken(verdict, change.hasChanged);
        if (wasOvertaken && leftMs > 0) return await this.#decideCharged(presented, verdict, leftMs);
        if (wasOvertaken || !this.#isWithinBound(ageMs)) return this.#withoutServer(presented, now, verdict);
      }
      return { ...verdict, source: "server", ageMs: this.#clock.now() - sentAt };
    } catch (error) {
      this.#onError(error as Error);
      // It may have been forgotten meanwhile, and then no event has told what was known of it: only what nothing was told of counts.
      const now = this.#lookAgain(presented);
      const isKnown = now.secret === null && known.secret !== null && !concerns(known.secret, change.hasChanged);
      return this.#withoutServer(presented, isKnown ? known : now);
    } finally {
      change.end();
    }
  }

  /**
   * An event has overtaken the server's answer. Its limits have let the call in, and another answer would charge it once more: what has
   * changed is read, which charges nothing, and decided here.
   */
  async #decideCharged(presented: Presented, charged: Verdict, timeoutMs: number): Promise<GuardVerdict> {
    try {
      await withDeadline({ timeoutMs, signal: undefined }, () => this.#firstSight.ask(presented.hash));
    } catch {
      return this.#withoutServer(presented, this.#lookAgain(presented), charged); // whoever asked has told listeners
    }
    const known = this.#lookAgain(presented);
    const ageMs = this.#clock.now() - known.asOf;
    if (!this.#isWithinBound(ageMs)) return this.#withoutServer(presented, known, charged);
    return this.#conclude(presented, known, "server", ageMs, 0, charged);
  }

  /** The server cannot be asked, and what is known is too old to be trusted. @param charged as of `#conclude`. */
  #withoutServer(
    presented: Presented,
    known = this.#lookAgain(presented),
    charged: Verdict | null = null,
  ): GuardVerdict {
    const ageMs = this.#clock.now() - known.asOf;
    const isRevoked = known.secret ? this.#knowledge.hasRevoked(known.secret) : false;
    if (isRevoked || (known.secret && this.#onUnavailable === "allow-known")) {
      return this.#conclude(presented, known, "stale", ageMs, 0, charged);
    }
    return unavailable({ ageMs, requestId: charged?.requestId ?? this.#ids.next(), docs: this.#docs.pages });
  }

  #lookAgain({ hash }: Presented): Known {
    return this.#knowledge.about(this.#knowledge.memory.find(hashOfHex(hash)), hash);
  }

  /** @param charged the server's answer to this call, which has charged and recorded it as valid; null: it was not asked. */
  #conclude(
    { format, request, startedAt }: Presented,
    { secret }: Known,
    source: GuardVerdict["source"],
    ageMs: number,
    heldUpMs = 0,
    charged: Verdict | null = null,
  ): GuardVerdict {
    const record = secret && recordOf(secret);
    const now = this.#time.now();
    const api = askedApiOf(record, request.api);
    const decision = decide(record, { format, ...askedOf(request), heldUpMs, api }, now);
    const about = { source, ageMs, requestId: charged?.requestId ?? this.#ids.next(), docs: this.#docs.pages };
    const verdict = toGuardVerdict(decision, record, about, api && { api, now });
    // The server has counted this call already, and a call counts once, also where it is refused now.
    if (charged) return verdict.valid ? { ...verdict, rateLimits: charged.rateLimits, quota: charged.quota } : verdict;
    const counted = api ? { ...request, api: api.label } : request;
    this.#usage?.record({ code: verdict.code, key: record?.key ?? null }, counted, format.start, startedAt);
    return verdict;
  }
}
