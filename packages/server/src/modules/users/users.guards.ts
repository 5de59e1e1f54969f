import type { Permission } from "@keyplane/schema";
import type { CustomRole, Transaction, User } from "../../platform/database/index.js";
import { ConflictError, ForbiddenError } from "../../platform/errors.js";
import {
  authorizeRole,
  authorizeUnlimited,
  type Principal,
  permissionsOfHolder,
  permissionsWithin,
  tenantPermissions,
} from "../auth/index.js";
import type { Roles } from "../roles/index.js";
import type { Tenants } from "../tenants/index.js";
import * as store from "./users.store.js";

interface Deps {
  readonly roles: Pick<Roles, "requireGrantable" | "share">;
  readonly tenants: Pick<Tenants, "hold">;
}

export type UserGuards = ReturnType<typeof createUserGuards>;

/** What keeps whoever manages users from becoming more by it, and a tenant from losing its last administrator. */
export function createUserGuards({ roles, tenants }: Deps) {
  return {
    authorizeUserRole,

    /** The custom role that a user is to get. @throws NotFoundError; ForbiddenError for one beyond the caller's own reach. */
    async requireCustomRole(
      tx: Transaction,
      principal: Principal,
      tenantId: string,
      customRoleId: string,
      isNew: boolean,
    ): Promise<CustomRole> {
      const role = await roles.requireGrantable(tx, principal, tenantId, customRoleId);
      authorizeCustomRole(principal, role, isNew);
      return role;
    },

    /**
     * Keeps the last active administrator of a tenant. Not from a caller who is an administrator and no user, a program of the
     * tenant or the operator: the tenant still has that one then.
     *
     * Those who take away an administrator of one tenant follow each other, so that two administrators cannot take away one
     * another at the same time.
     */
    async refuseLastAdministrator(tx: Transaction, principal: Principal, user: User): Promise<void> {
      if (!isAdministrator(user) || user.status !== "ACTIVE" || staysAdministrator(principal)) return;
      await tenants.hold(tx, principal, user.tenantId);
      if (await store.hasOtherAdministrator(tx, user.tenantId, user.id)) return;
      throw new ConflictError(
        "This user is the last active administrator of the tenant. Make another user ADMIN first with updateUser, or ask the operator of the installation.",
      );
    },

    /**
     * How a user signs in is not changed by whoever may do less: whoever has the address gets a link that sets the password, so it
     * would be a way to become that user. Nor by a token that is narrower than the user, its own included: in what it may do, in the
     * scopes that it may give, or in how long.
     */
    async refuseBeyond(tx: Transaction, principal: Principal, user: User): Promise<void> {
      const customRole = user.customRoleId === null ? null : await roles.share(tx, principal, user.customRoleId);
      const base = customRole?.base ?? user.role;
      const ofUser = permissionsOfHolder(user.role, customRole, user.tenantId);
      const lacking = ofUser.filter((permission) => !principal.permissions.has(permission));
      const isSeeingMore = base === "ADMIN" && principal.onlyUserId !== null;
      if (lacking.length > 0 || isSeeingMore) {
        const more = lacking.length === 0 ? "see more than you" : `do more than you (${lacking.join(", ")})`;
        throw new ForbiddenError(
          `This user may ${more}, so you cannot change the e-mail address or external id by which the user signs in. Ask an administrator.`,
        );
      }
      authorizeUnlimited(principal, base, ofUser);
    },
  };
}

/** The role of a user, which counts unless a custom role does. @throws ForbiddenError for one beyond the caller's own reach. */
export function authorizeUserRole(principal: Principal, role: User["role"], tenantId: string, isNew: boolean): void {
  const granted = permissionsWithin(role, tenantId);
  authorizeRole(principal, role, granted);
  authorizeUnlimited(principal, role, passedOn(granted, isNew));
}

/** The custom role of a user. @throws ForbiddenError for one beyond the caller's own reach. */
export function authorizeCustomRole(principal: Principal, role: CustomRole, isNew: boolean): void {
  const { base, tenantId } = role;
  authorizeRole(principal, base, role.permissions as Permission[]);
  authorizeUnlimited(principal, base, passedOn(permissionsOfHolder(base, role, tenantId), isNew));
}

/** What a user can pass on by their permissions. Who is new owns no key, and gets one only from those who may give it. */
function passedOn(granted: readonly Permission[], isNew: boolean): readonly Permission[] {
  return isNew ? granted.filter((permission) => permission !== "keys:rotate_own") : granted;
}

/** Whether somebody may do everything in the tenant that a caller of it can: the role ADMIN, and no custom role instead. */
export function isAdministrator({ role, customRoleId }: Pick<User, "role" | "customRoleId">): boolean {
  return role === "ADMIN" && customRoleId === null;
}

/** Whether the caller administers the tenant whatever becomes of its users. */
function staysAdministrator({ userId, permissions }: Principal): boolean {
  return userId === null && tenantPermissions.every((permission) => permissions.has(permission));
}
