import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";

/** The public keys of a scanner by their identifiers. */
export type ScannerKeys = ReadonlyMap<string, KeyObject>;

const listSchema = z.object({
  public_keys: z
    .array(z.object({ key_identifier: z.string().min(1).max(256), key: z.string().max(4_096) }))
    .min(1)
    .max(100),
});

/**
 * Reads a scanner's public keys in the form in which GitHub publishes them: `{"public_keys":[{"key_identifier","key"}]}`.
 *
 * They are never fetched: an answer that somebody else has put in the place of GitHub's would let them report whatever they like.
 *
 * @param text that JSON, or the path of a file with it.
 * @returns undefined when it is neither, or a key is not one of ECDSA on the curve P-256.
 */
export function readScannerKeys(text: string): ScannerKeys | undefined {
  try {
    const json: unknown = JSON.parse(text.startsWith("{") ? text : readFileSync(text, "utf8"));
    const keys = listSchema.parse(json).public_keys.map(({ key_identifier: id, key }) => [id, toKey(key)] as const);
    return new Map(keys);
  } catch {
    return undefined; // whoever reads settings says what is wanted
  }
}

function toKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("not a key of the curve P-256");
  return key;
}

/** Whether a signature, base64 of DER, is of these very bytes: ECDSA with SHA-256. */
export function isSignedBy(key: KeyObject, body: Buffer, signature: string): boolean {
  try {
    return verify("sha256", body, key, Buffer.from(signature, "base64"));
  } catch {
    return false; // no signature at all
  }
}
