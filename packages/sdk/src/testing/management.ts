import { restoreWindowMs } from "@keyplane/schema";
import type { OwnerRecord, TenantRecord } from "../guard/record-lines.js";
import { checkKeyInput, checkReason } from "./key-input.js";
import type { MemoryKey, MemoryKeyOptions, MemoryPlane, StoredKey } from "./memory-plane.js";
import { conflict, notFound, refuseIssues } from "./refusal.js";

type KeyChanges = Omit<MemoryKeyOptions, "ownerId" | "environment">;

/**
 * The changes that a control plane takes, by the real one's rules: what is so already changes nothing and tells nobody, and what
 * contradicts the present state is refused.
 *
 * Each throws RefusedByPlane.
 */
export class Management {
  readonly #plane: MemoryPlane;

  constructor(plane: MemoryPlane) {
    this.#plane = plane;
  }

  createKey(tenantId: string, ownerId: string, options: MemoryKeyOptions): MemoryKey {
    checkKeyInput(options, this.#plane.now());
    this.tenant(tenantId);
    this.#activeOwner(tenantId, ownerId);
    return this.#plane.createKey({ ...options, ownerId, scopes: [...new Set(options.scopes)] });
  }

  updateKey(id: string, changes: KeyChanges): void {
    const now = this.#plane.now();
    const { state } = this.#liveKey(id);
    checkKeyInput(changes, now);
    const { expiresAt, ...rest } = changes;
    const wanted = { ...rest, ...(expiresAt === undefined ? {} : { expiresAt: expiresAt?.getTime() ?? null }) };
    const isOther = ([name, value]: [string, unknown]): boolean =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(state[name as keyof typeof state]);
    if (Object.entries(wanted).some(isOther)) this.#plane.updateKey(id, changes);
  }

  rotateKey(id: string, overlapMs = 0): MemoryKey {
    this.#renewable(id);
    if (overlapMs < 0) {
      const message = "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.";
      refuseIssues([{ path: ["overlapMs"], message }]);
    }
    return this.#withSecret(id, this.#plane.rotateKey(id, overlapMs));
  }

  reissueKey(id: string, ownerId: string): MemoryKey {
    const { state } = this.#renewable(id);
    this.#activeOwner(state.tenantId, ownerId);
    return this.#withSecret(id, this.#plane.reissueKey(id, ownerId));
  }

  revokeKey(id: string, reason: string): void {
    checkReason(reason);
    if (this.key(id).state.revokedAt === null) this.#plane.revokeKey(id, reason);
  }

  disableKey(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.#liveKey(id).state.disabledAt === null) this.#plane.disableKey(id, reason);
  }

  enableKey(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.#liveKey(id).state.disabledAt !== null) this.#plane.enableKey(id, reason);
  }

  deleteKey(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.key(id).state.deletedAt === null) this.#plane.deleteKey(id, reason);
  }

  restoreKey(id: string, reason: string | null): void {
    checkReason(reason);
    const { deletedAt } = this.key(id).state;
    if (deletedAt === null) return;
    if (this.#plane.now() - deletedAt >= restoreWindowMs)
      throw conflict("This key was deleted more than 30 days ago, which is final. Create a new key.");
    this.#plane.restoreKey(id, reason);
  }

  /** Lets a key's time have come. No mutation does that. */
  expireKey(id: string): void {
    this.#liveKey(id);
    this.#plane.expireKey(id);
  }

  disableUser(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.#changeable(id, "DISABLED")) this.#plane.disableUser(id, reason);
  }

  enableUser(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.#changeable(id, "ACTIVE")) this.#plane.enableUser(id, reason);
  }

  deleteUser(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.#changeable(id, "DELETED")) this.#plane.deleteUser(id, reason);
  }

  suspendTenant(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.tenant(id).status !== "SUSPENDED") this.#plane.suspendTenant(id, reason);
  }

  resumeTenant(id: string, reason: string | null): void {
    checkReason(reason);
    if (this.tenant(id).status !== "ACTIVE") this.#plane.resumeTenant(id, reason);
  }

  key(id: string): StoredKey {
    const key = this.#plane.key(id);
    if (!key) throw notFound("key");
    return key;
  }

  tenant(id: string): TenantRecord {
    const tenant = this.#plane.tenant(id);
    if (!tenant) throw notFound("tenant");
    return tenant;
  }

  user(id: string): OwnerRecord {
    const user = this.#plane.user(id);
    if (!user) throw notFound("user");
    return user;
  }

  /** A revoked or deleted key is not changed any more. */
  #liveKey(id: string): StoredKey {
    const key = this.key(id);
    if (key.state.deletedAt !== null) throw conflict("This key is deleted. Restore it first with restoreKey.");
    if (key.state.revokedAt !== null) throw conflict("This key is revoked, which is final. Create a new key instead.");
    return key;
  }

  /** A key that may get a new secret. */
  #renewable(id: string): StoredKey {
    const key = this.#liveKey(id);
    const { expiresAt } = key.state;
    if (expiresAt !== null && expiresAt <= this.#plane.now()) {
      const time = new Date(expiresAt).toISOString();
      throw conflict(`This key expired at ${time}. Extend it first with updateKey, or create a new key.`);
    }
    return key;
  }

  #activeOwner(tenantId: string, ownerId: string): void {
    const { tenantId: own, status } = this.user(ownerId);
    if (own !== tenantId) throw notFound("user");
    if (status === "DELETED") throw conflict("This user was deleted. Give the key to another user.");
    if (status === "ACTIVE") return;
    throw conflict("This user is disabled, so the key would be refused. Enable the user first with enableUser.");
  }

  /** @returns whether the user has another status. */
  #changeable(id: string, status: OwnerRecord["status"]): boolean {
    const user = this.user(id);
    if (user.status === status) return false;
    if (user.status !== "DELETED") return true;
    throw conflict("This user was deleted, which is final. Create a new user and reissue the keys to it.");
  }

  #withSecret(id: string, secret: string): MemoryKey {
    const { ownerId, tenantId } = this.key(id).state;
    return { id, secret, ownerId, tenantId };
  }
}
