export { ApiAccess, type FoundApi } from "./api-access.js";
export { type ApiReads, createApiReads } from "./apis.reads.js";
export { type Apis, createApis } from "./apis.service.js";
export { findApisOfTenant } from "./apis.store.js";
export { type ApiGrantReads, createApiGrantReads } from "./grants.reads.js";
export { type ApiGrants, createApiGrants } from "./grants.service.js";
export { findGrantOf, findGrantsOfKeys } from "./grants.store.js";
export { toApiState, versionsOf } from "./lib/versions.js";
