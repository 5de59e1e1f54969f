import type * as Operations from "./_generated/operations.js";

// What the client's methods read, under the names of the schema. The fields are those of
// src/operations/fragments.graphql.

export type {
  Api,
  ApiGrant,
  AuditRecord,
  CustomRole,
  IntegrityFinding,
  IntegrityRun,
  Key,
  KeyEvent,
  KeyFinding,
  LifecyclePolicy,
  ManagementToken,
  OAuthClient,
  Quota,
  QuotaEntry,
  QuotaLease,
  RateLimit,
  Session,
  Team,
  Tenant,
  TrustedIssuer,
  UsageEvent,
  UsageGroup,
  UsageMetrics,
  UsageTick,
  UsageTotals,
  User,
  Webhook,
  WebhookDelivery,
} from "./_generated/operations.js";

/** What `usage.query` answers: totals, and a series for each group with its numbers by bucket as bare arrays. */
export type UsageReport = Operations.GetUsage["usage"];

/** One series of a {@link UsageReport}. `counts[i]`, `validCounts[i]` and `costs[i]` belong to the report's `starts[i]`. */
export type UsageSeries = UsageReport["series"][number];

/** What `usage.queryPoints` answers: as a {@link UsageReport}, with everything that is known of each bucket. */
export type UsagePointsReport = Operations.GetUsagePoints["usage"];

/** What `usage.invalidAttempts` answers. */
export type InvalidAttemptsReport = Operations.GetInvalidAttempts["invalidAttempts"];

/** What `lifecycle.hygiene` answers: a score, and what each check has found. */
export type HygieneReport = NonNullable<Operations.GetKeyHygiene["keyHygiene"]>;

/** What `keyEvents.follow` tells: an event, or that some were missed. `__typename` says which. */
export type KeyEventMessage = Operations.FollowKeyEvents["keyEvents"];

/** What `keys.get` answers: a {@link Key}, and the new secret that waits for its first use, if there is one. */
export type KeyDetails = NonNullable<Operations.GetKey["key"]>;

/** Whether a key is valid, and if not, exactly why and what to do. A refusal is an answer, not an error. */
export type Verdict = Operations.VerifyKey["verifyKey"];

/** Exactly which check refuses a key, why, since when and by whom, and what mends it. */
export type KeyDiagnosis = Operations.DiagnoseKey["diagnoseKey"];

/** Who calls: the management token of the client, or whoever has signed in. */
export type Viewer = Operations.Viewer["viewer"];

/** Whether you may do something, and if not, why not and what to do. */
export type Permitted = Operations.Can["can"];
