import { expect, test } from "vitest";
import { keyStatusAt } from "./key-status.js";

const now = Date.parse("2026-01-01T00:00:00Z");
const active = { revokedAt: null, expiresAt: null, quarantinedAt: null, disabledAt: null };

test.each([
  ["nothing against it", {}, "ACTIVE"],
  ["one millisecond before its expiry", { expiresAt: new Date(now + 1) }, "ACTIVE"],
  ["at the millisecond of its expiry", { expiresAt: new Date(now) }, "EXPIRED"],
  ["after its expiry", { expiresAt: new Date(now - 1) }, "EXPIRED"],
  ["disabled", { disabledAt: new Date(now) }, "DISABLED"],
  ["disabled and expired", { disabledAt: new Date(now), expiresAt: new Date(now) }, "EXPIRED"],
  ["quarantined", { quarantinedAt: new Date(now) }, "QUARANTINED"],
  ["quarantined and disabled", { quarantinedAt: new Date(now), disabledAt: new Date(now) }, "QUARANTINED"],
  ["quarantined and expired", { quarantinedAt: new Date(now), expiresAt: new Date(now) }, "EXPIRED"],
  ["revoked", { revokedAt: new Date(now) }, "REVOKED"],
  ["everything", { revokedAt: new Date(now), disabledAt: new Date(now), expiresAt: new Date(now) }, "REVOKED"],
  ["revoked by a clock that was ahead", { revokedAt: new Date(now + 5_000) }, "REVOKED"],
])("%s", (_name, key, expected) => {
  expect(keyStatusAt({ ...active, ...key }, now)).toBe(expected);
});
