import type { VerdictCode } from "@keyplane/schema";
import type { Db } from "../../../platform/database/index.js";
import { countLiveKeys, defaultExpiry, expiryIssues, scopeIssues } from "../../keys/index.js";
import { allowScopes } from "./bound-remedies.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** The same remedies, with what the tenant's policy wants to have before them. */
export async function withPreconditions(db: Db, sick: Sick, drafts: readonly Draft[]): Promise<Draft[]> {
  return withRoom(db, sick, withScopes(sick, fitted(sick, drafts)));
}

/** These give a key a new secret, which the policy of today must allow. */
const renewing: readonly Draft["mutation"][] = ["rotateKey", "reissueKey", "resolveInvalidUser"];

/** A key that carries or lasts more than the policy allows since it was narrowed works on, but gets no new secret. */
function fitted(sick: Sick, drafts: readonly Draft[]): Draft[] {
  const { key, tenant } = sick.rows;
  const isAboutKey = ({ id, keyId }: Draft["input"]): boolean => id === key.id || keyId === key.id;
  const renewal = drafts.find(({ mutation, input }) => renewing.includes(mutation) && isAboutKey(input));
  if (!renewal) return [...drafts];
  const { code } = renewal;
  // Before it is given anything else.
  const place = drafts.findIndex(
    (draft) => draft === renewal || (draft.mutation === "updateKey" && "scopes" in draft.input),
  );
  const asked = sick.scopes ?? [];
  const beyond = key.scopes.filter((scope) => scopeIssues(tenant, [scope]).length > 0);
  const lost = beyond.filter((scope) => !asked.includes(scope));
  const before = drafts.slice(0, place);
  const isExtended = before.some(({ mutation, input }) => mutation === "updateKey" && input.expiresAt !== undefined);
  const policy = lost.length < beyond.length ? [allowScopes(tenant, asked, code)] : [];
  // What comes later may say the same of the policy, and names the key's scopes, too.
  const after = drafts.slice(place).flatMap((draft) => {
    if (policy.length > 0 && allowsScopes(draft)) return [];
    return draft.mutation === "updateKey" ? [without(draft, lost)] : [draft];
  });
  return [...before, ...policy, ...narrowed(sick, { code, lost, isExtended }), ...after];
}

/** The key without what the policy does not allow. */
function narrowed(
  { rows: { key, tenant }, now }: Sick,
  { code, lost, isExtended }: { code: VerdictCode; lost: readonly string[]; isExtended: boolean },
): Draft[] {
  const isTooLong = !isExtended && expiryIssues(tenant, key.expiresAt, now).length > 0;
  const scopes = key.scopes.filter((scope) => !lost.includes(scope));
  const expiresAt = isTooLong ? defaultExpiry(tenant, now)?.toISOString() : undefined;
  if (lost.length === 0 && !expiresAt) return [];
  const changes = [
    ...(lost.length === 0 ? [] : [`It no longer carries ${lost.join(", ")}.`]),
    ...(expiresAt ? [`It expires at ${expiresAt}.`] : []),
  ];
  return [
    {
      code,
      mutation: "updateKey",
      input: { id: key.id, ...(lost.length === 0 ? {} : { scopes }), ...(expiresAt ? { expiresAt } : {}) },
      title: "Bring the key in line with the tenant's policy",
      effect: `The policy allows less than the key has: before it fits, it gets no new secret. ${changes.join(" ")}`,
      scopes,
    },
  ];
}

function allowsScopes({ mutation, input }: Draft): boolean {
  const policy = input.policy as { readonly allowedScopes?: unknown } | undefined;
  return mutation === "updateTenant" && policy?.allowedScopes !== undefined;
}

function without(draft: Draft, lost: readonly string[]): Draft {
  const { scopes } = draft.input;
  if (!Array.isArray(scopes)) return draft;
  const rest = (scopes as string[]).filter((scope) => !lost.includes(scope));
  return { ...draft, input: { ...draft.input, scopes: rest }, scopes: rest };
}

/** A key that is created anew carries what the policy allows. */
function withScopes({ rows: { tenant } }: Sick, drafts: readonly Draft[]): Draft[] {
  const created = drafts.find(({ mutation }) => mutation === "createKey");
  const scopes = (created?.input.scopes ?? []) as string[];
  if (!created || scopeIssues(tenant, scopes).length === 0 || drafts.some(allowsScopes)) return [...drafts];
  return drafts.flatMap((draft) => (draft === created ? [allowScopes(tenant, scopes, draft.code), draft] : [draft]));
}

/** A user who has as many keys as the policy allows gets no other one. */
async function withRoom(db: Db, { rows: { key, tenant }, now }: Sick, drafts: readonly Draft[]): Promise<Draft[]> {
  const { maxKeysPerUser } = tenant;
  const adding = drafts.filter((draft) => receiverOf(draft) !== null);
  const [first] = adding;
  if (maxKeysPerUser === null || !first) return [...drafts];
  const receivers = new Set(adding.map((draft) => receiverOf(draft) ?? key.ownerId));
  const counts = await Promise.all([...receivers].map((id) => countLiveKeys(db, tenant.id, id, new Date(now))));
  const needed = Math.max(...counts) + 1;
  if (needed <= maxKeysPerUser) return [...drafts];
  const room: Draft = {
    code: first.code,
    mutation: "updateTenant",
    input: { id: tenant.id, policy: { maxKeysPerUser: needed } },
    title: `Allow each user of the tenant ${needed} keys`,
    effect: `The policy allows ${maxKeysPerUser}, and the owner has as many. Or revoke one that is not needed.`,
  };
  return drafts.flatMap((draft) => (draft === first ? [room, draft] : [draft]));

  /** Who has one live key more by it; null: nobody. */
  function receiverOf({ mutation, input, code }: Draft): string | null {
    if (mutation === "createKey" || mutation === "reissueKey") return String(input.ownerId);
    const isBack =
      mutation === "restoreKey" || (mutation === "updateKey" && code === "EXPIRED" && input.expiresAt !== undefined);
    return isBack ? key.ownerId : null;
  }
}
