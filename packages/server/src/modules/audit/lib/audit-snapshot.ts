/** Names whose values never enter the audit log, whatever object is handed in. */
const secretNames = new Set([
  "secret",
  "secrets",
  "hash",
  "previousHash",
  "token",
  "password",
  "sealedSecret",
  "previousSealedSecret",
  "sealedPrivateJwk",
  "secretHash",
  "previousSecretHash",
  // Of use to nobody who reads.
  "checksum",
]);

/**
 * The state of a thing as the audit log keeps it: plain JSON without secrets. Dates become RFC 3339 texts and big integers
 * numbers, so that a reader needs no types to understand them.
 */
export function auditSnapshot(state: object | null): Record<string, unknown> | null {
  if (state === null) return null;
  const text = JSON.stringify(state, (name, value: unknown) => {
    if (secretNames.has(name)) return undefined;
    return typeof value === "bigint" ? Number(value) : value;
  });
  return JSON.parse(text) as Record<string, unknown>;
}
