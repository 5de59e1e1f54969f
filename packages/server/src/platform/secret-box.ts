import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const nonceBytes = 12;
const tagBytes = 16;

/** Seals small secrets for the database with AES-256-GCM (NIST SP 800-38D). */
export interface SecretBox {
  /** @param purpose what the secret belongs to; it opens only for the same one, so that rows cannot be swapped. */
  seal(secret: string, purpose: string): Uint8Array<ArrayBuffer>;
  /** The secret; null when it was sealed with another key or for another purpose, or was changed. */
  open(sealed: Uint8Array, purpose: string): string | null;
}

/** @param key 32 bytes, from KEYPLANE_ENCRYPTION_KEY or the data folder. */
export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal(secret, purpose) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), sealed]));
    },
    open(sealed, purpose) {
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
          .setAAD(Buffer.from(purpose))
          .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
        return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(
          "utf8",
        );
      } catch {
        return null; // not ours to open: the caller answers that the secret is no longer kept
      }
    },
  };
}
