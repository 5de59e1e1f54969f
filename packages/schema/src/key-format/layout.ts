/** Digits of the random part. 43 is the least width that holds 32 bytes: 62^42 < 2^256 < 62^43. */
export const randomWidth = 43;

/** Digits of the checksum: 62^6 > 2^32. */
export const checksumWidth = 6;

/** Digits after the environment marker. */
export const bodyWidth = randomWidth + checksumWidth;

/** Length of `_live_` and of `_test_`: the fast path counts on all markers having four letters. */
export const markerWidth = 6;

/** How many characters of the random part the display start shows: 24 of 256 bits, so the rest stays out of reach. */
export const shownWidth = 4;

/** Number of random bytes in a key. */
export const randomBytesPerKey = 32;

/** Shortest and longest prefix. */
export const minPrefixWidth = 2;
export const maxPrefixWidth = 12;

/** Length of the longest possible key. */
export const maxKeyLength = maxPrefixWidth + markerWidth + bodyWidth;
