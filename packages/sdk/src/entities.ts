import type * as Operations from "./_generated/operations.js";

// What the client's methods read, under the names of the schema. The fields are those of
// src/operations/fragments.graphql.

export type { AuditRecord, Key, ManagementToken, Tenant, User } from "./_generated/operations.js";

/** Whether a key is valid, and if not, exactly why and what to do. A refusal is an answer, not an error. */
export type Verdict = Operations.VerifyKey["verifyKey"];

/** Who calls: the management token of the client. */
export type Viewer = Operations.Viewer["viewer"];
