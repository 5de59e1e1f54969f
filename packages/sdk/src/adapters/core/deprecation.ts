import type { ValidVerdict } from "./verdict.js";

/**
 * The headers that tell a caller to move to another version of the API: `Deprecation` (RFC 9745) as soon as its date is known, which may be
 * in the future, and `Sunset` (RFC 8594) where it is known when the version will be refused.
 */
export function deprecationHeaders({ api }: Pick<ValidVerdict, "api">): Readonly<Record<string, string>> {
  // A guard of an older version has no such field.
  const { deprecatedAt = null, retiredAt = null } = api ?? {};
  return {
    ...(deprecatedAt !== null && { deprecation: `@${Math.floor(Date.parse(deprecatedAt) / 1_000)}` }),
    ...(retiredAt !== null && { sunset: new Date(retiredAt).toUTCString() }),
  };
}
