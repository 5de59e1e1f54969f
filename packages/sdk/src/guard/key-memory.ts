import { effectiveScopes, type KeyRecord } from "@keyplane/schema";
import type { Freshness } from "./freshness.js";
import type { GuardVerdict } from "./guard.js";
import { HashIndex } from "./hash-index.js";
import { hashOfHex, type KeyHash } from "./key-hash.js";
import type { KeyLine, OwnerRecord, RecordLine, TenantRecord } from "./record-lines.js";

/** How many lists of scopes, each with its tenant, are shared. */
const maxShared = 1_000;
/** Later than any time that a key's expiry can have here, in seconds since the epoch: it never expires. */
const never = 2 ** 32 - 1;

/** An owner or a tenant, shared by all keys of theirs. */
export interface HeldParty<Record> {
  state: Record;
  /** When the request was sent whose answer this is, by the guard's clock. */
  readAt: number;
  /** As of when this was true, where something is known to have changed since; Infinity otherwise. */
  asOfChange: number;
  /** How many keys are theirs. */
  keys: number;
}

/** A key in memory. */
export interface HeldKey {
  state: KeyRecord["key"];
  owner: HeldParty<OwnerRecord> | null;
  tenant: HeldParty<TenantRecord>;
  secrets: readonly HeldSecret[];
  readAt: number;
  epoch: number;
  asOfChange: number;
  isServerDecided: boolean;
  granted: Granted;
}

/** A secret in memory: what a presented key's hash leads to. */
export interface HeldSecret {
  /** In hexadecimal. */
  readonly hash: string;
  readonly state: KeyRecord["secret"];
  readonly key: HeldKey;
  /** Whether it was used since somebody last looked for a key to forget. */
  isUsed: boolean;
}

/** What a verdict says of every key of a tenant that can use the same scopes: one object for all of them, so that it is near. */
export interface Granted {
  readonly tenantId: string;
  readonly scopes: readonly string[];
}

/** When an answer's request was sent, and in which epoch. */
export interface Reading {
  readonly sentAt: number;
  readonly epoch: number;
}

/** A key of a snapshot that nobody has asked for yet. It is read when somebody does, so that a start need not wait for all. */
export class SavedKey {
  readonly id: string;
  readonly reading: Reading;
  readonly #text: SavedText;
  readonly #from: number;
  readonly #to: number;

  /** @param text the snapshot, in which its line stands from `from` to `to`. */
  constructor(id: string, reading: Reading, text: SavedText, from: number, to: number) {
    this.id = id;
    this.reading = reading;
    this.#text = text;
    this.#from = from;
    this.#to = to;
  }

  read(): KeyLine {
    return this.#text.keyAt(this.#from, this.#to);
  }
}

/** Where lines of saved keys stand. */
export interface SavedText {
  keyAt(from: number, to: number): KeyLine;
}

/**
 * The keys that are known, by hash and by id, with their owners and tenants. Bounded: what was not used for longest, roughly,
 * is forgotten first (second chance, as CLOCK does for pages of memory: a look-up only sets a flag).
 */
export class KeyMemory {
  readonly #freshness: Freshness;
  readonly #maxKeys: number;
  readonly #isPinned: (keyId: string) => boolean;
  readonly #secrets = new HashIndex<
    HeldSecret | SavedKey,
    Granted,
    GuardVerdict["key"] | undefined,
    GuardVerdict["owner"] | undefined
  >();
  readonly #keys = new Map<string, HeldKey>();
  /** Keys of a snapshot that were not read yet. */
  readonly #saved = new Map<string, SavedKey>();
  readonly #owners = new Map<string, HeldParty<OwnerRecord>>();
  readonly #tenants = new Map<string, HeldParty<TenantRecord>>();
  readonly #granted = new Map<string, Granted>();
  #version = 1;

  /** @param isPinned whether a key must not be forgotten, because something is to be closed when it is refused. */
  constructor(freshness: Freshness, maxKeys: number, isPinned: (keyId: string) => boolean) {
    this.#freshness = freshness;
    this.#maxKeys = maxKeys;
    this.#isPinned = isPinned;
  }

  /** How many keys are known. */
  get size(): number {
    return this.#keys.size + this.#saved.size;
  }

  /** Whether there are keys of a snapshot that were not read yet. */
  get hasSaved(): boolean {
    return this.#saved.size > 0;
  }

  get isFull(): boolean {
    return this.size >= this.#maxKeys;
  }

  /** To be called by whoever changes something that is held here: what was decided ahead counts no more. */
  hasChanged(): void {
    // As a number of 32 bits beside a hash; 0 is that of nothing.
    this.#version = this.#version === 2 ** 32 - 1 ? 1 : this.#version + 1;
  }

  /**
   * Where a hash leads to, for {@link isDecided} and what follows it: these look at nothing but the slot, because in a memory of
   * 100,000 keys each object would have to be fetched from far away. True until the next change.
   */
  slotOf(hash: KeyHash): number {
    return this.#secrets.slotOf(hash);
  }

  /** Whether it was decided about the secret there as of what is known now. */
  isDecided(slot: number): boolean {
    return this.#secrets.firstNumber(slot) === this.#version;
  }

  /** Until when the secret is accepted, in epoch milliseconds, from calls that need no scopes that it lacks; 0: it is not. */
  acceptedUntil(slot: number): number {
    const second = this.#secrets.secondNumber(slot);
    return second === never ? Number.POSITIVE_INFINITY : second * 1_000;
  }

  granted(slot: number): Granted {
    return this.#secrets.first(slot);
  }

  /** What a verdict shows of the key. */
  shownKey(slot: number): GuardVerdict["key"] {
    return this.#secrets.second(slot) ?? null;
  }

  shownOwner(slot: number): GuardVerdict["owner"] {
    return this.#secrets.third(slot) ?? null;
  }

  /** Keeps that the secret is accepted until then, in epoch milliseconds. */
  accept(slot: number, until: number, granted: Granted, shown: Pick<GuardVerdict, "key" | "owner">): void {
    const second = until === Number.POSITIVE_INFINITY ? never : Math.min(never - 1, Math.floor(until / 1_000));
    this.#secrets.putBeside(slot, [this.#version, second], granted, shown.key, shown.owner);
  }

  /** Keeps that it has to be decided each time: the secret is refused, or it depends on the call. */
  leaveOpen(slot: number): void {
    this.#secrets.putBeside(slot, [this.#version, 0]);
  }

  find(hash: KeyHash): HeldSecret | undefined {
    const found = this.#secrets.get(hash);
    return found instanceof SavedKey ? this.#findSaved(found, hash) : found;
  }

  key(id: string): HeldKey | undefined {
    const saved = this.#saved.get(id);
    if (saved) this.#read(saved);
    return this.#keys.get(id);
  }

  owner(id: string): HeldParty<OwnerRecord> | undefined {
    return this.#owners.get(id);
  }

  tenant(id: string): HeldParty<TenantRecord> | undefined {
    return this.#tenants.get(id);
  }

  keys(): IterableIterator<HeldKey> {
    this.readSaved(Number.POSITIVE_INFINITY);
    return this.#keys.values();
  }

  /** Makes room for so many more at once. */
  reserve(count: number): void {
    this.#secrets.reserve(this.#secrets.size + count);
  }

  /** Takes a key of a snapshot, whose owner and tenant were taken before. @param hash of one of its secrets, in hexadecimal. */
  installSaved(saved: SavedKey, hash: string): void {
    this.#saved.set(saved.id, saved);
    this.#secrets.set(hashOfHex(hash), saved);
  }

  /** Reads so many keys of a snapshot that nobody has asked for. @returns whether there are more. */
  readSaved(count: number): boolean {
    for (const saved of this.#saved.values()) {
      if (count-- <= 0) return true;
      this.#read(saved);
    }
    return false;
  }

  /** As of when what is known of a key is true, by the guard's clock. */
  asOf(held: HeldKey): number {
    return Math.min(this.#freshness.asOfReading(held.readAt, held.epoch), this.asOfChange(held));
  }

  /** As of when it is true in spite of what was heard since; Infinity where nothing was. */
  asOfChange({ asOfChange, owner, tenant }: HeldKey): number {
    return Math.min(asOfChange, owner?.asOfChange ?? Number.POSITIVE_INFINITY, tenant.asOfChange);
  }

  /** Takes an owner or a tenant of an answer, unless what is known is of a later one. */
  installParty(line: Extract<RecordLine, { type: "owner" | "tenant" }>, { sentAt }: Reading): void {
    const isNews =
      line.type === "owner"
        ? hold(this.#owners, line.owner.id, line.owner, sentAt)
        : hold(this.#tenants, line.tenant.id, line.tenant, sentAt);
    if (isNews) this.hasChanged();
  }

  /**
   * Takes a key of an answer whose owner and tenant were taken before, unless what is known is of a later answer.
   *
   * @returns the key as it is known now; undefined when its tenant is not known, so that it cannot be held.
   */
  installKey({ key, secrets, isServerDecided }: KeyLine, { sentAt, epoch }: Reading): HeldKey | undefined {
    const granted = this.#grantedTo(key);
    // A key that nothing bounds can use all that it was given: it shares that list, too.
    const state = key.scopeBounds === null ? { ...key, scopes: granted.scopes } : key;
    this.#saved.delete(state.id);
    const before = this.#keys.get(state.id);
    if (before && before.readAt > sentAt) return before;
    const tenant = this.#tenants.get(state.tenantId);
    if (!tenant) return undefined;
    const owner = this.#owners.get(state.ownerId) ?? null;
    const clean = {
      state,
      owner,
      tenant,
      readAt: sentAt,
      epoch,
      asOfChange: Number.POSITIVE_INFINITY,
      isServerDecided,
      granted,
    };
    if (before) this.#unlink(before);
    const held: HeldKey = before ? Object.assign(before, clean) : { ...clean, secrets: [] };
    held.secrets = secrets.map(({ hash, state: ofSecret }) => ({
      hash,
      state: ofSecret,
      key: held,
      isUsed: true, // or a memory whose keys are all in use would forget each new one at once
    }));
    for (const secret of held.secrets) this.#secrets.set(hashOfHex(secret.hash), secret);
    tenant.keys += 1;
    if (owner) owner.keys += 1;
    this.#keys.set(state.id, held);
    return held;
  }

  /** Forgets keys until there are no more than may be. */
  makeRoom(): void {
    // Twice around at most: the first round takes away the second chances.
    if (this.size > this.#maxKeys) this.readSaved(Number.POSITIVE_INFINITY);
    // One iterator for all of it, which comes by what is put at the end again: a new one would pass over all that was deleted.
    const hand = this.#keys.entries();
    for (let looks = this.#keys.size * 2; this.#keys.size > this.#maxKeys && looks > 0; looks--) {
      const [id, held] = hand.next().value as [string, HeldKey];
      if (held.secrets.some(({ isUsed }) => isUsed) || this.#isPinned(id)) {
        for (const secret of held.secrets) this.#takeChance(secret);
        this.#keys.delete(id);
        this.#keys.set(id, held);
      } else this.forget(held);
    }
  }

  /** Forgets owners and tenants without a key: those of keys for which there was no room. */
  forgetUnused(): void {
    // Keys that were not read yet may be theirs.
    if (this.#saved.size > 0) return;
    for (const [id, { keys }] of this.#owners) if (keys === 0) this.#owners.delete(id);
    for (const [id, { keys }] of this.#tenants) if (keys === 0) this.#tenants.delete(id);
  }

  forget(held: HeldKey): void {
    this.#keys.delete(held.state.id);
    this.#unlink(held);
    // Keys that were not read yet may be theirs, too.
    if (this.#saved.size > 0) return;
    if (held.owner?.keys === 0) this.#owners.delete(held.owner.state.id);
    if (held.tenant.keys === 0) this.#tenants.delete(held.tenant.state.id);
  }

  #findSaved(saved: SavedKey, found: KeyHash): HeldSecret | undefined {
    const hash = found.slice(); // reading the key makes other hashes
    if (this.#saved.get(saved.id) === saved) this.#read(saved);
    const now = this.#secrets.get(hash);
    if (!(now instanceof SavedKey)) return now;
    // The key is held as a later answer had it, and has this secret no more.
    this.#secrets.delete(hash);
    return undefined;
  }

  #read(saved: SavedKey): void {
    this.#saved.delete(saved.id);
    this.installKey(saved.read(), saved.reading);
  }

  #grantedTo(key: KeyLine["key"]): Granted {
    const { tenantId } = key;
    const scopes = effectiveScopes(key);
    const text = JSON.stringify([tenantId, scopes]);
    const known = this.#granted.get(text);
    if (known) return known;
    // Many keys share it, and verdicts show it: whoever changed it would grant something to all of them.
    const granted = Object.freeze({ tenantId, scopes: Object.freeze([...scopes]) });
    if (this.#granted.size < maxShared) this.#granted.set(text, granted);
    return granted;
  }

  /** It counts as unused until it is used again, which whoever accepts it ahead would not say. */
  #takeChance(secret: HeldSecret): void {
    secret.isUsed = false;
    this.#secrets.clearBeside(this.#secrets.slotOf(hashOfHex(secret.hash)));
  }

  #unlink(held: HeldKey): void {
    for (const { hash } of held.secrets) this.#secrets.delete(hashOfHex(hash));
    held.tenant.keys -= 1;
    if (held.owner) held.owner.keys -= 1;
  }
}

/** @returns whether what was known of it has changed. */
function hold<Record extends object>(
  parties: Map<string, HeldParty<Record>>,
  id: string,
  state: Record,
  readAt: number,
): boolean {
  const held = parties.get(id);
  if (!held) parties.set(id, { state, readAt, asOfChange: Number.POSITIVE_INFINITY, keys: 0 });
  if (!held || held.readAt > readAt) return false;
  const isNews = held.asOfChange !== Number.POSITIVE_INFINITY || !isSame(held.state, state);
  Object.assign(held, { readAt, asOfChange: Number.POSITIVE_INFINITY, ...(isNews && { state }) });
  return isNews;
}

function isSame<Record extends object>(one: Record, other: Record): boolean {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Record>;
  return [...fields].every((field) => isSameValue(one[field], other[field]));
}

function isSameValue(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((item, place) => item === other[place]);
}
