import type { Verdict } from "../modules/keys/index.js";

/**
 * A verdict as JSON, byte for byte as GraphQL writes it for the SDK's document: all fields, in the document's order.
 * A new field of a verdict is added here, to the GraphQL type, and to the SDK's document.
 */
export function verdictJson(verdict: Verdict): string {
  const { key, owner, rateLimits, quota } = verdict;
  return JSON.stringify({
    valid: verdict.valid,
    code: verdict.code,
    message: verdict.message,
    docsUrl: verdict.docsUrl,
    requestId: verdict.requestId,
    key,
    owner: owner && { id: owner.id, externalId: owner.externalId, name: owner.name, email: owner.email },
    tenantId: verdict.tenantId,
    scopes: verdict.scopes,
    missingScopes: verdict.missingScopes,
    rateLimits: rateLimits.map(({ name, limit, remaining, resetAt, exceeded }) => ({
      name,
      limit,
      remaining,
      resetAt: new Date(resetAt),
      exceeded,
    })),
    quota: quota && {
      limit: quota.limit,
      used: quota.used,
      remaining: quota.remaining,
      resetAt: quota.resetAt === null ? null : new Date(quota.resetAt),
      exceeded: quota.exceeded,
    },
    retryAfterMs: verdict.retryAfterMs,
    hint: verdict.hint,
    api: verdict.api,
  });
}
