import { builtinModule } from "./builtin-module.js";
import { hashWords } from "./hash-index.js";

interface NodeCrypto {
  readonly hash?: (algorithm: "sha256", data: string, encoding: "utf16le") => string;
}

const nodeHash = builtinModule<NodeCrypto>("node:crypto")?.hash;

/** A SHA-256 as eight words with a sign, the first byte of each its lowest: quick to compare. */
export type KeyHash = Int32Array;

const scratch: KeyHash = new Int32Array(hashWords);

/**
 * The SHA-256 of a presented key, as the server keeps it: at once where the runtime can, else by Web Crypto. A key is 256
 * random bits, so its hash gives nothing away and needs no salt.
 *
 * @returns what the next call overwrites: copy what is to be kept.
 */
export function hashOfKey(key: string): KeyHash | Promise<KeyHash> {
  if (!nodeHash) return hashByWebCrypto(key);
  // As text, because a buffer costs twice as much to make as the hash; of two bytes a character, because each look at one costs.
  const pairs = nodeHash("sha256", key, "utf16le");
  for (let word = 0, at = 0; word < hashWords; word++, at += 2) {
    scratch[word] = pairs.charCodeAt(at) | (pairs.charCodeAt(at + 1) << 16);
  }
  return scratch;
}

async function hashByWebCrypto(key: string): Promise<KeyHash> {
  const view = new DataView(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  return Int32Array.from({ length: hashWords }, (_, word) => view.getInt32(word * 4, true));
}

/** The hash in lower-case hexadecimal, as it travels. */
export function hexOfHash(hash: KeyHash): string {
  let hex = "";
  for (const word of hash) {
    for (let shift = 0; shift < 32; shift += 8) hex += byteAsHex[(word >>> shift) & 0xff];
  }
  return hex;
}

const hexScratch: KeyHash = new Int32Array(hashWords);

/** @returns what the next call overwrites. @throws RangeError for what is no SHA-256 in hexadecimal. */
export function hashOfHex(hex: string): KeyHash {
  const hash = hexScratch.fill(0);
  if (hex.length !== hexWidth) throw new RangeError("This is no SHA-256.");
  for (let at = 0; at < hexWidth; at++) putDigit(hash, at, hex.charCodeAt(at));
  return hash;
}

/** The same of 64 bytes from a place on. */
export function hashOfHexBytes(bytes: { readonly [index: number]: number }, from: number): KeyHash {
  const hash = hexScratch.fill(0);
  for (let at = 0; at < hexWidth; at++) putDigit(hash, at, bytes[from + at] ?? 0);
  return hash;
}

function putDigit(hash: KeyHash, at: number, code: number): void {
  const digit = hexDigits[code];
  if (digit === undefined || digit === notHex) throw new RangeError("This is no SHA-256.");
  // Of each byte the first digit is the higher one.
  hash[at >> 3] = (hash[at >> 3] as number) | (digit << (((at & 7) ^ 1) * 4));
}

const hexWidth = 64;
const byteAsHex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const notHex = 255;
const hexDigits = new Uint8Array(128).fill(notHex);
for (let digit = 0; digit < 16; digit++) hexDigits["0123456789abcdef".charCodeAt(digit)] = digit;
