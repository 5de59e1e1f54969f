import type { KeyRecord } from "@keyplane/schema";
import type { Freshness } from "./freshness.js";
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
  /** Whether it was used since somebody last looked for a key to forget. */
  isUsed: boolean;
}

/** A secret in memory: what a presented key's hash leads to. */
export interface HeldSecret {
  readonly hash: string;
  readonly state: KeyRecord["secret"];
  readonly key: HeldKey;
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
  readonly #secrets = new Map<string, HeldSecret>();
  readonly #keys = new Map<string, HeldKey>();
  readonly #owners = new Map<string, HeldParty<OwnerRecord>>();
  readonly #tenants = new Map<string, HeldParty<TenantRecord>>();

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

  find(hash: string): HeldSecret | undefined {
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
  asOf({ readAt, epoch, asOfChange, owner, tenant }: HeldKey): number {
    const asOf = this.#freshness.asOfReading(readAt, epoch);
    return Math.min(asOf, asOfChange, owner?.asOfChange ?? Number.POSITIVE_INFINITY, tenant.asOfChange);
  }

  /** Takes an owner or a tenant of an answer, unless what is known is of a later one. */
  installParty(line: Extract<RecordLine, { type: "owner" | "tenant" }>, { sentAt }: Reading): void {
    if (line.type === "owner") hold(this.#owners, line.owner.id, line.owner, sentAt);
    else hold(this.#tenants, line.tenant.id, line.tenant, sentAt);
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
    const held: HeldKey = before ? Object.assign(before, clean) : { ...clean, secrets: [], isUsed: false };
    held.secrets = secrets.map(({ hash, state: ofSecret }) => ({ hash, state: ofSecret, key: held }));
    for (const secret of held.secrets) this.#secrets.set(secret.hash, secret);
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
      if (held.isUsed || this.#isPinned(id)) {
        held.isUsed = false;
        this.#keys.delete(id);
        this.#keys.set(id, held);
      } else this.forget(held);
    }
  }

  forget(held: HeldKey): void {
    this.#keys.delete(held.state.id);
    this.#unlink(held);
    if (held.owner?.keys === 0) this.#owners.delete(held.owner.state.id);
    if (held.tenant.keys === 0) this.#tenants.delete(held.tenant.state.id);
  }

  #unlink(held: HeldKey): void {
    for (const { hash } of held.secrets) this.#secrets.delete(hash);
    held.tenant.keys -= 1;
    if (held.owner) held.owner.keys -= 1;
  }
}

function hold<Record>(parties: Map<string, HeldParty<Record>>, id: string, state: Record, readAt: number): void {
  const held = parties.get(id);
  if (!held) parties.set(id, { state, readAt, asOfChange: Number.POSITIVE_INFINITY, keys: 0 });
  else if (held.readAt <= readAt) Object.assign(held, { state, readAt, asOfChange: Number.POSITIVE_INFINITY });
}
