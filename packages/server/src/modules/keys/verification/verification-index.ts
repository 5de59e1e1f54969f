import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import type { EntityCache } from "../../../platform/entity-cache.js";
import type { EntityStates, Remembered } from "../../../platform/entity-states.js";
import { KeyplaneError } from "../../../platform/errors.js";
import { everything } from "../../auth/index.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import type { RoleState, RoleStates } from "../../roles/index.js";
import type { TeamState, TeamStates } from "../../teams/index.js";
import type { TenantStates } from "../../tenants/index.js";
import type { UserState, UserStates } from "../../users/index.js";
import { findKeysByIds, findLiveKeysWithSecrets, findUsableSecretsOf } from "../keys.store.js";
import { FormerSecrets } from "./former-secrets.js";
import {
  createKeyStates,
  createSecretStates,
  type IndexedRecord,
  type KeyState,
  readSecretStates,
  type SecretState,
  toKeyState,
  toSecretState,
} from "./key-states.js";
import { NewSecrets } from "./new-secrets.js";

/** How many hashes of unknown keys are remembered. Apart from the known ones, so that guesses cannot push those out. */
const maxUnknown = 100_000;
/** How long an unknown hash is believed to stay unknown, in milliseconds. */
const unknownMs = 60_000;
/** How many keys are read at once while warming up: few, because the embedded database works on this very thread. */
const warmUpPage = 250;
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
  readonly #keys: EntityStates<KeyState>;
  readonly #secrets: EntityCache<SecretState>;
  readonly #owners: UserStates;
  readonly #tenants: TenantStates;
  readonly #roles: RoleStates;
  readonly #teams: TeamStates;
  /** Keys with what bounds their scopes, for as long as key, role and team are the same. */
  readonly #bounded = new WeakMap<KeyState, Bounded>();
  readonly #unknown = new LRUCache<string, number>({ max: maxUnknown });
  readonly #newSecrets = new NewSecrets((keyIds) => this.#rememberSecretsOf(keyIds));
  readonly #former: FormerSecrets;
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #maxKeys: number;

  /** @param deps.maxKeys how many keys are remembered at most. */
  constructor(deps: {
    database: Database;
    clock: Clock;
    owners: UserStates;
    tenants: TenantStates;
    roles: RoleStates;
    teams: TeamStates;
    maxKeys: number;
  }) {
    this.#keys = createKeyStates(deps.database, deps.maxKeys);
    this.#secrets = createSecretStates(deps.database, deps.maxKeys);
    this.#former = new FormerSecrets(deps.maxKeys);
    this.#owners = deps.owners;
    this.#tenants = deps.tenants;
    this.#roles = deps.roles;
    this.#teams = deps.teams;
    this.#clock = deps.clock;
    this.#database = deps.database;
    this.#maxKeys = deps.maxKeys;
  }

  /** How many keys are remembered now. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * @param hash the SHA-256 of the presented key, lower-case hexadecimal.
   * @returns null when there is no such key.
   */
  find(hash: string): IndexedRecord | null | Promise<IndexedRecord | null> {
    const remembered = this.recall(hash);
    return remembered === undefined ? this.#read(hash) : remembered;
  }

  /** As `find`, from memory alone; undefined when the store would have to be asked. */
  recall(hash: string): IndexedRecord | null | undefined {
    const record = this.#peek(hash);
    if (record) return record;
    const unknownUntil = this.#unknown.get(hash);
    return unknownUntil !== undefined && this.#clock.now() < unknownUntil ? null : undefined;
  }

  /** Whether there is such a secret as far as memory goes, even when it or its key has to be read again: nobody has guessed it. */
  knowsSecret(hash: string): boolean {
    return this.#secrets.peek(hash) !== undefined || this.#former.has(hash);
  }

  /** Resolves when `knowsSecret` knows the secrets, too, of all keys of which events have told that they were made, rotated or restored. */
  readNewSecrets(): Promise<void> {
    return this.#newSecrets.read();
  }

  /** What is remembered of keys, for whoever compares it with the store. */
  get keyMemory(): Remembered<KeyState> {
    return this.#keys;
  }

  /**
   * What is remembered of secrets, by their hashes. One of a former set of its key's secrets never counts, however it differs from the store: it
   * is as good as equal.
   */
  get secretMemory(): Remembered<SecretState> {
    const isFormer = (known: SecretState, stored: SecretState | undefined): boolean => {
      const version = (stored ?? this.#keys.inspect(known.keyId))?.secretVersion;
      return version !== undefined && version !== known.secretVersion;
    };
    return {
      ids: () => this.#secrets.ids(),
      inspect: (hash) => this.#secrets.inspect(hash),
      stored: async (hashes) => {
        const states = new Map(await readSecretStates(this.#database, hashes));
        for (const hash of hashes) {
          const known = this.#secrets.inspect(hash);
          if (known && isFormer(known, states.get(hash))) states.set(hash, known);
        }
        return states;
      },
      forget: (hash) => this.#forgetSecret(hash),
    };
  }

  /**
   * To which tenant, user and team keys belong, deleted ones too: from memory, and the others in one query.
   *
   * @param isVisible whether the caller may know of a key. One that it may not is asked for as if it were not remembered, so that it takes
   * as long as one that there is not.
   */
  async ownersOf(
    ids: ReadonlySet<string>,
    isVisible: (key: Pick<KeyState, "tenantId" | "ownerId" | "teamId">) => boolean,
  ): Promise<Map<string, Pick<KeyState, "tenantId" | "ownerId" | "teamId">>> {
    const owners = new Map<string, Pick<KeyState, "tenantId" | "ownerId" | "teamId">>();
    const missing: string[] = [];
    for (const id of ids) {
      const key = this.#keys.peek(id);
      if (key && isVisible(key)) owners.set(id, key);
      else missing.push(id);
    }
    if (missing.length === 0) return owners;
    await this.#keys.getMany(async () => {
      const rows = await findKeysByIds(this.#database.prisma, everything, missing);
      for (const row of rows) owners.set(row.id, row);
      return rows.map((row) => [row.id, toKeyState(row)] as const);
    });
    return owners;
  }

  /**
   * Reads keys into memory before anybody presents them, so that a restart does not send every caller to the database.
   * Verification works meanwhile. Stops when the memory is full.
   */
  async warmUp(stop: AbortSignal): Promise<void> {
    let afterId = "";
    while (!stop.aborted && this.#keys.size < this.#maxKeys) {
      const page = await this.#warmUpPage(afterId);
      const last = page.at(-1);
      if (!last) return;
      afterId = last.id;
      await this.#owners.warmUp(page.map((key) => key.ownerId));
      await this.#tenants.warmUp(page.map((key) => key.tenantId));
      await this.#teams.warmUp(page.flatMap(({ teamId }) => teamId ?? []));
      await this.#roles.warmUp(page.flatMap(({ ownerId }) => this.#owners.peek(ownerId)?.customRoleId ?? []));
      // Requests first.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** One reading for both caches: each keeps of it what did not change meanwhile. */
  async #warmUpPage(afterId: string): Promise<Awaited<ReturnType<typeof findLiveKeysWithSecrets>>> {
    const now = new Date(this.#clock.now());
    const page = findLiveKeysWithSecrets(this.#database.prisma, now, afterId, warmUpPage);
    await Promise.all([
      this.#keys.getMany(async () => (await page).map((key) => [key.id, toKeyState(key)] as const)),
      this.#secrets.getMany(async () =>
        (await page).flatMap((key) =>
          key.secrets.map((secret) => [secret.hash, toSecretState(secret, key.secretVersion)] as const),
        ),
      ),
    ]);
    return page;
  }

  onEvent({ type, keyId }: DomainEvent): void {
    if (keyId === undefined) return;
    this.#keys.forget(keyId);
    // UPDATED tells, too, that a key was restored, or got a secret that waits for its first use.
    if (type === "CREATED" || type === "ROTATED" || type === "UPDATED") this.#newSecrets.note(keyId);
  }

  onGap(): void {
    this.#keys.forgetAll();
    for (const hash of this.#secrets.ids()) this.#former.add(hash);
    this.#secrets.forgetAll();
    this.#unknown.clear();
  }

  async #rememberSecretsOf(keyIds: readonly string[]): Promise<void> {
    await this.#secrets.getMany(async () => {
      const secrets = await findUsableSecretsOf(this.#database.prisma, keyIds, new Date(this.#clock.now()));
      for (const { hash } of secrets) this.#unknown.delete(hash);
      return secrets.map((secret) => [secret.hash, toSecretState(secret, secret.secretVersion)] as const);
    });
  }

  #forgetSecret(hash: string): void {
    this.#former.add(hash);
    this.#secrets.forget(hash);
  }

  #peek(hash: string): IndexedRecord | undefined {
    const secret = this.#secrets.peek(hash);
    const key = secret && this.#keys.peek(secret.keyId);
    // A rotation changes the set of secrets: what was known of one of them before counts no more.
    if (!key || key.secretVersion !== secret.secretVersion) return undefined;
    const owner = this.#owners.peek(key.ownerId);
    const tenant = this.#tenants.peek(key.tenantId);
    if (!owner || !tenant) return undefined;
    // Nearly all keys have neither: they cost nothing more.
    if (key.teamId === null && owner.customRoleId === null) return { secret, key, owner, tenant };
    const bounded = this.#peekBounded(key, owner);
    return bounded && { secret, key: bounded, owner, tenant };
  }

  /** The key with what its owner's role and its team allow; undefined when one of those is not remembered. */
  #peekBounded(key: KeyState, owner: UserState): KeyState | undefined {
    const role = owner.customRoleId === null ? null : this.#roles.peek(owner.customRoleId);
    const team = key.teamId === null ? null : this.#teams.peek(key.teamId);
    if (role === undefined || team === undefined) return undefined;
    let bounded = this.#bounded.get(key);
    if (bounded?.role !== role || bounded.team !== team) {
      bounded = { role, team, key: withBounds(key, role?.keyScopes ?? null, team?.keyScopes ?? null) };
      this.#bounded.set(key, bounded);
    }
    return bounded.key;
  }

  async #read(hash: string): Promise<IndexedRecord | null> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const secret = await this.#secrets.get(hash);
      if (!secret) {
        this.#unknown.set(hash, this.#clock.now() + unknownMs);
        return null;
      }
      const key = await this.#keys.get(secret.keyId);
      if (!key || key.secretVersion !== secret.secretVersion) {
        this.#forgetSecret(hash);
        this.#keys.forget(secret.keyId);
        continue;
      }
      const [owner, tenant] = await Promise.all([
        this.#owners.get(key.ownerId),
        this.#tenants.get(key.tenantId),
        key.teamId === null ? null : this.#teams.get(key.teamId),
      ]);
      if (owner && owner.customRoleId !== null) await this.#roles.get(owner.customRoleId);
      // Only what every cache still holds is of one moment; otherwise something changed while we waited.
      const record = this.#peek(hash);
      if (record) return record;
      if (!owner && tenant && this.#keys.peek(key.id) === key) return { secret, key, owner: null, tenant };
    }
    throw new KeyplaneError("UNAVAILABLE", "The key could not be read consistently. Try again.");
  }
}

/** A key with what bounds its scopes, and of what it was put together. */
interface Bounded {
  readonly role: RoleState | null;
  readonly team: TeamState | null;
  readonly key: KeyState;
}

/** A key with the scopes that its owner's role and its team allow. */
export function withBounds(key: KeyState, role: readonly string[] | null, team: readonly string[] | null): KeyState {
  return role === null && team === null ? key : { ...key, scopeBounds: { role, team } };
}
