/** The columns that say which scopes the keys of a role's holders, or of a team, can use. */
export interface KeyScopesOwner {
  readonly keyScopes: string[];
  readonly restrictKeyScopes: boolean;
}

/** The only scopes that keys can use; null: any. */
export function keyScopesOf({ keyScopes, restrictKeyScopes }: KeyScopesOwner): readonly string[] | null {
  return restrictKeyScopes ? keyScopes : null;
}

/** What to write for a bound; undefined changes nothing. */
export function keyScopesColumns(keyScopes: string[] | null | undefined): Partial<KeyScopesOwner> {
  if (keyScopes === undefined) return {};
  return { keyScopes: keyScopes ?? [], restrictKeyScopes: keyScopes !== null };
}

/** Which scopes of a key, if any, another bound gives or takes. */
export type ScopeDifference =
  | { readonly kind: "none" }
  /** Those of the list. */
  | { readonly kind: "among"; readonly scopes: readonly string[] }
  /** All but those of the list. */
  | { readonly kind: "all but"; readonly scopes: readonly string[] };

/** What of keys' scopes changes when a bound takes another's place. */
export function differenceOf(before: readonly string[] | null, after: readonly string[] | null): ScopeDifference {
  if (before === null || after === null) {
    const list = before ?? after;
    return list === null ? { kind: "none" } : { kind: "all but", scopes: list };
  }
  const scopes = [
    ...before.filter((scope) => !after.includes(scope)),
    ...after.filter((scope) => !before.includes(scope)),
  ];
  return scopes.length === 0 ? { kind: "none" } : { kind: "among", scopes };
}
