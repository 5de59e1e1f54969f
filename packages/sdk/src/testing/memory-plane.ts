import {
  type AddressRules,
  createId,
  decide,
  type Environment,
  generateKey,
  type KeyEventType,
  type KeyRecord,
  parseKey,
  type RandomBytes,
} from "@keyplane/schema";
import type { KeyEvent, Verdict } from "../entities.js";
import { toGuardVerdict } from "../guard/guard-verdict.js";
import {
  formatRecordLine,
  type KeyLine,
  type OwnerRecord,
  type RecordLine,
  type TenantRecord,
} from "../guard/record-lines.js";
import { askedApiOf } from "../guard/request.js";
import { SecretHashes } from "./secret-hashes.js";

/** What a new key of the in-memory control plane is like. What is left out has a sensible value. */
export interface MemoryKeyOptions {
  /** Whose it is. Default: a user who is made with it. */
  readonly ownerId?: string | undefined;
  readonly name?: string | undefined;
  readonly environment?: Environment | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly allowedIps?: readonly string[] | undefined;
  readonly deniedIps?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
  /** Whether verifiers must ask the server each time, as for a key whose limits are counted there. Default: false. */
  readonly isServerDecided?: boolean | undefined;
}

/** A key and its secret, which only its maker has. */
export interface MemoryKey {
  readonly id: string;
  readonly secret: string;
  readonly ownerId: string;
  readonly tenantId: string;
}

/** A key as the plane keeps it. Times are epoch milliseconds. */
export interface StoredKey {
  readonly state: KeyRecord["key"];
  /** The newest last. */
  readonly secrets: readonly { readonly text: string; readonly state: KeyRecord["secret"] }[];
  readonly isServerDecided: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A user who is made with the plane. What is left out has a sensible value. */
export interface MemoryUserOptions {
  readonly id?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly externalId?: string | null | undefined;
}

/** An event at its place, counted from 1. */
export interface PlacedKeyEvent extends KeyEvent {
  readonly place: number;
}

/** Which records are asked for, as `POST /v1/verification-records` reads it. */
export interface RecordsAsked {
  readonly hashes?: readonly string[];
  readonly keyIds?: readonly string[];
  readonly tenantId?: string;
}

/**
 * A control plane in memory: tenants, users, keys and the log of what happens to them, with the real rules (`decide`) and the
 * real format of keys. Each change and its event happen at one instant, as in the real one's transactions.
 */
export class MemoryPlane {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly #random: RandomBytes | undefined;
  readonly #tenants = new Map<string, TenantRecord>();
  readonly #users = new Map<string, OwnerRecord>();
  readonly #keys = new Map<string, StoredKey>();
  /** To which key a secret belongs. */
  readonly #bySecret = new Map<string, string>();
  readonly #hashes = new SecretHashes();
  readonly #listeners = new Set<() => void>();
  #expiriesToldUpTo: number;
  readonly events: PlacedKeyEvent[] = [];
  readonly tenantId: string;

  /** @param options.random where keys and ids come from; a test that must repeat itself passes its own. */
  constructor({ now = () => Date.now(), random }: { now?: () => number; random?: RandomBytes } = {}) {
    this.now = now;
    this.#random = random;
    this.#expiriesToldUpTo = now();
    this.tenantId = this.createTenant();
  }

  /** Calls back after each change. @returns stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  createTenant(id: string = createId("Tenant", this.#random)): string {
    this.#tenants.set(id, { id, status: "ACTIVE", since: null, reason: null, isServerDecided: false });
    return id;
  }

  createUser({
    id = createId("User", this.#random),
    tenantId = this.tenantId,
    ...given
  }: MemoryUserOptions = {}): string {
    const { name = "User", email = `${id.toLowerCase()}@example.com`, externalId = null } = given;
    const state = { status: "ACTIVE", since: null, reason: null, isServerDecided: false } as const;
    this.#users.set(id, { id, tenantId, name, email, externalId, ...state });
    return id;
  }

  createKey(options: MemoryKeyOptions = {}): MemoryKey {
    const { ownerId = this.createUser(), environment = "LIVE", expiresAt = null } = options;
    const owner = this.#user(ownerId);
    const id = createId("Key", this.#random);
    const now = this.now();
    this.#keys.set(id, {
      state: {
        id,
        tenantId: owner.tenantId,
        ownerId,
        name: options.name ?? "Key",
        environment,
        scopes: options.scopes ?? [],
        scopeBounds: null,
        metadata: options.metadata ?? {},
        allowedIps: options.allowedIps ?? [],
        deniedIps: options.deniedIps ?? [],
        expiresAt: expiresAt?.getTime() ?? null,
        revokedAt: null,
        revokedReason: null,
        disabledAt: null,
        disabledReason: null,
        deletedAt: null,
        issuedAt: now,
      },
      secrets: [],
      isServerDecided: options.isServerDecided ?? false,
      createdAt: now,
      updatedAt: now,
    });
    const secret = this.#replaceSecret(id, now);
    this.#tell("CREATED", id);
    return { id, secret, ownerId, tenantId: owner.tenantId };
  }

  updateKey(
    id: string,
    changes: Pick<MemoryKeyOptions, "name" | "scopes" | "metadata" | "allowedIps" | "deniedIps" | "expiresAt">,
  ): void {
    const { expiresAt, ...rest } = changes;
    const time = expiresAt === undefined ? {} : { expiresAt: expiresAt?.getTime() ?? null };
    this.#change(id, "UPDATED", { ...rest, ...time });
  }

  /**
   * Sets the only scopes that a key can use because of whom it belongs to, as `updateRole` and `updateTeam` do for all keys of the
   * role's holders or the team.
   *
   * @param bounds what is left out, or null, allows any scope.
   */
  boundKey(
    id: string,
    { role = null, team = null }: { role?: readonly string[] | null; team?: readonly string[] | null },
  ): void {
    this.#change(id, "UPDATED", { scopeBounds: role === null && team === null ? null : { role, team } });
  }

  /** Sets how a key stands to APIs, as `grantApiAccess` and `revokeApiAccess` do. */
  grantApis(id: string, grants: NonNullable<KeyRecord["key"]["grants"]>): void {
    this.#change(id, "UPDATED", { grants });
  }

  /** @param overlapMs for how long the old secret works on. @returns the new secret. */
  rotateKey(id: string, overlapMs = 0): string {
    const secret = this.#replaceSecret(id, this.now() + overlapMs);
    this.#tell("ROTATED", id);
    return secret;
  }

  /** @returns the new secret. */
  reissueKey(id: string, ownerId: string): string {
    const former = this.#key(id).state.ownerId;
    this.#set(id, { ownerId: this.#user(ownerId).id });
    const secret = this.#replaceSecret(id, this.now());
    this.#tell("ROTATED", id, `reissued from ${former} to ${ownerId}`);
    return secret;
  }

  revokeKey(id: string, reason: string | null = null): void {
    if (this.#key(id).state.revokedAt !== null) return;
    this.#change(id, "REVOKED", { revokedAt: this.now(), revokedReason: reason }, reason);
  }

  disableKey(id: string, reason: string | null = null): void {
    this.#change(id, "DISABLED", { disabledAt: this.now(), disabledReason: reason }, reason);
  }

  quarantineKey(id: string, reason: string | null = null): void {
    this.#change(id, "QUARANTINED", { quarantinedAt: this.now() }, reason);
  }

  enableKey(id: string, reason: string | null = null): void {
    this.#change(id, "ENABLED", { disabledAt: null, disabledReason: null }, reason);
  }

  deleteKey(id: string, reason: string | null = null): void {
    this.#change(id, "DELETED", { deletedAt: this.now() }, reason);
  }

  restoreKey(id: string, reason: string | null = null): void {
    this.#change(id, "UPDATED", { deletedAt: null }, reason);
  }

  remindOf(id: string): void {
    this.#tell("EXPIRING", id);
  }

  /** An event that nothing stands behind, of whatever type. */
  tellOf(id: string, type: string): void {
    this.#tell(type as KeyEventType, id);
  }

  /** Removes a key without a trace, as a restored backup that lacks it does. Nobody is told. */
  loseKey(id: string): void {
    this.#keys.delete(id);
  }

  /** Sets a key's expiry to this moment, and tells that it has come. */
  expireKey(id: string): void {
    this.tellExpired();
    this.#change(id, "EXPIRED", { expiresAt: this.#expiriesToldUpTo });
  }

  /** What a scheduler does: tells of the keys whose expiry has come since it was last asked. */
  tellExpired(): void {
    const after = this.#expiriesToldUpTo;
    const now = this.now();
    this.#expiriesToldUpTo = now;
    for (const { state } of this.#keys.values()) {
      const { id, expiresAt, revokedAt, deletedAt } = state;
      const isDue = expiresAt !== null && expiresAt > after && expiresAt <= now;
      if (isDue && revokedAt === null && deletedAt === null) this.#tell("EXPIRED", id);
    }
  }

  updateUser(id: string, changes: { readonly name?: string; readonly email?: string } & AddressRules): void {
    this.#changeUser(id, "OWNER_UPDATED", changes);
  }

  disableUser(id: string, reason: string | null = null): void {
    this.#changeUser(id, "OWNER_DISABLED", { status: "DISABLED", since: this.now(), reason });
  }

  enableUser(id: string, reason: string | null = null): void {
    this.#changeUser(id, "OWNER_ENABLED", { status: "ACTIVE", since: this.now(), reason });
  }

  deleteUser(id: string, reason: string | null = null): void {
    // The external id is free for another user then.
    this.#changeUser(id, "OWNER_DELETED", { status: "DELETED", since: this.now(), reason, externalId: null });
  }

  updateTenant(
    changes: AddressRules & Pick<TenantRecord, "apis" | "rotateEveryMs" | "rotationOverdue">,
    id: string = this.tenantId,
  ): void {
    this.#changeTenant(id, "TENANT_UPDATED", changes);
  }

  /** Gives a user limits, or takes them away: only the server decides about keys of a user that has some. */
  limitUser(id: string, isServerDecided = true): void {
    this.#changeUser(id, "OWNER_UPDATED", { isServerDecided });
  }

  limitTenant(id: string = this.tenantId, isServerDecided = true): void {
    this.#changeTenant(id, "TENANT_UPDATED", { isServerDecided });
  }

  suspendTenant(id: string = this.tenantId, reason: string | null = null): void {
    this.#changeTenant(id, "TENANT_SUSPENDED", { status: "SUSPENDED", since: this.now(), reason });
  }

  resumeTenant(id: string = this.tenantId, reason: string | null = null): void {
    this.#changeTenant(id, "TENANT_RESUMED", { status: "ACTIVE", since: this.now(), reason });
  }

  key(id: string): StoredKey | undefined {
    return this.#keys.get(id);
  }

  user(id: string): OwnerRecord | undefined {
    return this.#users.get(id);
  }

  tenant(id: string): TenantRecord | undefined {
    return this.#tenants.get(id);
  }

  /** How many keys there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** What `decide` must know of a key's present secret; null when there is no such key. */
  recordOfKey(id: string): KeyRecord | null {
    return this.recordOf(this.#keys.get(id)?.secrets.at(-1)?.text ?? "");
  }

  /** Whether a superseded secret stopped after a moment, up to now. Nobody is told of that. */
  hasStoppedSince(after: number): boolean {
    const now = this.now();
    const isStopped = (at: number | null): boolean => at !== null && at > after && at <= now;
    return [...this.#keys.values()].some(({ secrets }) => secrets.some(({ state }) => isStopped(state.stopsAt)));
  }

  /** What `decide` must know of a presented key; null when there is none. */
  recordOf(presented: string): KeyRecord | null {
    const stored = this.#keyOf(presented);
    const secret = stored?.secrets.find(({ text }) => text === presented);
    if (!stored || !secret) return null;
    const { state: key } = stored;
    return {
      secret: secret.state,
      key,
      owner: this.#users.get(key.ownerId) ?? null,
      tenant: this.#tenant(key.tenantId),
    };
  }

  /** The verdict on a presented key, as `verifyKey` answers it. */
  verify(input: {
    readonly key: string;
    readonly scopes?: readonly string[] | null | undefined;
    readonly environment?: Environment | null | undefined;
    readonly ip?: string | null | undefined;
    readonly api?: string | null | undefined;
  }): Verdict {
    const format = parseKey(input.key);
    const record = format.ok ? this.recordOf(input.key) : null;
    const asked = {
      scopes: input.scopes ?? undefined,
      environment: input.environment ?? undefined,
      ip: input.ip ?? undefined,
    };
    const now = this.now();
    const api = askedApiOf(record, input.api);
    const decision = decide(record, { format, ...asked, api }, now);
    const about = { requestId: createId("Request"), source: "server", ageMs: 0 } as const;
    const { source: _source, ageMs: _ageMs, ...verdict } = toGuardVerdict(decision, record, about, api && { api, now });
    return verdict;
  }

  /** The lines of an answer with records. */
  records({ hashes, keyIds, tenantId }: RecordsAsked): string[] {
    const chosen = new Set<StoredKey>();
    const add = (stored: StoredKey | undefined): void => void (stored && chosen.add(stored));
    if (hashes) for (const hash of hashes) add(this.#keyOf(this.#hashes.secretOf(hash)));
    else if (keyIds) for (const id of keyIds) add(this.#keys.get(id));
    else for (const stored of this.#keys.values()) if (!tenantId || stored.state.tenantId === tenantId) add(stored);
    const lines = new Set<string>();
    const write = (line: RecordLine): void => void lines.add(formatRecordLine(line));
    for (const { state, secrets, isServerDecided } of chosen) {
      write({ type: "tenant", tenant: this.#tenant(state.tenantId) });
      const owner = this.#users.get(state.ownerId);
      if (owner) write({ type: "owner", owner });
      const hashed = secrets.map(({ text, state }) => ({ hash: this.#hashes.hashOf(text), state }));
      const line: KeyLine = { key: state, secrets: hashed, isServerDecided };
      write({ type: "key", line });
    }
    write({ type: "end", keys: chosen.size });
    return [...lines];
  }

  /** A new secret for a key. The others stop then, where they have not stopped already. */
  #replaceSecret(id: string, othersStopAt: number): string {
    const stored = this.#key(id);
    const now = this.now();
    const superseded = stored.secrets.map(({ text, state }) => {
      const stopsAt = Math.min(state.stopsAt ?? Number.POSITIVE_INFINITY, othersStopAt);
      return { text, state: { ...state, supersededAt: state.supersededAt ?? now, stopsAt } };
    });
    const { environment } = stored.state;
    const { secret, start } = generateKey({ prefix: "kp", environment, random: this.#random });
    const secrets = [...superseded, { text: secret, state: { start, supersededAt: null, stopsAt: null } }];
    const state = { ...stored.state, issuedAt: now };
    this.#keys.set(id, { ...stored, state, secrets, updatedAt: now });
    this.#bySecret.set(secret, id);
    this.#hashes.add(secret);
    return secret;
  }

  #set(id: string, changes: Partial<KeyRecord["key"]>): void {
    const stored = this.#key(id);
    this.#keys.set(id, { ...stored, state: { ...stored.state, ...changes }, updatedAt: this.now() });
  }

  #change(
    id: string,
    type: KeyEventType,
    changes: { readonly [Name in keyof KeyRecord["key"]]?: KeyRecord["key"][Name] | undefined },
    reason: string | null = null,
  ): void {
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    this.#set(id, given);
    this.#tell(type, id, reason);
  }

  #changeUser(id: string, type: KeyEventType, changes: Partial<OwnerRecord>): void {
    const user = { ...this.#user(id), ...changes };
    this.#users.set(id, user);
    this.#append({ type, tenantId: user.tenantId, keyId: null, userId: id, reason: changes.reason ?? null });
  }

  #changeTenant(id: string, type: KeyEventType, changes: Partial<TenantRecord>): void {
    this.#tenants.set(id, { ...this.#tenant(id), ...changes });
    this.#append({ type, tenantId: id, keyId: null, userId: null, reason: changes.reason ?? null });
  }

  #tell(type: KeyEventType, id: string, reason: string | null = null): void {
    const { state } = this.#key(id);
    this.#append({ type, tenantId: state.tenantId, keyId: state.id, userId: state.ownerId, reason });
  }

  #append(event: Pick<KeyEvent, "type" | "tenantId" | "keyId" | "userId" | "reason">): void {
    const place = this.events.length + 1;
    this.events.push({ ...event, cursor: `m${place}`, occurredAt: new Date(this.now()).toISOString(), place });
    for (const listener of this.#listeners) listener();
  }

  #keyOf(secret: string | undefined): StoredKey | undefined {
    return this.#keys.get(this.#bySecret.get(secret ?? "") ?? "");
  }

  #key(id: string): StoredKey {
    return this.#keys.get(id) ?? missing(id);
  }

  #user(id: string): OwnerRecord {
    return this.#users.get(id) ?? missing(id);
  }

  #tenant(id: string): TenantRecord {
    return this.#tenants.get(id) ?? missing(id);
  }
}

function missing(id: string): never {
  throw new Error(`There is no ${id} in this control plane.`);
}
