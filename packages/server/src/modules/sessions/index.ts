export { createAttempts } from "./attempts/attempts.js";
export { createPasswordHasher } from "./passwords/password-hasher.js";
export { maxPasswordLength, minPasswordLength } from "./passwords/password-policy.js";
export { createPasswords, type Passwords } from "./passwords.service.js";
export { SessionCredentials } from "./session-credentials.js";
export { createSessionEnds, type SessionEnds } from "./session-ends.js";
export { createSessionTokens, type IssuedTokens, type SessionTokens } from "./session-tokens.js";
export { createSessions, type Sessions } from "./sessions.service.js";
export { createSignIn, type SignIn } from "./sign-in.service.js";
