import { formatTime, isReached } from "./refusal.js";
import type { ApiGrantRecord, ApiRecord, Decision, DecisionRequest } from "./types.js";

/** How a key stands to the API that a call asked for, and what is to be told of it. Times are epoch milliseconds. */
export interface AskedApi extends NonNullable<DecisionRequest["api"]> {
  /** The API; null: there is no such API or version. */
  readonly found: {
    readonly id: string;
    readonly slug: string;
    readonly name: string;
    /** The version that was asked for; null: none was. */
    readonly version: string | null;
  } | null;
  /** By what usage is counted: `slug` or `slug@version`; as it was asked where there is no such API. */
  readonly label: string;
  /** From when on callers of this version are told to move on; null: not planned. */
  readonly deprecatedAt: number | null;
  /** Whether the call is under limits of the API, which only the server counts. */
  readonly isLimited: boolean;
}

/**
 * What `decide` must know of the API that a call asked for.
 *
 * @param apis those of the key's tenant, deleted ones included.
 * @param grants those of the key.
 * @param asked the slug or id of an API, or `slug@version`.
 * @returns undefined where the tenant never had an API: `asked` is a name for usage then, and nothing to check.
 */
export function askedApi(
  apis: readonly ApiRecord[],
  grants: readonly ApiGrantRecord[],
  asked: string,
): AskedApi | undefined {
  if (apis.length === 0) return undefined;
  const at = asked.indexOf("@");
  const [named, version] = at < 0 ? [asked, null] : [asked.slice(0, at), asked.slice(at + 1)];
  const api = apis.find(({ id, slug, isDeleted }) => !isDeleted && (slug === named || id === named));
  const found = version === null ? null : api?.versions.find(({ name }) => name === version);
  if (!api || found === undefined) {
    return {
      name: asked,
      grant: "UNKNOWN",
      retiredAt: null,
      found: null,
      label: asked,
      deprecatedAt: null,
      isLimited: false,
    };
  }
  const label = version === null ? api.slug : `${api.slug}@${version}`;
  return {
    name: version === null ? api.name : `${api.name} ${version}`,
    grant: api.isOpen ? "GRANTED" : (grants.find(({ apiId }) => apiId === api.id)?.status ?? "NONE"),
    retiredAt: found?.retiredAt ?? null,
    found: { id: api.id, slug: api.slug, name: api.name, version },
    label,
    deprecatedAt: found?.deprecatedAt ?? null,
    isLimited: api.isLimited ?? false,
  };
}

/** What to tell a caller beside the verdict, also of the API that was asked for; null: nothing. */
export function hintOf(
  decision: Decision,
  asked: { readonly api: AskedApi; readonly now: number } | null,
): string | null {
  if (!decision.valid || asked === null) return decision.hint;
  const deprecation = deprecationHint(asked.api, asked.now);
  if (deprecation === null || decision.hint === null) return deprecation ?? decision.hint;
  return `${decision.hint} ${deprecation}`;
}

/** What to tell a caller whose key is valid and whose version of the API is deprecated; null: nothing. */
function deprecationHint({ name, deprecatedAt, retiredAt }: AskedApi, now: number): string | null {
  if (deprecatedAt === null || !isReached(deprecatedAt, now)) return null;
  const end = retiredAt === null ? "" : ` and is refused from ${formatTime(retiredAt)} on`;
  return `${name} is deprecated since ${formatTime(deprecatedAt)}${end}. Move to a newer version.`;
}
