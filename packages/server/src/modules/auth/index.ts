export {
  type Authenticate,
  type Credential,
  createAuthenticate,
  hashSecret,
  missingTokenMessage,
  type RequestOrigin,
} from "./authenticate.js";
export {
  authorize,
  authorizeGrant,
  authorizeScopes,
  authorizeWholeTenant,
  canSee,
  permissionsWithin,
  type Visibility,
  visibleTo,
} from "./authorize.js";
export { anonymousPrincipal, type Principal } from "./principal.js";
