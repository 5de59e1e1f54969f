import { encodeBase62 } from "../base62.js";
import { crc32 } from "./crc32.js";
import { checksumWidth } from "./layout.js";

/** The checksum of a key: CRC-32 over everything before it (prefix, marker, underscores and random part) in base 62. */
export function checksumOf(text: string): string {
  const crc = crc32(text);
  return encodeBase62(Uint8Array.of(crc >>> 24, crc >>> 16, crc >>> 8, crc), checksumWidth);
}
