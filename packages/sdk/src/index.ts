/**
 * Keyplane's typed client: verify, issue and revoke API keys.
 *
 * @packageDocumentation
 */

export {
  type ErrorCodeEntry,
  errorCodes,
  type KeyFormatProblem,
  type KeyFormatResult,
  keyPattern,
  type MalformedKey,
  parseKey,
  type VerdictCodeEntry,
  verdictCodes,
  type WellFormedKey,
} from "@keyplane/schema";
// Every input of the schema, and its enums as this version knows them. Results have the same enums, opened: see Open.
export type * from "./_generated/schema-types.js";
export type * from "./change-results.js";
export type { DocumentTypes, RequestDocument, TypedDocument } from "./client/document.js";
export {
  AbortedError,
  AuthenticationError,
  type ClientErrorCode,
  ConnectionError,
  KeyplaneError,
  type KeyplaneErrorDetails,
  PermissionError,
  RateLimitedError,
  RequestError,
  ServerError,
  TimeoutError,
} from "./client/errors.js";
export { type DocumentRequestOptions, Keyplane, type RequestArguments } from "./client/keyplane.js";
export type {
  Fetch,
  FetchBody,
  FetchBodyReader,
  FetchResponse,
  IdempotentRequestOptions,
  KeyplaneOptions,
  RequestOptions,
} from "./client/options.js";
export type { CountedPage, Page, PageRequest, PaginatedList } from "./client/paginated-list.js";
export {
  type InputIssue,
  type InvalidInputRefusal,
  isRefusal,
  KeyplaneRefusedError,
  type OtherRefusal,
  type RateLimitedRefusal,
  type Refusal,
  unwrap,
} from "./client/results.js";
export type {
  ClientCredentials,
  Credentials,
  SessionCredentials,
  SessionTokens,
  TokenProvider,
} from "./credentials/credentials.js";
export { type NewSessionResult, type SignInOptions, signIn } from "./credentials/sign-in.js";
export type * from "./entities.js";
export type { Open } from "./open-enums.js";
export type { Account, ListSessionsArguments } from "./resources/account.js";
export type { ApiGrants, ListApiGrantsArguments } from "./resources/api-grants.js";
export type { Apis, ListApisArguments } from "./resources/apis.js";
export type { Audit, ListAuditArguments } from "./resources/audit.js";
export type {
  FollowIntegrityRunOptions,
  Integrity,
  ListIntegrityFindingsArguments,
} from "./resources/integrity.js";
export type {
  FollowKeyEventsArguments,
  FollowKeyEventsOptions,
  KeyEvents,
  ListKeyEventsArguments,
} from "./resources/key-events.js";
export type { Keys, ListKeysArguments } from "./resources/keys.js";
export type { Lifecycle, ListKeyFindingsArguments } from "./resources/lifecycle.js";
export type { Limits, LimitsOf } from "./resources/limits.js";
export type { ListManagementTokensArguments, ManagementTokens } from "./resources/management-tokens.js";
export type { ListOAuthClientsArguments, OAuthClients } from "./resources/oauth-clients.js";
export type { ListRolesArguments, Roles } from "./resources/roles.js";
export type { ListTeamsArguments, Teams } from "./resources/teams.js";
export type { ListTenantsArguments, Tenants } from "./resources/tenants.js";
export type { ListTrustedIssuersArguments, TrustedIssuers } from "./resources/trusted-issuers.js";
export type {
  ListUsageEventsArguments,
  Usage,
  UsageLiveArguments,
  UsageLiveOptions,
  UsageQueryOptions,
} from "./resources/usage.js";
export type { ListUsersArguments, Users } from "./resources/users.js";
export type {
  ListWebhookDeliveriesArguments,
  ListWebhooksArguments,
  Webhooks,
} from "./resources/webhooks.js";
export type { DroppedUsage, RejectedUsage, UsageDropReason, UsageRecordOptions } from "./usage/record-options.js";
export type { FlushOptions } from "./usage/usage-buffer.js";
export type {
  InvalidAttemptsExport,
  KeysExport,
  UsageEventsExport,
  UsageExportArguments,
  UsageExportFormat,
  UsageReportExport,
} from "./usage/usage-export.js";
export type { UsageRecord } from "./usage/usage-record.js";
export type { UsageRecordStatus } from "./usage/usage-status.js";
