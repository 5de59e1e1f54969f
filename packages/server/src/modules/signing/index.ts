export { JwtRefusal } from "./lib/verify-jwt.js";
export { createSigning, type Signing, type VerifiedClaims } from "./signing.service.js";
export { SigningKeys } from "./signing-keys.js";
