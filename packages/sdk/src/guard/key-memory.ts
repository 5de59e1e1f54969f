import { DecidedAhead, type DecidedIndex } from "./decided-ahead.js";
import type { Freshness } from "./freshness.js";
import { SharedGrants } from "./granted.js";
import { HashIndex } from "./hash-index.js";
import type { HeldKey, HeldParty, HeldSecret, Reading } from "./held.js";
import { hashOfHex, type KeyHash } from "./key-hash.js";
import type { KeyLine, OwnerRecord, RecordLine, TenantRecord } from "./record-lines.js";
import { SavedKey, SavedKeys } from "./saved-keys.js";

/**
 * The keys that are known, by hash and by id, with their owners and tenants. Bounded: what was not used for longest, roughly,
 * is forgotten first (second chance, as CLOCK does for pages of memory: a look-up only sets a flag).
 */
export class KeyMemory {
  readonly #freshness: Freshness;
  readonly #maxKeys: number;
  readonly #isPinned: (held: HeldKey) => boolean;
  readonly #secrets: DecidedIndex<HeldSecret | SavedKey> = new HashIndex();
  readonly #grants = new SharedGrants();
  /** What was decided of secrets by their {@link entryOf}. */
  readonly ahead: DecidedAhead = new DecidedAhead(this.#secrets, this.#grants);
  readonly #keys = new Map<string, HeldKey>();
  /** Keys of a snapshot that were not read yet. */
  readonly #saved = new SavedKeys();
  readonly #owners = new Map<string, HeldParty<OwnerRecord>>();
  readonly #tenants = new Map<string, HeldParty<TenantRecord>>();

  /** @param isPinned whether a key must not be forgotten yet. */
  constructor(freshness: Freshness, maxKeys: number, isPinned: (held: HeldKey) => boolean) {
    this.#freshness = freshness;
    this.#maxKeys = maxKeys;
    this.#isPinned = isPinned;
  }

  /** How often a key had to be forgotten because there was no room: what is not known may exist from then on. */
  evictions = 0;

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
    this.ahead.hasChanged();
  }

  /** Where what was decided ahead of a secret stands, for as long as the secret is known. */
  entryOf(hash: KeyHash): number {
    return this.#secrets.entryOf(hash);
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

  /** Takes a key of a snapshot, whose owner and tenant were taken before. */
  installSaved(saved: SavedKey): void {
    this.#saved.add(saved);
  }

  /** The same of one of its secrets. */
  installSavedHash(saved: SavedKey, hash: KeyHash): void {
    this.#secrets.set(hash, saved);
  }

  /** Reads so many keys of a snapshot that nobody has asked for. @returns whether there are more. */
  readSaved(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const saved = this.#saved.first();
      if (!saved) return false;
      this.#read(saved);
    }
    return this.#saved.size > 0;
  }

  /** As of when what is known of a key is true, by the guard's clock. */
  asOf(held: HeldKey): number {
    return Math.min(this.#freshness.asOfReading(held.readAt, held.epoch), this.asOfChange(held));
  }

  /** As of when it is true in spite of what was heard since; Infinity where nothing was. */
  asOfChange({ asOfChange, owner, tenant }: HeldKey): number {
    return Math.min(asOfChange, owner?.asOfChange ?? Number.POSITIVE_INFINITY, tenant.asOfChange);
  }

  /** Whether it is true at the place that was reached: nothing of before a gap, and nothing that waits to be read again. */
  isCurrent(held: HeldKey): boolean {
    return held.epoch === this.#freshness.epoch && this.asOfChange(held) === Number.POSITIVE_INFINITY;
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
  installKey(line: KeyLine, reading: Reading): HeldKey | undefined {
    const saved = this.#saved.get(line.key.id);
    if (saved) this.#saved.take(saved);
    return this.#install(line, reading);
  }

  #install({ key, secrets, isServerDecided }: KeyLine, { sentAt, epoch }: Reading): HeldKey | undefined {
    const granted = this.#grants.of(key);
    // A key that nothing bounds can use all that it was given: it shares that list, too.
    const state = key.scopeBounds === null ? { ...key, scopes: granted.scopes } : key;
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
      if (held.secrets.some(({ isUsed }) => isUsed) || this.#isPinned(held)) {
        for (const secret of held.secrets) this.#takeChance(secret);
        this.#keys.delete(id);
        this.#keys.set(id, held);
      } else {
        this.evictions += 1;
        this.forget(held);
      }
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
    if (!saved.isTaken) this.#read(saved);
    const now = this.#secrets.get(hash);
    if (!(now instanceof SavedKey)) return now;
    // The key is held as a later answer had it, and has this secret no more.
    this.#secrets.delete(hash);
    return undefined;
  }

  #read(saved: SavedKey): void {
    this.#saved.take(saved);
    this.#install(saved.read(), saved.reading);
  }

  /** It counts as unused until it is used again, which whoever accepts it ahead would not say. */
  #takeChance(secret: HeldSecret): void {
    secret.isUsed = false;
    this.#secrets.clearBeside(this.#secrets.entryOf(hashOfHex(secret.hash)));
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
  // Lists of addresses, and of APIs.
  return one.length === other.length && JSON.stringify(one) === JSON.stringify(other);
}
