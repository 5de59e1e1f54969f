import { generateKey, managementTokenPrefix } from "@keyplane/schema";
import type { Fetch } from "../client/options.js";
import type { KeyDetails, KeyEvent } from "../entities.js";
import { shownDetails, shownEvent } from "./answers.js";
import { Management } from "./management.js";
import { type MemoryKey, type MemoryKeyOptions, MemoryPlane, type MemoryUserOptions } from "./memory-plane.js";
import { MemoryServer } from "./memory-server.js";
import type { TestUsage } from "./memory-usage.js";
import { TestNetwork } from "./network.js";

/** A key that a test has made, and the only copy of its secret. */
export type TestKey = MemoryKey;

/** What a key of a test is like. What is left out has a sensible value: a new owner, the environment LIVE, no scopes, no expiry. */
export interface TestKeyOptions extends MemoryKeyOptions {
  /** Default: the owner's, else `keyplane.tenantId`. */
  readonly tenantId?: string | undefined;
}

/** What a user of a test is like. What is left out has a sensible value. */
export type TestUserOptions = Omit<MemoryUserOptions, "id">;

/** What can be said of the whole control plane. */
export interface TestKeyplaneOptions {
  /** What time it is, in epoch milliseconds. Default: the machine's clock, which fake timers move. */
  readonly now?: (() => number) | undefined;
}

/**
 * A control plane in memory for the tests of an application. It decides by the rules of the real one, and its keys have the real
 * format; it has no policy, no roles but its one token, no lists of keys and no reports of usage.
 *
 * What a change refuses is thrown, with the `code` and the message of the real server. Changes take effect at once; who
 * follows by a guard hears of them in a moment: wait for `settled`.
 */
export class TestKeyplane {
  /** For the options of a client or a guard. Nothing is there: only {@link fetch} leads to this control plane. */
  readonly url: string = "http://keyplane.test";
  /** The only token that is accepted; it may do everything. */
  readonly token: string = generateKey({ prefix: managementTokenPrefix, environment: "LIVE" }).secret;
  /** For the option `fetch` of a client or a guard. */
  readonly fetch: Fetch;
  readonly #plane: MemoryPlane;
  readonly #management: Management;
  readonly #server: MemoryServer;
  readonly #network: TestNetwork;
  readonly #now: () => number;
  #advanced = 0;

  /** @internal */
  constructor({ now = () => Date.now() }: TestKeyplaneOptions) {
    this.#now = now;
    this.#plane = new MemoryPlane({ now: () => this.now });
    this.#management = new Management(this.#plane);
    this.#server = new MemoryServer(this.#plane, { token: this.token, exactDate: true });
    this.#network = new TestNetwork(this.#server.fetch);
    this.fetch = (url, init) => {
      this.#plane.tellExpired();
      return this.#network.fetch(url, init);
    };
  }

  /** The tenant that is there from the beginning. */
  get tenantId(): string {
    return this.#plane.tenantId;
  }

  /** What time it is in this control plane, in epoch milliseconds. */
  get now(): number {
    return this.#now() + this.#advanced;
  }

  /** Calls that were counted, each once, the oldest first: verifications that it has answered, and what was reported to it. */
  get usage(): readonly TestUsage[] {
    return [...this.#server.usage.values()];
  }

  /** What has happened to keys, users and tenants, the oldest first. */
  get events(): readonly KeyEvent[] {
    return this.#plane.events.map(shownEvent);
  }

  createTenant(): { readonly id: string } {
    return { id: this.#plane.createTenant() };
  }

  createUser(options: TestUserOptions = {}): { readonly id: string; readonly tenantId: string } {
    const { tenantId = this.tenantId } = options;
    this.#management.tenant(tenantId);
    return { id: this.#plane.createUser({ ...options, tenantId }), tenantId };
  }

  createKey(options: TestKeyOptions = {}): TestKey {
    const { tenantId, ownerId, ...rest } = options;
    const home = tenantId ?? (ownerId === undefined ? this.tenantId : this.#management.user(ownerId).tenantId);
    return this.#management.createKey(home, ownerId ?? this.createUser({ tenantId: home }).id, rest);
  }

  /** A key as `keys.get` answers it. */
  key(id: string): KeyDetails {
    return shownDetails(this.#management.key(id), this.now, "");
  }

  updateKey(id: string, changes: Omit<MemoryKeyOptions, "ownerId" | "environment">): void {
    this.#management.updateKey(id, changes);
  }

  /**
   * Sets the only scopes that a key can use because of its owner's custom role or its team, whatever scopes it carries: what
   * `keyScopes` of a role or team does. What is left out, or null, allows any scope.
   */
  boundKey(
    id: string,
    bounds: { readonly role?: readonly string[] | null; readonly team?: readonly string[] | null },
  ): void {
    this.#management.key(id);
    this.#plane.boundKey(id, bounds);
  }

  /** @param overlapMs for how long the old secret works on. @returns the key with its new secret. */
  rotateKey(id: string, { overlapMs = 0 }: { readonly overlapMs?: number | undefined } = {}): TestKey {
    return this.#management.rotateKey(id, overlapMs);
  }

  /** @returns the key with its new secret and its new owner. */
  reissueKey(id: string, ownerId: string): TestKey {
    return this.#management.reissueKey(id, ownerId);
  }

  revokeKey(id: string, reason = "Revoked by a test"): void {
    this.#management.revokeKey(id, reason);
  }

  disableKey(id: string, reason: string | null = null): void {
    this.#management.disableKey(id, reason);
  }

  enableKey(id: string, reason: string | null = null): void {
    this.#management.enableKey(id, reason);
  }

  deleteKey(id: string, reason: string | null = null): void {
    this.#management.deleteKey(id, reason);
  }

  restoreKey(id: string, reason: string | null = null): void {
    this.#management.restoreKey(id, reason);
  }

  /** Lets a key's time have come, without any other's. */
  expireKey(id: string): void {
    this.#management.expireKey(id);
  }

  disableUser(id: string, reason: string | null = null): void {
    this.#management.disableUser(id, reason);
  }

  enableUser(id: string, reason: string | null = null): void {
    this.#management.enableUser(id, reason);
  }

  deleteUser(id: string, reason: string | null = null): void {
    this.#management.deleteUser(id, reason);
  }

  suspendTenant(id: string = this.tenantId, reason: string | null = null): void {
    this.#management.suspendTenant(id, reason);
  }

  resumeTenant(id: string = this.tenantId, reason: string | null = null): void {
    this.#management.resumeTenant(id, reason);
  }

  /**
   * Moves the clock of this control plane on. Keys whose expiry has come are told as expired. A guard learns the time from
   * answers; where that matters, because the overlap of a rotation has ended, its connection breaks, so that it connects
   * anew and learns it within a second.
   */
  advanceTime(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advanceTime takes milliseconds from 0 on, not ${ms}.`);
    const before = this.now;
    this.#advanced += ms;
    this.#plane.tellExpired();
    if (this.#plane.hasStoppedSince(before)) this.#network.breakConnections();
  }

  /** From now on every request fails as without a network; open streams break. */
  goOffline(): void {
    this.#network.goOffline();
  }

  /** The network is there again. Guards come back by themselves, after a pause that grows with each failure from half a second on. */
  goOnline(): void {
    this.#network.goOnline();
  }

  /** Whether something on the way holds streams back, as some proxies do: guards then fall back to polling, after 15 seconds. */
  holdStreams(holds: boolean): void {
    this.#network.holdStreams(holds);
  }

  /** Resolves when nobody is being told or answered anything any more: guards that are connected know of all changes then. */
  settled(): Promise<void> {
    return this.#network.settled();
  }
}

/**
 * Makes a control plane in memory, for tests: give `url`, `token` and `fetch` of it to `createGuard` or `new Keyplane`. Nothing of
 * it stays behind when a test forgets it, but what follows it: close guards.
 *
 * @example
 * const keyplane = createTestKeyplane();
 * const guard = createGuard({ url: keyplane.url, token: keyplane.token, fetch: keyplane.fetch });
 * const { id, secret } = keyplane.createKey({ scopes: ["orders:read"] });
 */
export function createTestKeyplane(options: TestKeyplaneOptions = {}): TestKeyplane {
  return new TestKeyplane(options);
}
