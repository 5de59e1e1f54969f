import { encodeBase62 } from "../base62.js";
import { type Environment, environments } from "../environments.js";
import { type RandomBytes, secureRandomBytes } from "../random.js";
import { checksumOf } from "./checksum.js";
import { markerWidth, randomBytesPerKey, randomWidth, shownWidth } from "./layout.js";
import { hasPrefixForm } from "./prefix.js";

/** What kind of key to generate. */
export interface GenerateKeyOptions {
  /** 2 to 12 of a-z and 0-9; a tenant's prefix, or `managementTokenPrefix`. */
  readonly prefix: string;
  readonly environment: Environment;
  /** Source of randomness; the platform's cryptographic generator by default. Tests pass a fixed one. */
  readonly random?: RandomBytes | undefined;
}

/** A new key. */
export interface GeneratedKey {
  /** The whole key. Show it once, store only its SHA-256. */
  readonly secret: string;
  /** What a person may see of it later, e.g. `kp_live_3fQz`. */
  readonly start: string;
}

/**
 * Generates a key: `<prefix>_<live|test>_<43 base62 digits of 32 random bytes><6 base62 digits of CRC-32>`.
 *
 * 256 random bits cannot be guessed, which is why one SHA-256, without salt or stretching, is enough to store it.
 *
 * @throws RangeError when the prefix does not have its form, or `random` gives another number of bytes than asked for.
 */
export function generateKey({ prefix, environment, random = secureRandomBytes }: GenerateKeyOptions): GeneratedKey {
  if (!hasPrefixForm(prefix)) throw new RangeError("A key's prefix has 2 to 12 characters of a-z and 0-9.");
  const bytes = random(randomBytesPerKey);
  if (bytes.length !== randomBytesPerKey) throw new RangeError(`A key needs ${randomBytesPerKey} random bytes.`);
  const payload = `${prefix}_${environments[environment].marker}_${encodeBase62(bytes, randomWidth)}`;
  const secret = payload + checksumOf(payload);
  return { secret, start: startOf(secret) };
}

/**
 * What a person may see of a key: prefix, environment and the first four random characters, e.g. `kp_live_3fQz`.
 *
 * @param secret a well-formed key, as `generateKey` gives it or `parseKey` accepts it.
 */
export function startOf(secret: string): string {
  return secret.slice(0, secret.indexOf("_") + markerWidth + shownWidth);
}
