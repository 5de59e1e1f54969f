import type { KeyRecord } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import type { EntityCache } from "../../../platform/entity-cache.js";
import { KeyplaneError } from "../../../platform/errors.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import type { TenantState } from "../../tenants/index.js";
import type { UserState } from "../../users/index.js";
import { createKeyStates, createSecretStates, type KeyState, type SecretState } from "./key-states.js";

/** How many hashes of unknown keys are remembered. Apart from the known ones, so that guesses cannot push those out. */
const maxUnknown = 100_000;
/** How long an unknown hash is believed to stay unknown, in milliseconds. */
const unknownMs = 60_000;
/** A key that changes faster than it can be read is a fault, not a reason to loop for ever. */
const maxAttempts = 20;

/**
 * Finds what must be known of a presented key: from memory, without any promise, once it was seen.
 *
 * Secrets, keys, owners and tenants are remembered apart, each until an event names it, so that suspending a tenant with
 * a million keys forgets one entry. A record is put together only of states that are all remembered at one moment:
 * a read that began before a change is thrown away by its cache and never answers.
 */
export class VerificationIndex implements EventListener {
  readonly #keys: EntityCache<KeyState>;
  readonly #secrets: EntityCache<SecretState>;
  readonly #owners: EntityCache<UserState>;
  readonly #tenants: EntityCache<TenantState>;
  readonly #unknown = new LRUCache<string, number>({ max: maxUnknown });
  readonly #clock: Clock;

  /** @param deps.maxKeys how many keys are remembered at most. */
  constructor(deps: {
    database: Database;
    clock: Clock;
    owners: EntityCache<UserState>;
    tenants: EntityCache<TenantState>;
    maxKeys: number;
  }) {
    this.#keys = createKeyStates(deps.database, deps.maxKeys);
    this.#secrets = createSecretStates(deps.database, deps.maxKeys);
    this.#owners = deps.owners;
    this.#tenants = deps.tenants;
    this.#clock = deps.clock;
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * @param hash the SHA-256 of the presented key, lower-case hexadecimal.
   * @returns null when there is no such key.
   */
  find(hash: string): KeyRecord | null | Promise<KeyRecord | null> {
    const record = this.#peek(hash);
    if (record) return record;
    const unknownUntil = this.#unknown.get(hash);
    if (unknownUntil !== undefined && this.#clock.now() < unknownUntil) return null;
    return this.#read(hash);
  }

  onEvent(event: DomainEvent): void {
    if (event.keyId !== undefined) this.#keys.forget(event.keyId);
  }

  onGap(): void {
    this.#keys.forgetAll();
    this.#secrets.forgetAll();
    this.#unknown.clear();
  }

  #peek(hash: string): KeyRecord | undefined {
    const secret = this.#secrets.peek(hash);
    const key = secret && this.#keys.peek(secret.keyId);
    // A rotation changes the set of secrets: what was known of one of them before counts no more.
    if (!key || key.secretVersion !== secret.secretVersion) return undefined;
    const owner = this.#owners.peek(key.ownerId);
    const tenant = this.#tenants.peek(key.tenantId);
    return owner && tenant && { secret, key, owner, tenant };
  }

  async #read(hash: string): Promise<KeyRecord | null> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const secret = await this.#secrets.get(hash);
      if (!secret) {
        this.#unknown.set(hash, this.#clock.now() + unknownMs);
        return null;
      }
      const key = await this.#keys.get(secret.keyId);
      if (!key || key.secretVersion !== secret.secretVersion) {
        this.#secrets.forget(hash);
        this.#keys.forget(secret.keyId);
        continue;
      }
      const [owner, tenant] = await Promise.all([this.#owners.get(key.ownerId), this.#tenants.get(key.tenantId)]);
      // Only what every cache still holds is of one moment; otherwise something changed while we waited.
      const record = this.#peek(hash);
      if (record) return record;
      if (!owner && tenant && this.#keys.peek(key.id) === key) return { secret, key, owner: null, tenant };
    }
    throw new KeyplaneError("UNAVAILABLE", "The key could not be read consistently. Try again.");
  }
}
