export { JwtRefusal } from "./lib/verify-jwt.js";
export { createSigning, type Signing } from "./signing.service.js";
export { SigningKeys } from "./signing-keys.js";
