import type { RandomBytes } from "./random.js";

/** The digits of base 62 in the order of their values: 0-9, A-Z, a-z. The order is part of the key format. */
export const base62Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The greatest multiple of 62 that fits a byte: bytes from here on are thrown away, or the first digits would be likelier. */
const unbiasedLimit = 62 * 4;

/** With a sound source, 100 draws of nothing but rejected bytes never happen; with a broken one, this ends the loop. */
const maxDraws = 100;

/**
 * Bytes as one unsigned big-endian number in base 62, padded with zeros on the left.
 *
 * @throws RangeError when the number needs more than `width` digits.
 */
export function encodeBase62(bytes: Uint8Array, width: number): string {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  let digits = "";
  for (; value > 0n; value /= 62n) digits = base62Alphabet.charAt(Number(value % 62n)) + digits;
  if (digits.length > width) throw new RangeError(`The number needs ${digits.length} base62 digits, not ${width}.`);
  return digits.padStart(width, "0");
}

/**
 * `length` base62 digits, each equally likely (rejection sampling, so there is no modulo bias).
 *
 * @throws Error when the source of randomness is broken.
 */
export function randomBase62(length: number, randomBytes: RandomBytes): string {
  let digits = "";
  for (let draw = 0; draw < maxDraws; draw++) {
    for (const byte of randomBytes(length)) {
      if (byte < unbiasedLimit) digits += base62Alphabet.charAt(byte % 62);
      if (digits.length === length) return digits;
    }
  }
  throw new Error("The source of randomness gives no usable bytes.");
}
