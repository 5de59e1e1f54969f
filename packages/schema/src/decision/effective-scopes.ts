import type { KeyRecord, ScopeBounds } from "./types.js";

/** Worked out once for each key as it is known, and not with each verification. */
const known = new WeakMap<KeyRecord["key"], readonly string[]>();

/** What a key may use: the scopes that it was given, as far as its owner's role and its team allow them. In the key's order. */
export function effectiveScopes(key: KeyRecord["key"]): readonly string[] {
  const { scopes, scopeBounds } = key;
  if (scopeBounds === null) return scopes;
  let effective = known.get(key);
  if (!effective) {
    effective = withinBounds(scopes, scopeBounds);
    known.set(key, effective);
  }
  return effective;
}

/** Those of some scopes that both bounds allow. They are compared exactly. */
export function withinBounds(scopes: readonly string[], { role, team }: ScopeBounds): readonly string[] {
  return scopes.filter((scope) => allows(role, scope) && allows(team, scope));
}

/** Whether a bound allows a scope; null allows any. */
export function allows(bound: readonly string[] | null, scope: string): boolean {
  return bound === null || bound.includes(scope);
}
