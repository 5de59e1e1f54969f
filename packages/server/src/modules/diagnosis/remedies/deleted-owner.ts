import { isDeepStrictEqual } from "node:util";
import type { Permission } from "@keyplane/schema";
import type { Db, User } from "../../../platform/database/index.js";
import { findHistory } from "../../audit/index.js";
import { authorizeKeyScopes, type Principal } from "../../auth/index.js";
import { keyScopesOf } from "../../roles/index.js";
import { authorizeCustomRole, authorizeUserRole } from "../../users/index.js";
import { findNamesake, type Rows } from "../diagnosis.store.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** What is known of an owner who was deleted. */
export interface DeletedOwner {
  /** Who has the same address by now, also disabled; null: nobody. */
  readonly namesake: User | null;
  /** The role that counted; null: a custom role did, or nobody knows. */
  readonly role: User["role"] | null;
}

/** @returns null for an owner who was not deleted. */
export async function readDeletedOwner(db: Db, { owner }: Rows, now: number): Promise<DeletedOwner | null> {
  if (owner?.status !== "DELETED") return null;
  const { id: targetId, tenantId, customRoleId, email } = owner;
  const namesake = await findNamesake(db, tenantId, email);
  if (customRoleId !== null) return { namesake, role: null };
  // A custom role that is deleted is taken from those who are, too: only the record tells that it counted.
  const of = { tenantId, targetId, action: "user.deleted", until: new Date(now) };
  const [record] = await findHistory(db, of, 1);
  const before = record?.before as Partial<User> | null | undefined;
  return { namesake, role: before?.customRoleId === null ? (before.role ?? null) : null };
}

/** The five steps with whoever has the address of a deleted owner; else with the owner anew. Nobody gets back more than the owner had. */
export function resolveDeleted(sick: Sick): Draft[] {
  const { key, owner, role: customRole } = sick.rows;
  if (!owner || !sick.deleted) return [];
  const { namesake, role } = sick.deleted;
  const { email, name, allowedIps, deniedIps, tenantId } = owner;
  const lists = {
    ...(allowedIps.length > 0 ? { allowedIps } : {}),
    ...(deniedIps.length > 0 ? { deniedIps } : {}),
  };
  const draft = {
    code: "OWNER_NOT_FOUND",
    mutation: "resolveInvalidUser",
    title: "Find or create the user anew, and reissue the key",
    scopes: key.scopes,
  } as const;
  const plan = "Ask with dryRun: true for the plan.";
  if (!namesake) {
    const roles = { ...(role === null ? {} : { role }), ...(customRole ? { customRoleId: customRole.id } : {}) };
    return [
      {
        ...draft,
        input: { keyId: key.id, user: { email, name, ...roles, ...lists } },
        effect: `A user with the address of the deleted one is created, the key is reissued to them with a new secret, and tested. ${
          role === null && !customRole
            ? "The role of the deleted one is not known any more or was deleted: the new one is a DEVELOPER. The address lists are"
            : "The role and the address lists are"
        } those of the deleted one, whose limits are not taken over. ${plan}`,
        alsoNeeds: ["users:create"],
        authorize: (principal) => {
          authorizeUserRole(principal, role ?? "DEVELOPER", tenantId, true);
          if (customRole) authorizeCustomRole(principal, customRole, true);
        },
      },
    ];
  }
  // Their role is theirs; what bounded the deleted one's keys goes on to bound this one.
  const bounding = customRole && keyScopesOf(customRole) !== null ? customRole : null;
  const bounds = { ...(bounding ? { customRoleId: bounding.id } : {}), ...lists };
  const isDisabled = namesake.status === "DISABLED";
  const changed = Object.entries(bounds).filter(
    ([field, value]) => !isDeepStrictEqual(namesake[field as keyof User], value),
  );
  const alsoNeeds: readonly Permission[] = [
    ...(isDisabled ? (["users:disable"] as const) : []),
    ...(changed.length > 0 ? (["users:update"] as const) : []),
  ];
  const who = `${namesake.name} (${namesake.id})`;
  return [
    {
      ...draft,
      title: isDisabled
        ? `Enable ${namesake.name}, and reissue the key to this user`
        : `Reissue the key to ${namesake.name}, with what bounded the deleted owner`,
      input: { keyId: key.id, user: { email, ...bounds }, ...(isDisabled ? { enableDisabled: true } : {}) },
      effect: `${who} has the address of the deleted owner${isDisabled ? ", is disabled, and is enabled again: ask first why" : ""}. The key is reissued to this user with a new secret, and tested.${
        changed.length === 0
          ? ""
          : ` This user gets of the deleted one what bounded the keys: ${changed.map(([field]) => field).join(", ")}.`
      } ${plan}`,
      alsoNeeds,
      authorize: (principal) => authorizeBounds(principal, bounding, namesake, changed.length > 0 && hasLists(bounds)),
    },
  ];
}

const hasLists = (bounds: object): boolean => "allowedIps" in bounds || "deniedIps" in bounds;

function authorizeBounds(
  principal: Principal,
  role: Sick["rows"]["role"],
  { customRoleId }: User,
  changesLists: boolean,
): void {
  if (changesLists) authorizeKeyScopes(principal, null);
  if (!role || role.id === customRoleId) return;
  authorizeCustomRole(principal, role, false);
  authorizeKeyScopes(principal, keyScopesOf(role));
}
