/** The polynomial of IEEE 802.3, bits reversed, as in zlib, PNG and GitHub's tokens. */
const polynomial = 0xedb88320;

const table = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/**
 * CRC-32 (IEEE 802.3) of the first `end` characters of an ASCII text, as an unsigned integer. A checksum against typing
 * errors, not against forgery: the hash in the store decides what is genuine.
 *
 * Takes a text and an end instead of bytes: verification runs it on every request and must not allocate.
 */
export function crc32(text: string, end: number = text.length): number {
  let crc = 0xffffffff;
  for (let index = 0; index < end; index++) {
    crc = (crc >>> 8) ^ (table[(crc ^ text.charCodeAt(index)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
