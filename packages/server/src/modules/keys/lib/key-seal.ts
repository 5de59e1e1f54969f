import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Key, KeySecret } from "../../../platform/database/index.js";

/** What a checksum says of a key. */
export type SealState = "SOUND" | "UNSIGNED" | "FOREIGN" | "BROKEN";

/** Signs key rows, so that a change past Keyplane is found. */
export interface KeySeal {
  /** Names the encryption key that it signs with; says nothing of it. */
  readonly id: string;
  of(key: Key, secrets: readonly KeySecret[]): string;
  /** FOREIGN: signed with another encryption key. BROKEN: not as it was signed. */
  check(key: Key, secrets: readonly KeySecret[]): SealState;
}

/**
 * HMAC-SHA-256 (RFC 2104) under a key that is derived from the server's encryption key (HKDF, RFC 5869): whoever can write the database and
 * nothing else can change a row, but not sign it.
 */
export function createKeySeal(encryptionKey: Uint8Array): KeySeal {
  const secret = Buffer.from(hkdfSync("sha256", encryptionKey, "", "keyplane: checksums of keys", 32));
  const id = createHmac("sha256", secret).update("id").digest("hex").slice(0, 8);
  const of = (key: Key, secrets: readonly KeySecret[]): string =>
    `${id}.${createHmac("sha256", secret).update(textOf(key, secrets)).digest("base64url")}`;
  return {
    id,
    of,
    check(key, secrets) {
      if (key.checksum === null) return "UNSIGNED";
      if (!key.checksum.startsWith(`${id}.`)) return "FOREIGN";
      const [is, ought] = [Buffer.from(key.checksum), Buffer.from(of(key, secrets))];
      return is.length === ought.length && timingSafeEqual(is, ought) ? "SOUND" : "BROKEN";
    },
  };
}

const always = [
  "id",
  "tenantId",
  "ownerId",
  "teamId",
  "environment",
  "scopes",
  "allowedIps",
  "deniedIps",
  "expiresAt",
  "disabledAt",
  "revokedAt",
  "deletedAt",
  "secretVersion",
] as const satisfies readonly (keyof Key)[];

/**
 * The columns of a key's row that are signed: what decides about it by itself. Left out are names, metadata and times that only inform; limits, whose
 * quotas are rows of their own that nobody signs; and the webhook that takes its secrets.
 */
export function sealedColumns(key: Key): readonly (keyof Key)[] {
  // Snapshots of before there were such columns lack them.
  const rules = (["rotateEveryMs", "rotationOverdue", "rotationOverlapMs"] as const).filter(
    (name) => key[name] != null,
  );
  const isDated = key.rotateEveryMs != null || key.rotationOverdue != null;
  return [
    ...always,
    ...rules,
    ...(isDated ? [key.rotatedAt == null ? ("createdAt" as const) : ("rotatedAt" as const)] : []),
  ];
}

/** What is signed. The order is part of every checksum that there is: add what decides to the end. */
function textOf(key: Key, secrets: readonly KeySecret[]): string {
  const ms = (time: Date | null): number | null => time?.getTime() ?? null;
  const isDead = key.revokedAt !== null || key.deletedAt !== null;
  // When a team goes, its dead keys lose it.
  const signed: Key = isDead ? { ...key, teamId: null } : key;
  return JSON.stringify([
    ...always.map((column) => (signed[column] instanceof Date ? ms(signed[column]) : signed[column])),
    secrets
      .map(({ hash, supersededAt, stopsAt, ...waiting }) => [
        hash,
        ms(supersededAt),
        ms(stopsAt),
        ...(waiting.isPending ? [Number(waiting.overlapMs ?? 0)] : []),
      ])
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
    // What was not there from the beginning is left out where it says nothing, so that checksums of before stay good.
    ...(key.rotateEveryMs == null ? [] : [Number(key.rotateEveryMs), ms(key.rotatedAt ?? key.createdAt)]),
    // Each with its name, so that no two keys with other rules have the same text.
    ...(key.rotationOverdue == null ? [] : [["overdue", key.rotationOverdue, ms(key.rotatedAt ?? key.createdAt)]]),
    ...(key.rotationOverlapMs == null ? [] : [["overlapMs", Number(key.rotationOverlapMs)]]),
  ]);
}
