import type { Key, KeySecret } from "../../platform/database/index.js";
import type { KeySeal } from "../keys/index.js";
import type { FindingKind } from "./finding-kinds.js";

/** What is wrong with a key, in words for an operator. */
export interface KeyProblem {
  readonly kind: FindingKind;
  readonly detail: string;
  /** Whether the key must not be used until somebody has looked at it. */
  readonly quarantine: boolean;
}

/** A key with what it names. */
export interface ExaminedKey {
  readonly key: Key;
  readonly secrets: readonly KeySecret[];
  /** The tenants of its owner and its team; null: there is none. */
  readonly ownerTenantId: string | null;
  readonly teamTenantId: string | null;
}

/** How checksums are to be judged. */
export interface Judging {
  readonly seal: KeySeal;
  /** Whether every key has been signed before, so that one without a checksum was not written by Keyplane. */
  readonly areAllSigned: boolean;
  /** Whether the encryption key is another one than before. */
  readonly isOtherKey: boolean;
}

/** The first thing that is wrong with a key; null: nothing. Pure. */
export function problemOf(examined: ExaminedKey, judging: Judging): KeyProblem | null {
  const { key, secrets, ownerTenantId, teamTenantId } = examined;
  return (
    checksumProblem(examined, judging) ??
    (ownerTenantId === null ? quarantined("OWNER_MISSING", `Its owner ${key.ownerId} does not exist.`) : null) ??
    (ownerTenantId === key.tenantId
      ? null
      : quarantined("OWNER_OF_OTHER_TENANT", `Its owner ${key.ownerId} belongs to the tenant ${ownerTenantId}.`)) ??
    (key.teamId === null || teamTenantId === key.tenantId
      ? null
      : quarantined("TEAM_OF_OTHER_TENANT", `Its team ${key.teamId} belongs to another tenant.`)) ??
    (secrets.some(({ supersededAt }) => supersededAt === null)
      ? null
      : { kind: "NO_SECRET", detail: "It has no current secret.", quarantine: false })
  );
}

function checksumProblem(
  { key, secrets }: ExaminedKey,
  { seal, areAllSigned, isOtherKey }: Judging,
): KeyProblem | null {
  switch (seal.check(key, secrets)) {
    case "SOUND":
      return null;
    case "UNSIGNED":
      return areAllSigned ? quarantined("UNSIGNED", "It has no checksum, although every key was signed.") : null;
    case "FOREIGN":
      return {
        kind: "FOREIGN_CHECKSUM",
        detail: "It was signed with another encryption key.",
        // With another encryption key every key would be: that is no reason to refuse all of them.
        quarantine: !isOtherKey,
      };
    default:
      return quarantined("CHECKSUM_MISMATCH", "Its row, or one of its secrets, is not as Keyplane has written it.");
  }
}

function quarantined(kind: FindingKind, detail: string): KeyProblem {
  return { kind, detail, quarantine: true };
}
