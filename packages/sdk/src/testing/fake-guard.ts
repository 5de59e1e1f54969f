import { decide, docsPages, parseKey } from "@keyplane/schema";
import { refusingTypes } from "../guard/apply-event.js";
import { Bindings } from "../guard/bindings.js";
import type { Closable, Guard, GuardEvents, GuardRequest, GuardStatus, GuardVerdict } from "../guard/guard.js";
import { toGuardVerdict, unavailable, wellFormed } from "../guard/guard-verdict.js";
import { Listeners } from "../guard/listeners.js";
import { askedOf, checkRequest } from "../guard/request.js";
import type { UsageRecord } from "../usage/usage-record.js";
import { Management } from "./management.js";
import { type MemoryKey, type MemoryKeyOptions, MemoryPlane } from "./memory-plane.js";

/** What a key of a fake guard is like. What is left out has a sensible value: the environment LIVE, no scopes, no expiry. */
export interface FakeKeyOptions extends MemoryKeyOptions {
  /** Whose it is, also an id of your own; a user who is not known yet is made. Default: a new user. */
  readonly ownerId?: string | undefined;
  /** What verdicts say of an owner who is made with the key. */
  readonly owner?: { readonly name?: string; readonly email?: string; readonly externalId?: string | null } | undefined;
  /** Also an id of your own; a tenant that is not known yet is made. Default: the owner's, else one that is always there. */
  readonly tenantId?: string | undefined;
}

/** One call of `verify`. */
export interface FakeVerification {
  /** As it was presented. */
  readonly key: string;
  readonly request: GuardRequest;
  readonly verdict: GuardVerdict;
}

/** How a fake guard is made. */
export interface FakeGuardOptions {
  /** What time it is, in epoch milliseconds. Default: the machine's clock, which fake timers move. */
  readonly now?: (() => number) | undefined;
}

/**
 * A guard for the tests of an application, without a server, a network or a timer: it knows the keys that the test has issued,
 * and decides by the real rules. What changes takes effect at once, and what is bound is closed before the change returns.
 */
export class FakeGuard implements Guard {
  /** What was asked, in its order. */
  readonly verifications: FakeVerification[] = [];
  /** The usage that a guard would have recorded, in its order. */
  readonly recorded: UsageRecord[] = [];
  readonly #plane: MemoryPlane;
  readonly #management: Management;
  readonly #now: () => number;
  readonly #listeners = new Listeners();
  readonly #bindings = new Bindings((error) => this.#listeners.tell("error", error));
  #advanced = 0;
  #state: "current" | "stale" | "closed" = "current";

  /** @internal */
  constructor({ now = () => Date.now() }: FakeGuardOptions) {
    this.#now = now;
    this.#plane = new MemoryPlane({ now: () => this.now });
    this.#management = new Management(this.#plane);
    this.#plane.onChange(() => this.#changed());
  }

  /** What time it is to this guard, in epoch milliseconds. */
  get now(): number {
    return this.#now() + this.#advanced;
  }

  /** Below which address the pages about codes are. */
  get docsUrl(): string {
    return docsPages().url;
  }

  /** To how many keys something is bound. */
  get bound(): number {
    return [...this.#bindings.keyIds].length;
  }

  /** Makes a key that is valid from now on. */
  issue({ owner, ownerId, tenantId, ...options }: FakeKeyOptions = {}): MemoryKey {
    const known = ownerId === undefined ? undefined : this.#plane.user(ownerId);
    if (known) return this.#plane.createKey({ ...options, ownerId: known.id });
    const home = tenantId ?? this.#plane.tenantId;
    if (!this.#plane.tenant(home)) this.#plane.createTenant(home);
    const id = this.#plane.createUser({ ...owner, tenantId: home, ...(ownerId === undefined ? {} : { id: ownerId }) });
    return this.#plane.createKey({ ...options, ownerId: id });
  }

  update(keyId: string, changes: Omit<MemoryKeyOptions, "ownerId" | "environment">): void {
    this.#management.updateKey(keyId, changes);
  }

  /** @param overlapMs for how long the old secret works on. @returns the key with its new secret. */
  rotate(keyId: string, { overlapMs = 0 }: { readonly overlapMs?: number | undefined } = {}): MemoryKey {
    return this.#management.rotateKey(keyId, overlapMs);
  }

  revoke(keyId: string, reason = "Revoked by a test"): void {
    this.#management.revokeKey(keyId, reason);
  }

  disable(keyId: string, reason: string | null = null): void {
    this.#management.disableKey(keyId, reason);
  }

  enable(keyId: string): void {
    this.#management.enableKey(keyId, null);
  }

  delete(keyId: string): void {
    this.#management.deleteKey(keyId, null);
  }

  /** Lets a key's time have come, without any other's. */
  expire(keyId: string): void {
    this.#management.expireKey(keyId);
  }

  disableOwner(ownerId: string, reason: string | null = null): void {
    this.#management.disableUser(ownerId, reason);
  }

  enableOwner(ownerId: string): void {
    this.#management.enableUser(ownerId, null);
  }

  suspendTenant(tenantId: string, reason: string | null = null): void {
    this.#management.suspendTenant(tenantId, reason);
  }

  resumeTenant(tenantId: string): void {
    this.#management.resumeTenant(tenantId, null);
  }

  /** Moves the clock on; keys whose expiry has come are told as expired. */
  advanceTime(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advanceTime takes milliseconds from 0 on, not ${ms}.`);
    this.#advanced += ms;
    this.#plane.tellExpired();
  }

  /** Whether the guard is cut off for so long that it trusts nothing it knows but revocations: verdicts are UNAVAILABLE. */
  makeUnavailable(isUnavailable: boolean): void {
    if (this.#state !== "closed") this.#become(isUnavailable ? "stale" : "current");
  }

  async verify(key: string, request: GuardRequest = {}): Promise<GuardVerdict> {
    const verdict = this.#verdict(key, request);
    this.verifications.push({ key, request, verdict });
    const { code } = verdict;
    if (code !== "UNAVAILABLE") {
      const { start } = parseKey(key);
      this.recorded.push({ ...request.usage, keyId: verdict.key?.id, code, ip: request.ip, start });
    }
    return verdict;
  }

  bind(keyId: string, closable: Closable): () => void {
    const forget = this.#bindings.add(keyId, closable);
    this.#closeRefused(keyId);
    return forget;
  }

  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  async ready(): Promise<void> {}

  status(): GuardStatus {
    const isCurrent = this.#state === "current";
    return {
      mode: "full",
      state: this.#state,
      connected: isCurrent ? "stream" : null,
      ageMs: isCurrent ? 0 : Number.POSITIVE_INFINITY,
      keys: this.#plane.size,
      complete: true,
      cursor: this.#plane.events.at(-1)?.cursor ?? "m0",
      dropped: 0,
      lastError: null,
    };
  }

  async close(): Promise<void> {
    this.#become("closed");
  }

  #verdict(key: string, request: GuardRequest): GuardVerdict {
    checkRequest(key, request);
    const asked = askedOf(request);
    this.#plane.tellExpired();
    const format = parseKey(key);
    const record = format.ok ? this.#plane.recordOf(key) : null;
    const decision = decide(record, { format, ...asked }, this.now);
    const isCurrent = this.#state === "current";
    const about = { requestId: this.#requestId(), ageMs: isCurrent ? 0 : Number.POSITIVE_INFINITY, docs: docsPages() };
    // What stands in the key itself needs no knowledge, and a revocation is final.
    const isOfText = !format.ok || (asked.environment !== undefined && asked.environment !== format.environment);
    if (isOfText) return toGuardVerdict(decision, null, { ...about, ageMs: 0, source: "local" });
    if (isCurrent) return toGuardVerdict(decision, record, { ...about, source: "local" });
    if (record && record.key.revokedAt !== null) return toGuardVerdict(decision, record, { ...about, source: "stale" });
    return unavailable(about);
  }

  #changed(): void {
    const event = this.#plane.events.at(-1);
    if (event && refusingTypes.has(event.type)) {
      const { cursor: _cursor, place: _place, occurredAt, ...rest } = event;
      this.#listeners.tell("revoked", { ...rest, occurredAt: new Date(occurredAt) });
    }
    for (const keyId of this.#bindings.keyIds) this.#closeRefused(keyId);
  }

  #closeRefused(keyId: string): void {
    const record = this.#bindings.has(keyId) ? this.#plane.recordOfKey(keyId) : null;
    if (!record) return;
    const decision = decide(record, { format: wellFormed(record) }, this.now);
    if (decision.valid) return;
    const about = { requestId: this.#requestId(), ageMs: 0, source: "local", docs: docsPages() } as const;
    this.#bindings.close(keyId, toGuardVerdict(decision, record, about));
  }

  #become(state: "current" | "stale" | "closed"): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#listeners.tell("state", this.status());
  }

  #requestId(): string {
    return `fake_${this.verifications.length}`;
  }
}

/**
 * Makes a guard for tests of what is behind a guard.
 *
 * @example
 * const guard = createFakeGuard();
 * const key = guard.issue({ scopes: ["orders:read"] });
 * guard.revoke(key.id);
 */
export function createFakeGuard(options: FakeGuardOptions = {}): FakeGuard {
  return new FakeGuard(options);
}
