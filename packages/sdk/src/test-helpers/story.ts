import { test as base } from "vitest";
import type { KeyplaneOptions } from "../client/options.js";
import { resolveOptions } from "../client/resolve-options.js";
import { type Runtime, realRuntime } from "../client/runtime.js";
import { createSend, type Send } from "../client/transport.js";
import { Keys } from "../resources/keys.js";
import { type FakeServer, startFakeServer } from "./fake-server.js";

export { describe, expect, expectTypeOf } from "vitest";

/** A well-formed management token that was never issued. */
export const token = "keyplane_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2dJQ4E";

/** A well-formed API key that was never issued. */
export const secret = "kp_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0GsQOQ";

/** A runtime whose waits take no time and are written down. */
export interface FakeRuntime extends Runtime {
  readonly waits: readonly number[];
}

/** @param random what the dice show, always. */
export function fakeRuntime(random = 0.5, now = Date.UTC(2027, 0, 31, 12)): FakeRuntime {
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    random: () => random,
    sleep: async (ms, signal) => {
      waits.push(ms);
      await realRuntime.sleep(0, signal);
    },
  };
}

/** What a client consists of, on a server of the test's own and with waits that take no time. */
export interface Story {
  readonly server: FakeServer;
  readonly runtime: FakeRuntime;
  readonly send: Send;
  readonly keys: Keys;
}

/** `test("…", async ({ story }) => …)` */
export const test = base.extend<{ story: Story & { with(options: Partial<KeyplaneOptions>): Keys } }>({
  story: async ({ task }, use) => {
    const server = await startFakeServer(task.name);
    const runtime = fakeRuntime();
    const sendWith = (options: Partial<KeyplaneOptions>): Send =>
      createSend(resolveOptions({ url: server.url, token, ...options }), runtime);
    const send = sendWith({});
    await use({ server, runtime, send, keys: new Keys(send), with: (options) => new Keys(sendWith(options)) });
    await server.close();
  },
});
