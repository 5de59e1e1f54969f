import { hashOfKey } from "../guard/key-hash.js";

/** The SHA-256 of a key, at once. */
export function hashInMemory(key: string): string {
  const hash = hashOfKey(key);
  if (typeof hash !== "string") throw new Error("The control plane in memory needs a runtime with node:crypto.");
  return hash;
}
