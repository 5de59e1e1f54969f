import {
  createId,
  decide,
  docsUrlForVerdict,
  type Environment,
  generateKey,
  type KeyEventType,
  type KeyRecord,
  parseKey,
  type RandomBytes,
} from "@keyplane/schema";
import type { KeyEvent } from "../entities.js";
import {
  formatRecordLine,
  type KeyLine,
  type OwnerRecord,
  type RecordLine,
  type TenantRecord,
} from "../guard/record-lines.js";
import { hashInMemory } from "./hash.js";

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

interface StoredKey {
  state: KeyRecord["key"];
  secrets: { readonly hash: string; state: KeyRecord["secret"] }[];
  readonly isServerDecided: boolean;
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
  readonly #byHash = new Map<string, StoredKey>();
  readonly #listeners = new Set<() => void>();
  readonly events: PlacedKeyEvent[] = [];
  readonly tenantId: string;

  /** @param options.random where keys and ids come from; a test that must repeat itself passes its own. */
  constructor({ now = () => Date.now(), random }: { now?: () => number; random?: RandomBytes } = {}) {
    this.now = now;
    this.#random = random;
    this.tenantId = this.createTenant();
  }

  /** Calls back after each change. @returns stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  createTenant(): string {
    const id = createId("Tenant", this.#random);
    this.#tenants.set(id, { id, status: "ACTIVE", since: null, reason: null });
    return id;
  }

  createUser({
    tenantId = this.tenantId,
    name = "User",
    email,
  }: {
    tenantId?: string;
    name?: string;
    email?: string;
  } = {}): string {
    const id = createId("User", this.#random);
    const owner = { id, tenantId, name, email: email ?? `${id}@example.com`, externalId: null };
    this.#users.set(id, { ...owner, status: "ACTIVE", since: null, reason: null });
    return id;
  }

  createKey(options: MemoryKeyOptions = {}): MemoryKey {
    const { ownerId = this.createUser(), environment = "LIVE", expiresAt = null } = options;
    const owner = this.#user(ownerId);
    const id = createId("Key", this.#random);
    const stored: StoredKey = {
      state: {
        id,
        tenantId: owner.tenantId,
        ownerId,
        name: options.name ?? "Key",
        environment,
        scopes: options.scopes ?? [],
        metadata: options.metadata ?? {},
        allowedIps: options.allowedIps ?? [],
        deniedIps: options.deniedIps ?? [],
        expiresAt: expiresAt?.getTime() ?? null,
        revokedAt: null,
        revokedReason: null,
        disabledAt: null,
        disabledReason: null,
        deletedAt: null,
      },
      secrets: [],
      isServerDecided: options.isServerDecided ?? false,
    };
    this.#keys.set(id, stored);
    const secret = this.#addSecret(stored);
    this.#tell("CREATED", stored);
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

  /** @param overlapMs for how long the old secret works on. @returns the new secret. */
  rotateKey(id: string, overlapMs = 0): string {
    const stored = this.#key(id);
    const now = this.now();
    for (const secret of stored.secrets) {
      const stopsAt = Math.min(secret.state.stopsAt ?? Number.POSITIVE_INFINITY, now + overlapMs);
      secret.state = { ...secret.state, supersededAt: secret.state.supersededAt ?? now, stopsAt };
    }
    const secret = this.#addSecret(stored);
    this.#tell("ROTATED", stored);
    return secret;
  }

  /** @returns the new secret. */
  reissueKey(id: string, ownerId: string): string {
    const stored = this.#key(id);
    stored.state = { ...stored.state, ownerId: this.#user(ownerId).id };
    return this.rotateKey(id);
  }

  revokeKey(id: string, reason: string | null = null): void {
    if (this.#key(id).state.revokedAt !== null) return;
    this.#change(id, "REVOKED", { revokedAt: this.now(), revokedReason: reason }, reason);
  }

  disableKey(id: string, reason: string | null = null): void {
    this.#change(id, "DISABLED", { disabledAt: this.now(), disabledReason: reason }, reason);
  }

  enableKey(id: string): void {
    this.#change(id, "ENABLED", { disabledAt: null, disabledReason: null });
  }

  deleteKey(id: string): void {
    this.#change(id, "DELETED", { deletedAt: this.now() });
  }

  restoreKey(id: string): void {
    this.#change(id, "UPDATED", { deletedAt: null });
  }

  remindOf(id: string): void {
    this.#tell("EXPIRING", this.#key(id));
  }

  /** An event that nothing stands behind, of whatever type. */
  tellOf(id: string, type: string): void {
    this.#tell(type as KeyEventType, this.#key(id));
  }

  /** Removes a key without a trace, as a restored backup that lacks it does. Nobody is told. */
  loseKey(id: string): void {
    for (const { hash } of this.#key(id).secrets) this.#byHash.delete(hash);
    this.#keys.delete(id);
  }

  /** What a scheduler does when a key's time has come. */
  expireKey(id: string): void {
    this.#change(id, "EXPIRED", { expiresAt: this.now() });
  }

  updateUser(id: string, changes: { readonly name?: string; readonly email?: string }): void {
    this.#changeUser(id, "OWNER_UPDATED", changes);
  }

  disableUser(id: string, reason: string | null = null): void {
    this.#changeUser(id, "OWNER_DISABLED", { status: "DISABLED", since: this.now(), reason });
  }

  enableUser(id: string): void {
    this.#changeUser(id, "OWNER_ENABLED", { status: "ACTIVE", since: this.now(), reason: null });
  }

  deleteUser(id: string): void {
    this.#changeUser(id, "OWNER_DELETED", { status: "DELETED", since: this.now(), reason: null });
  }

  suspendTenant(id: string = this.tenantId, reason: string | null = null): void {
    this.#changeTenant(id, "TENANT_SUSPENDED", { status: "SUSPENDED", since: this.now(), reason });
  }

  resumeTenant(id: string = this.tenantId): void {
    this.#changeTenant(id, "TENANT_RESUMED", { status: "ACTIVE", since: this.now(), reason: null });
  }

  /** What `decide` must know of a presented key; null when there is none. */
  recordOf(presented: string): KeyRecord | null {
    const hash = hashInMemory(presented);
    const stored = this.#byHash.get(hash);
    const secret = stored?.secrets.find((each) => each.hash === hash);
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
    key: string;
    scopes?: readonly string[] | null;
    environment?: Environment | null;
    ip?: string | null;
  }): Record<string, unknown> {
    const format = parseKey(input.key);
    const record = format.ok ? this.recordOf(input.key) : null;
    const asked = {
      scopes: input.scopes ?? undefined,
      environment: input.environment ?? undefined,
      ip: input.ip ?? undefined,
    };
    const decision = decide(record, { format, ...asked }, this.now());
    const known = decision.code === "NOT_FOUND" || record?.key.deletedAt !== null ? null : record;
    return {
      ...decision,
      docsUrl: docsUrlForVerdict(decision.code),
      requestId: createId("Request"),
      key: known && {
        id: known.key.id,
        name: known.key.name,
        start: known.secret.start,
        environment: known.key.environment,
        metadata: known.key.metadata,
        expiresAt: known.key.expiresAt === null ? null : new Date(known.key.expiresAt).toISOString(),
      },
      owner:
        known?.owner == null
          ? null
          : {
              id: known.owner.id,
              externalId: known.owner.externalId,
              name: known.owner.name,
              email: known.owner.email,
            },
      tenantId: known?.key.tenantId ?? null,
      scopes: known?.key.scopes ?? [],
      rateLimits: [],
      quota: null,
    };
  }

  /** The lines of an answer with records. */
  records({ hashes, keyIds, tenantId }: RecordsAsked): string[] {
    const chosen = new Set<StoredKey>();
    const add = (stored: StoredKey | undefined): void => void (stored && chosen.add(stored));
    if (hashes) for (const hash of hashes) add(this.#byHash.get(hash));
    else if (keyIds) for (const id of keyIds) add(this.#keys.get(id));
    else for (const stored of this.#keys.values()) if (!tenantId || stored.state.tenantId === tenantId) add(stored);
    const lines = new Set<string>();
    const write = (line: RecordLine): void => void lines.add(formatRecordLine(line));
    for (const { state, secrets, isServerDecided } of chosen) {
      write({ type: "tenant", tenant: this.#tenant(state.tenantId) });
      const owner = this.#users.get(state.ownerId);
      if (owner) write({ type: "owner", owner });
      const line: KeyLine = { key: state, secrets: secrets.map((secret) => ({ ...secret })), isServerDecided };
      write({ type: "key", line });
    }
    write({ type: "end", keys: chosen.size });
    return [...lines];
  }

  #addSecret(stored: StoredKey): string {
    const { environment } = stored.state;
    const { secret, start } = generateKey({ prefix: "kp", environment, random: this.#random });
    const hash = hashInMemory(secret);
    stored.secrets.push({ hash, state: { start, supersededAt: null, stopsAt: null } });
    this.#byHash.set(hash, stored);
    return secret;
  }

  #change(
    id: string,
    type: KeyEventType,
    changes: { readonly [Name in keyof KeyRecord["key"]]?: KeyRecord["key"][Name] | undefined },
    reason: string | null = null,
  ): void {
    const stored = this.#key(id);
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    stored.state = { ...stored.state, ...(given as Partial<KeyRecord["key"]>) };
    this.#tell(type, stored, reason);
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

  #tell(type: KeyEventType, { state }: StoredKey, reason: string | null = null): void {
    this.#append({ type, tenantId: state.tenantId, keyId: state.id, userId: state.ownerId, reason });
  }

  #append(event: Pick<KeyEvent, "type" | "tenantId" | "keyId" | "userId" | "reason">): void {
    const place = this.events.length + 1;
    this.events.push({ ...event, cursor: `m${place}`, occurredAt: new Date(this.now()).toISOString(), place });
    for (const listener of this.#listeners) listener();
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
