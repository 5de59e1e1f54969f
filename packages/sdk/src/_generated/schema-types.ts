/** Whom to add to which team. */
export type AddTeamMemberInput = {
  /** The team's id. */
  readonly teamId: string;
  /** The user's id, of the same tenant. */
  readonly userId: string;
};

/** Which keys may call an API. */
export type ApiAccess =
  /** Keys that were granted access. */
  | 'GRANTED'
  /** Every key of the tenant. */
  | 'OPEN';

/** Which APIs; what is left out does not matter. */
export type ApiFilter = {
  /** Those with this text in slug, name or description, in any case. */
  readonly search?: string | null | undefined;
  /** Those with this visibility. */
  readonly visibility?: ApiVisibility | null | undefined;
};

/** Which grants; what is left out does not matter. */
export type ApiGrantFilter = {
  /** Those of this API. */
  readonly apiId?: string | null | undefined;
  /** Those of this key. */
  readonly keyId?: string | null | undefined;
  /** Those with this status; PENDING: what waits for approval. */
  readonly status?: ApiGrantStatus | null | undefined;
};

/** How to order grants. */
export type ApiGrantOrder =
  /** Oldest first: the request that waits longest. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC';

/** The state of a key's access to an API. */
export type ApiGrantStatus =
  /** The key may call the API. */
  | 'GRANTED'
  /** It was requested and waits for approval: the key is refused. */
  | 'PENDING'
  /** The request was refused. */
  | 'REFUSED'
  /** The access was taken away again. */
  | 'REVOKED';

/** How to order APIs. */
export type ApiOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** A version of an API. */
export type ApiVersionInput = {
  /** From when on its callers are told to move to another version; keys stay valid. */
  readonly deprecatedAt?: string | null | undefined;
  /** 1 to 20 letters, digits and . _ -, e.g. v2. */
  readonly name: string;
  /** From when on it is refused; not before deprecatedAt. */
  readonly retiredAt?: string | null | undefined;
};

/** The state of a version of an API. */
export type ApiVersionStatus =
  /** In service. */
  | 'ACTIVE'
  /** In service; its callers are told to move to another version. */
  | 'DEPRECATED'
  /** Refused. */
  | 'RETIRED';

/** Who sees an API in lists. */
export type ApiVisibility =
  /** Only those see it who have the permission `apis:read`. */
  | 'PRIVATE'
  /** Everybody of the tenant sees it, with the role GUEST, too. */
  | 'PUBLIC';

/** Which grant to approve, and why. */
export type ApproveApiAccessInput = {
  /** The id of the grant. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which changes; what is left out does not matter. */
export type AuditFilter = {
  /** Those of this kind, e.g. `key.revoked`. */
  readonly action?: string | null | undefined;
  /** Those that this actor made. */
  readonly actorId?: string | null | undefined;
  /** Those at or after this time. */
  readonly from?: string | null | undefined;
  /** Those of this tenant, user, key or token. */
  readonly targetId?: string | null | undefined;
  /** Those before this time. */
  readonly to?: string | null | undefined;
};

/** A new password in the place of the present one. */
export type ChangePasswordInput = {
  /** The present password. */
  readonly currentPassword: string;
  /** At least 15 characters, of any kind, that are hard to guess; up to 256. */
  readonly newPassword: string;
};

/** What to do with what is found. */
export type CheckIntegrityInput = {
  /** true: mend what is safe, and quarantine keys that cannot be trusted. false: only report. */
  readonly repair?: boolean | null | undefined;
  /** true: sign every key anew that was signed with another encryption key. Only after you have changed it. */
  readonly resign?: boolean | null | undefined;
};

/** How one check of a key ended. */
export type CheckOutcome =
  /** This is why the key is refused. */
  | 'FAILED'
  /** A check before this one has refused the key already: `wouldFail` says what it would find. Or there was nothing to check, or what there was then is not known: `wouldFail` is null, and `evidence` says why. */
  | 'NOT_REACHED'
  /** Nothing is against the key here. */
  | 'PASSED';

/** A new API. */
export type CreateApiInput = {
  /** Which keys may call it. */
  readonly access?: ApiAccess | null | undefined;
  /** What it is for, at most 500 characters. */
  readonly description?: string | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** 1 to 100 characters. */
  readonly name: string;
  /** What verifiers ask for as `api`, e.g. orders. Unique in the tenant. */
  readonly slug: string;
  /** The tenant whose keys will call it. */
  readonly tenantId: string;
  /** Its versions, at most 50. */
  readonly versions?: ReadonlyArray<ApiVersionInput> | null | undefined;
  /** Who sees it in lists. */
  readonly visibility?: ApiVisibility | null | undefined;
};

/** A new key. */
export type CreateKeyInput = {
  /** The only addresses that may use it, e.g. 203.0.113.0/24; at most 100. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** Addresses that may not use it. Stronger than allowedIps; at most 100. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** LIVE or TEST; final. */
  readonly environment?: Environment | null | undefined;
  /** When it expires; without: as the tenant's policy says. */
  readonly expiresAt?: string | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** A JSON object of at most 16384 bytes. Verdicts carry it. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** What it is for, 1 to 100 characters. */
  readonly name: string;
  /** The user who will own it, of the same tenant. */
  readonly ownerId: string;
  /** How long a secret of it may be in use, at least an hour; where the tenant's policy is shorter, that counts. */
  readonly rotateEveryMs?: number | null | undefined;
  /** What happens to it when it was not rotated in time; REFUSE counts also where the tenant's policy says WARN, and WARN never where that says REFUSE. Without: as the policy says. */
  readonly rotationOverdue?: RotationOverdue | null | undefined;
  /** How long its old secret goes on working after a rotation that leaves it to the policy, at most 2147483647; without: as the tenant's policy says. */
  readonly rotationOverlapMs?: number | null | undefined;
  /** A webhook of the tenant with receivesSecrets, which gets new secrets of this key by itself; without: as the tenant's policy says. Needs keys:rotate. */
  readonly rotationWebhookId?: string | null | undefined;
  /** What it may do in your API; at most 100. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
  /** The team that looks after it, of which the owner is a member; without: none. */
  readonly teamId?: string | null | undefined;
  /** The tenant that the key will belong to. */
  readonly tenantId: string;
};

/** A new credential for this API. It can never do more than the one that creates it. */
export type CreateManagementTokenInput = {
  /** A custom role of the tenant, which decides instead of `role`. */
  readonly customRoleId?: string | null | undefined;
  /** When it expires; without: when your own token does. */
  readonly expiresAt?: string | null | undefined;
  /** The only scopes that it may give to keys. */
  readonly grantableScopes?: ReadonlyArray<string> | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** What it is for, 1 to 100 characters. */
  readonly name: string;
  /** Narrow the role to these, e.g. [KEYS_VERIFY]. */
  readonly permissions?: ReadonlyArray<Permission> | null | undefined;
  /** What it may do at most. With a custom role, the base of that counts instead. */
  readonly role: Role;
  /** Confine it to this tenant. Without: as far as you reach yourself. */
  readonly tenantId?: string | null | undefined;
  /** Let it act for this user: it may then never do more than the user's role allows, and unless that is ADMIN it sees only the user's own keys. */
  readonly userId?: string | null | undefined;
};

/** A new client. It can never do more than whoever creates it. */
export type CreateOAuthClientInput = {
  /** How it may get tokens. */
  readonly grantTypes: ReadonlyArray<OAuthGrantType>;
  /** The only scopes that its tokens may give to keys. */
  readonly grantableScopes?: ReadonlyArray<string> | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** For apps in a browser or on a device: no secret. */
  readonly isPublic?: boolean | null | undefined;
  /** What users read when they are asked to agree, 1 to 100 characters. */
  readonly name: string;
  /** Narrow the role to these, e.g. [KEYS_VERIFY]. */
  readonly permissions?: ReadonlyArray<Permission> | null | undefined;
  /** Where users may return to: https, or http to this very machine. */
  readonly redirectUris?: ReadonlyArray<string> | null | undefined;
  /** The scopes that tokens for these may have. */
  readonly resourceScopes?: ReadonlyArray<string> | null | undefined;
  /** Other APIs that it may get tokens for: URIs (RFC 8707). */
  readonly resources?: ReadonlyArray<string> | null | undefined;
  /** What its tokens may do at most. */
  readonly role: Role;
  /** Confine it to this tenant. Without: as far as you reach yourself. */
  readonly tenantId?: string | null | undefined;
};

/** A new role, which can do no more than you can. */
export type CreateRoleInput = {
  /** ADMIN: holders see the whole tenant. DEVELOPER, GUEST: their own keys and those of their teams. */
  readonly base?: Role | null | undefined;
  /** What it is for, at most 500 characters. */
  readonly description?: string | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The only scopes that keys of its holders can use; null or left out: any. At most 100. */
  readonly keyScopes?: ReadonlyArray<string> | null | undefined;
  /** Unique in the tenant, 1 to 100 characters. */
  readonly name: string;
  /** Everything that its holders may do. Nothing is added by the base. */
  readonly permissions: ReadonlyArray<Permission>;
  /** The tenant that the role will belong to. */
  readonly tenantId: string;
};

/** A new team, without members. */
export type CreateTeamInput = {
  /** What it is for, at most 500 characters. */
  readonly description?: string | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The only scopes that the team's keys can use; null or left out: any. At most 100. */
  readonly keyScopes?: ReadonlyArray<string> | null | undefined;
  /** Unique in the tenant, 1 to 100 characters. */
  readonly name: string;
  /** The tenant that the team will belong to. */
  readonly tenantId: string;
};

/** A new tenant. */
export type CreateTenantInput = {
  /** The only addresses that may use its keys: CIDR ranges or addresses, at most 100; empty: all. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** Addresses that may not; stronger than allowedIps. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** 1 to 100 characters. */
  readonly name: string;
  /** Rules for its keys; without: prefix `kp`, no limits. */
  readonly policy?: KeyPolicyInput | null | undefined;
  /** Lower-case letters, digits and hyphens, unique, e.g. `acme`. */
  readonly slug: string;
};

/** An identity provider to trust. */
export type CreateTrustedIssuerInput = {
  /** What its tokens must say as `aud`: often the client id that the issuer gave to Keyplane. */
  readonly audience: string;
  /** Whether to create a user who is not here yet. */
  readonly createUsers?: boolean | null | undefined;
  /** The role where no mapping fits; without, such a token is refused. */
  readonly defaultRole?: Role | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** Its https address, letter by letter as its tokens say it in `iss`. */
  readonly issuer: string;
  /** How a user is found by a token. */
  readonly matchBy?: IssuerMatch | null | undefined;
  /** What people call it, 1 to 100 characters. */
  readonly name: string;
  /** The way to the claim that tells the role, e.g. ["realm_access", "roles"]. */
  readonly roleClaim?: ReadonlyArray<string> | null | undefined;
  /** What the claim's values stand for; the first that fits counts. */
  readonly roleMapping?: ReadonlyArray<RoleMappingInput> | null | undefined;
  /** The tenant whose users it speaks for. */
  readonly tenantId: string;
};

/** A new user. */
export type CreateUserInput = {
  /** The only addresses that may use the user's keys: CIDR ranges or addresses, at most 100; empty: all. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** A custom role of the tenant, which decides instead of `role`. */
  readonly customRoleId?: string | null | undefined;
  /** Addresses that may not; stronger than allowedIps. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** Unique in the tenant. */
  readonly email: string;
  /** Your own system's id of this user, unique in the tenant. */
  readonly externalId?: string | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** 1 to 100 characters. */
  readonly name: string;
  /** What the user may do in Keyplane. */
  readonly role?: Role | null | undefined;
  /** The tenant that the user will belong to. */
  readonly tenantId: string;
};

/** A new webhook. */
export type CreateWebhookInput = {
  /** Only these types of events; all when left out. */
  readonly eventTypes?: ReadonlyArray<KeyEventType> | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** What people call it, 1 to 100 characters. */
  readonly name: string;
  /** Whether rotation policies may name it as rotationWebhookId: it then gets new secrets of keys. This needs keys:rotate as well. */
  readonly receivesSecrets?: boolean | null | undefined;
  /** The tenant whose events it is told of. */
  readonly tenantId: string;
  /** Where messages are sent: an https address that can be reached from anywhere. At most 2000 characters. */
  readonly url: string;
};

/** Which custom roles; what is left out does not matter. */
export type CustomRoleFilter = {
  /** Those with this base. */
  readonly base?: Role | null | undefined;
  /** Those with this text in name or description, in any case. */
  readonly search?: string | null | undefined;
};

/** How to order custom roles. */
export type CustomRoleOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Which API to delete, and why. */
export type DeleteApiInput = {
  /** The id of the API. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which key to delete, and why. */
export type DeleteKeyInput = {
  /** The id of the key. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which OAuth client to delete, and why. */
export type DeleteOAuthClientInput = {
  /** The id of the OAuth client. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which role to delete. */
export type DeleteRoleInput = {
  /** The role's id. */
  readonly id: string;
};

/** Which team to delete. */
export type DeleteTeamInput = {
  /** The team's id. */
  readonly id: string;
};

/** Which trusted issuer to delete, and why. */
export type DeleteTrustedIssuerInput = {
  /** The id of the trusted issuer. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which user to delete, and why. */
export type DeleteUserInput = {
  /** The id of the user. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which webhook to delete, and why. */
export type DeleteWebhookInput = {
  /** The id of the webhook. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** A key, and the call that it was refused for. Give exactly one of key, keyId and start. */
export type DiagnoseKeyInput = {
  /** The API that was called. */
  readonly api?: string | null | undefined;
  /** A moment of the past to diagnose; the present when left out. */
  readonly at?: string | null | undefined;
  /** What the call costs of rate limits and quotas; 1 when left out. Nothing is charged. */
  readonly cost?: number | null | undefined;
  /** The environment that the call was for. */
  readonly environment?: Environment | null | undefined;
  /** The address that the call came from. */
  readonly ip?: string | null | undefined;
  /** The text exactly as it was presented, with all that may be wrong about it: at most 4096 characters. */
  readonly key?: string | null | undefined;
  /** The key's id: its current secret is diagnosed, or that of then. */
  readonly keyId?: string | null | undefined;
  /** What your system holds of the owner: whether it is out of date is found, too. */
  readonly owner?: ExpectedOwnerInput | null | undefined;
  /** The scopes that the call needed. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
  /** The visible start of its secret, e.g. kp_live_3fQz. */
  readonly start?: string | null | undefined;
  /** In which tenant to look: the key of another one answers as an unknown one. For who may see all tenants; left out, all are looked through, and of a text that is no known key those refused calls are told of which nobody knows the tenant. */
  readonly tenantId?: string | null | undefined;
};

/** What a diagnosis has found besides its checks. */
export type DiagnosisFindingCode =
  /** Too many unknown keys came from this address, as far as you or another management token of the tenant have presented them to this server: until it is let in again, `verifyKey` answers RATE_LIMITED for unknown keys from there. Keys that it remembers are verified all the same. */
  | 'ADDRESS_HELD_UP'
  /** Several keys begin like this. Give the id of the one that is meant. */
  | 'AMBIGUOUS_START'
  /** The version of the API that was called is deprecated. Move to a newer one: the message names them. */
  | 'API_DEPRECATED'
  /** The state at the moment asked about is not known for sure: audit records of that time are missing. The verdict is of the nearest state that is known. */
  | 'HISTORY_INCOMPLETE'
  /** It was not used for as long as the tenant's policy says, nor since. Revoke what nobody needs. */
  | 'KEY_IDLE'
  /** Its secret was found where others can read it, and nobody has dealt with that yet. Replace the secret. */
  | 'KEY_LEAKED'
  /** It has no `expiresAt`, which the tenant's policy does not want. */
  | 'KEY_NEVER_EXPIRES'
  /** At the moment asked about, the key or this secret of it did not exist yet. */
  | 'KEY_NOT_YET_CREATED'
  /** The key was used from more places than the tenant's policy allows, and nobody has resolved that yet: more may have it than should. */
  | 'KEY_SHARED'
  /** The text is not a key, but the right one can be told from it: without what stands around it, or with one character put right. The finding names that key. */
  | 'KEY_TEXT_REPAIRED'
  /** Calls of the key were limited at the moment asked about, but how much of the limits was used then is not kept. The message names the calls of that time that were refused by one, from `refusedCalls`. */
  | 'LIMITS_NOT_KNOWN'
  /** The presented secret was rotated away and works on only for the rest of its overlap. */
  | 'OLD_SECRET_IN_USE'
  /** What your system holds of the owner, as given in `owner`, is not what Keyplane holds. One of the two is out of date. */
  | 'OWNER_OUTDATED'
  /** It should have got a new secret by now. It goes on working; rotate it. */
  | 'ROTATION_OVERDUE'
  /** A new secret of the key waits for its first use (`activateOnFirstUse`, or a rotation that was handed over). Until then callers present the current one; deploy the new one. */
  | 'SECRET_PENDING'
  /** A key that begins nearly as the presented one: what was typed may have been meant to be this key. */
  | 'SIMILAR_KEY'
  /** Refused calls cannot be told at the moment: the store of usage did not answer. */
  | 'USAGE_UNAVAILABLE';

/** Which key to disable, and why. */
export type DisableKeyInput = {
  /** The id of the key. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which OAuth client to disable, and why. */
export type DisableOAuthClientInput = {
  /** The id of the OAuth client. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which user to disable, and why. */
export type DisableUserInput = {
  /** The id of the user. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which webhook to disable, and why. */
export type DisableWebhookInput = {
  /** The id of the webhook. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which key to enable, and why. */
export type EnableKeyInput = {
  /** The id of the key. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which OAuth client to enable, and why. */
export type EnableOAuthClientInput = {
  /** The id of the OAuth client. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which user to enable, and why. */
export type EnableUserInput = {
  /** The id of the user. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which webhook to enable, and why. */
export type EnableWebhookInput = {
  /** The id of the webhook. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Whether a key is for real calls or for trying out. */
export type Environment =
  /** Real traffic. Its keys carry `_live_`. */
  | 'LIVE'
  /** Development and tests. Its keys carry `_test_`. */
  | 'TEST';

/** Why a request was refused. */
export type ErrorCode =
  /** This is not a well-formed GraphQL request. Send JSON with query, and optionally variables. */
  | 'BAD_REQUEST'
  /** An argument or variable of the operation is wrong. Correct the value that is named. */
  | 'BAD_USER_INPUT'
  /** Too many operations in one request. Send fewer at a time. */
  | 'BATCH_TOO_LARGE'
  /** This contradicts the present state. Read the object again and decide anew. */
  | 'CONFLICT'
  /** This kind of request needs the header x-graphql-yoga-csrf: 1. Add it, or send a POST with JSON. */
  | 'CSRF_HEADER_MISSING'
  /** Your token may not do this. Use a token whose role has the permission. */
  | 'FORBIDDEN'
  /** The GraphQL document has a syntax error. Correct it at the place that locations names. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The GraphQL document does not fit the schema. Correct the field, argument or type that is named. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** Something failed on our side. Quote the request id when you report it. */
  | 'INTERNAL'
  /** This e-mail address, password, token or link is not accepted. Correct it, or sign in again. */
  | 'INVALID_CREDENTIALS'
  /** Some values of the input are not acceptable. Correct the fields that issues names. */
  | 'INVALID_INPUT'
  /** A limit of the tenant's policy is reached. Remove what is not needed, or raise the limit. */
  | 'LIMIT_REACHED'
  /** Nothing with this id is visible to you. Check the id and the tenant of your token. */
  | 'NOT_FOUND'
  /** The request body is too large: 8 MB at most with a token that has usage:record, 1 MB with any other. Send less at a time. */
  | 'PAYLOAD_TOO_LARGE'
  /** The operation asks for too much at once. Ask for fewer fields, smaller pages or less depth. */
  | 'QUERY_TOO_COMPLEX'
  /** There were too many attempts. Wait as long as retryAfterMs says, then try again. */
  | 'RATE_LIMITED'
  /** The operation took too long and was stopped. Ask for less, or try again later. */
  | 'TIMEOUT'
  /** No valid management token was sent. Send the header Authorization: Bearer <token>. */
  | 'UNAUTHENTICATED'
  /** The server is stopping, or cannot reach its database. Try again in a moment. */
  | 'UNAVAILABLE';

/** What your own system holds of a key's owner, to be compared. */
export type ExpectedOwnerInput = {
  /** The e-mail address. */
  readonly email?: string | null | undefined;
  /** Your system's id of the user. */
  readonly externalId?: string | null | undefined;
  /** The name. */
  readonly name?: string | null | undefined;
};

/** Which key gets access to which API, and why. */
export type GrantApiAccessInput = {
  /** The API's id, of the key's tenant. */
  readonly apiId: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The key's id. */
  readonly keyId: string;
  /** Why, 1 to 500 characters. */
  readonly reason?: string | null | undefined;
};

/** What a hygiene report looks at. */
export type HygieneCheck =
  /** Keys that were not used for as long as the policy says, or 90 days. */
  | 'IDLE'
  /** Keys in use of which a leak was reported and not resolved. One is enough to lose all points. */
  | 'LEAKED'
  /** Keys without expiresAt. */
  | 'NEVER_EXPIRES'
  /** Keys whose secret is older than the rotation policy says, or 365 days. */
  | 'OLD_SECRET'
  /** Keys whose owner is disabled or deleted, so that they are refused. */
  | 'OWNER_GONE'
  /** Keys that were used from too many places, and of which the finding is not resolved. */
  | 'SHARED';

/** Which findings; what is left out does not matter. */
export type IntegrityFindingFilter = {
  /** Those of this key. */
  readonly keyId?: string | null | undefined;
  /** Those of this check. */
  readonly runId?: string | null | undefined;
  /** Those of this tenant. */
  readonly tenantId?: string | null | undefined;
};

/** What an integrity check has found. */
export type IntegrityFindingKind =
  /** A deleted user who keeps the e-mail address from others. It is set free where the check repairs. */
  | 'ADDRESS_OF_DELETED_USER'
  /** A server remembered a key, or what decides about it, otherwise than the database has it. It has forgotten that, and reads it anew. */
  | 'CACHE_DIFFERS'
  /** A key or one of its secrets was changed in the database, and not by Keyplane. The key is quarantined. */
  | 'CHECKSUM_MISMATCH'
  /** A key that expires, of which nobody would be told. It is planned where the check repairs. */
  | 'EXPIRY_NOT_PLANNED'
  /** A key that was signed with another encryption key. Where KEYPLANE_ENCRYPTION_KEY was changed on purpose, sign all keys anew with `resign`. */
  | 'FOREIGN_CHECKSUM'
  /** Access of a key to an API of another tenant. It is taken away where the check repairs. */
  | 'GRANT_OF_OTHER_TENANT'
  /** Parts of a tenant's quotas that are held by a server which was not heard of for long: they count as used. Start the server on its data folder, which gives back what it has not used. If the folder is gone, add the amount of its lease with `topUpQuota`, which forgives nothing that was used otherwise; `resetQuota` drops the lease, and forgives everything. */
  | 'LEASE_OF_LOST_SERVER'
  /** A key that nobody can use, because it has no current secret. Rotate it. */
  | 'NO_SECRET'
  /** A key whose owner does not exist. The key is quarantined. */
  | 'OWNER_MISSING'
  /** A key whose owner belongs to another tenant. The key is quarantined. */
  | 'OWNER_OF_OTHER_TENANT'
  /** A key, user or tenant that names a quota which does not exist: nothing of it is counted or refused. Set the quota anew with `setQuota`. */
  | 'QUOTA_MISSING'
  /** A key, user or tenant that names the quota of another one, and uses that up. Set its own with `setQuota`. */
  | 'QUOTA_OF_ANOTHER'
  /** A key that has to be rotated, of which nobody would be told. It is planned where the check repairs. */
  | 'ROTATION_NOT_PLANNED'
  /** A key whose team belongs to another tenant. The key is quarantined. */
  | 'TEAM_OF_OTHER_TENANT'
  /** A key without a checksum, although all keys were signed: its row was not written by Keyplane. The key is quarantined. */
  | 'UNSIGNED'
  /** Usage of the last day that names a key which does not exist. Of each tenant the 1000 keys with most calls are looked at. */
  | 'USAGE_OF_UNKNOWN_KEY';

/** What became of a finding. */
export type IntegrityFindingOutcome =
  /** The key is refused until somebody has looked at it: see `releaseKey`. */
  | 'QUARANTINED'
  /** It is mended. */
  | 'REPAIRED'
  /** Nothing was changed. */
  | 'REPORTED';

/** What an integrity check looks at. */
export type IntegrityRunPhase =
  /** Whether somebody will be told when keys expire, or have to be rotated. */
  | 'EXPIRIES'
  /** The access of keys to APIs. */
  | 'GRANTS'
  /** Every key that could still be accepted; `examined` of `total` are done. */
  | 'KEYS'
  /** What the server remembers of keys, owners, tenants, roles, teams, APIs and access, against the database. */
  | 'MEMORY'
  /** Whether quotas are those of whoever names them, and who holds parts of them. */
  | 'QUOTAS'
  /** Whether usage names keys that there are. */
  | 'USAGE'
  /** The addresses of deleted users. */
  | 'USERS';

/** How far an integrity check is. */
export type IntegrityRunStatus =
  /** Everything was examined. */
  | 'DONE'
  /** It ended early: the server stopped, or the database was away. The next one begins anew. */
  | 'FAILED'
  /** It goes on; `examined` and `found` grow. */
  | 'RUNNING';

/** What refused calls can be grouped by. */
export type InvalidAttemptDimension =
  /** By API. */
  | 'API'
  /** By cause. */
  | 'CODE'
  /** By the address that presented the key. */
  | 'IP'
  /** By the visible start of the presented key. */
  | 'START';

/** Which refused calls; what is left out does not matter, and all that is given must hold. */
export type InvalidAttemptsFilter = {
  /** Those of one of these APIs. */
  readonly apis?: ReadonlyArray<string> | null | undefined;
  /** Those with one of these causes. */
  readonly codes?: ReadonlyArray<VerdictCode> | null | undefined;
  /** Those from one of these addresses, in whatever spelling. */
  readonly ips?: ReadonlyArray<string> | null | undefined;
  /** Those with one of these keys, at most 1000. */
  readonly keyIds?: ReadonlyArray<string> | null | undefined;
  /** Those of these verifiers. */
  readonly sources?: ReadonlyArray<UsageSource> | null | undefined;
  /** Those whose key visibly starts so. */
  readonly starts?: ReadonlyArray<string> | null | undefined;
  /** Those that carry at least one of these tags. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** Those whose key one of these users owned. */
  readonly userIds?: ReadonlyArray<string> | null | undefined;
};

/** A question about refused verifications. */
export type InvalidAttemptsInput = {
  /** How wide the buckets are. */
  readonly bucket?: UsageBucket | null | undefined;
  /** Which calls. */
  readonly filter?: InvalidAttemptsFilter | null | undefined;
  /** From when on, this instant included. */
  readonly from: string;
  /** What makes a series. */
  readonly groupBy?: ReadonlyArray<InvalidAttemptDimension> | null | undefined;
  /** How many series at most, 1 to 1000. */
  readonly limit?: number | null | undefined;
  /** Whose. Without it, a caller of the whole installation gets unknown keys that no tenant is known of, others their own tenant's. */
  readonly tenantId?: string | null | undefined;
  /** The IANA time zone of the buckets. */
  readonly timeZone?: string | null | undefined;
  /** Until when, this instant not included. */
  readonly to: string;
};

/** How a user is found by an external issuer's token. */
export type IssuerMatch =
  /** The user whose e-mail address is the token's `email`; only where its `email_verified` is true. */
  | 'EMAIL'
  /** The user whose `externalId` is the token's `sub`. */
  | 'EXTERNAL_ID';

/** What has happened to a key, to its owner, or to its tenant. */
export type KeyEventType =
  /** A key was created. */
  | 'CREATED'
  /** A key was deleted. It can be restored within 30 days. */
  | 'DELETED'
  /** A key was disabled; it is refused until it is enabled. */
  | 'DISABLED'
  /** A disabled key was enabled again. */
  | 'ENABLED'
  /** A key reached its expiresAt. */
  | 'EXPIRED'
  /** A key will expire soon. It still works: this is the reminder. */
  | 'EXPIRING'
  /** A key was not used for as long as the tenant's policy says. It still works: this is the reminder. */
  | 'IDLE'
  /** A key's secret was found where others can read it. What the tenant's policy does about it, a DISABLED or REVOKED before this one tells. */
  | 'LEAKED'
  /** A key has no expiresAt, which the tenant's policy does not want. It still works. */
  | 'NEVER_EXPIRES'
  /** A user was deleted; all keys of that user are refused. keyId is null. */
  | 'OWNER_DELETED'
  /** A user was disabled; all keys of that user are refused. keyId is null. */
  | 'OWNER_DISABLED'
  /** A disabled user was enabled again, and the user's keys with it. keyId is null. */
  | 'OWNER_ENABLED'
  /** A user's name, e-mail address, external id, role, address lists or limits were changed; the keys' owner details changed with it. keyId is null. */
  | 'OWNER_UPDATED'
  /** An integrity check found that a key's row cannot be trusted; it is refused until somebody releases it. */
  | 'QUARANTINED'
  /** A key was revoked for good. */
  | 'REVOKED'
  /** A key got a new secret, by rotation or by being reissued to another owner. The old one stops at previousSecretExpiresAt. */
  | 'ROTATED'
  /** A key has to get a new secret soon. It still works: this is the reminder. */
  | 'ROTATION_DUE'
  /** A key did not get a new secret in time. Whether it still works, rotationOverdue says: it is refused where the tenant's policy or the key itself says REFUSE. */
  | 'ROTATION_OVERDUE'
  /** A key was used from more places within a window than the tenant's policy allows, so more may have it than should. It still works. */
  | 'SHARED'
  /** A suspended tenant was resumed, and its keys with it. keyId and userId are null. */
  | 'TENANT_RESUMED'
  /** A tenant was suspended; all its keys are refused. keyId and userId are null. */
  | 'TENANT_SUSPENDED'
  /** A tenant's name, slug, key policy, address lists, limits or APIs were changed. keyId and userId are null. */
  | 'TENANT_UPDATED'
  /** A key's name, scopes, metadata, expiry, address lists, team, limits or access to APIs changed, what its owner's role or its team allows it changed, or the key was restored after a deletion. */
  | 'UPDATED';

/** Which keys; what is left out does not matter, and all that is given must hold. */
export type KeyFilter = {
  /** true: the deleted ones instead of the others. */
  readonly deleted?: boolean | null | undefined;
  /** Those of this environment. */
  readonly environment?: Environment | null | undefined;
  /** true: those with an expiresAt; false: those that never expire. */
  readonly expires?: boolean | null | undefined;
  /** Those that have not expired yet and will before this time. */
  readonly expiringBefore?: string | null | undefined;
  /** Those whose metadata has these top-level fields with these values, e.g. {"plan":"pro"}. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** Those of this user. */
  readonly ownerId?: string | null | undefined;
  /** Those that carry this scope. */
  readonly scope?: string | null | undefined;
  /** Those with this text in name or start, in any case. */
  readonly search?: string | null | undefined;
  /** Those with this status now. */
  readonly status?: KeyStatus | null | undefined;
  /** Those of this team. */
  readonly teamId?: string | null | undefined;
  /** Those created before this time and not used since it. */
  readonly unusedSince?: string | null | undefined;
};

/** What was done about a finding by itself, as the tenant's policy says. */
export type KeyFindingAction =
  /** The key was disabled. */
  | 'DISABLED'
  /** Nothing: it was told, and people decide. */
  | 'NONE'
  /** The key was revoked. */
  | 'REVOKED';

/** Which findings; what is left out does not matter. */
export type KeyFindingFilter = {
  /** Those of this key. */
  readonly keyId?: string | null | undefined;
  /** Those of this kind. */
  readonly kind?: KeyFindingKind | null | undefined;
  /** true: those that are not dealt with yet; false: those that are. */
  readonly open?: boolean | null | undefined;
};

/** What was found about a key. */
export type KeyFindingKind =
  /** It was not used for as long as the tenant's policy says. */
  | 'IDLE'
  /** Its secret was found where others can read it. */
  | 'LEAKED'
  /** It has no expiresAt, which the tenant's policy does not want. */
  | 'NEVER_EXPIRES'
  /** It was used from more places within a window than the tenant's policy allows. */
  | 'SHARED';

/** How to order keys. Keys without a value come last. */
export type KeyOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** Those that expire first, first. */
  | 'EXPIRES_AT_ASC'
  /** Those that expire last, first. */
  | 'EXPIRES_AT_DESC'
  /** Least recently used first. */
  | 'LAST_USED_AT_ASC'
  /** Most recently used first. */
  | 'LAST_USED_AT_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Rules for a tenant's keys. What is left out stays as it is; null removes a limit. */
export type KeyPolicyInput = {
  /** At most 100 scopes; an empty list allows none. */
  readonly allowedScopes?: ReadonlyArray<string> | null | undefined;
  /** At least a minute. */
  readonly defaultLifetimeMs?: number | null | undefined;
  /** At least 1. */
  readonly maxKeysPerUser?: number | null | undefined;
  /** At least a minute. */
  readonly maxLifetimeMs?: number | null | undefined;
  /** 2 to 12 of a-z and 0-9. Keys that exist keep theirs. New tenants have `kp`. */
  readonly prefix?: string | null | undefined;
  /** At least an hour. */
  readonly rotateEveryMs?: number | null | undefined;
  /** New tenants have WARN. */
  readonly rotationOverdue?: RotationOverdue | null | undefined;
  /** At most 2147483647. */
  readonly rotationOverlapMs?: number | null | undefined;
  /** A webhook of the tenant with receivesSecrets; not for a new tenant, which has none yet. */
  readonly rotationWebhookId?: string | null | undefined;
};

/** The status of a key by itself. Its owner and tenant may refuse it all the same: ask `verifyKey` for a verdict. */
export type KeyStatus =
  /** Neither revoked, expired, quarantined nor disabled. Its owner or tenant may still cause a refusal. */
  | 'ACTIVE'
  /** Paused: refused until it is enabled. */
  | 'DISABLED'
  /** Its expiresAt has been reached. */
  | 'EXPIRED'
  /** Refused because an integrity check found that its record cannot be trusted. */
  | 'QUARANTINED'
  /** Refused for good. */
  | 'REVOKED';

/** What happens to a key whose secret was found in public. */
export type LeakAction =
  /** It is disabled, and can be rotated and enabled again. The default. */
  | 'DISABLE'
  /** It goes on working; a finding, an event and a mail tell of it. */
  | 'NOTIFY'
  /** It is revoked for good. */
  | 'REVOKE';

/** What a limit is set on. */
export type LimitTarget =
  /** The API that was called: all calls of it share it. Rate limits only. */
  | 'API'
  /** The key. */
  | 'KEY'
  /** The key's tenant: all keys of the tenant share it. */
  | 'TENANT'
  /** The key's owner: all keys of the user share it. */
  | 'USER';

/** Which management tokens; what is left out does not matter. */
export type ManagementTokenFilter = {
  /** Those with this custom role. */
  readonly customRoleId?: string | null | undefined;
  /** Those with this role, or with a custom role of this base. */
  readonly role?: Role | null | undefined;
  /** Those with this text in name or start, in any case. */
  readonly search?: string | null | undefined;
  /** Those with this status now. */
  readonly status?: ManagementTokenStatus | null | undefined;
  /** Those that act for this user. */
  readonly userId?: string | null | undefined;
};

/** The status of a management token by itself. Its user or tenant may be refused all the same. */
export type ManagementTokenStatus =
  /** Neither revoked nor expired. */
  | 'ACTIVE'
  /** Its expiresAt has been reached. */
  | 'EXPIRED'
  /** Refused for good. */
  | 'REVOKED';

/** A named quantity of a call. Sums are exact up to 9007199254740991. */
export type MeterInput = {
  /** A lower-case letter and up to 31 of a-z, 0-9 and _: `tokens`. */
  readonly name: string;
  /** A whole number, 0 to 1000000000000; money in its smallest unit. */
  readonly value: number;
};

/** How a client may get tokens (RFC 6749). */
export type OAuthGrantType =
  /** For a user, who signs in and agrees. PKCE with S256 is required. */
  | 'AUTHORIZATION_CODE'
  /** For itself, with its secret. */
  | 'CLIENT_CREDENTIALS'
  /** New tokens for the same user without asking again. Each refresh token works once. */
  | 'REFRESH_TOKEN';

/** One thing that a caller may do. */
export type Permission =
  /** Create APIs. */
  | 'APIS_CREATE'
  /** Delete APIs. */
  | 'APIS_DELETE'
  /** Read all APIs. Public ones everybody of the tenant may read. */
  | 'APIS_READ'
  /** Change APIs and their versions. */
  | 'APIS_UPDATE'
  /** Read the audit log. */
  | 'AUDIT_READ'
  /** Create OAuth clients. */
  | 'CLIENTS_CREATE'
  /** Delete OAuth clients for good. */
  | 'CLIENTS_DELETE'
  /** Disable and enable OAuth clients. */
  | 'CLIENTS_DISABLE'
  /** Read OAuth clients; never their secrets. */
  | 'CLIENTS_READ'
  /** Give OAuth clients a new secret. */
  | 'CLIENTS_ROTATE'
  /** Change OAuth clients. */
  | 'CLIENTS_UPDATE'
  /** Give, approve, refuse and revoke the access of keys to APIs. */
  | 'GRANTS_APPROVE'
  /** Read which keys may call which APIs. */
  | 'GRANTS_READ'
  /** Request access to APIs for keys. */
  | 'GRANTS_REQUEST'
  /** Read integrity checks and what they found. */
  | 'INTEGRITY_READ'
  /** Begin integrity checks. */
  | 'INTEGRITY_RUN'
  /** Trust the tokens of an external issuer. */
  | 'ISSUERS_CREATE'
  /** Stop to trust an external issuer. */
  | 'ISSUERS_DELETE'
  /** Read trusted issuers, and test them. */
  | 'ISSUERS_READ'
  /** Change trusted issuers. */
  | 'ISSUERS_UPDATE'
  /** Create keys. */
  | 'KEYS_CREATE'
  /** Delete keys, and restore deleted ones. */
  | 'KEYS_DELETE'
  /** Diagnose keys: learn which check refuses a key, since when, and what mends it. */
  | 'KEYS_DIAGNOSE'
  /** Disable and enable keys. */
  | 'KEYS_DISABLE'
  /** Read keys and their events; never their secrets. */
  | 'KEYS_READ'
  /** Reissue keys to another owner. */
  | 'KEYS_REISSUE'
  /** Release quarantined keys. */
  | 'KEYS_RELEASE'
  /** Report keys that were found in public; the tenant's policy says what then happens to them. */
  | 'KEYS_REPORT'
  /** Revoke keys for good. */
  | 'KEYS_REVOKE'
  /** Give keys a new secret. */
  | 'KEYS_ROTATE'
  /** Give one's own keys a new secret: those whose owner is the user whom the caller acts for. */
  | 'KEYS_ROTATE_OWN'
  /** Change keys. */
  | 'KEYS_UPDATE'
  /** Verify keys: learn whether a presented key is valid, and why not. */
  | 'KEYS_VERIFY'
  /** Set rate limits of keys, users and APIs, and quotas of keys and users; top quotas up, reset and remove them. Those of a tenant only with a token of the whole installation. */
  | 'LIMITS_UPDATE'
  /** Read the server's own metrics, for monitoring. */
  | 'METRICS_READ'
  /** Create custom roles. */
  | 'ROLES_CREATE'
  /** Delete custom roles. */
  | 'ROLES_DELETE'
  /** Change custom roles. */
  | 'ROLES_UPDATE'
  /** Read other people's sessions: who is signed in, since when and from where. */
  | 'SESSIONS_READ'
  /** Sign other people out everywhere. */
  | 'SESSIONS_REVOKE'
  /** Create teams. */
  | 'TEAMS_CREATE'
  /** Delete teams. */
  | 'TEAMS_DELETE'
  /** Change teams and their members. */
  | 'TEAMS_UPDATE'
  /** Create tenants. */
  | 'TENANTS_CREATE'
  /** Read tenants. */
  | 'TENANTS_READ'
  /** Suspend and resume tenants. */
  | 'TENANTS_SUSPEND'
  /** Change a tenant's name, slug and policy. */
  | 'TENANTS_UPDATE'
  /** Create management tokens. */
  | 'TOKENS_CREATE'
  /** Read management tokens; never their secrets. */
  | 'TOKENS_READ'
  /** Revoke management tokens. */
  | 'TOKENS_REVOKE'
  /** Give management tokens a new secret. */
  | 'TOKENS_ROTATE'
  /** Read usage: counts, the call log, refused attempts and exports. */
  | 'USAGE_READ'
  /** Report usage of keys that were verified elsewhere. */
  | 'USAGE_RECORD'
  /** Create users. */
  | 'USERS_CREATE'
  /** Delete users. */
  | 'USERS_DELETE'
  /** Disable and enable users. */
  | 'USERS_DISABLE'
  /** Read users, custom roles and teams. */
  | 'USERS_READ'
  /** Change users. */
  | 'USERS_UPDATE'
  /** Create webhooks, which hear of everything that happens to a tenant's keys; needs `keys:read`, too. */
  | 'WEBHOOKS_CREATE'
  /** Delete webhooks. */
  | 'WEBHOOKS_DELETE'
  /** Read webhooks and their deliveries; never secrets. */
  | 'WEBHOOKS_READ'
  /** Change, disable, enable and test webhooks, give them a new secret, and send deliveries again. */
  | 'WEBHOOKS_UPDATE';

/** What has happened to a quota. */
export type QuotaEntryType =
  /** Its period has ended; `used` is what was used in it. What other servers still held of it then counts, until they give it back within a minute. */
  | 'PERIOD_ENDED'
  /** It was removed; `used` is what was used until then. */
  | 'REMOVED'
  /** It was reset; `used` is what was used until then. */
  | 'RESET'
  /** It was set or changed with setQuota. */
  | 'SET'
  /** It was topped up. */
  | 'TOPPED_UP';

/** When a quota is whole again. */
export type QuotaRefill =
  /** Every day at the anchor's time, by the clock of the time zone. */
  | 'DAILY'
  /** Every 60 minutes from the anchor on. */
  | 'HOURLY'
  /** Every month at the anchor's day and time; on the last day where a month lacks that day. */
  | 'MONTHLY'
  /** Never by itself: a total, until it is topped up or reset. */
  | 'NEVER'
  /** Every week at the anchor's day and time. */
  | 'WEEKLY'
  /** Every year at the anchor's date and time. */
  | 'YEARLY';

/** A rate limit. */
export type RateLimitInput = {
  /** How much of it may be used at once; all of it when left out. */
  readonly burst?: number | null | undefined;
  /** How much it allows within each `windowMs`, 1 to 1000000000. */
  readonly limit: number;
  /** Its name in verdicts, e.g. "per-minute"; 1 to 40 characters. */
  readonly name: string;
  /** What it counts. */
  readonly unit?: RateLimitUnit | null | undefined;
  /** How long the sliding window is: a second to a day, 1000 to 86400000. */
  readonly windowMs: number;
};

/** What a rate limit counts. */
export type RateLimitUnit =
  /** What verifications cost: the `cost` of verifyKey. */
  | 'COST'
  /** Verifications, whatever they cost. */
  | 'REQUESTS';

/** A batch of calls. */
export type RecordUsageInput = {
  /** At most 10000. */
  readonly events: ReadonlyArray<UsageEventInput>;
};

/** Which delivery to send again. */
export type RedeliverWebhookInput = {
  /** The id of a delivery that was delivered or given up. */
  readonly deliveryId: string;
};

/** Which session to renew. */
export type RefreshSessionInput = {
  /** The newest refresh token of the session. */
  readonly refreshToken: string;
};

/** Which access to refuse, and why. */
export type RefuseApiAccessInput = {
  /** The grant's id. */
  readonly id: string;
  /** Why, 1 to 500 characters. Whoever asked reads it. */
  readonly reason: string;
};

/** By what a refused call was found. */
export type RefusedCallMatch =
  /** It came from the address that was asked about, with whatever key. */
  | 'ADDRESS'
  /** It was of the key. */
  | 'KEY'
  /** The presented key began like the text that was asked about, of which no key is known, or only the one that it was meant to be. */
  | 'START';

/** Which key goes to which user. */
export type ReissueKeyInput = {
  /** The key's id; it stays the same. */
  readonly id: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The new owner, of the same tenant. */
  readonly ownerId: string;
};

/** Which quarantined key to accept, and why. */
export type ReleaseKeyInput = {
  /** The key's id. */
  readonly id: string;
  /** Why it can be trusted again, 1 to 500 characters. */
  readonly reason: string;
};

/** Whose quota to remove, and why. */
export type RemoveQuotaInput = {
  /** Why, 1 to 500 characters. Kept in history. */
  readonly reason?: string | null | undefined;
  /** The id of the key, the user or the tenant. Those of a tenant only the operator changes. */
  readonly targetId: string;
};

/** Whom to remove from which team. */
export type RemoveTeamMemberInput = {
  /** The team's id. */
  readonly teamId: string;
  /** The user's id, of the same tenant. */
  readonly userId: string;
};

/** A key that was found where others can read it. */
export type ReportLeakedKeyInput = {
  /** The key as it was found, or the line that has it: quotes, a scheme such as Bearer, line breaks and one slip do not matter. At most 4096 characters. It is not kept. */
  readonly key: string;
  /** By what it was found, e.g. the name of a scanner; at most 100 characters. */
  readonly source?: string | null | undefined;
  /** Where it was found, at most 2000 characters. */
  readonly url?: string | null | undefined;
};

/** Which key wants access to which API, and why. */
export type RequestApiAccessInput = {
  /** The API's id, of the key's tenant. */
  readonly apiId: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The key's id. */
  readonly keyId: string;
  /** Why, 1 to 500 characters. */
  readonly reason?: string | null | undefined;
};

/** For which account. */
export type RequestPasswordLinkInput = {
  /** The e-mail address of the account. */
  readonly email: string;
  /** The slug or id of its tenant; left out: every account of the address gets a link. */
  readonly tenant?: string | null | undefined;
};

/** Whose quota to reset, and why. */
export type ResetQuotaInput = {
  /** Why, 1 to 500 characters. Kept in history. */
  readonly reason?: string | null | undefined;
  /** The id of the key, the user or the tenant. Those of a tenant only the operator changes. */
  readonly targetId: string;
};

/** A key whose user is not valid, and whose it shall be. Give exactly one of key, keyId and start. */
export type ResolveInvalidUserInput = {
  /** Whether to create the user when there is none. */
  readonly createMissing?: boolean | null | undefined;
  /** true: only the plan, nothing is changed. */
  readonly dryRun?: boolean | null | undefined;
  /** Whether to enable the user when disabled. */
  readonly enableDisabled?: boolean | null | undefined;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** The key's text, as it was presented. A text that holds several keys is refused. */
  readonly key?: string | null | undefined;
  /** The key's id. */
  readonly keyId?: string | null | undefined;
  /** Whether to give the key a new secret even where it belongs to that user already. */
  readonly reissue?: boolean | null | undefined;
  /** Whether to change nothing at all when the test is refused. Otherwise the user is right and the secret new all the same, and `verdict` says what else is wrong with the key. */
  readonly requireValid?: boolean | null | undefined;
  /** The visible start of its secret, e.g. kp_live_3fQz. */
  readonly start?: string | null | undefined;
  /** What to test the secret for. */
  readonly test?: TestCallInput | null | undefined;
  /** The right user; the present owner when left out. */
  readonly user?: RightUserInput | null | undefined;
};

/** Which finding is dealt with, and how. */
export type ResolveKeyFindingInput = {
  /** The finding's id. */
  readonly id: string;
  /** How it was dealt with, 1 to 500 characters. */
  readonly reason: string;
};

/** The five steps, in their order. */
export type ResolveStepName =
  /** Find the key, and the user whom it belongs to. */
  | 'IDENTIFY'
  /** Give the key to that user, with a new secret. The old one stops at once. Not needed where it belongs to that user already. */
  | 'REISSUE'
  /** Verify the new secret, or the one that the key keeps, as a call would. */
  | 'TEST'
  /** Bring the user's details up to date. */
  | 'UPDATE'
  /** See that the right user exists and is active; else create or enable them. */
  | 'VERIFY';

/** What became of a step. */
export type ResolveStepOutcome =
  /** Only in a plan: this cannot be done, for the reason in `detail`. */
  | 'BLOCKED'
  /** Done; in a plan: would be done. */
  | 'DONE'
  /** Only of TEST: the call would be refused, for the reason in `detail`. The other steps hold, unless `requireValid` is true. */
  | 'FAILED'
  /** There is nothing to change here. */
  | 'NOT_NEEDED'
  /** Only in a plan: a step before it is blocked. */
  | 'NOT_REACHED';

/** Which key to restore, and why. */
export type RestoreKeyInput = {
  /** The id of the key. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which tenant to resume, and why. */
export type ResumeTenantInput = {
  /** The id of the tenant. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Why a reader of events must read keys again. */
export type ResyncReason =
  /** Events after this cursor were removed already: it is older than KEYPLANE_EVENTS_DAYS. */
  | 'CURSOR_TOO_OLD'
  /** This is no cursor of this store: it came from another database, or from this one before a backup was restored, or it is empty. */
  | 'CURSOR_UNKNOWN'
  /** The database went back to an earlier state while this reader was following. */
  | 'LOG_REPLACED'
  /** This reader fell behind further than the server remembers for its readers. */
  | 'READER_TOO_SLOW';

/** Which access to take away, and why. */
export type RevokeApiAccessInput = {
  /** The grant's id. */
  readonly id: string;
  /** Why, 1 to 500 characters. Whoever asked reads it. */
  readonly reason: string;
};

/** Which key to revoke, and why. */
export type RevokeKeyInput = {
  /** The key's id. */
  readonly id: string;
  /** Why, 1 to 500 characters. Verdicts show it. */
  readonly reason: string;
};

/** Which management token to revoke, and why. */
export type RevokeManagementTokenInput = {
  /** The id of the management token. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Whom a key shall belong to: found by id, else by externalId, else by e-mail address; without any of them the present owner. Other details are brought up to date. */
export type RightUserInput = {
  /** The only addresses that the user's keys are accepted from, as IPv4 or IPv6 addresses and CIDR ranges; an empty list: any. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** A custom role of the tenant, which decides what the user may do instead of the role; null takes it away. */
  readonly customRoleId?: string | null | undefined;
  /** Addresses that the user's keys are never accepted from, likewise. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** The e-mail address; needed to create the user. */
  readonly email?: string | null | undefined;
  /** Your own system's id of the user. */
  readonly externalId?: string | null | undefined;
  /** The user's id, `usr_…`. */
  readonly id?: string | null | undefined;
  /** The name; the e-mail address when a new user has none. */
  readonly name?: string | null | undefined;
  /** The role; DEVELOPER for a new user when left out. */
  readonly role?: Role | null | undefined;
};

/** What somebody may do. */
export type Role =
  /** May create, read, update and delete users, keys and management tokens, and read the audit log. */
  | 'ADMIN'
  /** May read tenants, users, keys and usage, verify keys, report usage, request access to APIs, and rotate their own keys; changes nothing else. */
  | 'DEVELOPER'
  /** May only ask who it is (`viewer`), and read public APIs. */
  | 'GUEST';

/** A value of the claim that tells the role, and the role that it stands for. */
export type RoleMappingInput = {
  /** The role that it stands for. */
  readonly role: Role;
  /** What the claim says, or one of what it lists. */
  readonly value: string;
};

/** Which key gets a new secret. */
export type RotateKeyInput = {
  /** true: both secrets work until the new one is first accepted, and only then the overlap of the old one begins. Rotating again before that discards the new one. */
  readonly activateOnFirstUse?: boolean | null | undefined;
  /** The key's id; it stays the same. */
  readonly id: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** For how many milliseconds the old secret goes on working; 0: it stops at once; null: as the key's own rotationOverlapMs says, else the tenant's; where neither does, it stops at once. By keys:rotate_own at most what these say. */
  readonly overlapMs?: number | null | undefined;
};

/** Which management token gets a new secret. */
export type RotateManagementTokenInput = {
  /** The token's id; it stays the same. */
  readonly id: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** For how many milliseconds the old secret goes on working; 0: it stops at once. */
  readonly overlapMs?: number | null | undefined;
};

/** Which client gets a new secret, and how long the old one goes on working. */
export type RotateOAuthClientSecretInput = {
  /** The id of the client. */
  readonly id: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** How long the old secret goes on working, 30 days at most. 0: it stops at once. */
  readonly overlapMs?: number | null | undefined;
};

/** Which webhook gets a new secret. */
export type RotateWebhookSecretInput = {
  /** The webhook's id. */
  readonly id: string;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** For how many milliseconds messages are signed with the secret before, too; at most a week. */
  readonly overlapMs?: number | null | undefined;
};

/** What happens to a key whose secret was not rotated in time. */
export type RotationOverdue =
  /** It is refused with EXPIRED until it is rotated. */
  | 'REFUSE'
  /** It goes on working, and its verdicts carry a hint. */
  | 'WARN';

/** To whom to send a link. */
export type SendPasswordLinkInput = {
  /** The user's id. */
  readonly userId: string;
};

/** A new password, by a link. */
export type SetPasswordInput = {
  /** At least 15 characters, of any kind, that are hard to guess; up to 256. */
  readonly password: string;
  /** What stands behind the # of the link. */
  readonly token: string;
};

/** The quota of a key, a user or a tenant. What is left out stays as it is. */
export type SetQuotaInput = {
  /** Where periods begin: at this time and at each repetition of it. Of a new quota, when left out: with the hour, the day, Monday, the month or the year. */
  readonly anchor?: string | null | undefined;
  /** How much may be used in each period, 0 to 1000000000. */
  readonly limit: number;
  /** Why, 1 to 500 characters. Kept in history. */
  readonly reason?: string | null | undefined;
  /** When it is whole again. Of a new quota, when left out: NEVER. */
  readonly refill?: QuotaRefill | null | undefined;
  /** The id of the key, the user or the tenant. Those of a tenant only the operator changes. */
  readonly targetId: string;
  /** By whose clock and calendar, as an IANA name. Of a new quota, when left out: UTC. */
  readonly timeZone?: string | null | undefined;
};

/** All rate limits of a key, a user, a tenant or an API. */
export type SetRateLimitsInput = {
  /** At most 10, each with a name of its own, in the place of those of before; an empty list: none. */
  readonly rateLimits: ReadonlyArray<RateLimitInput>;
  /** The id of the key, the user, the tenant or the API. Those of a tenant only the operator changes. */
  readonly targetId: string;
};

/** When a key counts as shared. */
export type SharedRule =
  /** When every bound that is set is passed within the window. */
  | 'ALL'
  /** When one of the bounds is passed within the window. */
  | 'ANY';

/** Who you are, and what shows it. */
export type SignInInput = {
  /** Your e-mail address. */
  readonly email: string;
  /** Your password. */
  readonly password: string;
  /** The slug or id of your tenant; needed when your address is used in several. */
  readonly tenant?: string | null | undefined;
};

/** Whose sessions to end. */
export type SignOutEverywhereInput = {
  /** This user's, which needs the permission `sessions:revoke`; left out: your own. */
  readonly userId?: string | null | undefined;
};

/** Which tenant to suspend, and why. */
export type SuspendTenantInput = {
  /** The id of the tenant. */
  readonly id: string;
  /** Why, 1 to 500 characters. Kept in history and shown to operators. */
  readonly reason?: string | null | undefined;
};

/** Which teams; what is left out does not matter. */
export type TeamFilter = {
  /** Those that this user is a member of. */
  readonly memberId?: string | null | undefined;
  /** Those with this text in name or description, in any case. */
  readonly search?: string | null | undefined;
};

/** How to order teams. */
export type TeamOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Which tenants; what is left out does not matter. */
export type TenantFilter = {
  /** Those with this text in name or slug, in any case. */
  readonly search?: string | null | undefined;
  /** Those with this status. */
  readonly status?: TenantStatus | null | undefined;
};

/** How to order tenants. */
export type TenantOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Whether a tenant's keys can be accepted. */
export type TenantStatus =
  /** In service. */
  | 'ACTIVE'
  /** Deleted: all its keys are refused. */
  | 'DELETED'
  /** Paused by an operator: all its keys are refused until it is resumed. */
  | 'SUSPENDED';

/** The call that the key is tested for, as diagnoseKey would: with the limits, of which nothing is taken. */
export type TestCallInput = {
  /** The API that it is to. */
  readonly api?: string | null | undefined;
  /** What it costs of rate limits and quotas; 1 when left out. Nothing is charged. */
  readonly cost?: number | null | undefined;
  /** The environment that it is for. */
  readonly environment?: Environment | null | undefined;
  /** The address that it comes from. */
  readonly ip?: string | null | undefined;
  /** The scopes that the call needs. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
};

/** Which issuer to ask. */
export type TestTrustedIssuerInput = {
  /** The id of the trusted issuer. */
  readonly id: string;
};

/** Which webhook to test, and by what. */
export type TestWebhookInput = {
  /** Sends an example of what such an event is told by, with `isTest: true` in its data; ROTATED to a webhook that receives secrets hands over one that no key has. `webhook.test` when left out. */
  readonly eventType?: KeyEventType | null | undefined;
  /** The webhook's id. */
  readonly id: string;
};

/** More for a quota. */
export type TopUpQuotaInput = {
  /** How much to add, 1 to 1000000000. */
  readonly amount: number;
  /** Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes. */
  readonly idempotencyKey?: string | null | undefined;
  /** Why, 1 to 500 characters. Kept in history. */
  readonly reason?: string | null | undefined;
  /** The id of the key, the user or the tenant. Those of a tenant only the operator changes. */
  readonly targetId: string;
};

/** What to change; what is left out stays. */
export type UpdateApiInput = {
  /** Which keys may call it from now on. */
  readonly access?: ApiAccess | null | undefined;
  /** A new description. */
  readonly description?: string | null | undefined;
  /** The API's id. */
  readonly id: string;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** A new slug: verifiers have to ask for it from then on. */
  readonly slug?: string | null | undefined;
  /** All its versions from now on. */
  readonly versions?: ReadonlyArray<ApiVersionInput> | null | undefined;
  /** Who sees it from now on. */
  readonly visibility?: ApiVisibility | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateKeyInput = {
  /** All allowed addresses from now on; empty: every address. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** All denied addresses from now on. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** A new expiry; null: never, if the tenant's policy allows it. */
  readonly expiresAt?: string | null | undefined;
  /** The key's id. */
  readonly id: string;
  /** All metadata from now on. */
  readonly metadata?: Record<string, unknown> | null | undefined;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** How long a secret of it may be in use from now on; null: as the tenant's policy says. */
  readonly rotateEveryMs?: number | null | undefined;
  /** What happens to it from now on when it was not rotated in time; null: as the tenant's policy says. The stricter of the two counts. */
  readonly rotationOverdue?: RotationOverdue | null | undefined;
  /** How long its old secrets go on working after rotations that leave it to the policy, at most 2147483647; null: as the tenant's policy says. */
  readonly rotationOverlapMs?: number | null | undefined;
  /** Another webhook that gets its new secrets; null: as the tenant's policy says. Needs keys:rotate. */
  readonly rotationWebhookId?: string | null | undefined;
  /** All scopes from now on. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
  /** Another team, of which the owner is a member; null: none. */
  readonly teamId?: string | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateLifecyclePolicyInput = {
  /** 0 to 3650. */
  readonly graceDays?: number | null | undefined;
  /** What happens to idle keys from now on. */
  readonly idleAction?: UpkeepAction | null | undefined;
  /** 1 to 3650; null: keys are never idle. */
  readonly idleAfterDays?: number | null | undefined;
  /** What happens to leaked keys from now on. */
  readonly leakAction?: LeakAction | null | undefined;
  /** What happens to keys without expiresAt from now on. */
  readonly neverExpiringAction?: UpkeepAction | null | undefined;
  /** What happens to shared keys from now on. */
  readonly sharedAction?: UpkeepAction | null | undefined;
  /** 1 to 1000; null: any number. */
  readonly sharedMaxAddresses?: number | null | undefined;
  /** 1 to 1000; null: any number. */
  readonly sharedMaxNetworks?: number | null | undefined;
  /** 1 to 1000; null: any number. */
  readonly sharedMaxUserAgents?: number | null | undefined;
  /** Whether every bound has to be passed, or one. */
  readonly sharedRule?: SharedRule | null | undefined;
  /** 1 to 72. */
  readonly sharedWindowHours?: number | null | undefined;
  /** The tenant. */
  readonly tenantId: string;
};

/** What to change; what is left out stays. Tokens that exist follow at once. */
export type UpdateOAuthClientInput = {
  /** New ways to get tokens. */
  readonly grantTypes?: ReadonlyArray<OAuthGrantType> | null | undefined;
  /** New scopes that its tokens may give to keys; null: any. */
  readonly grantableScopes?: ReadonlyArray<string> | null | undefined;
  /** The id of the client. */
  readonly id: string;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** New permissions; empty: all of the role's. */
  readonly permissions?: ReadonlyArray<Permission> | null | undefined;
  /** New addresses where users may return to. */
  readonly redirectUris?: ReadonlyArray<string> | null | undefined;
  /** New scopes that tokens for these may have. */
  readonly resourceScopes?: ReadonlyArray<string> | null | undefined;
  /** New APIs that it may get tokens for. */
  readonly resources?: ReadonlyArray<string> | null | undefined;
  /** A new role. */
  readonly role?: Role | null | undefined;
};

/** What to change, for all holders at once; what is left out stays. */
export type UpdateRoleInput = {
  /** A new base. */
  readonly base?: Role | null | undefined;
  /** A new description. */
  readonly description?: string | null | undefined;
  /** The role's id. */
  readonly id: string;
  /** All scopes that keys can use from now on; null: any. */
  readonly keyScopes?: ReadonlyArray<string> | null | undefined;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** All permissions from now on. */
  readonly permissions?: ReadonlyArray<Permission> | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateTeamInput = {
  /** A new description. */
  readonly description?: string | null | undefined;
  /** The team's id. */
  readonly id: string;
  /** All scopes that its keys can use from now on; null: any. */
  readonly keyScopes?: ReadonlyArray<string> | null | undefined;
  /** A new name. */
  readonly name?: string | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateTenantInput = {
  /** All addresses that may use its keys from now on; empty: every address. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** All addresses that may not from now on. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** The tenant's id. */
  readonly id: string;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** What to change of the rules for keys. */
  readonly policy?: KeyPolicyInput | null | undefined;
  /** A new slug. */
  readonly slug?: string | null | undefined;
};

/** What to change; what is left out stays. The issuer's address stays: trust another one instead. */
export type UpdateTrustedIssuerInput = {
  /** A new audience. */
  readonly audience?: string | null | undefined;
  /** Whether to create a user who is not here yet. */
  readonly createUsers?: boolean | null | undefined;
  /** The role where no mapping fits; null refuses such a token. */
  readonly defaultRole?: Role | null | undefined;
  /** The id of the trusted issuer. */
  readonly id: string;
  /** How a user is found by a token. */
  readonly matchBy?: IssuerMatch | null | undefined;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** A new way to the claim that tells the role. */
  readonly roleClaim?: ReadonlyArray<string> | null | undefined;
  /** What the claim's values stand for from now on. */
  readonly roleMapping?: ReadonlyArray<RoleMappingInput> | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateUserInput = {
  /** All addresses that may use the user's keys from now on; empty: every address. */
  readonly allowedIps?: ReadonlyArray<string> | null | undefined;
  /** Another custom role; null takes it away, so that `role` counts again. */
  readonly customRoleId?: string | null | undefined;
  /** All addresses that may not from now on. */
  readonly deniedIps?: ReadonlyArray<string> | null | undefined;
  /** A new e-mail address. */
  readonly email?: string | null | undefined;
  /** A new external id; null removes it. */
  readonly externalId?: string | null | undefined;
  /** The user's id. */
  readonly id: string;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** A new role. */
  readonly role?: Role | null | undefined;
};

/** What to change; what is left out stays. */
export type UpdateWebhookInput = {
  /** All types of events from now on; empty: all. */
  readonly eventTypes?: ReadonlyArray<KeyEventType> | null | undefined;
  /** The webhook's id. */
  readonly id: string;
  /** A new name. */
  readonly name?: string | null | undefined;
  /** A new address, to which messages go that wait, too. */
  readonly url?: string | null | undefined;
};

/** What happens by itself to keys that the policy does not want. */
export type UpkeepAction =
  /** A finding and an event tell of each; it is disabled `graceDays` later, unless that has changed. */
  | 'DISABLE'
  /** Nothing. */
  | 'IGNORE'
  /** A finding and an event tell of each, once. */
  | 'REMIND';

/** How wide the buckets of time are. */
export type UsageBucket =
  /** Days of the time zone: of 23 or 25 hours where its clock changes. */
  | 'DAY'
  /** Hours of the time zone. The default. */
  | 'HOUR'
  /** Minutes. */
  | 'MINUTE'
  /** Calendar months of the time zone. */
  | 'MONTH'
  /** The whole window as one bucket. */
  | 'TOTAL';

/** What a report can be grouped by. */
export type UsageDimension =
  /** By API, as the verifier names it. */
  | 'API'
  /** By outcome. */
  | 'CODE'
  /** By key. */
  | 'KEY'
  /** By tag: a call with two tags counts in the series of each, and once in totals. */
  | 'TAG'
  /** By the user who owned the key when it was used. */
  | 'USER';

/** Which calls; what is left out does not matter, and all that is given must hold. */
export type UsageEventFilter = {
  /** Those of one of these APIs. */
  readonly apis?: ReadonlyArray<string> | null | undefined;
  /** Those with one of these outcomes. */
  readonly codes?: ReadonlyArray<VerdictCode> | null | undefined;
  /** Those from this instant on. */
  readonly from?: string | null | undefined;
  /** Those from one of these addresses, in whatever spelling. */
  readonly ips?: ReadonlyArray<string> | null | undefined;
  /** Those with one of these keys, at most 1000. */
  readonly keyIds?: ReadonlyArray<string> | null | undefined;
  /** Those of these verifiers. */
  readonly sources?: ReadonlyArray<UsageSource> | null | undefined;
  /** Those whose key visibly starts so, e.g. kp_live_3fQz. */
  readonly starts?: ReadonlyArray<string> | null | undefined;
  /** Those that carry at least one of these tags. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** Those before this instant. */
  readonly to?: string | null | undefined;
  /** Those whose key one of these users owned. */
  readonly userIds?: ReadonlyArray<string> | null | undefined;
  /** true: only accepted calls; false: only refused ones. */
  readonly valid?: boolean | null | undefined;
};

/** One call that an application has verified by itself. */
export type UsageEventInput = {
  /** The API that was called, e.g. orders@v2. */
  readonly api?: string | null | undefined;
  /** When it happened: at most 24 hours ago, and 5 minutes ahead. Now when left out. */
  readonly at?: string | null | undefined;
  /** The outcome. */
  readonly code?: VerdictCode | null | undefined;
  /** How much the call counts, 0 to 1000000. A refused call counts 0. */
  readonly cost?: number | null | undefined;
  /** Your own id of the event, e.g. a UUID: sent again, it changes no count. 1 to 64 printable ASCII characters. */
  readonly id: string;
  /** The address it came from. */
  readonly ip?: string | null | undefined;
  /** The key; leave it out for an unknown one. */
  readonly keyId?: string | null | undefined;
  /** How long it took, in milliseconds. */
  readonly latencyMs?: number | null | undefined;
  /** Quantities of the call, at most 10. */
  readonly meters?: ReadonlyArray<MeterInput> | null | undefined;
  /** The visible start of the presented key, e.g. kp_live_3fQz; never the key. */
  readonly start?: string | null | undefined;
  /** Labels, at most 20. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** The tenant; known by itself from keyId or your token. */
  readonly tenantId?: string | null | undefined;
  /** The program it came from; cut after 256 characters. */
  readonly userAgent?: string | null | undefined;
};

/** Which calls count; what is left out does not matter, and all that is given must hold. */
export type UsageFilter = {
  /** Those of one of these APIs. */
  readonly apis?: ReadonlyArray<string> | null | undefined;
  /** Those with one of these outcomes. */
  readonly codes?: ReadonlyArray<VerdictCode> | null | undefined;
  /** Those with one of these keys, at most 1000. */
  readonly keyIds?: ReadonlyArray<string> | null | undefined;
  /** Those that carry at least one of these tags. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** Those whose key one of these users owned. */
  readonly userIds?: ReadonlyArray<string> | null | undefined;
  /** true: only accepted calls; false: only refused ones. */
  readonly valid?: boolean | null | undefined;
};

/** A question about usage. */
export type UsageInput = {
  /** How wide the buckets are. */
  readonly bucket?: UsageBucket | null | undefined;
  /** Which calls. */
  readonly filter?: UsageFilter | null | undefined;
  /** From when on, this instant included. */
  readonly from: string;
  /** What makes a series. */
  readonly groupBy?: ReadonlyArray<UsageDimension> | null | undefined;
  /** How many series at most, 1 to 1000. */
  readonly limit?: number | null | undefined;
  /** Which series come first. */
  readonly orderBy?: UsageOrder | null | undefined;
  /** Whose usage. */
  readonly tenantId: string;
  /** The IANA time zone whose hours, days and months are meant, e.g. Europe/Berlin. */
  readonly timeZone?: string | null | undefined;
  /** Until when, this instant not included. */
  readonly to: string;
};

/** In which order the series of a report come. */
export type UsageOrder =
  /** Highest cost first. */
  | 'COST_DESC'
  /** Fewest calls first. */
  | 'COUNT_ASC'
  /** Most calls first. The default. */
  | 'COUNT_DESC'
  /** By the group's own values, A to Z. */
  | 'GROUP_ASC'
  /** Most refused calls first. */
  | 'REFUSED_DESC';

/** Who verified the key. */
export type UsageSource =
  /** An application, which reported it. */
  | 'SDK'
  /** This server. */
  | 'SERVER';

/** Which users; what is left out does not matter. Deleted users are listed only by `status: DELETED`. */
export type UserFilter = {
  /** Those with this custom role. */
  readonly customRoleId?: string | null | undefined;
  /** The one with exactly this external id. */
  readonly externalId?: string | null | undefined;
  /** Those with this role. */
  readonly role?: Role | null | undefined;
  /** Those with this text in name, e-mail address or external id, in any case. */
  readonly search?: string | null | undefined;
  /** Those with this status. */
  readonly status?: UserStatus | null | undefined;
  /** The members of this team. */
  readonly teamId?: string | null | undefined;
};

/** How to order users. */
export type UserOrder =
  /** Oldest first. */
  | 'CREATED_AT_ASC'
  /** Newest first. The default. */
  | 'CREATED_AT_DESC'
  /** By e-mail address, A to Z. */
  | 'EMAIL_ASC'
  /** By e-mail address, Z to A. */
  | 'EMAIL_DESC'
  /** By name, A to Z. */
  | 'NAME_ASC'
  /** By name, Z to A. */
  | 'NAME_DESC';

/** Whether a user's keys can be accepted. */
export type UserStatus =
  /** In service. */
  | 'ACTIVE'
  /** Deleted: all keys of the user are refused. A tombstone stays, so that history is kept. */
  | 'DELETED'
  /** Paused: all keys of the user are refused until the user is enabled. */
  | 'DISABLED';

/** Why a key is or is not valid: the first reason that applies. docs/reference/verdict-codes.md has them in the order of the checks. */
export type VerdictCode =
  /** The key has no access to this API. Request access and wait for the approval. */
  | 'API_NOT_GRANTED'
  /** This version of the API is retired. Move to a version that is in service. */
  | 'API_RETIRED'
  /** The key has a typing error: its checksum does not match. Copy the whole key again instead of typing it. */
  | 'CHECKSUM_MISMATCH'
  /** The key is disabled for now. Enable it with enableKey. */
  | 'DISABLED'
  /** The key has expired. Extend it with updateKey, or issue a new key. */
  | 'EXPIRED'
  /** The key lacks a scope that this call needs. Add the missing scopes with updateKey, or use another key. */
  | 'INSUFFICIENT_SCOPE'
  /** The key may not be used from this address. Call from an allowed address, or change the key's lists. */
  | 'IP_NOT_ALLOWED'
  /** This is not the text of a Keyplane key. Read the hint, copy the whole key again, and send only the key. */
  | 'MALFORMED'
  /** No key with this secret exists here. Check that it was issued by this Keyplane; otherwise create a new key. */
  | 'NOT_FOUND'
  /** The user whom this key belongs to is disabled. Enable the user with enableUser, or reissue the key. */
  | 'OWNER_DISABLED'
  /** The user whom this key belongs to no longer exists. Reissue the key to another user with reissueKey. */
  | 'OWNER_NOT_FOUND'
  /** The key is quarantined, because its record cannot be trusted. The operator of this Keyplane has to look at it. */
  | 'QUARANTINED'
  /** The quota is used up. Wait until it resets, or raise it. */
  | 'QUOTA_EXCEEDED'
  /** Too many calls. Wait for retryAfterMs milliseconds and try again. */
  | 'RATE_LIMITED'
  /** The key was revoked for good. Ask the owner of the API for a new key. */
  | 'REVOKED'
  /** The key was rotated and this old secret has stopped. Use the key's new secret. */
  | 'SUPERSEDED'
  /** The tenant of this key is suspended. Ask the operator of this Keyplane to resume it with resumeTenant. */
  | 'TENANT_SUSPENDED'
  /** The key is valid. */
  | 'VALID'
  /** The key belongs to another environment. Use a live key for live traffic and a test key for tests. */
  | 'WRONG_ENVIRONMENT';

/** A key as somebody presented it, and what it is to be used for. */
export type VerifyKeyInput = {
  /** Which of your APIs is called, by slug, id or slug@version: the key needs access to it, and usage is counted by it. In a tenant without APIs any name will do, and is only counted. */
  readonly api?: string | null | undefined;
  /** How much the call counts, 0 to 1000000. */
  readonly cost?: number | null | undefined;
  /** The environment that the call is for. */
  readonly environment?: Environment | null | undefined;
  /** The address that the call came from, for address lists. Those who present unknown keys from one address are held up by it. */
  readonly ip?: string | null | undefined;
  /** The whole key, unchanged: what is wrong about it is found here. */
  readonly key: string;
  /** Quantities of the call that usage sums up, at most 10. */
  readonly meters?: ReadonlyArray<MeterInput> | null | undefined;
  /** The scopes that the call needs; the key must carry all of them. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
  /** Labels for usage, at most 20. */
  readonly tags?: ReadonlyArray<string> | null | undefined;
  /** The program that presented the key, for the call log; cut after 256 characters. */
  readonly userAgent?: string | null | undefined;
};

/** How far the delivery of a message is. */
export type WebhookDeliveryStatus =
  /** The receiver has answered with a status of 2xx. redeliverWebhook sends it once more. */
  | 'DELIVERED'
  /** It was given up. redeliverWebhook sends it again. */
  | 'FAILED'
  /** It was not taken yet: it is sent, or sent again, when its next attempt is due. */
  | 'PENDING';
