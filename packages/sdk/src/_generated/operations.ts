/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type * as Types from '../open-enums.js';

export type ListSessionsVariables = Exact<{
  userId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListSessions = {
  /**
   * Who is signed in, newest first: your own sessions; with the permission `sessions:read` also those of others whom you may see.
   *
   * Needs the access token of somebody who has signed in; for others' the permission `sessions:read`.
   */
  readonly sessions: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Session>
  }
};

export type SignInVariables = Exact<{
  input: Types.SignInInput;
}>;


export type SignIn = {
  readonly signIn:
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidCredentialsError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'SignInPayload',
      readonly accessToken: string,
      readonly accessTokenExpiresAt: string,
      readonly refreshToken: string,
      readonly refreshTokenExpiresAt: string,
      readonly session: Session
    }

};

export type RefreshSessionVariables = Exact<{
  input: Types.RefreshSessionInput;
}>;


export type RefreshSession = {
  readonly refreshSession:
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidCredentialsError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'RefreshSessionPayload',
      readonly accessToken: string,
      readonly accessTokenExpiresAt: string,
      readonly refreshToken: string,
      readonly refreshTokenExpiresAt: string,
      readonly session: Session
    }

};

export type SignOutVariables = Exact<{ [key: string]: never; }>;


export type SignOut = {
  readonly signOut:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SignOutPayload',
      readonly session: Session
    }

};

export type SignOutEverywhereVariables = Exact<{
  input: Types.SignOutEverywhereInput;
}>;


export type SignOutEverywhere = {
  readonly signOutEverywhere:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SignOutEverywherePayload',
      readonly endedSessions: number
    }

};

export type RequestPasswordLinkVariables = Exact<{
  input: Types.RequestPasswordLinkInput;
}>;


export type RequestPasswordLink = {
  readonly requestPasswordLink:
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidCredentialsError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'RequestPasswordLinkPayload',
      readonly accepted: boolean
    }

};

export type SendPasswordLinkVariables = Exact<{
  input: Types.SendPasswordLinkInput;
}>;


export type SendPasswordLink = {
  readonly sendPasswordLink:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SendPasswordLinkPayload',
      readonly expiresAt: string,
      readonly user: User
    }

};

export type SetPasswordVariables = Exact<{
  input: Types.SetPasswordInput;
}>;


export type SetPassword = {
  readonly setPassword:
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidCredentialsError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'SetPasswordPayload',
      readonly endedSessions: number
    }

};

export type ChangePasswordVariables = Exact<{
  input: Types.ChangePasswordInput;
}>;


export type ChangePassword = {
  readonly changePassword:
    | {
      readonly __typename: 'ChangePasswordPayload',
      readonly endedSessions: number
    }
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidCredentialsError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }

};

export type GetApiGrantVariables = Exact<{
  id: string;
}>;


export type GetApiGrant = {
  /**
   * The access of one key to one API; null when there is none with this id that you may see.
   *
   * Needs the permission `grants:read`.
   */
  readonly apiGrant: ApiGrant | null
};

export type ListApiGrantsVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.ApiGrantFilter | null | undefined;
  orderBy?: Types.ApiGrantOrder | null | undefined;
}>;


export type ListApiGrants = {
  /**
   * The access of keys that you may see to APIs.
   *
   * Needs the permission `grants:read`.
   */
  readonly apiGrants: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<ApiGrant>
  }
};

export type RequestApiAccessVariables = Exact<{
  input: Types.RequestApiAccessInput;
}>;


export type RequestApiAccess = {
  readonly requestApiAccess:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RequestApiAccessPayload',
      readonly apiGrant: ApiGrant
    }

};

export type GrantApiAccessVariables = Exact<{
  input: Types.GrantApiAccessInput;
}>;


export type GrantApiAccess = {
  readonly grantApiAccess:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'GrantApiAccessPayload',
      readonly apiGrant: ApiGrant
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type ApproveApiAccessVariables = Exact<{
  input: Types.ApproveApiAccessInput;
}>;


export type ApproveApiAccess = {
  readonly approveApiAccess:
    | {
      readonly __typename: 'ApproveApiAccessPayload',
      readonly apiGrant: ApiGrant
    }
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RefuseApiAccessVariables = Exact<{
  input: Types.RefuseApiAccessInput;
}>;


export type RefuseApiAccess = {
  readonly refuseApiAccess:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RefuseApiAccessPayload',
      readonly apiGrant: ApiGrant
    }

};

export type RevokeApiAccessVariables = Exact<{
  input: Types.RevokeApiAccessInput;
}>;


export type RevokeApiAccess = {
  readonly revokeApiAccess:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RevokeApiAccessPayload',
      readonly apiGrant: ApiGrant
    }

};

export type GetApiVariables = Exact<{
  id: string;
}>;


export type GetApi = {
  /**
   * One API; null when there is none with this id that you may see.
   *
   * Needs any valid token.
   */
  readonly api: Api | null
};

export type ListApisVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.ApiFilter | null | undefined;
  orderBy?: Types.ApiOrder | null | undefined;
}>;


export type ListApis = {
  /**
   * The APIs that you may see: public ones, and with the permission `apis:read` private ones, too.
   *
   * Needs any valid token.
   */
  readonly apis: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Api>
  }
};

export type CreateApiVariables = Exact<{
  input: Types.CreateApiInput;
}>;


export type CreateApi = {
  readonly createApi:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateApiPayload',
      readonly api: Api
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateApiVariables = Exact<{
  input: Types.UpdateApiInput;
}>;


export type UpdateApi = {
  readonly updateApi:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateApiPayload',
      readonly api: Api
    }

};

export type DeleteApiVariables = Exact<{
  input: Types.DeleteApiInput;
}>;


export type DeleteApi = {
  readonly deleteApi:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteApiPayload',
      readonly api: Api
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type ListAuditVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.AuditFilter | null | undefined;
}>;


export type ListAudit = {
  /**
   * Every change, newest first.
   *
   * Needs the permission `audit:read`.
   */
  readonly auditLog: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<AuditRecord>
  }
};

export type Tenant = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** A short name for addresses, unique in the installation. */
  readonly slug: string,
  /** The name that people read. */
  readonly name: string,
  /** While SUSPENDED, every key is refused. */
  readonly status: Types.TenantStatus,
  /** When the status last changed; null: never. */
  readonly statusChangedAt: string | null,
  /** Why the status last changed. */
  readonly statusReason: string | null,
  /** The only addresses that may use the tenant's keys, in CIDR notation; empty: all. The lists of key and owner count, too. */
  readonly allowedIps: ReadonlyArray<string>,
  /** Addresses that may not use the tenant's keys, in CIDR notation. Stronger than any allow list. */
  readonly deniedIps: ReadonlyArray<string>,
  /** When the tenant was created. */
  readonly createdAt: string,
  /** When the tenant last changed. */
  readonly updatedAt: string,
  /** The rules for keys. */
  readonly policy: {
    /** What new secrets begin with, e.g. `acme` for acme_live_…. */
    readonly prefix: string,
    /** How long a key lives when its creator gives no expiresAt; null: as long as maxLifetimeMs allows. */
    readonly defaultLifetimeMs: number | null,
    /** The longest lifetime, counted from creation, update or rotation; null: keys may live for ever. */
    readonly maxLifetimeMs: number | null,
    /** How many keys a user may have that are neither revoked, deleted nor expired; null: no limit. */
    readonly maxKeysPerUser: number | null,
    /** The scopes that keys may carry; null: any. */
    readonly allowedScopes: ReadonlyArray<string> | null,
    /** How long a secret may be in use before it has to be rotated; null: for ever. A key may have a shorter time. */
    readonly rotateEveryMs: number | null,
    /** What happens to keys that were not rotated in time. A key may be stricter, never laxer. */
    readonly rotationOverdue: Types.RotationOverdue,
    /** How long old secrets go on working where rotateKey is called with overlapMs: null, and where new secrets are handed to a webhook, of keys that have no rotationOverlapMs of their own; null: not at all, and a day. */
    readonly rotationOverlapMs: number | null,
    /** The webhook that gets new secrets of keys by itself before they have to be rotated; null: none. */
    readonly rotationWebhookId: string | null
  }
};

export type User = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of that tenant. */
  readonly tenantId: string,
  /** In lower case; unique in the tenant while not deleted. */
  readonly email: string,
  /** The name that people read. */
  readonly name: string,
  /** Your own system's id of this user, unique in the tenant. Verdicts carry it. */
  readonly externalId: string | null,
  /** What the user may do in Keyplane, unless there is a custom role, which then decides instead. */
  readonly role: Types.Role,
  /** The id of that custom role. */
  readonly customRoleId: string | null,
  /** Only keys of ACTIVE users are accepted. */
  readonly status: Types.UserStatus,
  /** When the status last changed; null: never. */
  readonly statusChangedAt: string | null,
  /** Why the status last changed. */
  readonly statusReason: string | null,
  /** The only addresses that may use the user's keys, in CIDR notation; empty: all. Each key's own lists count, too. */
  readonly allowedIps: ReadonlyArray<string>,
  /** Addresses that may not use the user's keys, in CIDR notation. Stronger than any allow list. */
  readonly deniedIps: ReadonlyArray<string>,
  /** When the user was created. */
  readonly createdAt: string,
  /** When the user last changed. */
  readonly updatedAt: string
};

export type CustomRole = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of that tenant. */
  readonly tenantId: string,
  /** Unique in the tenant. */
  readonly name: string,
  /** What it is for; may be empty. */
  readonly description: string,
  /** Whose rule of visibility applies: with ADMIN the whole tenant, else only the user's own keys and those of the user's teams. */
  readonly base: Types.Role,
  /** Everything that its holders may do. */
  readonly permissions: ReadonlyArray<Types.Permission>,
  /** The only scopes that keys of its holders can use; null: any. Verifications count no others. */
  readonly keyScopes: ReadonlyArray<string> | null,
  /** When the role was created. */
  readonly createdAt: string,
  /** When the role last changed. */
  readonly updatedAt: string
};

export type Team = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of that tenant. */
  readonly tenantId: string,
  /** Unique in the tenant. */
  readonly name: string,
  /** What it is for; may be empty. */
  readonly description: string,
  /** The only scopes that the team's keys can use; null: any. Verifications count no others. */
  readonly keyScopes: ReadonlyArray<string> | null,
  /** When the team was created. */
  readonly createdAt: string,
  /** When the team last changed. */
  readonly updatedAt: string
};

export type Key = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of that tenant. */
  readonly tenantId: string,
  /** The id of that user. */
  readonly ownerId: string,
  /** The id of that team. */
  readonly teamId: string | null,
  /** What the key is for. */
  readonly name: string,
  /** LIVE or TEST; part of the secret. */
  readonly environment: Types.Environment,
  /** The status of the key by itself: REVOKED before EXPIRED before DISABLED before ACTIVE. */
  readonly status: Types.KeyStatus,
  /** What a person may see of the secret, e.g. kp_live_3fQz. */
  readonly start: string,
  /** What the key was given to do in your API. The owner's role and the team may allow less: verdicts say what counts. */
  readonly scopes: ReadonlyArray<string>,
  /** Your own data about the key. Verdicts carry it. */
  readonly metadata: Record<string, unknown>,
  /** The only addresses that may use the key, in CIDR notation; empty: all. */
  readonly allowedIps: ReadonlyArray<string>,
  /** Addresses that may not use the key, in CIDR notation. Stronger than allowedIps. */
  readonly deniedIps: ReadonlyArray<string>,
  /** When the key was created. */
  readonly createdAt: string,
  /** When the key last changed. */
  readonly updatedAt: string,
  /** From when on the key is refused; null: never. */
  readonly expiresAt: string | null,
  /** When the key was last accepted; null: not known. */
  readonly lastUsedAt: string | null,
  /** When the key last got a new secret; null: never. */
  readonly rotatedAt: string | null,
  /** Until when the secret before the last rotation works; null: there was none. */
  readonly previousSecretExpiresAt: string | null,
  /** Since when it is disabled. */
  readonly disabledAt: string | null,
  /** Why it is disabled. */
  readonly disabledReason: string | null,
  /** When it was revoked. */
  readonly revokedAt: string | null,
  /** Why it was revoked. */
  readonly revokedReason: string | null,
  /** The id of the token that revoked it. */
  readonly revokedBy: string | null,
  /** Since when it is refused because its record cannot be trusted; releaseKey ends it. */
  readonly quarantinedAt: string | null,
  /** What an integrity check found. */
  readonly quarantinedReason: string | null,
  /** When it was deleted; restoreKey brings it back within 30 days. */
  readonly deletedAt: string | null,
  /** How long a secret of this key may be in use; null: as long as the tenant's policy says. */
  readonly rotateEveryMs: number | null,
  /** What this key itself says happens to it when it was not rotated in time; null: what the tenant's policy says. REFUSE counts where either says it. */
  readonly rotationOverdue: Types.RotationOverdue | null,
  /** How long old secrets of this key go on working after rotations that leave it to the policy; null: as long as the tenant's policy says. */
  readonly rotationOverlapMs: number | null,
  /** By when it has to get a new secret, as key and tenant's policy say; null: never. */
  readonly rotateBy: string | null,
  /** The webhook that gets new secrets of this key by itself; null: the one of the tenant's policy. */
  readonly rotationWebhookId: string | null
};

export type IntegrityRun = {
  /** Names the run. */
  readonly id: string,
  /** Whether it goes on. */
  readonly status: Types.IntegrityRunStatus,
  /** Whether it repairs, and quarantines keys. */
  readonly repair: boolean,
  /** Whether it signs keys of another encryption key anew. */
  readonly resign: boolean,
  /** What it looks at now, or did last; null: it was begun before this was kept. */
  readonly phase: Types.IntegrityRunPhase | null,
  /** How many keys there were to look at when it began; null: as phase. */
  readonly total: number | null,
  /** How many keys it has looked at. */
  readonly examined: number,
  /** How much it has found. */
  readonly found: number,
  /** How much of that it has mended. */
  readonly repaired: number,
  /** How many keys of it are quarantined. */
  readonly quarantined: number,
  /** The id of whoever began it; `keyplane`: it began by itself. */
  readonly startedBy: string,
  /** When it began. */
  readonly startedAt: string,
  /** When it ended; null: it goes on. */
  readonly finishedAt: string | null
};

export type IntegrityFinding = {
  /** Names the finding. */
  readonly id: string,
  /** The check that has found it. */
  readonly runId: string,
  /** What it is. */
  readonly kind: Types.IntegrityFindingKind,
  /** What became of it. */
  readonly outcome: Types.IntegrityFindingOutcome,
  /** The same in words. */
  readonly detail: string,
  /** The tenant concerned. */
  readonly tenantId: string | null,
  /** The key concerned. */
  readonly keyId: string | null,
  /** The user concerned. */
  readonly userId: string | null,
  /** When it was found. */
  readonly createdAt: string
};

export type Api = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of the tenant that it belongs to. */
  readonly tenantId: string,
  /** What verifiers ask for as `api`; unique in the tenant. */
  readonly slug: string,
  /** The name that people read. */
  readonly name: string,
  /** What it is for; may be empty. */
  readonly description: string,
  /** Who sees it in lists. */
  readonly visibility: Types.ApiVisibility,
  /** Which keys may call it. */
  readonly access: Types.ApiAccess,
  /** When the API was created. */
  readonly createdAt: string,
  /** When the API last changed. */
  readonly updatedAt: string,
  /** Its versions, in the order in which they were given; empty: it has none that could be asked for. */
  readonly versions: ReadonlyArray<{
    /** Unique in the API, e.g. v2. */
    readonly name: string,
    /** RETIRED before DEPRECATED before ACTIVE. */
    readonly status: Types.ApiVersionStatus,
    /** From when on its callers are told to move to another version; null: not planned. */
    readonly deprecatedAt: string | null,
    /** From when on it is refused; null: not planned. */
    readonly retiredAt: string | null
  }>
};

export type ApiGrant = {
  /** Opaque; its prefix tells people what it is, e.g. `key_`. */
  readonly id: string,
  /** The id of the tenant that both belong to. */
  readonly tenantId: string,
  /** The id of the API. */
  readonly apiId: string,
  /** The id of the key. */
  readonly keyId: string,
  /** Only with GRANTED may the key call the API. */
  readonly status: Types.ApiGrantStatus,
  /** The id of the user or token that asked for it; null: it was given without a request. */
  readonly requestedBy: string | null,
  /** Why it was asked for. */
  readonly requestReason: string | null,
  /** The id of the user or token that gave, refused or took it; null: it waits. */
  readonly decidedBy: string | null,
  /** Why it was decided so. */
  readonly decisionReason: string | null,
  /** When; null: it waits. */
  readonly decidedAt: string | null,
  /** When it was first requested or given. */
  readonly createdAt: string,
  /** When it last changed. */
  readonly updatedAt: string
};

export type ManagementToken = {
  /** `tok_…`. */
  readonly id: string,
  /** What it is for. */
  readonly name: string,
  /** The visible beginning of its secret. */
  readonly start: string,
  /** What it may do at most, unless there is a custom role, of which this is the base. */
  readonly role: Types.Role,
  /** The id of that custom role. */
  readonly customRoleId: string | null,
  /** What it may do of that; empty: all of it. */
  readonly permissions: ReadonlyArray<Types.Permission>,
  /** The scopes that it may give to keys; null: any that the tenant's policy allows. */
  readonly grantableScopes: ReadonlyArray<string> | null,
  /** The tenant that it is confined to; null: none. */
  readonly tenantId: string | null,
  /** The user whom it acts for; null: a program. */
  readonly userId: string | null,
  /** REVOKED before EXPIRED before ACTIVE. */
  readonly status: Types.ManagementTokenStatus,
  /** The id of the token that created it, or `root`. */
  readonly createdBy: string,
  /** When it was created. */
  readonly createdAt: string,
  /** When it expires; null: never. */
  readonly expiresAt: string | null,
  /** When it was last accepted, a minute late at most where several servers run; null: not known. */
  readonly lastUsedAt: string | null,
  /** When it last got a new secret; null: never. */
  readonly rotatedAt: string | null,
  /** Until when the secret before the last rotation works; null: there was none. */
  readonly previousSecretExpiresAt: string | null,
  /** When it was revoked. */
  readonly revokedAt: string | null,
  /** Why it was revoked. */
  readonly revokedReason: string | null
};

export type OAuthClient = {
  /** `cli_…`: the client_id. */
  readonly id: string,
  /** What users read when they are asked to agree. */
  readonly name: string,
  /** The tenant that it is confined to; null: none. */
  readonly tenantId: string | null,
  /** What its tokens may do at most. */
  readonly role: Types.Role,
  /** What they may do of that; empty: all of it. */
  readonly permissions: ReadonlyArray<Types.Permission>,
  /** The scopes that its tokens may give to keys; null: any that the tenant's policy allows. */
  readonly grantableScopes: ReadonlyArray<string> | null,
  /** How it may get tokens. */
  readonly grantTypes: ReadonlyArray<Types.OAuthGrantType>,
  /** Where users may return to; compared as a whole. */
  readonly redirectUris: ReadonlyArray<string>,
  /** Other APIs that it may get tokens for, by their resource indicators (RFC 8707). */
  readonly resources: ReadonlyArray<string>,
  /** The scopes that tokens for these may have. */
  readonly resourceScopes: ReadonlyArray<string>,
  /** Whether it has no secret, because it runs where none can be kept: PKCE protects it. */
  readonly isPublic: boolean,
  /** The visible beginning of its secret. */
  readonly secretStart: string | null,
  /** When it last got a new secret; null: never. */
  readonly secretRotatedAt: string | null,
  /** Until when the secret before the last rotation works; null: it does not. */
  readonly previousSecretExpiresAt: string | null,
  /** The id of whoever created it. */
  readonly createdBy: string,
  /** When it was created. */
  readonly createdAt: string,
  /** When it last changed. */
  readonly updatedAt: string,
  /** When it was disabled; null: it is not. */
  readonly disabledAt: string | null,
  /** Why it was disabled. */
  readonly disabledReason: string | null
};

export type TrustedIssuer = {
  /** `iss_…`. */
  readonly id: string,
  /** The tenant whose users it speaks for. */
  readonly tenantId: string,
  /** What people call it. */
  readonly name: string,
  /** Its address: what its tokens say as `iss`. */
  readonly issuer: string,
  /** What its tokens must say as `aud`. */
  readonly audience: string,
  /** The way to the claim that tells the role; empty: none does. */
  readonly roleClaim: ReadonlyArray<string>,
  /** The role where no mapping fits; null: the token is refused. */
  readonly defaultRole: Types.Role | null,
  /** How a user is found by a token. */
  readonly matchBy: Types.IssuerMatch,
  /** Whether a user who is not here yet is created. */
  readonly createUsers: boolean,
  /** The id of whoever trusted it. */
  readonly createdBy: string,
  /** When it was trusted first. */
  readonly createdAt: string,
  /** When this last changed. */
  readonly updatedAt: string,
  /** What the claim's values stand for; the first that fits counts. */
  readonly roleMapping: ReadonlyArray<{
    /** What the claim says, or one of what it lists. */
    readonly value: string,
    /** The role that it stands for. */
    readonly role: Types.Role
  }>
};

export type Webhook = {
  /** `whk_…`. */
  readonly id: string,
  /** The tenant whose events it is told of. */
  readonly tenantId: string,
  /** What people call it. */
  readonly name: string,
  /** Where messages are sent. */
  readonly url: string,
  /** Only these types of events; empty: all. */
  readonly eventTypes: ReadonlyArray<Types.KeyEventType>,
  /** Whether rotation policies may name it: it then gets new secrets of keys. Final. */
  readonly receivesSecrets: boolean,
  /** When it last got a new secret; null: never. */
  readonly secretRotatedAt: string | null,
  /** Until when messages bear the signature of the secret before, too; null: they do not. */
  readonly previousSecretExpiresAt: string | null,
  /** Since when every attempt has failed; null: the last one did not. After 5 days it is disabled. */
  readonly failingSince: string | null,
  /** Since when nothing is sent; null: it is enabled. */
  readonly disabledAt: string | null,
  /** Why it is disabled. */
  readonly disabledReason: string | null,
  /** The id of whoever created it. */
  readonly createdBy: string,
  /** When it was created. */
  readonly createdAt: string,
  /** When it was last changed. */
  readonly updatedAt: string
};

export type WebhookDelivery = {
  /** `dlv_…`: what the message says as webhook-id, the same at every attempt. */
  readonly id: string,
  /** The webhook. */
  readonly webhookId: string,
  /** What the message says as `type`, such as `key.revoked`. */
  readonly type: string,
  /** The key that it is about; null: of none alone. Its payload may then name `keyIds`. */
  readonly keyId: string | null,
  /** The message as JSON; without the secret, if it has one. */
  readonly payload: string,
  /** Whether it hands over a key's new secret. */
  readonly hasSecret: boolean,
  /** How far it is. */
  readonly status: Types.WebhookDeliveryStatus,
  /** How often it was sent. */
  readonly attempts: number,
  /** When it is sent next; null: never, or when its webhook is enabled again. */
  readonly nextAttemptAt: string | null,
  /** When it was last sent; null: never yet. */
  readonly lastAttemptAt: string | null,
  /** The HTTP status that the receiver last answered with; null: none. */
  readonly responseStatus: number | null,
  /** Why the last attempt came to nothing, or why it was given up; null: nothing is wrong. */
  readonly problem: string | null,
  /** When what it tells of was committed. */
  readonly createdAt: string,
  /** When it was delivered or given up; null: neither yet. */
  readonly finishedAt: string | null
};

export type PageInfo = {
  /** The place of the last entry: pass it as `after` for the next page. */
  readonly endCursor: string | null,
  /** Whether there are more entries after this page. */
  readonly hasNextPage: boolean
};

export type AuditRecord = {
  /** `aud_…`. */
  readonly id: string,
  /** What was done, e.g. `key.revoked`. */
  readonly action: string,
  /** Who made the change. */
  readonly actorId: string,
  /** The actor's name at that time. */
  readonly actorName: string,
  /** `management_token`, `oauth_client`, `user` for a person who has signed in, `trusted_issuer` for whoever vouched for a new user, or `system` for Keyplane itself. */
  readonly actorType: string,
  /** What was changed. */
  readonly targetId: string,
  /** The kind of thing, e.g. `Key`. */
  readonly targetType: string,
  /** The tenant concerned; null: the installation. */
  readonly tenantId: string | null,
  /** Its state before; null: it was new. */
  readonly before: Record<string, unknown> | null,
  /** Its state after, without secrets. */
  readonly after: Record<string, unknown> | null,
  /** Why, as whoever made the change said. */
  readonly reason: string | null,
  /** The address that the request came from. */
  readonly address: string | null,
  /** The request, as in the logs. */
  readonly requestId: string,
  /** When. */
  readonly createdAt: string
};

export type KeyEvent = {
  /** The event's place in the log: pass it as `after` to go on from here, to the list or to the subscription. The same for every reader. */
  readonly cursor: string,
  /** What happened. */
  readonly type: Types.KeyEventType,
  /** When. */
  readonly occurredAt: string,
  /** The tenant concerned. */
  readonly tenantId: string,
  /** The key; null where all keys of a user or tenant are meant. */
  readonly keyId: string | null,
  /** The user, or the owner that the key has after the event; null where a whole tenant is meant. */
  readonly userId: string | null,
  /** Why, as whoever made the change said; of a reminder, when the key expires. */
  readonly reason: string | null
};

export type UsageGroup = {
  /** The key's id. */
  readonly keyId: string | null,
  /** The id of the user who owned the key when it was used. */
  readonly userId: string | null,
  /** The API, as the verifier names it. */
  readonly api: string | null,
  /** The outcome. */
  readonly code: Types.VerdictCode | null,
  /** The tag; null: calls without one. */
  readonly tag: string | null
};

export type UsageTotals = {
  /** All calls. */
  readonly count: number,
  /** Those that were accepted. */
  readonly valid: number,
  /** Those that were refused. */
  readonly refused: number,
  /** What the accepted calls cost; a refused one costs nothing. */
  readonly cost: number,
  /** The calls by outcome; outcomes that did not occur are left out. */
  readonly byCode: ReadonlyArray<{
    /** The outcome. */
    readonly code: Types.VerdictCode,
    /** How many. */
    readonly count: number
  }>,
  /** The sums of the calls' own quantities. */
  readonly meters: ReadonlyArray<{
    /** Which quantity. */
    readonly name: string,
    /** How much, a whole number. */
    readonly value: number
  }>
};

export type UsageMetrics = (
  {
  readonly latencyMs: {
    readonly p50: number,
    readonly p90: number,
    readonly p95: number,
    readonly p99: number,
    readonly count: number
  } | null
}
  & UsageTotals
);

export type UsageEvent = {
  /** The event's id: the reporter's own, or one that this server gave. */
  readonly id: string,
  /** When it happened. */
  readonly at: string,
  /** The tenant; null: not known. */
  readonly tenantId: string | null,
  /** The key; null: there is none. */
  readonly keyId: string | null,
  /** Who owned the key then. */
  readonly userId: string | null,
  /** The outcome. */
  readonly code: Types.VerdictCode,
  /** Whether it was accepted. */
  readonly valid: boolean,
  /** The API that was called. */
  readonly api: string | null,
  /** How much it counted. */
  readonly cost: number,
  /** Its labels. */
  readonly tags: ReadonlyArray<string>,
  /** How long it took, in milliseconds. */
  readonly latencyMs: number | null,
  /** The address it came from. */
  readonly ip: string | null,
  /** The program it came from. */
  readonly userAgent: string | null,
  /** The visible start of the presented key. */
  readonly start: string | null,
  /** Who verified the key. */
  readonly source: Types.UsageSource,
  /** When it was counted. */
  readonly countedAt: string,
  /** Its quantities. */
  readonly meters: ReadonlyArray<{
    /** Which quantity. */
    readonly name: string,
    /** How much, a whole number. */
    readonly value: number
  }>
};

export type UsageTick = {
  /** When the interval began. */
  readonly from: string,
  /** When it ended. */
  readonly to: string,
  /** All calls. */
  readonly count: number,
  /** Those that were accepted. */
  readonly valid: number,
  /** The calls by outcome; outcomes that did not occur are left out. */
  readonly byCode: ReadonlyArray<{
    /** The outcome. */
    readonly code: Types.VerdictCode,
    /** How many. */
    readonly count: number
  }>
};

export type Session = {
  /** `ses_…`. */
  readonly id: string,
  /** The id of who has signed in. */
  readonly userId: string,
  /** The id of their tenant. */
  readonly tenantId: string,
  /** From where it was last begun or renewed; null when that is not known. */
  readonly address: string | null,
  /** When they signed in. */
  readonly createdAt: string,
  /** When it was last renewed. */
  readonly refreshedAt: string,
  /** When it ends, however often it is renewed. */
  readonly expiresAt: string,
  /** When it ended; null: it has not. */
  readonly endedAt: string | null,
  /** Whether it is the one that this request is made with. */
  readonly isCurrent: boolean
};

export type RateLimit = {
  /** Verdicts name the limit by it. */
  readonly name: string,
  /** How much it allows within each `windowMs`. */
  readonly limit: number,
  /** How long the sliding window is. */
  readonly windowMs: number,
  /** How much of it may be used at once; the rest comes evenly. null: all of it. */
  readonly burst: number | null,
  /** What it counts. */
  readonly unit: Types.RateLimitUnit,
  /** How much could be used right now. Of this server, unless they count together in Redis. */
  readonly remaining: number
};

export type Quota = {
  /** `quo_…`. */
  readonly id: string,
  /** Whose it is: all keys below share it. */
  readonly targetId: string,
  /** How much it allows in each period. */
  readonly limit: number,
  /** What was added to the present period. */
  readonly toppedUp: number,
  /** What is used of it. What other servers hold in order to use it counts, until they give it back. */
  readonly used: number,
  /** What is left of it. */
  readonly remaining: number,
  /** When it is whole again. */
  readonly refill: Types.QuotaRefill,
  /** Periods begin at this time, and at each repetition of it. */
  readonly anchor: string,
  /** By whose clock and calendar they do, as an IANA name. */
  readonly timeZone: string,
  /** When the present period began. */
  readonly periodStart: string,
  /** When it is whole again; null: never by itself. */
  readonly resetAt: string | null,
  /** Who holds parts of the quota in its present period: those first that were heard of longest ago, 100 at most. */
  readonly leases: ReadonlyArray<QuotaLease>
};

export type QuotaLease = {
  /** Names the server: a folder of this name is in `quota-leases` of its data folder. null: only callers of the whole installation see the servers. */
  readonly holder: string | null,
  /** How much it was given, whether it has used it or not. */
  readonly amount: number,
  /** Since when it holds some of it. */
  readonly since: string,
  /** When it was last heard of, by the clock of the database; null: never, or the caller is not of the whole installation. */
  readonly lastSeenAt: string | null,
  /** Whether it was not heard of for six minutes. It uses nothing of it any more: start it on its data folder, which gives back what it has not used. If that is gone, add `amount` with `topUpQuota`, which forgives nothing that was used otherwise; `resetQuota` drops the lease, and forgives everything. */
  readonly isLost: boolean
};

export type QuotaEntry = {
  /** `qen_…`. */
  readonly id: string,
  /** What has happened. */
  readonly type: Types.QuotaEntryType,
  /** The quota's limit then. */
  readonly limit: number,
  /** What was added to that period until then. */
  readonly toppedUp: number,
  /** What was used in that period until then. */
  readonly used: number,
  /** By how much it was topped up. */
  readonly amount: number | null,
  /** When that period began. */
  readonly periodStart: string,
  /** When it ended; null: never. */
  readonly periodEnd: string | null,
  /** Why, as whoever did it said. */
  readonly reason: string | null,
  /** When. */
  readonly createdAt: string
};

export type LifecyclePolicy = {
  /** What happens to a key whose secret was found in public. */
  readonly leakAction: Types.LeakAction,
  /** After how many days without use a key is idle; null: never. */
  readonly idleAfterDays: number | null,
  /** What happens to idle keys. */
  readonly idleAction: Types.UpkeepAction,
  /** What happens to keys without expiresAt. */
  readonly neverExpiringAction: Types.UpkeepAction,
  /** With DISABLE: how many days after the reminder a key is disabled. */
  readonly graceDays: number,
  /** What happens to keys that are used from too many places. */
  readonly sharedAction: Types.UpkeepAction,
  /** Within how many hours places are counted. */
  readonly sharedWindowHours: number,
  /** Whether a key has to pass every bound that is set, or one. */
  readonly sharedRule: Types.SharedRule,
  /** From how many addresses a key may be used; of IPv6 a /64 is one. null: any number. */
  readonly sharedMaxAddresses: number | null,
  /** From how many networks, /24 of IPv4 and /48 of IPv6; null: any number. */
  readonly sharedMaxNetworks: number | null,
  /** With how many user agents; null: any number. */
  readonly sharedMaxUserAgents: number | null
};

export type KeyFinding = {
  /** The finding's id, `kfn_…`. */
  readonly id: string,
  /** The tenant of the key. */
  readonly tenantId: string,
  /** The key's id. */
  readonly keyId: string,
  /** What was found. */
  readonly kind: Types.KeyFindingKind,
  /** What may be seen of the secret that it is about; null: it is about the key as a whole. */
  readonly start: string | null,
  /** Where it was found; null: not known. */
  readonly place: string | null,
  /** By what it was found; null: not known. */
  readonly source: string | null,
  /** What was done about it by itself. */
  readonly action: Types.KeyFindingAction,
  /** How often the same was reported. */
  readonly reports: number,
  /** When it was first found. */
  readonly firstAt: string,
  /** When it was last found. */
  readonly lastAt: string,
  /** When it was dealt with; null: it is open. */
  readonly resolvedAt: string | null,
  /** The id of whoever dealt with it. */
  readonly resolvedBy: string | null,
  /** How it was dealt with. */
  readonly resolution: string | null,
  /** Of a SHARED one: from how many places the key was used; else null. */
  readonly evidence: {
    /** Within how many hours. */
    readonly windowHours: number,
    /** How many addresses; of IPv6 a /64 is one. */
    readonly addresses: number,
    /** How many networks, /24 of IPv4 and /48 of IPv6. */
    readonly networks: number,
    /** How many user agents. */
    readonly userAgents: number,
    /** The policy's bound; null: none. */
    readonly maxAddresses: number | null,
    /** The policy's bound; null: none. */
    readonly maxNetworks: number | null,
    /** The policy's bound; null: none. */
    readonly maxUserAgents: number | null
  } | null
};

export type GetIntegrityRunVariables = Exact<{
  id: string;
}>;


export type GetIntegrityRun = {
  /**
   * One integrity check; null when there is none with this id.
   *
   * Needs the permission `integrity:read` on the whole installation.
   */
  readonly integrityRun: IntegrityRun | null
};

export type FollowIntegrityRunVariables = Exact<{
  id: string;
}>;


export type FollowIntegrityRun = {
  /**
   * How an integrity check goes on: how it is now, then whenever its phase or numbers change, a few times a second at most. Ends when the check is over.
   *
   * Needs the permission `integrity:read` on the whole installation.
   */
  readonly integrityCheckProgress: IntegrityRun
};

export type ListIntegrityRunsVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListIntegrityRuns = {
  /**
   * The last hundred integrity checks, newest first.
   *
   * Needs the permission `integrity:read` on the whole installation.
   */
  readonly integrityRuns: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<IntegrityRun>
  }
};

export type ListIntegrityFindingsVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.IntegrityFindingFilter | null | undefined;
}>;


export type ListIntegrityFindings = {
  /**
   * What integrity checks have found, newest first.
   *
   * Needs the permission `integrity:read` on the whole installation.
   */
  readonly integrityFindings: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<IntegrityFinding>
  }
};

export type CheckIntegrityVariables = Exact<{
  input: Types.CheckIntegrityInput;
}>;


export type CheckIntegrity = {
  readonly checkIntegrity:
    | {
      readonly __typename: 'CheckIntegrityPayload',
      readonly integrityRun: IntegrityRun
    }
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type ListKeyEventsVariables = Exact<{
  tenantId?: string | null | undefined;
  types?: ReadonlyArray<Types.KeyEventType> | null | undefined;
  keyIds?: ReadonlyArray<string> | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListKeyEvents = {
  /**
   * What happened to keys, owners and tenants, oldest first, for as long as events are kept.
   *
   * Needs the permission `keys:read`.
   */
  readonly keyEvents: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<KeyEvent>
  }
};

export type FollowKeyEventsVariables = Exact<{
  tenantId?: string | null | undefined;
  types?: ReadonlyArray<Types.KeyEventType> | null | undefined;
  keyIds?: ReadonlyArray<string> | null | undefined;
  after?: string | null | undefined;
}>;


export type FollowKeyEvents = {
  readonly keyEvents:
    | (
      {
      readonly __typename: 'KeyEvent'
    }
      & KeyEvent
    )
    | {
      readonly __typename: 'ResyncRequired',
      readonly cursor: string,
      readonly code: Types.ResyncReason,
      readonly reason: string | null
    }

};

export type GetKeyVariables = Exact<{
  id: string;
}>;


export type GetKey = {
  /**
   * One key, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `keys:read`.
   */
  readonly key: (
    {
    readonly pendingSecret: {
      readonly start: string,
      readonly createdAt: string,
      readonly overlapMs: number
    } | null
  }
    & Key
  ) | null
};

export type ListKeysVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.KeyFilter | null | undefined;
  orderBy?: Types.KeyOrder | null | undefined;
}>;


export type ListKeys = {
  /**
   * The keys that you may see.
   *
   * Needs the permission `keys:read`.
   */
  readonly keys: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Key>
  }
};

export type CreateKeyVariables = Exact<{
  input: Types.CreateKeyInput;
}>;


export type CreateKey = {
  readonly createKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateKeyPayload',
      readonly secret: string,
      readonly key: Key
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RotateKeyVariables = Exact<{
  input: Types.RotateKeyInput;
}>;


export type RotateKey = {
  readonly rotateKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RotateKeyPayload',
      readonly secret: string,
      readonly key: Key
    }

};

export type ReissueKeyVariables = Exact<{
  input: Types.ReissueKeyInput;
}>;


export type ReissueKey = {
  readonly reissueKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ReissueKeyPayload',
      readonly secret: string,
      readonly key: Key
    }

};

export type UpdateKeyVariables = Exact<{
  input: Types.UpdateKeyInput;
}>;


export type UpdateKey = {
  readonly updateKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateKeyPayload',
      readonly key: Key
    }

};

export type DisableKeyVariables = Exact<{
  input: Types.DisableKeyInput;
}>;


export type DisableKey = {
  readonly disableKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DisableKeyPayload',
      readonly key: Key
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type EnableKeyVariables = Exact<{
  input: Types.EnableKeyInput;
}>;


export type EnableKey = {
  readonly enableKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'EnableKeyPayload',
      readonly key: Key
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RevokeKeyVariables = Exact<{
  input: Types.RevokeKeyInput;
}>;


export type RevokeKey = {
  readonly revokeKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RevokeKeyPayload',
      readonly key: Key
    }

};

export type DeleteKeyVariables = Exact<{
  input: Types.DeleteKeyInput;
}>;


export type DeleteKey = {
  readonly deleteKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteKeyPayload',
      readonly key: Key
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RestoreKeyVariables = Exact<{
  input: Types.RestoreKeyInput;
}>;


export type RestoreKey = {
  readonly restoreKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RestoreKeyPayload',
      readonly key: Key
    }

};

export type VerifyKeyVariables = Exact<{
  input: Types.VerifyKeyInput;
}>;


export type VerifyKey = {
  /**
   * Says whether a key is valid, and if not, exactly why.
   *
   * Needs the permission `keys:verify`.
   */
  readonly verifyKey: {
    /** Whether to let the call in. True only for the code VALID. */
    readonly valid: boolean,
    /** The first reason that applies, for programs. */
    readonly code: Types.VerdictCode,
    /** The reason, and what to do, for people. */
    readonly message: string,
    /** The page that explains this code. */
    readonly docsUrl: string,
    /** Names this call in logs; quote it when you ask for help. */
    readonly requestId: string,
    /** The tenant that the key belongs to. */
    readonly tenantId: string | null,
    /** What the key can use: its scopes, as far as its owner's role and its team allow them. */
    readonly scopes: ReadonlyArray<string>,
    /** Those of the asked scopes that the key lacks, or that its owner's role or its team does not allow. */
    readonly missingScopes: ReadonlyArray<string>,
    /** After how many milliseconds a retry can succeed; null: a retry changes nothing. */
    readonly retryAfterMs: number | null,
    /** For a malformed or mistyped key: what looks wrong about it. For a valid one: that it should have got a new secret by now, or that the version of the API is deprecated, or both. */
    readonly hint: string | null,
    /** The key; null when there is none, or none that you may see. */
    readonly key: {
      /** The key's id. */
      readonly id: string,
      /** What the key is for. */
      readonly name: string,
      /** The visible beginning of the presented secret. */
      readonly start: string,
      /** LIVE or TEST. */
      readonly environment: Types.Environment,
      /** Your own data about the key. */
      readonly metadata: Record<string, unknown>,
      /** When it expires; null: never. */
      readonly expiresAt: string | null
    } | null,
    /** Who owns the key. */
    readonly owner: {
      /** The user's id. */
      readonly id: string,
      /** Your own system's id of the user. */
      readonly externalId: string | null,
      /** The user's name. */
      readonly name: string,
      /** The user's e-mail address. */
      readonly email: string
    } | null,
    /** Where the rate limits stand that the call is under: of the key, its owner, its tenant and the API. Empty: there are none, or the call was refused before. */
    readonly rateLimits: ReadonlyArray<{
      /** Which limit. */
      readonly name: string,
      /** How much it allows in its window. */
      readonly limit: number,
      /** How much is left of it. */
      readonly remaining: number,
      /** When it is whole again. */
      readonly resetAt: string,
      /** Whether this call went over it. */
      readonly exceeded: boolean,
      /** Whose limit it is. */
      readonly target: Types.LimitTarget
    }>,
    /** Where the quota stands that the call is under, of several the one with the least left; null: there is none, or the call was refused before. */
    readonly quota: {
      /** How much it allows. */
      readonly limit: number,
      /** How much is used of it. */
      readonly used: number,
      /** How much is left of it. */
      readonly remaining: number,
      /** When it is whole again; null: never by itself. */
      readonly resetAt: string | null,
      /** Whether this call went over it. */
      readonly exceeded: boolean,
      /** Whose quota it is. */
      readonly target: Types.LimitTarget
    } | null,
    /** The API that was asked for; null: none was, or the key's tenant has no such API. */
    readonly api: {
      /** The API's id. */
      readonly id: string,
      /** By what it is asked for. */
      readonly slug: string,
      /** The name that people read. */
      readonly name: string,
      /** The version that was asked for; null: none was. */
      readonly version: string | null,
      /** From when on callers of this version are told to move on (RFC 9745); null: not planned. */
      readonly deprecatedAt: string | null,
      /** From when on this version is refused (RFC 8594); null: not planned. */
      readonly retiredAt: string | null
    } | null
  }
};

export type ReleaseKeyVariables = Exact<{
  input: Types.ReleaseKeyInput;
}>;


export type ReleaseKey = {
  readonly releaseKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ReleaseKeyPayload',
      readonly key: Key
    }

};

export type DiagnosedVerdict = {
  /** Whether to let the call in. True only for the code VALID. */
  readonly valid: boolean,
  /** The first reason that applies, for programs. */
  readonly code: Types.VerdictCode,
  /** The reason, and what to do, for people. */
  readonly message: string,
  /** The page that explains this code. */
  readonly docsUrl: string,
  /** Names this call in logs; quote it when you ask for help. */
  readonly requestId: string,
  /** For a malformed or mistyped key: what looks wrong about it. For a valid one: that it should have got a new secret by now, or that the version of the API is deprecated, or both. */
  readonly hint: string | null,
  /** The tenant that the key belongs to. */
  readonly tenantId: string | null,
  /** What the key can use: its scopes, as far as its owner's role and its team allow them. */
  readonly scopes: ReadonlyArray<string>,
  /** Those of the asked scopes that the key lacks, or that its owner's role or its team does not allow. */
  readonly missingScopes: ReadonlyArray<string>,
  /** After how many milliseconds a retry can succeed; null: a retry changes nothing. */
  readonly retryAfterMs: number | null,
  /** The key; null when there is none, or none that you may see. */
  readonly key: {
    /** The key's id. */
    readonly id: string,
    /** What the key is for. */
    readonly name: string,
    /** The visible beginning of the presented secret. */
    readonly start: string,
    /** LIVE or TEST. */
    readonly environment: Types.Environment,
    /** Your own data about the key. */
    readonly metadata: Record<string, unknown>,
    /** When it expires; null: never. */
    readonly expiresAt: string | null
  } | null,
  /** Who owns the key. */
  readonly owner: {
    /** The user's id. */
    readonly id: string,
    /** Your own system's id of the user. */
    readonly externalId: string | null,
    /** The user's name. */
    readonly name: string,
    /** The user's e-mail address. */
    readonly email: string
  } | null,
  /** Where the rate limits stand that the call is under: of the key, its owner, its tenant and the API. Empty: there are none, or the call was refused before. */
  readonly rateLimits: ReadonlyArray<{
    /** Which limit. */
    readonly name: string,
    /** How much it allows in its window. */
    readonly limit: number,
    /** How much is left of it. */
    readonly remaining: number,
    /** When it is whole again. */
    readonly resetAt: string,
    /** Whether this call went over it. */
    readonly exceeded: boolean,
    /** Whose limit it is. */
    readonly target: Types.LimitTarget
  }>,
  /** Where the quota stands that the call is under, of several the one with the least left; null: there is none, or the call was refused before. */
  readonly quota: {
    /** How much it allows. */
    readonly limit: number,
    /** How much is used of it. */
    readonly used: number,
    /** How much is left of it. */
    readonly remaining: number,
    /** When it is whole again; null: never by itself. */
    readonly resetAt: string | null,
    /** Whether this call went over it. */
    readonly exceeded: boolean,
    /** Whose quota it is. */
    readonly target: Types.LimitTarget
  } | null,
  /** The API that was asked for; null: none was, or the key's tenant has no such API. */
  readonly api: {
    /** The API's id. */
    readonly id: string,
    /** By what it is asked for. */
    readonly slug: string,
    /** The name that people read. */
    readonly name: string,
    /** The version that was asked for; null: none was. */
    readonly version: string | null,
    /** From when on callers of this version are told to move on (RFC 9745); null: not planned. */
    readonly deprecatedAt: string | null,
    /** From when on this version is refused (RFC 8594); null: not planned. */
    readonly retiredAt: string | null
  } | null
};

export type DiagnoseKeyVariables = Exact<{
  input: Types.DiagnoseKeyInput;
}>;


export type DiagnoseKey = {
  /**
   * Says exactly which check refuses a key, or refused it at a past moment, and what mends it. Changes nothing, charges nothing, leaves no usage. Another tenant's key answers as an unknown one.
   *
   * Needs the permission `keys:diagnose`.
   */
  readonly diagnoseKey: {
    /** The moment that it is about. */
    readonly at: string,
    /** The key's id; null: there is none that you may see. */
    readonly keyId: string | null,
    /** What `verifyKey` would answer, or would have answered then; but an address that is held up because it tried keys out counts for nothing here: see the finding `ADDRESS_HELD_UP`. */
    readonly verdict: DiagnosedVerdict,
    /** The verdict as of now, where `at` was given. */
    readonly verdictNow: DiagnosedVerdict | null,
    /** Every check, in the order in which they are made: one for each verdict code. */
    readonly checks: ReadonlyArray<{
      /** What is checked, e.g. `expiry`. */
      readonly name: string,
      /** How it ended. */
      readonly outcome: Types.CheckOutcome,
      /** What a key is refused with where it fails. */
      readonly code: Types.VerdictCode,
      /** What it saw, for people; of one that was not reached, what it would see. Null: nothing to see. */
      readonly evidence: string | null,
      /** Since when it is so, where that is known. */
      readonly since: string | null,
      /** Who made it so, by name and id; null: not known, or you lack `audit:read`. */
      readonly by: string | null,
      /** Whether it refuses the key, also where a check before it has done so already. Null: that cannot be said yet. */
      readonly wouldFail: boolean | null
    }>,
    /** What was found besides: keys that were meant, secrets that end soon, gaps in what is known. */
    readonly findings: ReadonlyArray<{
      /** What it is, for programs. */
      readonly code: Types.DiagnosisFindingCode,
      /** What it is, and what to do, for people. */
      readonly message: string,
      /** The id of the key that it is about, if not the one that was asked about. */
      readonly keyId: string | null
    }>,
    /** What mends the key as it is now, in the order in which to do it. Those with the same code are alternatives or follow one another, as their effects say. */
    readonly remedies: ReadonlyArray<{
      /** What it mends; VALID for what keeps no key from working. */
      readonly code: Types.VerdictCode,
      /** What to do, in a few words. */
      readonly title: string,
      /** The GraphQL document. */
      readonly mutation: string,
      /** Its variables: send them as they are. */
      readonly variables: Record<string, unknown>,
      /** What it will change. */
      readonly effect: string,
      /** What its caller needs. */
      readonly permissions: ReadonlyArray<Types.Permission>,
      /** Whether you may send it. */
      readonly permitted: boolean,
      /** Who may, when you may not. */
      readonly permittedTo: string | null
    }>,
    /** Refused calls of the key, those with the visible start of a text that is no known key, even where the key is known that it was meant to be, and those from the address with whatever key, each once, newest first: the last 20 of a day, or with `at` the 20 nearest to it of the hour before and after, 10 on either side where there are as many. Null: not known, or you lack `usage:read`. */
    readonly refusedCalls: ReadonlyArray<{
      /** When it was. */
      readonly at: string,
      /** Why it was refused. */
      readonly code: Types.VerdictCode,
      /** The API that was called. */
      readonly api: string | null,
      /** The address that it came from. */
      readonly ip: string | null,
      /** The program that it came from. */
      readonly userAgent: string | null,
      /** The visible start of the presented key. */
      readonly start: string | null,
      /** By what it was found: the key, or the start of the text where that is no known key; the address; or both. */
      readonly matchedBy: ReadonlyArray<Types.RefusedCallMatch>
    }> | null
  }
};

export type ResolveInvalidUserVariables = Exact<{
  input: Types.ResolveInvalidUserInput;
}>;


export type ResolveInvalidUser = {
  readonly resolveInvalidUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'ResolveInvalidUserPayload',
      readonly dryRun: boolean,
      readonly secret: string | null,
      readonly steps: ReadonlyArray<{
        readonly name: Types.ResolveStepName,
        readonly outcome: Types.ResolveStepOutcome,
        readonly mutation: string | null,
        readonly detail: string,
        readonly changes: ReadonlyArray<{
          readonly field: string,
          readonly before: string | null,
          readonly after: string | null
        }>
      }>,
      readonly key: Key,
      readonly user: User | null,
      readonly verdict: DiagnosedVerdict | null
    }

};

export type GetLifecyclePolicyVariables = Exact<{
  tenantId: string;
}>;


export type GetLifecyclePolicy = {
  /**
   * One tenant; null when there is none with this id that you may see.
   *
   * Needs the permission `tenants:read`.
   */
  readonly tenant: {
    /**
     * How the tenant's keys look after themselves.
     *
     * Needs the permission `tenants:read`.
     */
    readonly lifecyclePolicy: LifecyclePolicy
  } | null
};

export type UpdateLifecyclePolicyVariables = Exact<{
  input: Types.UpdateLifecyclePolicyInput;
}>;


export type UpdateLifecyclePolicy = {
  readonly updateLifecyclePolicy:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateLifecyclePolicyPayload',
      readonly policy: LifecyclePolicy
    }

};

export type ListKeyFindingsVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.KeyFindingFilter | null | undefined;
}>;


export type ListKeyFindings = {
  /**
   * What was found about the keys that you may see, the latest first: leaks, shared keys, idle keys, and keys without an end.
   *
   * Needs the permission `keys:read`.
   */
  readonly keyFindings: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<KeyFinding>
  }
};

export type ResolveKeyFindingVariables = Exact<{
  input: Types.ResolveKeyFindingInput;
}>;


export type ResolveKeyFinding = {
  readonly resolveKeyFinding:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ResolveKeyFindingPayload',
      readonly finding: KeyFinding
    }

};

export type ReportLeakedKeyVariables = Exact<{
  input: Types.ReportLeakedKeyInput;
}>;


export type ReportLeakedKey = {
  readonly reportLeakedKey:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly retryAfterMs: number
    }
    | {
      readonly __typename: 'ReportLeakedKeyPayload',
      readonly finding: KeyFinding | null
    }

};

export type GetKeyHygieneVariables = Exact<{
  tenantId: string;
}>;


export type GetKeyHygiene = {
  /**
   * How well the keys of a tenant are kept: a score, what is wrong with how many keys, and what to do. null when there is no such tenant that you may see.
   *
   * Needs the permission `keys:read`.
   */
  readonly keyHygiene: {
    /** The tenant. */
    readonly tenantId: string,
    /** When this was so. */
    readonly at: string,
    /** 0 to 100. LEAKED takes its whole weight for one key, every other check weight × affected / keys; rounded down. */
    readonly score: number,
    /** How many keys in use you may see there. */
    readonly keys: number,
    /** How many disabled keys have a leak that nobody has resolved. They take no points: whoever found them cannot use them. Give each another secret, or revoke it; keyFindings has them. */
    readonly disabledLeaks: number,
    /** What each check has found, those without any keys, too. */
    readonly checks: ReadonlyArray<{
      /** Which check. */
      readonly check: Types.HygieneCheck,
      /** Whether it can be told. false for IDLE where nobody counts when keys are used, or that is not counted yet: it concerns no key and takes no points then. */
      readonly known: boolean,
      /** How many keys it concerns. */
      readonly affected: number,
      /** How many of the 100 points it takes at most. */
      readonly weight: number,
      /** How many points it takes. */
      readonly lost: number,
      /** What to do about these keys. */
      readonly advice: string,
      /**
       * Up to 5 of the keys that it concerns, the oldest first.
       *
       * Needs the permission `keys:read`.
       */
      readonly sampleKeys: ReadonlyArray<Key>
    }>
  } | null
};

export type GetKeyLimitsVariables = Exact<{
  id: string;
}>;


export type GetKeyLimits = {
  /**
   * One key, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `keys:read`.
   */
  readonly key: {
    /** The rate limits of the key. Those of a key, its owner, its tenant and the API that is called all count. */
    readonly rateLimits: ReadonlyArray<RateLimit>,
    /**
     * The quota of the key; null: none. Those of a key, its owner and its tenant all count.
     *
     * Needs the permission `keys:read`.
     */
    readonly quota: Quota | null
  } | null
};

export type GetUserLimitsVariables = Exact<{
  id: string;
}>;


export type GetUserLimits = {
  /**
   * One user, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly user: {
    /** The rate limits of the user. Those of a key, its owner, its tenant and the API that is called all count. */
    readonly rateLimits: ReadonlyArray<RateLimit>,
    /**
     * The quota of the user; null: none. Those of a key, its owner and its tenant all count.
     *
     * Needs the permission `users:read`.
     */
    readonly quota: Quota | null
  } | null
};

export type GetTenantLimitsVariables = Exact<{
  id: string;
}>;


export type GetTenantLimits = {
  /**
   * One tenant; null when there is none with this id that you may see.
   *
   * Needs the permission `tenants:read`.
   */
  readonly tenant: {
    /** The rate limits of the tenant. Those of a key, its owner, its tenant and the API that is called all count. */
    readonly rateLimits: ReadonlyArray<RateLimit>,
    /**
     * The quota of the tenant; null: none. Those of a key, its owner and its tenant all count.
     *
     * Needs the permission `tenants:read`.
     */
    readonly quota: Quota | null
  } | null
};

export type GetApiLimitsVariables = Exact<{
  id: string;
}>;


export type GetApiLimits = {
  /**
   * One API; null when there is none with this id that you may see.
   *
   * Needs any valid token.
   */
  readonly api: {
    /**
     * The rate limits of the API, which all calls that name it share, with whatever key.
     *
     * Needs the permission `apis:read`.
     */
    readonly rateLimits: ReadonlyArray<RateLimit>
  } | null
};

export type SetRateLimitsVariables = Exact<{
  input: Types.SetRateLimitsInput;
}>;


export type SetRateLimits = {
  readonly setRateLimits:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SetRateLimitsPayload',
      readonly targetId: string,
      readonly rateLimits: ReadonlyArray<RateLimit>
    }

};

export type SetQuotaVariables = Exact<{
  input: Types.SetQuotaInput;
}>;


export type SetQuota = {
  readonly setQuota:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SetQuotaPayload',
      readonly targetId: string,
      readonly quota: Quota | null
    }

};

export type RemoveQuotaVariables = Exact<{
  input: Types.RemoveQuotaInput;
}>;


export type RemoveQuota = {
  readonly removeQuota:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RemoveQuotaPayload',
      readonly targetId: string,
      readonly quota: Quota | null
    }

};

export type TopUpQuotaVariables = Exact<{
  input: Types.TopUpQuotaInput;
}>;


export type TopUpQuota = {
  readonly topUpQuota:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'TopUpQuotaPayload',
      readonly targetId: string,
      readonly quota: Quota | null
    }

};

export type ResetQuotaVariables = Exact<{
  input: Types.ResetQuotaInput;
}>;


export type ResetQuota = {
  readonly resetQuota:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ResetQuotaPayload',
      readonly targetId: string,
      readonly quota: Quota | null
    }

};

export type ListKeyQuotaHistoryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListKeyQuotaHistory = {
  /**
   * One key, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `keys:read`.
   */
  readonly key: {
    /**
     * What has happened to the quota of the key, newest first, whether it has one now or had one.
     *
     * Needs the permission `keys:read`.
     */
    readonly quotaHistory: {
      /** How many entries the whole list has, over all pages. */
      readonly totalCount?: number,
      /** Where this page stands. */
      readonly pageInfo: PageInfo,
      /** The entries without their cursors. */
      readonly nodes: ReadonlyArray<QuotaEntry>
    }
  } | null
};

export type ListUserQuotaHistoryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListUserQuotaHistory = {
  /**
   * One user, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly user: {
    /**
     * What has happened to the quota of the user, newest first, whether it has one now or had one.
     *
     * Needs the permission `users:read`.
     */
    readonly quotaHistory: {
      /** How many entries the whole list has, over all pages. */
      readonly totalCount?: number,
      /** Where this page stands. */
      readonly pageInfo: PageInfo,
      /** The entries without their cursors. */
      readonly nodes: ReadonlyArray<QuotaEntry>
    }
  } | null
};

export type ListTenantQuotaHistoryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListTenantQuotaHistory = {
  /**
   * One tenant; null when there is none with this id that you may see.
   *
   * Needs the permission `tenants:read`.
   */
  readonly tenant: {
    /**
     * What has happened to the quota of the tenant, newest first, whether it has one now or had one.
     *
     * Needs the permission `tenants:read`.
     */
    readonly quotaHistory: {
      /** How many entries the whole list has, over all pages. */
      readonly totalCount?: number,
      /** Where this page stands. */
      readonly pageInfo: PageInfo,
      /** The entries without their cursors. */
      readonly nodes: ReadonlyArray<QuotaEntry>
    }
  } | null
};

export type ListManagementTokensVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.ManagementTokenFilter | null | undefined;
}>;


export type ListManagementTokens = {
  /**
   * The management tokens that you may see, newest first.
   *
   * Needs the permission `tokens:read`.
   */
  readonly managementTokens: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<ManagementToken>
  }
};

export type CreateManagementTokenVariables = Exact<{
  input: Types.CreateManagementTokenInput;
}>;


export type CreateManagementToken = {
  readonly createManagementToken:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateManagementTokenPayload',
      readonly secret: string,
      readonly managementToken: ManagementToken
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RevokeManagementTokenVariables = Exact<{
  input: Types.RevokeManagementTokenInput;
}>;


export type RevokeManagementToken = {
  readonly revokeManagementToken:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RevokeManagementTokenPayload',
      readonly managementToken: ManagementToken
    }

};

export type RotateManagementTokenVariables = Exact<{
  input: Types.RotateManagementTokenInput;
}>;


export type RotateManagementToken = {
  readonly rotateManagementToken:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RotateManagementTokenPayload',
      readonly secret: string,
      readonly managementToken: ManagementToken
    }

};

export type GetOAuthClientVariables = Exact<{
  id: string;
}>;


export type GetOAuthClient = {
  /**
   * One OAuth client; null when there is none with this id that you may see.
   *
   * Needs the permission `clients:read`.
   */
  readonly oauthClient: OAuthClient | null
};

export type ListOAuthClientsVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListOAuthClients = {
  /**
   * The OAuth clients that you may see, newest first.
   *
   * Needs the permission `clients:read`.
   */
  readonly oauthClients: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<OAuthClient>
  }
};

export type CreateOAuthClientVariables = Exact<{
  input: Types.CreateOAuthClientInput;
}>;


export type CreateOAuthClient = {
  readonly createOAuthClient:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateOAuthClientPayload',
      readonly secret: string | null,
      readonly oauthClient: OAuthClient
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateOAuthClientVariables = Exact<{
  input: Types.UpdateOAuthClientInput;
}>;


export type UpdateOAuthClient = {
  readonly updateOAuthClient:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateOAuthClientPayload',
      readonly oauthClient: OAuthClient
    }

};

export type RotateOAuthClientSecretVariables = Exact<{
  input: Types.RotateOAuthClientSecretInput;
}>;


export type RotateOAuthClientSecret = {
  readonly rotateOAuthClientSecret:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RotateOAuthClientSecretPayload',
      readonly secret: string | null,
      readonly oauthClient: OAuthClient
    }

};

export type DisableOAuthClientVariables = Exact<{
  input: Types.DisableOAuthClientInput;
}>;


export type DisableOAuthClient = {
  readonly disableOAuthClient:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DisableOAuthClientPayload',
      readonly oauthClient: OAuthClient
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type EnableOAuthClientVariables = Exact<{
  input: Types.EnableOAuthClientInput;
}>;


export type EnableOAuthClient = {
  readonly enableOAuthClient:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'EnableOAuthClientPayload',
      readonly oauthClient: OAuthClient
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type DeleteOAuthClientVariables = Exact<{
  input: Types.DeleteOAuthClientInput;
}>;


export type DeleteOAuthClient = {
  readonly deleteOAuthClient:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteOAuthClientPayload',
      readonly oauthClient: OAuthClient
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type GetRoleVariables = Exact<{
  id: string;
}>;


export type GetRole = {
  /**
   * One custom role; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly role: CustomRole | null
};

export type ListRolesVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.CustomRoleFilter | null | undefined;
  orderBy?: Types.CustomRoleOrder | null | undefined;
}>;


export type ListRoles = {
  /**
   * The custom roles that you may see. ADMIN, DEVELOPER and GUEST are built in and not among them.
   *
   * Needs the permission `users:read`.
   */
  readonly roles: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<CustomRole>
  }
};

export type CreateRoleVariables = Exact<{
  input: Types.CreateRoleInput;
}>;


export type CreateRole = {
  readonly createRole:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateRolePayload',
      readonly role: CustomRole
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateRoleVariables = Exact<{
  input: Types.UpdateRoleInput;
}>;


export type UpdateRole = {
  readonly updateRole:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateRolePayload',
      readonly role: CustomRole
    }

};

export type DeleteRoleVariables = Exact<{
  input: Types.DeleteRoleInput;
}>;


export type DeleteRole = {
  readonly deleteRole:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteRolePayload',
      readonly role: CustomRole
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type GetTeamVariables = Exact<{
  id: string;
}>;


export type GetTeam = {
  /**
   * One team; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly team: Team | null
};

export type ListTeamsVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.TeamFilter | null | undefined;
  orderBy?: Types.TeamOrder | null | undefined;
}>;


export type ListTeams = {
  /**
   * The teams that you may see: with ADMIN the tenant's, else those that you are a member of.
   *
   * Needs the permission `users:read`.
   */
  readonly teams: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Team>
  }
};

export type CreateTeamVariables = Exact<{
  input: Types.CreateTeamInput;
}>;


export type CreateTeam = {
  readonly createTeam:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateTeamPayload',
      readonly team: Team
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateTeamVariables = Exact<{
  input: Types.UpdateTeamInput;
}>;


export type UpdateTeam = {
  readonly updateTeam:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateTeamPayload',
      readonly team: Team
    }

};

export type DeleteTeamVariables = Exact<{
  input: Types.DeleteTeamInput;
}>;


export type DeleteTeam = {
  readonly deleteTeam:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteTeamPayload',
      readonly team: Team
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type AddTeamMemberVariables = Exact<{
  input: Types.AddTeamMemberInput;
}>;


export type AddTeamMember = {
  readonly addTeamMember:
    | {
      readonly __typename: 'AddTeamMemberPayload',
      readonly team: Team
    }
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RemoveTeamMemberVariables = Exact<{
  input: Types.RemoveTeamMemberInput;
}>;


export type RemoveTeamMember = {
  readonly removeTeamMember:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RemoveTeamMemberPayload',
      readonly team: Team
    }

};

export type ListTeamMembersVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListTeamMembers = {
  /**
   * One team; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly team: {
    /**
     * The users who see the team's keys. `filter.teamId` can name no other team.
     *
     * Needs the permission `users:read`.
     */
    readonly members: {
      /** How many entries the whole list has, over all pages. */
      readonly totalCount?: number,
      /** Where this page stands. */
      readonly pageInfo: PageInfo,
      /** The entries without their cursors. */
      readonly nodes: ReadonlyArray<User>
    }
  } | null
};

export type GetTenantVariables = Exact<{
  id: string;
}>;


export type GetTenant = {
  /**
   * One tenant; null when there is none with this id that you may see.
   *
   * Needs the permission `tenants:read`.
   */
  readonly tenant: Tenant | null
};

export type ListTenantsVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.TenantFilter | null | undefined;
  orderBy?: Types.TenantOrder | null | undefined;
}>;


export type ListTenants = {
  /**
   * The tenants that you may see.
   *
   * Needs the permission `tenants:read`.
   */
  readonly tenants: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Tenant>
  }
};

export type CreateTenantVariables = Exact<{
  input: Types.CreateTenantInput;
}>;


export type CreateTenant = {
  readonly createTenant:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateTenantPayload',
      readonly tenant: Tenant
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateTenantVariables = Exact<{
  input: Types.UpdateTenantInput;
}>;


export type UpdateTenant = {
  readonly updateTenant:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateTenantPayload',
      readonly tenant: Tenant
    }

};

export type SuspendTenantVariables = Exact<{
  input: Types.SuspendTenantInput;
}>;


export type SuspendTenant = {
  readonly suspendTenant:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'SuspendTenantPayload',
      readonly tenant: Tenant
    }

};

export type ResumeTenantVariables = Exact<{
  input: Types.ResumeTenantInput;
}>;


export type ResumeTenant = {
  readonly resumeTenant:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ResumeTenantPayload',
      readonly tenant: Tenant
    }

};

export type GetTrustedIssuerVariables = Exact<{
  id: string;
}>;


export type GetTrustedIssuer = {
  /**
   * One trusted issuer; null when there is none with this id that you may see.
   *
   * Needs the permission `issuers:read`.
   */
  readonly trustedIssuer: TrustedIssuer | null
};

export type ListTrustedIssuersVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListTrustedIssuers = {
  /**
   * The external issuers that are trusted, newest first.
   *
   * Needs the permission `issuers:read`.
   */
  readonly trustedIssuers: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<TrustedIssuer>
  }
};

export type CreateTrustedIssuerVariables = Exact<{
  input: Types.CreateTrustedIssuerInput;
}>;


export type CreateTrustedIssuer = {
  readonly createTrustedIssuer:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateTrustedIssuerPayload',
      readonly trustedIssuer: TrustedIssuer
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateTrustedIssuerVariables = Exact<{
  input: Types.UpdateTrustedIssuerInput;
}>;


export type UpdateTrustedIssuer = {
  readonly updateTrustedIssuer:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateTrustedIssuerPayload',
      readonly trustedIssuer: TrustedIssuer
    }

};

export type DeleteTrustedIssuerVariables = Exact<{
  input: Types.DeleteTrustedIssuerInput;
}>;


export type DeleteTrustedIssuer = {
  readonly deleteTrustedIssuer:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteTrustedIssuerPayload',
      readonly trustedIssuer: TrustedIssuer
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type TestTrustedIssuerVariables = Exact<{
  input: Types.TestTrustedIssuerInput;
}>;


export type TestTrustedIssuer = {
  readonly testTrustedIssuer:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'TestTrustedIssuerPayload',
      readonly problem: string | null,
      readonly jwksUri: string | null,
      readonly keyCount: number,
      readonly algorithms: ReadonlyArray<string>,
      readonly trustedIssuer: TrustedIssuer
    }

};

export type GetUsageVariables = Exact<{
  input: Types.UsageInput;
  compare: boolean;
}>;


export type GetUsage = {
  /**
   * Counts calls: by bucket of time in any time zone, grouped by key, user, API, outcome, tag or several of them, for many keys at once.
   *
   * Needs the permission `usage:read`.
   */
  readonly usage: {
    /** When each bucket begins; the first begins with the window. */
    readonly starts: ReadonlyArray<string>,
    /** How many series there are, beyond `limit` too. */
    readonly totalSeries: number,
    /** Everything that servers took before this is counted. Reports of applications may arrive up to 24 hours late. */
    readonly completeUntil: string,
    /** Of all series, each call once. */
    readonly totals: UsageTotals,
    /** The totals of the window just before, of the same length; null where it is no longer kept. */
    readonly previousTotals?: UsageTotals | null,
    /** A series for each group, at most `limit`; without `groupBy` there is one. */
    readonly series: ReadonlyArray<{
      readonly counts: ReadonlyArray<number>,
      readonly validCounts: ReadonlyArray<number>,
      readonly costs: ReadonlyArray<number>,
      /** What they have in common. */
      readonly group: UsageGroup,
      /** What they add up to over the whole window. */
      readonly totals: UsageTotals,
      /** The totals of the same group in the window just before; null where no longer kept, or of too many groups to know. */
      readonly previousTotals?: UsageTotals | null
    }>
  }
};

export type GetUsagePointsVariables = Exact<{
  input: Types.UsageInput;
}>;


export type GetUsagePoints = {
  /**
   * Counts calls: by bucket of time in any time zone, grouped by key, user, API, outcome, tag or several of them, for many keys at once.
   *
   * Needs the permission `usage:read`.
   */
  readonly usage: {
    /** How many series there are, beyond `limit` too. */
    readonly totalSeries: number,
    /** Everything that servers took before this is counted. Reports of applications may arrive up to 24 hours late. */
    readonly completeUntil: string,
    /** Of all series, each call once. */
    readonly totals: UsageMetrics,
    /** A series for each group, at most `limit`; without `groupBy` there is one. */
    readonly series: ReadonlyArray<{
      /** What they have in common. */
      readonly group: UsageGroup,
      /** What they add up to over the whole window. */
      readonly totals: UsageMetrics,
      /** A point for each bucket, empty ones too. At most 50000 points in one answer; `values` answers with more. */
      readonly points: ReadonlyArray<{
        /** When the bucket begins; the first begins with the window. */
        readonly start: string,
        /** What its calls add up to; zeros where there were none. */
        readonly metrics: UsageMetrics
      }>
    }>
  }
};

export type ListUsageEventsVariables = Exact<{
  tenantId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.UsageEventFilter | null | undefined;
}>;


export type ListUsageEvents = {
  /**
   * The call log of a tenant, newest first, as long as single calls are kept.
   *
   * Needs the permission `usage:read`.
   */
  readonly usageEvents: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<UsageEvent>
  }
};

export type GetInvalidAttemptsVariables = Exact<{
  input: Types.InvalidAttemptsInput;
}>;


export type GetInvalidAttempts = {
  /**
   * Where invalid keys come from: refused verifications by cause, address or start of the key, over time.
   *
   * Needs the permission `usage:read`.
   */
  readonly invalidAttempts: {
    /** When each bucket begins. */
    readonly starts: ReadonlyArray<string>,
    /** How many series there are, beyond `limit` too. */
    readonly totalSeries: number,
    /** How many refused calls there are. */
    readonly total: number,
    /** Everything that servers took before this is counted. */
    readonly completeUntil: string,
    /** A series for each group, most calls first, at most `limit`. */
    readonly series: ReadonlyArray<{
      /** How many. */
      readonly count: number,
      /** When the first one was. */
      readonly firstAt: string,
      /** When the last one was. */
      readonly lastAt: string,
      /** How many known keys they presented. */
      readonly keys: number,
      /** From how many addresses they came. */
      readonly addresses: number,
      readonly counts: ReadonlyArray<number>,
      /** What they have in common. */
      readonly group: {
        /** The cause. */
        readonly code: Types.VerdictCode | null,
        /** The address. */
        readonly ip: string | null,
        /** The key's visible start. */
        readonly start: string | null,
        /** The API. */
        readonly api: string | null
      }
    }>
  }
};

export type FollowUsageVariables = Exact<{
  tenantId: string;
  intervalMs?: number | null | undefined;
}>;


export type FollowUsage = {
  /**
   * What is counted of a tenant, by outcome: a tick for each interval, also when nothing happened. A person sees the calls of their own keys and of their teams' keys.
   *
   * Needs the permission `usage:read`.
   */
  readonly usageLive: UsageTick
};

export type RecordUsageVariables = Exact<{
  input: Types.RecordUsageInput;
}>;


export type RecordUsage = {
  readonly recordUsage:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RecordUsagePayload',
      readonly accepted: number,
      readonly rejected: ReadonlyArray<{
        readonly index: number,
        readonly eventId: string | null,
        readonly code: Types.ErrorCode,
        readonly message: string
      }>
    }

};

export type GetUserVariables = Exact<{
  id: string;
}>;


export type GetUser = {
  /**
   * One user, deleted ones included; null when there is none with this id that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly user: User | null
};

export type ListUsersVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
  filter?: Types.UserFilter | null | undefined;
  orderBy?: Types.UserOrder | null | undefined;
}>;


export type ListUsers = {
  /**
   * The users that you may see.
   *
   * Needs the permission `users:read`.
   */
  readonly users: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<User>
  }
};

export type CreateUserVariables = Exact<{
  input: Types.CreateUserInput;
}>;


export type CreateUser = {
  readonly createUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateUserPayload',
      readonly user: User
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type UpdateUserVariables = Exact<{
  input: Types.UpdateUserInput;
}>;


export type UpdateUser = {
  readonly updateUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateUserPayload',
      readonly user: User
    }

};

export type DisableUserVariables = Exact<{
  input: Types.DisableUserInput;
}>;


export type DisableUser = {
  readonly disableUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DisableUserPayload',
      readonly user: User
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type EnableUserVariables = Exact<{
  input: Types.EnableUserInput;
}>;


export type EnableUser = {
  readonly enableUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'EnableUserPayload',
      readonly user: User
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type DeleteUserVariables = Exact<{
  input: Types.DeleteUserInput;
}>;


export type DeleteUser = {
  readonly deleteUser:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteUserPayload',
      readonly user: User
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type ViewerVariables = Exact<{ [key: string]: never; }>;


export type Viewer = {
  /**
   * Who you are to Keyplane, and what you may do.
   *
   * Needs any valid token.
   */
  readonly viewer: {
    /** The token's id, `tok_…`, or the session's, `ses_…`. */
    readonly id: string,
    /** The token's name, or the user's. */
    readonly name: string,
    /** The token's role, or the user's. */
    readonly role: Types.Role,
    /** The id of that custom role. */
    readonly customRoleId: string | null,
    /** Everything that you may do. */
    readonly permissions: ReadonlyArray<Types.Permission>,
    /** Whether you see everybody's keys, and not only those of your user and the user's teams. */
    readonly seesWholeTenant: boolean,
    /** The id of that tenant. */
    readonly tenantId: string | null,
    /** The id of that user. */
    readonly userId: string | null,
    /** When your token expires; null: never, or when you have signed in. */
    readonly expiresAt: string | null
  }
};

export type CanVariables = Exact<{
  action: Types.Permission;
  id?: string | null | undefined;
}>;


export type Can = {
  /**
   * Whether you may do something: from your permissions, from what you may see, and from the state of the thing. Another tenant's id answers as one that does not exist.
   *
   * Needs any valid token.
   */
  readonly can: {
    /** What was asked about. */
    readonly action: Types.Permission,
    /** Whether you may. */
    readonly allowed: boolean,
    /** What you would be refused with; null when you may. */
    readonly code: Types.ErrorCode | null,
    /** Why, and what to do, for people. */
    readonly reason: string
  }
};

export type GetWebhookVariables = Exact<{
  id: string;
}>;


export type GetWebhook = {
  /**
   * One webhook; null when there is none with this id that you may see.
   *
   * Needs the permission `webhooks:read`.
   */
  readonly webhook: Webhook | null
};

export type ListWebhooksVariables = Exact<{
  tenantId?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListWebhooks = {
  /**
   * The webhooks that you may see, newest first.
   *
   * Needs the permission `webhooks:read`.
   */
  readonly webhooks: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<Webhook>
  }
};

export type ListWebhookDeliveriesVariables = Exact<{
  webhookId: string;
  status?: Types.WebhookDeliveryStatus | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  counted: boolean;
}>;


export type ListWebhookDeliveries = {
  /**
   * What was told to a webhook, newest first: 30 days of what is finished, and all that waits.
   *
   * Needs the permission `webhooks:read`.
   */
  readonly webhookDeliveries: {
    /** How many entries the whole list has, over all pages. */
    readonly totalCount?: number,
    /** Where this page stands. */
    readonly pageInfo: PageInfo,
    /** The entries without their cursors. */
    readonly nodes: ReadonlyArray<WebhookDelivery>
  }
};

export type CreateWebhookVariables = Exact<{
  input: Types.CreateWebhookInput;
}>;


export type CreateWebhook = {
  readonly createWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'CreateWebhookPayload',
      readonly secret: string,
      readonly webhook: Webhook
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type RotateWebhookSecretVariables = Exact<{
  input: Types.RotateWebhookSecretInput;
}>;


export type RotateWebhookSecret = {
  readonly rotateWebhookSecret:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RotateWebhookSecretPayload',
      readonly secret: string,
      readonly webhook: Webhook
    }

};

export type UpdateWebhookVariables = Exact<{
  input: Types.UpdateWebhookInput;
}>;


export type UpdateWebhook = {
  readonly updateWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'UpdateWebhookPayload',
      readonly webhook: Webhook
    }

};

export type DisableWebhookVariables = Exact<{
  input: Types.DisableWebhookInput;
}>;


export type DisableWebhook = {
  readonly disableWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DisableWebhookPayload',
      readonly webhook: Webhook
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type EnableWebhookVariables = Exact<{
  input: Types.EnableWebhookInput;
}>;


export type EnableWebhook = {
  readonly enableWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'EnableWebhookPayload',
      readonly webhook: Webhook
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type DeleteWebhookVariables = Exact<{
  input: Types.DeleteWebhookInput;
}>;


export type DeleteWebhook = {
  readonly deleteWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'DeleteWebhookPayload',
      readonly webhook: Webhook
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }

};

export type TestWebhookVariables = Exact<{
  input: Types.TestWebhookInput;
}>;


export type TestWebhook = {
  readonly testWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RateLimitedError',
      readonly retryAfterMs: number,
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'TestWebhookPayload',
      readonly responseStatus: number | null,
      readonly problem: string | null,
      readonly webhook: Webhook
    }

};

export type RedeliverWebhookVariables = Exact<{
  input: Types.RedeliverWebhookInput;
}>;


export type RedeliverWebhook = {
  readonly redeliverWebhook:
    | {
      readonly __typename: 'ConflictError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'ForbiddenError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'InvalidInputError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string,
      readonly issues: ReadonlyArray<{
        readonly path: ReadonlyArray<string>,
        readonly message: string
      }>
    }
    | {
      readonly __typename: 'LimitReachedError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'NotFoundError',
      readonly code: Types.ErrorCode,
      readonly message: string,
      readonly docsUrl: string
    }
    | {
      readonly __typename: 'RedeliverWebhookPayload',
      readonly delivery: WebhookDelivery
    }

};
