import {
  type AskedApi,
  type Decision,
  docsUrlForVerdict,
  type Environment,
  effectiveScopes,
  hintOf,
  type KeyRecord,
  type QuotaState,
  type RateLimitState,
  type VerdictCode,
} from "@keyplane/schema";
import type { LimitStates } from "../../limits/index.js";

/** The answer to a verification. */
export interface Verdict {
  readonly valid: boolean;
  readonly code: VerdictCode;
  readonly message: string;
  readonly docsUrl: string;
  readonly requestId: string;
  readonly key: VerifiedKey | null;
  readonly owner: VerifiedOwner | null;
  readonly tenantId: string | null;
  readonly scopes: readonly string[];
  readonly missingScopes: readonly string[];
  readonly rateLimits: readonly RateLimitState[];
  readonly quota: QuotaState | null;
  readonly retryAfterMs: number | null;
  readonly hint: string | null;
  readonly api: VerifiedApi | null;
}

/** The API that was asked for, where the key's tenant has it. */
export interface VerifiedApi {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly version: string | null;
  readonly deprecatedAt: Date | null;
  readonly retiredAt: Date | null;
}

/** What a verifier may know of the key. */
export interface VerifiedKey {
  readonly id: string;
  readonly name: string;
  readonly start: string;
  readonly environment: Environment;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly expiresAt: Date | null;
}

/** What a verifier may know of the owner. */
export interface VerifiedOwner {
  readonly id: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly email: string;
}

const none: readonly never[] = Object.freeze([]);
const noLimits: LimitStates = Object.freeze({ rateLimits: none, quota: null });

/** Makes the answer from the decision and what is known of the key. A key that counts as missing shows nothing. */
export function toVerdict(
  decision: Decision,
  record: KeyRecord | null,
  requestId: string,
  limits: LimitStates = noLimits,
  asked: { readonly api: AskedApi; readonly now: number } | null = null,
): Verdict {
  // A deleted key counts as missing, also where another check came first.
  const known = decision.code === "NOT_FOUND" || record?.key.deletedAt !== null ? null : record;
  return {
    valid: decision.valid,
    code: decision.code,
    message: decision.message,
    docsUrl: docsUrlForVerdict(decision.code),
    requestId,
    key: known && {
      id: known.key.id,
      name: known.key.name,
      start: known.secret.start,
      environment: known.key.environment,
      metadata: known.key.metadata,
      expiresAt: known.key.expiresAt === null ? null : new Date(known.key.expiresAt),
    },
    // Where data is corrupt, the owner may be of another tenant.
    owner: known?.owner?.tenantId === known?.key.tenantId ? (known?.owner ?? null) : null,
    tenantId: known?.key.tenantId ?? null,
    scopes: known ? effectiveScopes(known.key) : none,
    missingScopes: decision.missingScopes,
    rateLimits: limits.rateLimits,
    quota: limits.quota,
    retryAfterMs: decision.retryAfterMs,
    hint: hintOf(decision, asked),
    api: known && asked && verifiedApi(asked.api),
  };
}

function verifiedApi({ found, deprecatedAt, retiredAt }: AskedApi): VerifiedApi | null {
  if (found === null) return null;
  const timeOf = (epochMs: number | null): Date | null => (epochMs === null ? null : new Date(epochMs));
  return { ...found, deprecatedAt: timeOf(deprecatedAt), retiredAt: timeOf(retiredAt) };
}
