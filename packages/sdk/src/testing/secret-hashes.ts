import { hashOfKey, hexOfHash } from "../guard/key-hash.js";

/**
 * The SHA-256 of secrets in hexadecimal, both ways. Made when the first is asked for: a fake guard never asks, so that it runs
 * where nothing hashes at once, too.
 */
export class SecretHashes {
  readonly #bySecret = new Map<string, string>();
  readonly #byHash = new Map<string, string>();
  readonly #added: string[] = [];

  add(secret: string): void {
    this.#added.push(secret);
  }

  hashOf(secret: string): string {
    this.#hash();
    return this.#bySecret.get(secret) ?? "";
  }

  /** Undefined where none of them has this hash. */
  secretOf(hash: string): string | undefined {
    this.#hash();
    return this.#byHash.get(hash);
  }

  #hash(): void {
    for (const secret of this.#added.splice(0)) {
      const hash = hashOfKey(secret);
      if (hash instanceof Promise)
        throw new Error("The in-memory control plane needs node:crypto. Use createFakeGuard.");
      const hex = hexOfHash(hash);
      this.#bySecret.set(secret, hex);
      this.#byHash.set(hex, secret);
    }
  }
}
