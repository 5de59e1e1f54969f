import type { KeyStatus } from "@keyplane/schema";

/** The status of a key by itself, at an instant. Owner and tenant may refuse it all the same: ask for a verdict. */
export function keyStatusAt(
  key: {
    readonly revokedAt: Date | null;
    readonly expiresAt: Date | null;
    readonly quarantinedAt: Date | null;
    readonly disabledAt: Date | null;
  },
  now: number,
): KeyStatus {
  if (key.revokedAt) return "REVOKED";
  if (key.expiresAt && now >= key.expiresAt.getTime()) return "EXPIRED";
  if (key.quarantinedAt) return "QUARANTINED";
  return key.disabledAt ? "DISABLED" : "ACTIVE";
}
