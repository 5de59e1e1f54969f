import {
  type AskedApi,
  type Decision,
  type DocsPages,
  effectiveScopes,
  hintOf,
  type KeyFormatResult,
  type KeyRecord,
  verdictCodes,
} from "@keyplane/schema";
import type { Verdict } from "../entities.js";
import type { GuardVerdict } from "./guard.js";
import type { Granted, HeldKey, HeldSecret } from "./held.js";

/** Everything `decide` must know of a key in memory. */
export function recordOf({ state, key }: Pick<HeldSecret, "state" | "key">): KeyRecord {
  return { secret: state, key: key.state, owner: key.owner?.state ?? null, tenant: key.tenant.state };
}

/** A key as `decide` would see it if its present secret were shown. */
export function recordOfKey(key: HeldKey): KeyRecord {
  const current = key.secrets.find(({ state }) => state.supersededAt === null);
  const state = current?.state ?? { start: "", supersededAt: null, stopsAt: null };
  return recordOf({ state, key });
}

/** That a key of this environment was read without fault. */
export function wellFormed({ key, secret }: KeyRecord): KeyFormatResult {
  return { ok: true, prefix: "", environment: key.environment, start: secret.start };
}

/** Whether the key is refused to everybody. Without an address nobody can say that of a key that is bound to addresses. */
export function isRefusal({ valid, code }: Decision): boolean {
  return !valid && code !== "IP_NOT_ALLOWED";
}

const none: readonly never[] = Object.freeze([]);

/** What a verdict has that is of the call, and the pages that it leads to. */
type About = Pick<GuardVerdict, "source" | "ageMs" | "requestId"> & { readonly docs: DocsPages };

/** The verdict that the server would give on the same decision. */
export function toGuardVerdict(
  decision: Decision,
  record: KeyRecord | null,
  { source, ageMs, requestId, docs }: About,
  asked: { readonly api: AskedApi; readonly now: number } | null = null,
): GuardVerdict {
  // A key that counts as missing shows nothing, as on the server.
  const known = decision.code === "NOT_FOUND" || record?.key.deletedAt !== null ? null : record;
  return {
    valid: decision.valid,
    code: decision.code,
    message: decision.message,
    docsUrl: docs.verdicts[decision.code],
    requestId,
    tenantId: known?.key.tenantId ?? null,
    scopes: known ? effectiveScopes(known.key) : none,
    missingScopes: decision.missingScopes,
    retryAfterMs: decision.retryAfterMs,
    hint: hintOf(decision, asked),
    api: known && asked && apiShown(asked.api),
    key: known && keyShown(known),
    owner: known && ownerShown(known),
    rateLimits: none,
    quota: null,
    source,
    ageMs,
  };
}

/** What a verdict shows of a key. */
export function keyShown({ key, secret }: KeyRecord): Verdict["key"] {
  // Shared by all verdicts on the key.
  return Object.freeze({
    id: key.id,
    name: key.name,
    start: secret.start,
    environment: key.environment,
    metadata: key.metadata,
    expiresAt: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
  });
}

/** What a verdict shows of the API that was asked for. */
function apiShown({ found, deprecatedAt, retiredAt }: AskedApi): Verdict["api"] {
  const timeOf = (epochMs: number | null): string | null => (epochMs === null ? null : new Date(epochMs).toISOString());
  return found && { ...found, deprecatedAt: timeOf(deprecatedAt), retiredAt: timeOf(retiredAt) };
}

/** What a verdict shows of an owner. */
export function ownerShown({ owner }: KeyRecord): Verdict["owner"] {
  if (!owner) return null;
  return Object.freeze({ id: owner.id, externalId: owner.externalId, name: owner.name, email: owner.email });
}

const acceptanceMessage = verdictCodes.VALID.message;

/** That a secret is valid, of which it was decided before. */
export function acceptance(
  { tenantId, scopes }: Granted,
  key: GuardVerdict["key"],
  owner: GuardVerdict["owner"],
  docsUrl: string,
  ageMs: number,
  requestId: string,
): GuardVerdict {
  return {
    valid: true,
    code: "VALID",
    message: acceptanceMessage,
    docsUrl,
    requestId,
    tenantId,
    scopes,
    missingScopes: none,
    retryAfterMs: null,
    hint: null,
    api: null,
    key,
    owner,
    rateLimits: none,
    quota: null,
    source: "local",
    ageMs,
  };
}

/** That nobody can say. Why the server cannot be asked is told to listeners: a verdict may be shown to strangers. */
export function unavailable(from: Omit<About, "source">): GuardVerdict {
  return {
    valid: false,
    code: "UNAVAILABLE",
    message: "Whether the key is valid cannot be found out at the moment. Try again.",
    docsUrl: from.docs.errors.UNAVAILABLE,
    requestId: from.requestId,
    tenantId: null,
    scopes: none,
    missingScopes: none,
    retryAfterMs: 1_000,
    hint: null,
    api: null,
    key: null,
    owner: null,
    rateLimits: none,
    quota: null,
    source: "stale",
    ageMs: from.ageMs,
  };
}
