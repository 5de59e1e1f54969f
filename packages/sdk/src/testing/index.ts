/**
 * Keyplane for the tests of applications: a fake guard, and a control plane in memory.
 *
 * @packageDocumentation
 */

export {
  createFakeGuard,
  type FakeGuard,
  type FakeGuardOptions,
  type FakeKeyOptions,
  type FakeVerification,
} from "./fake-guard.js";
export type { MemoryKeyOptions } from "./memory-plane.js";
export type { TestUsage } from "./memory-usage.js";
export type { RefusedByPlane } from "./refusal.js";
export {
  createTestKeyplane,
  type TestKey,
  type TestKeyOptions,
  type TestKeyplane,
  type TestKeyplaneOptions,
  type TestUserOptions,
} from "./test-keyplane.js";
