import type { Db, Key, KeySecret } from "../../../platform/database/index.js";

/** A secret with the key that has or had it. */
export type SecretWithKey = KeySecret & { readonly key: Key };

export function findSecrets(db: Db, hashes: readonly string[]): Promise<SecretWithKey[]> {
  return db.keySecret.findMany({ where: { hash: { in: [...hashes] } }, include: { key: true } });
}

export function findSecret(db: Db, hash: string): Promise<KeySecret | null> {
  return db.keySecret.findUnique({ where: { hash } });
}

export function findSecretsOfKey(db: Db, keyId: string, starts: readonly string[]): Promise<KeySecret[]> {
  return db.keySecret.findMany({ where: { keyId, start: { in: [...starts] } } });
}
