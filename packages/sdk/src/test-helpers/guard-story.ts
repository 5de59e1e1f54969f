import { findDocsAt, generateKey } from "@keyplane/schema";
import { test as base } from "vitest";
import { type Runtime, realRuntime } from "../client/runtime.js";
import { createGuardWith } from "../guard/create-guard.js";
import type { Guard, GuardStatus, Revocation } from "../guard/guard.js";
import type { GuardOptions } from "../guard/guard-options.js";
import { VirtualTime } from "../guard/simulation/virtual-time.js";
import { type MemoryKey, type MemoryKeyOptions, MemoryPlane } from "../testing/memory-plane.js";
import { MemoryServer } from "../testing/memory-server.js";

export { describe, expect, vi } from "vitest";

// As a server does: its verdicts lead to the pages at the address by which the guards of a story reach it.
findDocsAt(() => "http://keyplane.test");

/** A guard with all that it has told of so far. */
export interface ToldGuard {
  readonly guard: Guard;
  readonly states: GuardStatus["state"][];
  readonly errors: Error[];
  readonly revocations: Revocation[];
}

/** A control plane, a server on it, and time that only the test lets pass. Guards are closed at the end. */
export class GuardStory {
  readonly time = new VirtualTime();
  readonly plane = new MemoryPlane();
  /** What the server says of where people reach it; undefined: nothing, as an older one. */
  publicUrl: string | undefined;
  readonly server = new MemoryServer(this.plane, { publicUrl: () => this.publicUrl });
  readonly #guards: Guard[] = [];

  /** A guard that has not connected yet. @param random what its dice show: 0 makes pauses as long as they can be. */
  start(options: Partial<GuardOptions> = {}, random = 0): ToldGuard {
    const runtime: Runtime = { ...realRuntime, random: () => random };
    const given = { url: "http://keyplane.test", token: "token-of-the-guard", fetch: this.server.fetch, ...options };
    const guard = createGuardWith(given, runtime);
    this.#guards.push(guard);
    const told: ToldGuard = { guard, states: [], errors: [], revocations: [] };
    guard.on("state", ({ state }) => told.states.push(state));
    guard.on("error", (error) => told.errors.push(error));
    guard.on("revoked", (revocation) => told.revocations.push(revocation));
    return told;
  }

  /** A guard that follows the server. */
  async follow(options: Partial<GuardOptions> = {}): Promise<ToldGuard> {
    const told = this.start(options);
    if (options.snapshotFile !== undefined) await this.restored(told.guard);
    await this.time.advance(100);
    return told;
  }

  /** A guard that follows the server, and has seen a valid key. */
  async withKey(
    options: Partial<GuardOptions> = {},
    key: MemoryKeyOptions = {},
  ): Promise<ToldGuard & { key: MemoryKey }> {
    const made = this.plane.createKey(key);
    const told = await this.follow(options);
    await told.guard.verify(made.secret);
    return { ...told, key: made };
  }

  /** Until a guard has read its file: it reads that before it decides about any key. Takes no virtual time. */
  async restored(guard: Guard): Promise<void> {
    await guard.verify(generateKey({ prefix: "kp", environment: "LIVE" }).secret);
  }

  /** Lets what goes on without time come to its end, and a moment pass. */
  async moment(): Promise<void> {
    await this.time.advance(10);
  }

  async end(): Promise<void> {
    this.server.comeBack();
    const closing = Promise.all(this.#guards.map((guard) => guard.close()));
    await this.time.advance(10_000);
    await closing;
    this.time.uninstall();
  }
}

/** `test("…", async ({ story }) => …)` */
export const test = base.extend<{ story: GuardStory }>({
  // Named, because vitest reads the parameter's pattern, and no empty one may be written.
  story: async ({ task: _task }, use) => {
    const story = new GuardStory();
    story.time.install();
    await use(story);
    await story.end();
  },
});
