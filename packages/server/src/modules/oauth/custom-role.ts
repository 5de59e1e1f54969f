import { KeyplaneError } from "../../platform/errors.js";
import type { RoleState, RoleStates } from "../roles/index.js";
import type { UserState } from "../users/index.js";

/**
 * The custom role of a user whom a token acts for; null: the user has none.
 *
 * @throws KeyplaneError UNAVAILABLE when the role went while the user was read. Without it, nobody knows what the user may do.
 */
export async function customRoleOf(user: UserState, roleStates: RoleStates): Promise<RoleState | null> {
  if (user.customRoleId === null) return null;
  const role = await roleStates.get(user.customRoleId);
  if (role) return role;
  throw new KeyplaneError("UNAVAILABLE", "The user's custom role was changed just now. Try again.");
}
