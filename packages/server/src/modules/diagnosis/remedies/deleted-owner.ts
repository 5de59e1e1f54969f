import type { VerdictCode } from "@keyplane/schema";
import type { CustomRole, Db, User } from "../../../platform/database/index.js";
import { findHistory } from "../../audit/index.js";
import type { Principal } from "../../auth/index.js";
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
  /** The custom role that counted; null: none did, or it was deleted. */
  readonly customRole: CustomRole | null;
  /** As they were. */
  readonly was: User;
}

/** @returns null for an owner who was not deleted. */
export async function readDeletedOwner(
  db: Db,
  { owner, role: customRole }: Rows,
  now: number,
): Promise<DeletedOwner | null> {
  if (owner?.status !== "DELETED") return null;
  const { id: targetId, tenantId, customRoleId, email } = owner;
  const namesake = await findNamesake(db, tenantId, email);
  if (customRoleId !== null) return { namesake, role: null, customRole, was: owner };
  // A custom role that is deleted is taken from those who are, too: only the record tells that it counted.
  const of = { tenantId, targetId, action: "user.deleted", until: new Date(now) };
  const [record] = await findHistory(db, of, 1);
  const before = record?.before as Partial<User> | null | undefined;
  return { namesake, role: before?.customRoleId === null ? (before.role ?? null) : null, customRole, was: owner };
}

/**
 * The five steps with whoever has the address of a deleted owner, as this user is; else with the owner anew, who gets back no more than the owner
 * had.
 */
export function resolveDeleted(sick: Sick): Draft[] {
  const { key, owner } = sick.rows;
  if (!owner || !sick.deleted) return [];
  const { namesake } = sick.deleted;
  // Somebody else could take the key over, too.
  const or = (title: string): string =>
    sick.successor ? `Or ${title.charAt(0).toLowerCase()}${title.slice(1)}` : title;
  const draft = { code: "OWNER_NOT_FOUND", mutation: "resolveInvalidUser", scopes: key.scopes } as const;
  const plan = "Ask with dryRun: true for the plan.";
  if (!namesake) {
    const { user, authorize, words } = anewOf(sick.deleted);
    return [
      {
        ...draft,
        title: or("Find or create the user anew, and reissue the key"),
        input: { keyId: key.id, user },
        effect: `A user with the address of the deleted one is created, the key is reissued to them with a new secret, and tested. ${words} ${plan}`,
        alsoNeeds: ["users:create"],
        authorize,
      },
    ];
  }
  const isDisabled = namesake.status === "DISABLED";
  const does = isDisabled
    ? `Enable ${namesake.name}, and reissue the key to this user`
    : `Reissue the key to ${namesake.name} in five steps, with a test`;
  return [
    {
      ...draft,
      title: or(does),
      input: { keyId: key.id, user: { email: owner.email }, ...(isDisabled ? { enableDisabled: true } : {}) },
      effect: `${namesake.name} (${namesake.id}) has the address of the deleted owner${isDisabled ? ", is disabled, and is enabled again: ask first why" : ""}. The key is reissued to this user with a new secret, and tested. The user's own role and address lists stay as they are, and hold for the key, too. ${plan}`,
      alsoNeeds: isDisabled ? ["users:disable"] : [],
    },
  ];
}

/** The owner anew, for whom another key can be created then. */
export function createAnew(deleted: DeletedOwner, code: VerdictCode): Draft {
  const { user, authorize, words } = anewOf(deleted);
  return {
    code,
    mutation: "createUser",
    input: { tenantId: deleted.was.tenantId, ...user },
    title: "First create the deleted owner anew",
    effect: `Nobody is there who could have a key like this one. A user with the address of the deleted one is created. ${words} Diagnose the key again then: the next remedy creates a key like it for this user.`,
    authorize,
  };
}

export function enableNamesake({ id, name }: User, code: VerdictCode): Draft {
  return {
    code,
    mutation: "enableUser",
    input: { id },
    title: `First enable ${name}`,
    effect: `${name} (${id}) has the address of the deleted owner, and is disabled: ask first why. This user is active again, and so are all keys and tokens of theirs.`,
  };
}

/** A user like the one who was deleted, who may give them what that one had, and what is to be said of it. */
function anewOf({ role, customRole, was }: DeletedOwner) {
  const { email, name, allowedIps, deniedIps, tenantId } = was;
  const isKnown = role !== null || customRole !== null;
  const words = isKnown
    ? "The role and the address lists are"
    : "The role of the deleted one is not known any more or was deleted: the new one is a DEVELOPER. The address lists are";
  return {
    user: {
      email,
      name,
      ...(role === null ? {} : { role }),
      ...(customRole ? { customRoleId: customRole.id } : {}),
      ...(allowedIps.length > 0 ? { allowedIps } : {}),
      ...(deniedIps.length > 0 ? { deniedIps } : {}),
    },
    words: `${words} those of the deleted one, whose limits are not taken over.`,
    authorize(principal: Principal): void {
      authorizeUserRole(principal, role ?? "DEVELOPER", tenantId, true);
      if (customRole) authorizeCustomRole(principal, customRole, true);
    },
  };
}
