import type * as Known from "./_generated/schema-types.js";

// The generated results take their types from here: inputs as they are, enums opened. An export of our own wins over
// the starred one of the same name. Add a new enum here when results carry it; open-enums.test.ts names what is
// missing.
export type * from "./_generated/schema-types.js";

/**
 * A value that this version knows, or one that a newer server has added. Editors still propose the known ones. Give
 * every `switch` over it a `default`.
 */
export type Open<Value extends string> = Value | (string & Record<never, never>);

export type ApiAccess = Open<Known.ApiAccess>;
export type ApiGrantStatus = Open<Known.ApiGrantStatus>;
export type ApiVersionStatus = Open<Known.ApiVersionStatus>;
export type ApiVisibility = Open<Known.ApiVisibility>;
export type CheckOutcome = Open<Known.CheckOutcome>;
export type DiagnosisFindingCode = Open<Known.DiagnosisFindingCode>;
export type Environment = Open<Known.Environment>;
export type ErrorCode = Open<Known.ErrorCode>;
export type HygieneCheck = Open<Known.HygieneCheck>;
export type IntegrityFindingKind = Open<Known.IntegrityFindingKind>;
export type IntegrityFindingOutcome = Open<Known.IntegrityFindingOutcome>;
export type IntegrityRunPhase = Open<Known.IntegrityRunPhase>;
export type IntegrityRunStatus = Open<Known.IntegrityRunStatus>;
export type IssuerMatch = Open<Known.IssuerMatch>;
export type KeyEventType = Open<Known.KeyEventType>;
export type KeyFindingAction = Open<Known.KeyFindingAction>;
export type KeyFindingKind = Open<Known.KeyFindingKind>;
export type KeyStatus = Open<Known.KeyStatus>;
export type LeakAction = Open<Known.LeakAction>;
export type LimitTarget = Open<Known.LimitTarget>;
export type ManagementTokenStatus = Open<Known.ManagementTokenStatus>;
export type OAuthGrantType = Open<Known.OAuthGrantType>;
export type Permission = Open<Known.Permission>;
export type QuotaEntryType = Open<Known.QuotaEntryType>;
export type QuotaRefill = Open<Known.QuotaRefill>;
export type RateLimitUnit = Open<Known.RateLimitUnit>;
export type RefusedCallMatch = Open<Known.RefusedCallMatch>;
export type ResolveStepName = Open<Known.ResolveStepName>;
export type ResolveStepOutcome = Open<Known.ResolveStepOutcome>;
export type ResyncReason = Open<Known.ResyncReason>;
export type Role = Open<Known.Role>;
export type RotationOverdue = Open<Known.RotationOverdue>;
export type SharedRule = Open<Known.SharedRule>;
export type TenantStatus = Open<Known.TenantStatus>;
export type UpkeepAction = Open<Known.UpkeepAction>;
export type UsageSource = Open<Known.UsageSource>;
export type UserStatus = Open<Known.UserStatus>;
export type VerdictCode = Open<Known.VerdictCode>;
export type WebhookDeliveryStatus = Open<Known.WebhookDeliveryStatus>;
