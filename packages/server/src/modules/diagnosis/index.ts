export { createDiagnose, type Diagnose } from "./diagnosis.service.js";
export { createResolveInvalidUser, type ResolveInvalidUser } from "./resolve/resolve-invalid-user.js";
