export {
  type Authenticate,
  type Credential,
  createAuthenticate,
  hashSecret,
  missingTokenMessage,
  type RequestOrigin,
  type RoleGrant,
} from "./authenticate.js";
export {
  authorize,
  authorizeGrant,
  authorizeKeyScopes,
  authorizeRole,
  authorizeScopes,
  authorizeUnlimited,
  authorizeWholeTenant,
  canSee,
  everything,
  haveSameBounds,
  hearingRefusal,
  ownerBy,
  permissionsOfHolder,
  permissionsWithin,
  tenantPermissions,
  type Visibility,
  visibleTo,
} from "./authorize.js";
export { anonymousPrincipal, type Principal } from "./principal.js";
