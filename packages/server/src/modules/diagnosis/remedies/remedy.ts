import { type Permission, permissions, type VerdictCode } from "@keyplane/schema";
import type { Principal } from "../../auth/index.js";

/** A mutation ready to send, and what it will change. */
export interface Remedy {
  /** What it mends. */
  readonly code: VerdictCode;
  readonly title: string;
  /** A GraphQL document. */
  readonly mutation: string;
  readonly variables: { readonly input: Readonly<Record<string, unknown>> };
  readonly effect: string;
  readonly permissions: readonly Permission[];
  readonly permitted: boolean;
  /** Who may send it, when the caller may not; else null. */
  readonly permittedTo: string | null;
}

/** A mutation as remedies name it: what it needs, and what to ask of its payload. */
const mutations = {
  approveApiAccess: { permission: "grants:approve", asks: "apiGrant { id status }" },
  createKey: { permission: "keys:create", asks: "key { id status } secret" },
  deleteKey: { permission: "keys:delete", asks: "key { id status }" },
  disableKey: { permission: "keys:disable", asks: "key { id status }" },
  enableKey: { permission: "keys:disable", asks: "key { id status }" },
  enableUser: { permission: "users:disable", asks: "user { id status }" },
  grantApiAccess: { permission: "grants:approve", asks: "apiGrant { id status }" },
  reissueKey: { permission: "keys:reissue", asks: "key { id status } secret" },
  releaseKey: { permission: "keys:release", asks: "key { id status }" },
  requestApiAccess: { permission: "grants:request", asks: "apiGrant { id status }" },
  resetQuota: { permission: "limits:update", asks: "quota { limit toppedUp used remaining }" },
  resolveInvalidUser: {
    permission: "keys:reissue",
    asks: "secret steps { name outcome detail } key { id status } verdict { valid code message }",
  },
  resolveKeyFinding: { permission: "keys:update", asks: "finding { id resolvedAt }" },
  restoreKey: { permission: "keys:delete", asks: "key { id status }" },
  resumeTenant: { permission: "tenants:suspend", asks: "tenant { id status }" },
  revokeKey: { permission: "keys:revoke", asks: "key { id status }" },
  rotateKey: { permission: "keys:rotate", asks: "key { id status } secret" },
  setRateLimits: { permission: "limits:update", asks: "rateLimits { name limit }" },
  topUpQuota: { permission: "limits:update", asks: "quota { limit toppedUp used remaining }" },
  updateApi: { permission: "apis:update", asks: "api { id versions { name status retiredAt } }" },
  updateKey: { permission: "keys:update", asks: "key { id status }" },
  updateRole: { permission: "roles:update", asks: "role { id keyScopes }" },
  updateTeam: { permission: "teams:update", asks: "team { id keyScopes }" },
  updateTenant: { permission: "tenants:update", asks: "tenant { id policy { allowedScopes } }" },
  updateUser: { permission: "users:update", asks: "user { id email name externalId }" },
} as const satisfies Record<string, { readonly permission: Permission; readonly asks: string }>;

export type RemedyMutation = keyof typeof mutations;

/** What a remedy is made of. */
export interface Draft {
  readonly code: VerdictCode;
  readonly mutation: RemedyMutation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly effect: string;
  /** What it needs besides the permission of its mutation. */
  readonly alsoNeeds?: readonly Permission[];
  /** The scopes that it gives to keys, or lets them use. */
  readonly scopes?: readonly string[];
  /** Whether it concerns keys of whatever scopes, so that a caller who may give only some cannot send it. */
  readonly givesAnyScope?: boolean;
  /** Whether only a caller of the whole installation may send it. */
  readonly installationOnly?: boolean;
}

/** The remedy for one caller: the same for everybody, but marked where this one may not send it. */
export function remedyFor(principal: Principal, draft: Draft): Remedy {
  const { code, mutation, input, title, effect, alsoNeeds = [], scopes = [], givesAnyScope = false } = draft;
  const { permission, asks } = mutations[mutation];
  const needed: readonly Permission[] = [permission, ...alsoNeeds];
  const lacking = needed.filter((each) => !principal.permissions.has(each));
  const { grantableScopes } = principal;
  const given = givesAnyScope ? ["of every kind"] : scopes;
  const beyond = grantableScopes === null ? [] : given.filter((scope) => !grantableScopes.includes(scope));
  const isTooNear = draft.installationOnly === true && principal.tenantId !== null;
  return {
    code,
    title,
    mutation: documentOf(mutation, asks),
    variables: { input },
    effect,
    permissions: needed,
    permitted: lacking.length === 0 && beyond.length === 0 && !isTooNear,
    permittedTo: isTooNear ? `A caller of the whole installation, with ${permission}.` : whoMay(lacking, beyond),
  };
}

function whoMay(lacking: readonly Permission[], beyond: readonly string[]): string | null {
  if (lacking.some((each) => permissions[each].installationOnly)) {
    return `An administrator of the whole installation, with ${lacking.join(", ")}.`;
  }
  if (lacking.length > 0) return `A caller with ${lacking.join(", ")}, such as an ADMIN of the tenant.`;
  if (beyond.length > 0) return `A caller who may give the scopes ${beyond.join(", ")}.`;
  return null;
}

function documentOf(mutation: RemedyMutation, asks: string): string {
  const name = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  return `mutation ${name}($input: ${name}Input!) {
  ${mutation}(input: $input) {
    __typename
    ... on ${name}Payload { ${asks} }
    ... on Error { code message docsUrl }
    ... on InvalidInputError { issues { path message } }
  }
}`;
}
