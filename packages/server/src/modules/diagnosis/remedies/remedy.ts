import { type Permission, permissions, type VerdictCode } from "@keyplane/schema";
import { ForbiddenError } from "../../../platform/errors.js";
import { ownerBy, type Principal } from "../../auth/index.js";

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

/** What a mutation needs, and of whoever sends it about their own, and what to ask of its payload. */
interface MutationEntry {
  readonly permission: Permission;
  readonly ofOwn?: Permission;
  readonly asks: string;
}

/** Mutations as remedies name them. */
const mutations = {
  approveApiAccess: { permission: "grants:approve", asks: "apiGrant { id status }" },
  createKey: { permission: "keys:create", asks: "key { id status } secret" },
  createUser: { permission: "users:create", asks: "user { id email name }" },
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
  rotateKey: { permission: "keys:rotate", ofOwn: "keys:rotate_own", asks: "key { id status } secret" },
  setRateLimits: { permission: "limits:update", asks: "rateLimits { name limit }" },
  topUpQuota: { permission: "limits:update", asks: "quota { limit toppedUp used remaining }" },
  updateApi: { permission: "apis:update", asks: "api { id versions { name status retiredAt } }" },
  updateKey: { permission: "keys:update", asks: "key { id status }" },
  updateRole: { permission: "roles:update", asks: "role { id keyScopes }" },
  updateTeam: { permission: "teams:update", asks: "team { id keyScopes }" },
  updateTenant: { permission: "tenants:update", asks: "tenant { id policy { allowedScopes } }" },
  updateUser: { permission: "users:update", asks: "user { id email name externalId }" },
} as const satisfies Record<string, MutationEntry>;

export type RemedyMutation = keyof typeof mutations;

/** What a remedy is made of. */
export interface Draft {
  readonly code: VerdictCode;
  readonly mutation: RemedyMutation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly effect: string;
  /** What differs for whoever may send it about their own only, who may do less; left out: nothing. */
  readonly ofOwn?: Pick<Draft, "input" | "effect"> | undefined;
  /** What it needs besides the permission of its mutation. */
  readonly alsoNeeds?: readonly Permission[];
  /** The scopes that it gives to keys, or lets them use. */
  readonly scopes?: readonly string[];
  /** Whether it concerns keys of whatever scopes, so that a caller who may give only some cannot send it. */
  readonly givesAnyScope?: boolean;
  /** Whether only a caller of the whole installation may send it. */
  readonly installationOnly?: boolean;
  /** Whose key it is about, where that is another one than was presented. */
  readonly ownerId?: string;
  /** Refuses a caller who has less than it gives. @throws ForbiddenError */
  readonly authorize?: (principal: Principal) => void;
}

/**
 * The remedy for one caller: the same for everybody who may send it about any key, and marked where this one may not send it.
 *
 * @param ownerId whose key it is about; null: nobody's that is known.
 */
export function remedyFor(principal: Principal, draft: Draft, ownerId: string | null): Remedy {
  const { code, mutation, title, alsoNeeds = [], scopes = [], givesAnyScope = false } = draft;
  const { asks, permission: ofAny } = mutations[mutation];
  const permission = permissionFor(principal, mutation, draft.ownerId ?? ownerId);
  const { input, effect } = permission === ofAny ? draft : (draft.ofOwn ?? draft);
  const needed: readonly Permission[] = [permission, ...alsoNeeds];
  const lacking = needed.filter((each) => !principal.permissions.has(each));
  const { grantableScopes } = principal;
  const given = givesAnyScope ? ["of every kind"] : scopes;
  const beyond = grantableScopes === null ? [] : given.filter((scope) => !grantableScopes.includes(scope));
  const isTooNear = draft.installationOnly === true && principal.tenantId !== null;
  const refusal = lacking.length + beyond.length === 0 ? refusalOf(principal, draft) : null;
  return {
    code,
    title,
    mutation: documentOf(mutation, asks),
    variables: { input },
    effect,
    permissions: needed,
    permitted: lacking.length === 0 && beyond.length === 0 && !isTooNear && refusal === null,
    permittedTo: isTooNear
      ? `A caller of the whole installation, with ${permission}.`
      : (whoMay(lacking, beyond) ?? refusal),
  };
}

/** Why a caller may not give what a remedy gives; null: it may. */
function refusalOf(principal: Principal, { authorize }: Draft): string | null {
  try {
    authorize?.(principal);
    return null;
  } catch (error) {
    if (error instanceof ForbiddenError) return `Another caller: ${error.message}`;
    throw error;
  }
}

/** What a caller needs for a mutation: less where it is about its own. */
function permissionFor(principal: Principal, mutation: RemedyMutation, ownerId: string | null): Permission {
  const { permission, ofOwn }: MutationEntry = mutations[mutation];
  if (ofOwn === undefined || ownerId === null || principal.permissions.has(permission)) return permission;
  return ownerBy(principal, ofOwn) === ownerId ? ofOwn : permission;
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
