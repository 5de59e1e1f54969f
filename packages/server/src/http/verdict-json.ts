import type { LimitTarget, QuotaState, RateLimitState } from "@keyplane/schema";
import type { Verdict } from "../modules/keys/index.js";

/**
 * A verdict as JSON, byte for byte as GraphQL writes it for the SDK's document: all fields, in the document's order.
 * A new field of a verdict is added here, to the GraphQL type, and to the SDK's document.
 */
export function verdictJson(verdict: Verdict): string {
  const { key, owner, rateLimits, quota } = verdict;
  const head = JSON.stringify({
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
  });
  const api = verdict.api === null ? "null" : JSON.stringify(verdict.api);
  const tail = `"retryAfterMs":${verdict.retryAfterMs},"hint":${JSON.stringify(verdict.hint)},"api":${api}}`;
  // Put together by hand: for objects with dates, JSON.stringify takes several times as long as for all the rest.
  return `${head.slice(0, -1)},"rateLimits":[${rateLimitsJson(rateLimits)}],"quota":${quotaJson(quota)},${tail}`;
}

function rateLimitsJson(rateLimits: readonly RateLimitState[]): string {
  let json = "";
  for (const rateLimit of rateLimits) json += json === "" ? rateLimitJson(rateLimit) : `,${rateLimitJson(rateLimit)}`;
  return json;
}

function rateLimitJson({ name, limit, remaining, resetAt, exceeded, target }: RateLimitState): string {
  return `${beginningOf(name, limit)}${remaining},"resetAt":"${timeOf(resetAt)}${(exceeded ? endsExceeded : endsWithin)[target]}`;
}

const endsExceeded = endsOf(true);
const endsWithin = endsOf(false);

/** The ends of rate limits, by what they are set on. */
function endsOf(exceeded: boolean): Readonly<Record<LimitTarget, string>> {
  const endOf = (target: LimitTarget): string => `","exceeded":${exceeded},"target":"${target}"}`;
  return { KEY: endOf("KEY"), USER: endOf("USER"), TENANT: endOf("TENANT"), API: endOf("API") };
}

/** The beginnings of rate limits that were written last, by their names: nearly all calls are under the same few. */
const beginnings = new Map<string, { readonly limit: number; readonly text: string }>();
const maxBeginnings = 1_000;

function beginningOf(name: string, limit: number): string {
  const known = beginnings.get(name);
  if (known?.limit === limit) return known.text;
  const text = `{"name":${JSON.stringify(name)},"limit":${limit},"remaining":`;
  if (beginnings.size >= maxBeginnings) beginnings.clear();
  beginnings.set(name, { limit, text });
  return text;
}

function quotaJson(quota: QuotaState | null): string {
  if (quota === null) return "null";
  const { limit, used, remaining, resetAt, exceeded, target } = quota;
  const reset = resetAt === null ? "null" : `"${timeOf(resetAt)}"`;
  return `{"limit":${limit},"used":${used},"remaining":${remaining},"resetAt":${reset},"exceeded":${exceeded},"target":"${target}"}`;
}

/** Times that were written last, by their last bits: calls of one millisecond have most of them in common. */
const writtenTimes = 256;
const times = new Float64Array(writtenTimes);
const texts: string[] = [];

function timeOf(ms: number): string {
  const slot = ms % writtenTimes;
  if (times[slot] === ms) {
    const text = texts[slot];
    if (text !== undefined) return text;
  }
  const text = new Date(ms).toISOString();
  times[slot] = ms;
  texts[slot] = text;
  return text;
}
