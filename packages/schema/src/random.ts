/** Gives `length` random bytes. Tests inject one that repeats; everything else uses {@link secureRandomBytes}. */
export type RandomBytes = (length: number) => Uint8Array;

// Declared here instead of by the DOM's or Node's types, so that this package builds for both.
interface WebCrypto {
  getRandomValues(array: Uint8Array): Uint8Array;
}

/**
 * Random bytes from the platform's cryptographic generator (Web Crypto, present in browsers, workers, Node 20+, Bun, Deno).
 *
 * @param length number of bytes, at most 65536 (the Web Crypto API's own limit).
 * @throws Error when the platform has no Web Crypto: a weaker source would make guessable keys.
 */
export function secureRandomBytes(length: number): Uint8Array {
  const { crypto } = globalThis as unknown as { readonly crypto?: WebCrypto };
  if (!crypto) throw new Error("This platform has no globalThis.crypto; pass a source of secure random bytes.");
  return crypto.getRandomValues(new Uint8Array(length));
}
