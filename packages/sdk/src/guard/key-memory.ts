import type { KeyRecord } from "@keyplane/schema";
import type { Freshness } from "./freshness.js";
import type { GuardVerdict } from "./guard.js";
import { HashIndex } from "./hash-index.js";
import { hashOfHex, type KeyHash } from "./key-hash.js";
import type { KeyLine, OwnerRecord, RecordLine, TenantRecord } from "./record-lines.js";

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
}

/** A secret in memory: what a presented key's hash leads to. */
export interface HeldSecret {
  /** In hexadecimal. */
  readonly hash: string;
  readonly state: KeyRecord["secret"];
  readonly key: HeldKey;
  /** Whether it was used since somebody last looked for a key to forget. */
  isUsed: boolean;
  /**
   * The version of the memory at which the rest was decided. While it is the same, this one object is all that a verification
   * has to look at, which is several times as fast as to look at the key, its owner and its tenant again.
   */
  version: number;
  /** Until when it is valid for whoever needs no scopes that it lacks; -Infinity where that has to be decided each time. */
  validUntil: number;
  /** As of when that is true: read at this time, in this epoch, and not changed since this time. */
  readAt: number;
  epoch: number;
  asOfChange: number;
  /** The verdict, but for what differs from call to call. */
  verdict: GuardVerdict | null;
}

/** When an answer's request was sent, and in which epoch. */
export interface Reading {
  readonly sentAt: number;
  readonly epoch: number;
}

/**
 * The keys that are known, by hash and by id, with their owners and tenants. Bounded: what was not used for longest, roughly,
 * is forgotten first (second chance, as CLOCK does for pages of memory: a look-up only sets a flag).
 */
export class KeyMemory {
  readonly #freshness: Freshness;
  readonly #maxKeys: number;
  readonly #isPinned: (keyId: string) => boolean;
  readonly #secrets = new HashIndex<HeldSecret>();
  readonly #keys = new Map<string, HeldKey>();
  readonly #owners = new Map<string, HeldParty<OwnerRecord>>();
  readonly #tenants = new Map<string, HeldParty<TenantRecord>>();
  #version = 0;

  /** @param isPinned whether a key must not be forgotten, because something is to be closed when it is refused. */
  constructor(freshness: Freshness, maxKeys: number, isPinned: (keyId: string) => boolean) {
    this.#freshness = freshness;
    this.#maxKeys = maxKeys;
    this.#isPinned = isPinned;
  }

  /** How many keys are known. */
  get size(): number {
    return this.#keys.size;
  }

  get isFull(): boolean {
    return this.#keys.size >= this.#maxKeys;
  }

  /** Another one whenever something that was known has changed. */
  get version(): number {
    return this.#version;
  }

  /** To be called by whoever changes something that is held here. */
  hasChanged(): void {
    this.#version += 1;
  }

  find(hash: KeyHash): HeldSecret | undefined {
    return this.#secrets.get(hash);
  }

  key(id: string): HeldKey | undefined {
    return this.#keys.get(id);
  }

  owner(id: string): HeldParty<OwnerRecord> | undefined {
    return this.#owners.get(id);
  }

  tenant(id: string): HeldParty<TenantRecord> | undefined {
    return this.#tenants.get(id);
  }

  keys(): IterableIterator<HeldKey> {
    return this.#keys.values();
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
  installKey({ key: state, secrets, isServerDecided }: KeyLine, { sentAt, epoch }: Reading): HeldKey | undefined {
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
    };
    if (before) this.#unlink(before);
    const held: HeldKey = before ? Object.assign(before, clean) : { ...clean, secrets: [] };
    held.secrets = secrets.map(({ hash, state: ofSecret }) => ({
      hash,
      state: ofSecret,
      key: held,
      isUsed: true, // or a memory whose keys are all in use would forget each new one at once
      version: -1,
      validUntil: Number.NEGATIVE_INFINITY,
      readAt: 0,
      epoch: 0,
      asOfChange: 0,
      verdict: null,
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
    for (let looks = this.#keys.size * 2; this.#keys.size > this.#maxKeys && looks > 0; looks--) {
      const [id, held] = this.#keys.entries().next().value as [string, HeldKey];
      if (held.secrets.some(({ isUsed }) => isUsed) || this.#isPinned(id)) {
        for (const secret of held.secrets) secret.isUsed = false;
        this.#keys.delete(id);
        this.#keys.set(id, held);
      } else this.forget(held);
    }
  }

  /** Forgets owners and tenants without a key: those of keys for which there was no room. */
  forgetUnused(): void {
    for (const [id, { keys }] of this.#owners) if (keys === 0) this.#owners.delete(id);
    for (const [id, { keys }] of this.#tenants) if (keys === 0) this.#tenants.delete(id);
  }

  forget(held: HeldKey): void {
    this.#keys.delete(held.state.id);
    this.#unlink(held);
    if (held.owner?.keys === 0) this.#owners.delete(held.owner.state.id);
    if (held.tenant.keys === 0) this.#tenants.delete(held.tenant.state.id);
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
  return (Object.keys(one) as (keyof Record)[]).every((field) => one[field] === other[field]);
}
