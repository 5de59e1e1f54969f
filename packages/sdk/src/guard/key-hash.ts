interface NodeCrypto {
  readonly hash?: (algorithm: "sha256", data: string, encoding: "hex") => string;
}

declare const process: { readonly getBuiltinModule?: (name: string) => unknown } | undefined;

/** A module of Node, without an import that bundlers for browsers and workers would stumble over; Bun and Deno have it, too. */
export function builtinModule<Module>(name: string): Module | undefined {
  return typeof process === "undefined" ? undefined : (process.getBuiltinModule?.(name) as Module | undefined);
}

const nodeHash = builtinModule<NodeCrypto>("node:crypto")?.hash;

/**
 * The SHA-256 of a presented key in lower-case hexadecimal, as the server keeps it: at once where the runtime can, else by
 * Web Crypto. A key is 256 random bits, so its hash gives nothing away and needs no salt.
 */
export function hashOfKey(key: string): string | Promise<string> {
  return nodeHash ? nodeHash("sha256", key, "hex") : hashByWebCrypto(key);
}

async function hashByWebCrypto(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
