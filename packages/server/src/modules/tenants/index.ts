export { rotationOverdueSchema, rotationOverlapSchema, rotationSchema } from "./tenants.input.js";
export { createTenantReads, type TenantReads, type TenantState, TenantStates, toTenantState } from "./tenants.reads.js";
export { createTenants, type Tenants } from "./tenants.service.js";
