import type * as Operations from "./_generated/operations.js";
import type { Refusal } from "./client/results.js";

// What each changing method answers: the payload, or the refusal. Tell them apart by `__typename`, or by `"code" in
// result`.

/** The member of a result that stands for success. */
type PayloadOf<Result extends { readonly __typename: string }> = Extract<
  Result,
  { readonly __typename: `${string}Payload` }
>;

/** The new tenant, or why not. */
export type CreateTenantResult = PayloadOf<Operations.CreateTenant["createTenant"]> | Refusal;
/** The tenant as changed, or why not. */
export type UpdateTenantResult = PayloadOf<Operations.UpdateTenant["updateTenant"]> | Refusal;
/** The suspended tenant, or why not. */
export type SuspendTenantResult = PayloadOf<Operations.SuspendTenant["suspendTenant"]> | Refusal;
/** The resumed tenant, or why not. */
export type ResumeTenantResult = PayloadOf<Operations.ResumeTenant["resumeTenant"]> | Refusal;
/** The new user, or why not. */
export type CreateUserResult = PayloadOf<Operations.CreateUser["createUser"]> | Refusal;
/** The user as changed, or why not. */
export type UpdateUserResult = PayloadOf<Operations.UpdateUser["updateUser"]> | Refusal;
/** The disabled user, or why not. */
export type DisableUserResult = PayloadOf<Operations.DisableUser["disableUser"]> | Refusal;
/** The enabled user, or why not. */
export type EnableUserResult = PayloadOf<Operations.EnableUser["enableUser"]> | Refusal;
/** The tombstone of the deleted user, or why not. */
export type DeleteUserResult = PayloadOf<Operations.DeleteUser["deleteUser"]> | Refusal;
/** The new key and its secret, which is shown this once, or why not. */
export type CreateKeyResult = PayloadOf<Operations.CreateKey["createKey"]> | Refusal;
/** The key as changed, or why not. */
export type UpdateKeyResult = PayloadOf<Operations.UpdateKey["updateKey"]> | Refusal;
/** The key and its new secret, which is shown this once, or why not. */
export type RotateKeyResult = PayloadOf<Operations.RotateKey["rotateKey"]> | Refusal;
/** The key of its new owner and its new secret, which is shown this once, or why not. */
export type ReissueKeyResult = PayloadOf<Operations.ReissueKey["reissueKey"]> | Refusal;
/** What was done about a key with an invalid user, or in a plan would be, or why nothing was. */
export type ResolveInvalidUserResult = PayloadOf<Operations.ResolveInvalidUser["resolveInvalidUser"]> | Refusal;
/** The disabled key, or why not. */
export type DisableKeyResult = PayloadOf<Operations.DisableKey["disableKey"]> | Refusal;
/** The enabled key, or why not. */
export type EnableKeyResult = PayloadOf<Operations.EnableKey["enableKey"]> | Refusal;
/** The revoked key, or why not. */
export type RevokeKeyResult = PayloadOf<Operations.RevokeKey["revokeKey"]> | Refusal;
/** The deleted key, or why not. */
export type DeleteKeyResult = PayloadOf<Operations.DeleteKey["deleteKey"]> | Refusal;
/** The restored key, or why not. */
export type RestoreKeyResult = PayloadOf<Operations.RestoreKey["restoreKey"]> | Refusal;
/** The new management token and its secret, which is shown this once, or why not. */
export type CreateManagementTokenResult =
  | PayloadOf<Operations.CreateManagementToken["createManagementToken"]>
  | Refusal;
/** The revoked management token, or why not. */
export type RevokeManagementTokenResult =
  | PayloadOf<Operations.RevokeManagementToken["revokeManagementToken"]>
  | Refusal;
/** The new OAuth client and its secret, which is shown this once, or why not. */
export type CreateOAuthClientResult = PayloadOf<Operations.CreateOAuthClient["createOAuthClient"]> | Refusal;
/** The OAuth client as changed, or why not. */
export type UpdateOAuthClientResult = PayloadOf<Operations.UpdateOAuthClient["updateOAuthClient"]> | Refusal;
/** The OAuth client and its new secret, which is shown this once, or why not. */
export type RotateOAuthClientSecretResult =
  | PayloadOf<Operations.RotateOAuthClientSecret["rotateOAuthClientSecret"]>
  | Refusal;
/** The disabled OAuth client, or why not. */
export type DisableOAuthClientResult = PayloadOf<Operations.DisableOAuthClient["disableOAuthClient"]> | Refusal;
/** The enabled OAuth client, or why not. */
export type EnableOAuthClientResult = PayloadOf<Operations.EnableOAuthClient["enableOAuthClient"]> | Refusal;
/** The deleted OAuth client, or why not. */
export type DeleteOAuthClientResult = PayloadOf<Operations.DeleteOAuthClient["deleteOAuthClient"]> | Refusal;
/** The issuer that is trusted now, or why not. */
export type CreateTrustedIssuerResult = PayloadOf<Operations.CreateTrustedIssuer["createTrustedIssuer"]> | Refusal;
/** The trusted issuer as changed, or why not. */
export type UpdateTrustedIssuerResult = PayloadOf<Operations.UpdateTrustedIssuer["updateTrustedIssuer"]> | Refusal;
/** The issuer that is trusted no more, or why not. */
export type DeleteTrustedIssuerResult = PayloadOf<Operations.DeleteTrustedIssuer["deleteTrustedIssuer"]> | Refusal;
/** What the issuer says, or why it was not asked. */
export type TestTrustedIssuerResult = PayloadOf<Operations.TestTrustedIssuer["testTrustedIssuer"]> | Refusal;
/** The new webhook and its secret, which is shown this once, or why not. */
export type CreateWebhookResult = PayloadOf<Operations.CreateWebhook["createWebhook"]> | Refusal;
/** The webhook as changed, or why not. */
export type UpdateWebhookResult = PayloadOf<Operations.UpdateWebhook["updateWebhook"]> | Refusal;
/** The webhook and its new secret, which is shown this once, or why not. */
export type RotateWebhookSecretResult = PayloadOf<Operations.RotateWebhookSecret["rotateWebhookSecret"]> | Refusal;
/** The disabled webhook, or why not. */
export type DisableWebhookResult = PayloadOf<Operations.DisableWebhook["disableWebhook"]> | Refusal;
/** The webhook, enabled again, or why not. */
export type EnableWebhookResult = PayloadOf<Operations.EnableWebhook["enableWebhook"]> | Refusal;
/** The webhook that is gone, or why not. */
export type DeleteWebhookResult = PayloadOf<Operations.DeleteWebhook["deleteWebhook"]> | Refusal;
/** What the receiver answered, or why it was not asked. */
export type TestWebhookResult = PayloadOf<Operations.TestWebhook["testWebhook"]> | Refusal;
/** The delivery that is sent again, or why not. */
export type RedeliverWebhookResult = PayloadOf<Operations.RedeliverWebhook["redeliverWebhook"]> | Refusal;
/** The session and its tokens, shown this once, or why not. */
export type SignInResult = PayloadOf<Operations.SignIn["signIn"]> | Refusal;
/** The session and its next tokens, shown this once, or why not. */
export type RefreshSessionResult = PayloadOf<Operations.RefreshSession["refreshSession"]> | Refusal;
/** The session that has ended, or why not. */
export type SignOutResult = PayloadOf<Operations.SignOut["signOut"]> | Refusal;
/** How many sessions have ended, or why not. */
export type SignOutEverywhereResult = PayloadOf<Operations.SignOutEverywhere["signOutEverywhere"]> | Refusal;
/** The same for every address, or why not. */
export type RequestPasswordLinkResult = PayloadOf<Operations.RequestPasswordLink["requestPasswordLink"]> | Refusal;
/** To whom the link was sent, or why not. */
export type SendPasswordLinkResult = PayloadOf<Operations.SendPasswordLink["sendPasswordLink"]> | Refusal;
/** How many sessions have ended with the old password, or why it was not set. */
export type SetPasswordResult = PayloadOf<Operations.SetPassword["setPassword"]> | Refusal;
/** How many sessions have ended with the old password, or why it was not changed. */
export type ChangePasswordResult = PayloadOf<Operations.ChangePassword["changePassword"]> | Refusal;
/** The new role, or why not. */
export type CreateRoleResult = PayloadOf<Operations.CreateRole["createRole"]> | Refusal;
/** The role as changed, or why not. */
export type UpdateRoleResult = PayloadOf<Operations.UpdateRole["updateRole"]> | Refusal;
/** The role as it was last, or why not. */
export type DeleteRoleResult = PayloadOf<Operations.DeleteRole["deleteRole"]> | Refusal;
/** The new team, or why not. */
export type CreateTeamResult = PayloadOf<Operations.CreateTeam["createTeam"]> | Refusal;
/** The team as changed, or why not. */
export type UpdateTeamResult = PayloadOf<Operations.UpdateTeam["updateTeam"]> | Refusal;
/** The team as it was last, or why not. */
export type DeleteTeamResult = PayloadOf<Operations.DeleteTeam["deleteTeam"]> | Refusal;
/** The team with its new member, or why not. */
export type AddTeamMemberResult = PayloadOf<Operations.AddTeamMember["addTeamMember"]> | Refusal;
/** The team without that member, or why not. */
export type RemoveTeamMemberResult = PayloadOf<Operations.RemoveTeamMember["removeTeamMember"]> | Refusal;
/** The management token and its new secret, which is shown this once, or why not. */
export type RotateManagementTokenResult =
  | PayloadOf<Operations.RotateManagementToken["rotateManagementToken"]>
  | Refusal;
/** The rate limits as set, or why not. */
export type SetRateLimitsResult = PayloadOf<Operations.SetRateLimits["setRateLimits"]> | Refusal;
/** The quota as set, or why not. */
export type SetQuotaResult = PayloadOf<Operations.SetQuota["setQuota"]> | Refusal;
/** No quota any more, or why not. */
export type RemoveQuotaResult = PayloadOf<Operations.RemoveQuota["removeQuota"]> | Refusal;
/** The quota with what was added, or why not. */
export type TopUpQuotaResult = PayloadOf<Operations.TopUpQuota["topUpQuota"]> | Refusal;
/** The quota, whole again, or why not. */
export type ResetQuotaResult = PayloadOf<Operations.ResetQuota["resetQuota"]> | Refusal;
/** The new API, or why not. */
export type CreateApiResult = PayloadOf<Operations.CreateApi["createApi"]> | Refusal;
/** The API as changed, or why not. */
export type UpdateApiResult = PayloadOf<Operations.UpdateApi["updateApi"]> | Refusal;
/** The API as it was last, or why not. */
export type DeleteApiResult = PayloadOf<Operations.DeleteApi["deleteApi"]> | Refusal;
/** The access as it stands now, or why not. */
export type RequestApiAccessResult = PayloadOf<Operations.RequestApiAccess["requestApiAccess"]> | Refusal;
/** The access as it stands now, or why not. */
export type GrantApiAccessResult = PayloadOf<Operations.GrantApiAccess["grantApiAccess"]> | Refusal;
/** The access as it stands now, or why not. */
export type ApproveApiAccessResult = PayloadOf<Operations.ApproveApiAccess["approveApiAccess"]> | Refusal;
/** The refused request, or why not. */
export type RefuseApiAccessResult = PayloadOf<Operations.RefuseApiAccess["refuseApiAccess"]> | Refusal;
/** The access that was taken away, or why not. */
export type RevokeApiAccessResult = PayloadOf<Operations.RevokeApiAccess["revokeApiAccess"]> | Refusal;
/** The check that has begun, or why not. */
export type CheckIntegrityResult = PayloadOf<Operations.CheckIntegrity["checkIntegrity"]> | Refusal;
/** The key, which is accepted again, or why not. */
export type ReleaseKeyResult = PayloadOf<Operations.ReleaseKey["releaseKey"]> | Refusal;
/** The policy as changed, or why not. */
export type UpdateLifecyclePolicyResult =
  | PayloadOf<Operations.UpdateLifecyclePolicy["updateLifecyclePolicy"]>
  | Refusal;
/** The finding that is dealt with, or why not. */
export type ResolveKeyFindingResult = PayloadOf<Operations.ResolveKeyFinding["resolveKeyFinding"]> | Refusal;
/** What was found and done, or why the report was not taken. */
export type ReportLeakedKeyResult = PayloadOf<Operations.ReportLeakedKey["reportLeakedKey"]> | Refusal;
