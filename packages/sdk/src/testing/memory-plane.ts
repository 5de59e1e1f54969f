import {
  type AddressRules,
  createId,
  generateKey,
  type KeyEventType,
  type KeyRecord,
  type RandomBytes,
} from "@keyplane/schema";
import type { OwnerRecord, TenantRecord } from "../guard/record-lines.js";
import type { MemoryKey, MemoryKeyOptions, MemoryUserOptions } from "./memory-plane-types.js";
import { MemoryState } from "./memory-state.js";

export type {
  MemoryKey,
  MemoryKeyOptions,
  MemoryUserOptions,
  PlacedKeyEvent,
  RecordsAsked,
  StoredKey,
} from "./memory-plane-types.js";

/**
 * A control plane in memory: tenants, users, keys and the log of what happens to them, with the real rules (`decide`) and the
 * real format of keys. Each change and its event happen at one instant, as in the real one's transactions.
 */
export class MemoryPlane extends MemoryState {
  readonly #random: RandomBytes | undefined;
  #expiriesToldUpTo: number;
  readonly tenantId: string;

  /** @param options.random where keys and ids come from; a test that must repeat itself passes its own. */
  constructor({ now = () => Date.now(), random }: { now?: () => number; random?: RandomBytes } = {}) {
    super(now);
    this.#random = random;
    this.#expiriesToldUpTo = now();
    this.tenantId = this.createTenant();
  }

  createTenant(id: string = createId("Tenant", this.#random)): string {
    this.tenants.set(id, { id, status: "ACTIVE", since: null, reason: null, isServerDecided: false });
    return id;
  }

  createUser({
    id = createId("User", this.#random),
    tenantId = this.tenantId,
    ...given
  }: MemoryUserOptions = {}): string {
    const { name = "User", email = `${id.toLowerCase()}@example.com`, externalId = null } = given;
    const state = { status: "ACTIVE", since: null, reason: null, isServerDecided: false } as const;
    this.users.set(id, { id, tenantId, name, email, externalId, ...state });
    return id;
  }

  createKey(options: MemoryKeyOptions = {}): MemoryKey {
    const { ownerId = this.createUser(), environment = "LIVE", expiresAt = null } = options;
    const owner = this.existingUser(ownerId);
    const id = createId("Key", this.#random);
    const now = this.now();
    this.keys.set(id, {
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

  /** Sets how long a secret of a key may be in use, and what happens to one that is overdue, as `updateKey` does. */
  setRotation(id: string, rules: Pick<KeyRecord["key"], "rotateEveryMs" | "rotationOverdue">): void {
    this.#change(id, "UPDATED", rules);
  }

  /** @param overlapMs for how long the old secret works on. @returns the new secret. */
  rotateKey(id: string, overlapMs = 0): string {
    const secret = this.#replaceSecret(id, this.now() + overlapMs);
    this.#tell("ROTATED", id);
    return secret;
  }

  /** @returns the new secret. */
  reissueKey(id: string, ownerId: string): string {
    const former = this.existingKey(id).state.ownerId;
    this.#set(id, { ownerId: this.existingUser(ownerId).id });
    const secret = this.#replaceSecret(id, this.now());
    this.#tell("ROTATED", id, `reissued from ${former} to ${ownerId}`);
    return secret;
  }

  revokeKey(id: string, reason: string | null = null): void {
    if (this.existingKey(id).state.revokedAt !== null) return;
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
    this.keys.delete(id);
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
    for (const { state } of this.keys.values()) {
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

  /** A new secret for a key. The others stop then, where they have not stopped already. */
  #replaceSecret(id: string, othersStopAt: number): string {
    const stored = this.existingKey(id);
    const now = this.now();
    const superseded = stored.secrets.map(({ text, state }) => {
      const stopsAt = Math.min(state.stopsAt ?? Number.POSITIVE_INFINITY, othersStopAt);
      return { text, state: { ...state, supersededAt: state.supersededAt ?? now, stopsAt } };
    });
    const { environment } = stored.state;
    const { secret, start } = generateKey({ prefix: "kp", environment, random: this.#random });
    const secrets = [...superseded, { text: secret, state: { start, supersededAt: null, stopsAt: null } }];
    const state = { ...stored.state, issuedAt: now };
    this.keys.set(id, { ...stored, state, secrets, updatedAt: now });
    this.bySecret.set(secret, id);
    this.hashes.add(secret);
    return secret;
  }

  #set(id: string, changes: Partial<KeyRecord["key"]>): void {
    const stored = this.existingKey(id);
    this.keys.set(id, { ...stored, state: { ...stored.state, ...changes }, updatedAt: this.now() });
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
    const user = { ...this.existingUser(id), ...changes };
    this.users.set(id, user);
    this.append({ type, tenantId: user.tenantId, keyId: null, userId: id, reason: changes.reason ?? null });
  }

  #changeTenant(id: string, type: KeyEventType, changes: Partial<TenantRecord>): void {
    this.tenants.set(id, { ...this.existingTenant(id), ...changes });
    this.append({ type, tenantId: id, keyId: null, userId: null, reason: changes.reason ?? null });
  }

  #tell(type: KeyEventType, id: string, reason: string | null = null): void {
    const { state } = this.existingKey(id);
    this.append({ type, tenantId: state.tenantId, keyId: state.id, userId: state.ownerId, reason });
  }
}
