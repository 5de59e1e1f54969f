import type { Environment } from "../environments.js";
import type { KeyFormatResult } from "../key-format/format-result.js";
import type { RotationOverdue } from "../lifecycle.js";
import type { LimitTarget } from "../limits.js";
import type { TenantStatus, UserStatus } from "../statuses.js";
import type { VerdictCode } from "../verdict-codes.js";

/** The scopes that keys can use because of whom they belong to; null: any. */
export interface ScopeBounds {
  /** Those that the role of the key's owner allows. */
  readonly role: readonly string[] | null;
  /** Those that the key's team allows. */
  readonly team: readonly string[] | null;
}

/** From which addresses keys may be used: CIDR ranges (RFC 4632, RFC 4291) or single addresses. Left out: an empty list. */
export interface AddressRules {
  /** An empty list allows every address. */
  readonly allowedIps?: readonly string[] | undefined;
  /** They win over `allowedIps`. */
  readonly deniedIps?: readonly string[] | undefined;
}

/** A version of an API. Times are epoch milliseconds; null: never. */
export interface ApiVersionRecord {
  readonly name: string;
  /** From when on callers are told to move to another version. */
  readonly deprecatedAt: number | null;
  /** From when on it is refused. */
  readonly retiredAt: number | null;
}

/** What a verifier must know of an API of a key's tenant. */
export interface ApiRecord {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** Whether every key of the tenant may call it, without a grant. */
  readonly isOpen: boolean;
  readonly isDeleted: boolean;
  /** Whether calls that name it are under limits, which only the server counts. Left out: they are not. */
  readonly isLimited?: boolean | undefined;
  readonly versions: readonly ApiVersionRecord[];
}

/** How a key stands to an API. */
export interface ApiGrantRecord {
  readonly apiId: string;
  readonly status: "PENDING" | "GRANTED" | "REFUSED" | "REVOKED";
}

/** Everything that a verifier must know of one secret in order to decide. All times are epoch milliseconds. */
export interface KeyRecord {
  readonly secret: {
    readonly start: string;
    /** When a newer secret took this one's place; null while this is the key's current secret. */
    readonly supersededAt: number | null;
    /** From when on this superseded secret is refused (the end of the overlap); null while it is not superseded. */
    readonly stopsAt: number | null;
    /** When it was made, of one that waits for its first use; left out or null: its key's `issuedAt` counts. */
    readonly issuedAt?: number | null | undefined;
  };
  readonly key: {
    readonly id: string;
    readonly tenantId: string;
    readonly ownerId: string;
    readonly name: string;
    readonly environment: Environment;
    /** Those that the key was given. What it may use of them, `effectiveScopes` says. */
    readonly scopes: readonly string[];
    /** What narrows them; null where nothing does. */
    readonly scopeBounds: ScopeBounds | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    /** CIDR ranges or single addresses; an empty list allows every address. */
    readonly allowedIps: readonly string[];
    /** CIDR ranges or single addresses; they win over `allowedIps`. */
    readonly deniedIps: readonly string[];
    /** How it stands to APIs, for verifiers that find out about `api` from here. Left out: not known here, or none. */
    readonly grants?: readonly ApiGrantRecord[] | undefined;
    /** From when on the key is refused; null = never expires. */
    readonly expiresAt: number | null;
    readonly revokedAt: number | null;
    readonly revokedReason: string | null;
    readonly disabledAt: number | null;
    readonly disabledReason: string | null;
    readonly deletedAt: number | null;
    /** Since when its record cannot be trusted; left out or null: it can. */
    readonly quarantinedAt?: number | null | undefined;
    /** When it got its present secret; left out: not known, and nothing is due. */
    readonly issuedAt?: number | null | undefined;
    /** How long a secret of it may be in use, in milliseconds; left out or null: as long as its tenant's may. */
    readonly rotateEveryMs?: number | null | undefined;
    /** What happens to it when it was not rotated in time; left out or null: what its tenant says. The stricter of the two counts. */
    readonly rotationOverdue?: RotationOverdue | null | undefined;
  };
  /** Null when the owner is missing altogether; a deleted owner is a tombstone with the status `DELETED`. */
  readonly owner:
    | (AddressRules & {
        readonly id: string;
        readonly tenantId: string;
        readonly name: string;
        readonly email: string;
        readonly externalId: string | null;
        readonly status: UserStatus;
        /** Since when the owner has this status, where known. */
        readonly since: number | null;
        readonly reason: string | null;
      })
    | null;
  readonly tenant: AddressRules & {
    readonly id: string;
    /** Its APIs, deleted ones included. Left out: not known here, or it never had any. */
    readonly apis?: readonly ApiRecord[] | undefined;
    readonly status: TenantStatus;
    /** Since when the tenant has this status, where known. */
    readonly since: number | null;
    readonly reason: string | null;
    /** How long a secret of its keys may be in use, in milliseconds; left out or null: for ever. */
    readonly rotateEveryMs?: number | null | undefined;
    /** What happens to keys that were not rotated in time; left out or null: WARN. A key can be stricter, never laxer. */
    readonly rotationOverdue?: RotationOverdue | null | undefined;
  };
}

/** The state of one rate limit after the attempt to take from it. */
export interface RateLimitState {
  readonly name: string;
  readonly limit: number;
  readonly remaining: number;
  /** When the limit is whole again; epoch milliseconds. */
  readonly resetAt: number;
  /** When an attempt like this one could pass; null: never, because it is larger than the limit. Left out: at `resetAt`. */
  readonly retryAt?: number | null;
  /** True when this attempt was over the limit. */
  readonly exceeded: boolean;
  /** What it is set on. */
  readonly target: LimitTarget;
}

/** The state of a quota after the attempt to take from it. */
export interface QuotaState {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** When the quota is full again, in epoch milliseconds; null = never by itself. */
  readonly resetAt: number | null;
  /** True when this attempt was over the quota. */
  readonly exceeded: boolean;
  /** What it is set on. */
  readonly target: LimitTarget;
}

/** What the verifier asks, besides the key's own record. What is left out is not checked. */
export interface DecisionRequest {
  /** What `parseKey` said of the presented text. */
  readonly format: KeyFormatResult;
  /** Scopes that the call needs, compared exactly. */
  readonly scopes?: readonly string[] | undefined;
  /** The environment that the verifier serves. */
  readonly environment?: Environment | undefined;
  /** The caller's address, IPv4 or IPv6. */
  readonly ip?: string | undefined;
  /** The API that is called, and how the key stands to it. */
  readonly api?:
    | {
        readonly name: string;
        /** UNKNOWN: the key's tenant has no such API, or the API no such version. */
        readonly grant: "GRANTED" | "NONE" | "PENDING" | "REFUSED" | "REVOKED" | "UNKNOWN";
        /** From when on the API version is refused, epoch milliseconds; null = in service. */
        readonly retiredAt: number | null;
      }
    | undefined;
  /**
   * How long the network of the caller's address is held up because of the unknown keys that came from it, in milliseconds; 0 or left
   * out: not at all. Counts only for a key that is not known.
   */
  readonly heldUpMs?: number | undefined;
  /** What the call costs, where limits are given; 1 when left out. */
  readonly cost?: number | undefined;
  /** Limits after the attempt to consume. Only in the second pass: a call refused by the first must cost nothing. */
  readonly limits?: { readonly rateLimits: readonly RateLimitState[]; readonly quota: QuotaState | null } | undefined;
}

/** A verdict, and what a person needs in order to act on it. */
export interface Decision {
  readonly code: VerdictCode;
  /** True only for `VALID`. */
  readonly valid: boolean;
  /** A sentence that says what is wrong and what to do. */
  readonly message: string;
  /**
   * What looks wrong about a malformed or mistyped key; of a valid one, that it should have got a new secret by now, or that the version
   * of the API is deprecated; else null.
   */
  readonly hint: string | null;
  /** The requested scopes that the key lacks, in the order of the request, each once. */
  readonly missingScopes: readonly string[];
  /** After how many milliseconds the call may succeed, for refusals by a limit that resets; else null. */
  readonly retryAfterMs: number | null;
}
