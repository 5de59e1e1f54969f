export {
  differenceOf,
  type KeyScopesOwner,
  keyScopesColumns,
  keyScopesOf,
  type ScopeDifference,
} from "./lib/key-scopes.js";
export { createRoleReads, type RoleReads, type RoleState, RoleStates } from "./roles.reads.js";
export { createRoles, type Roles } from "./roles.service.js";
