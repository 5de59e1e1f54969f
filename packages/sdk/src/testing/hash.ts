import { hashOfKey, hexOfHash } from "../guard/key-hash.js";

/** The SHA-256 of a key in hexadecimal, at once. */
export function hashInMemory(key: string): string {
  const hash = hashOfKey(key);
  if (hash instanceof Promise) throw new Error("The control plane in memory needs a runtime with node:crypto.");
  return hexOfHash(hash);
}
