import { kindOfId } from "@keyplane/schema";
import type { CountedRule } from "../../../platform/limited.js";
import { versionsOf } from "../../apis/index.js";
import type { PeekedLimits } from "../../limits/index.js";
import type { ApiStanding } from "./api-standing.js";

/** How many APIs of a tenant are named where none of them was meant. */
export const maxNamed = 10;

const iso = (time: Date | number): string => new Date(time).toISOString();
const because = (reason: string | null): string => (reason ? `, because: ${reason}` : "");

/** Since when a key has what access to an API, and why. */
export function grantWords({ asked, grant, apis }: ApiStanding, showsApis: boolean): string | null {
  if (asked.grant === "UNKNOWN") return showsApis ? apisWords(apis) : null;
  if (!grant) return null;
  const { status, requestReason, decisionReason, decidedAt, updatedAt } = grant;
  if (status === "PENDING") return `It was requested at ${iso(updatedAt)}${because(requestReason)}.`;
  const what = { GRANTED: "granted", REFUSED: "refused", REVOKED: "taken away" }[status];
  return `Access to ${asked.name} was ${what} at ${iso(decidedAt ?? updatedAt)}${because(decisionReason)}.`;
}

function apisWords(apis: ApiStanding["apis"]): string {
  if (apis.length === 0) return "It has none.";
  const named = apis.slice(0, maxNamed).map((api) => {
    const versions = versionsOf(api).map(({ name }) => name);
    return versions.length === 0 ? api.slug : `${api.slug} (${versions.join(", ")})`;
  });
  return `It has: ${named.join(", ")}${apis.length > maxNamed ? " and others" : ""}.`;
}

/** Which versions of an API can be called instead of the one that was. */
export function inServiceWords({ api }: ApiStanding, at: number): string | null {
  if (!api) return null;
  const others = versionsOf(api)
    .filter(({ retiredAt }) => retiredAt === null || retiredAt > at)
    .map(({ name }) => name);
  return others.length === 0 ? "No other version is in service." : `In service: ${others.join(", ")}.`;
}

/** Which versions of an API are neither deprecated nor retired. */
export function newerWords({ api }: ApiStanding, at: number): string {
  const names = (api ? versionsOf(api) : [])
    .filter(({ deprecatedAt, retiredAt }) => [deprecatedAt, retiredAt].every((end) => end === null || end > at))
    .map(({ name }) => name);
  return names.length === 0 ? "; there is none yet" : `: ${names.join(", ")}`;
}

const holders: Readonly<Record<string, string>> = {
  Key: "the key",
  User: "the owner",
  Tenant: "the tenant",
  Api: "the API",
};

/** Whose limit it is, in words. */
export function holderOf(targetId: string): string {
  return holders[kindOfId(targetId) ?? ""] ?? targetId;
}

/** The id of the key, user, tenant or API that a rule is set on. */
export function targetOf({ countedAs, name }: CountedRule): string {
  return countedAs.slice(0, -name.length - 1);
}

/** Where the rate limits stand; null: there are none. */
export function rateLimitWords(limits: PeekedLimits | null): string | null {
  if (!limits || limits.rules.length === 0) return null;
  const states = limits.rules.map((rule, place) => {
    const state = limits.rateLimits[place];
    const left = state?.remaining ?? rule.limit;
    const whole = state && left < rule.limit ? `, whole again at ${iso(state.resetAt)}` : "";
    // What is left now may be of the burst alone, which is back long before the limit is whole.
    const burst = rule.burst === null ? "" : `, at most ${rule.burst} at once`;
    const again = state?.exceeded && state.retryAt != null ? `, such a call passes from ${iso(state.retryAt)} on` : "";
    const name = `${rule.name} of ${holderOf(targetOf(rule))}`;
    return `${name}: ${left} of ${rule.limit} left in ${rule.windowMs} ms${burst}${again}${whole}`;
  });
  return `${states.join("; ")}. Nothing was taken: a diagnosis costs nothing.`;
}

/** Where the quotas stand; null: there are none. */
export function quotaWords(limits: PeekedLimits | null): string | null {
  if (!limits) return null;
  const astray = limits.astray.map(
    (id) => `${capital(holderOf(id))} names a quota that is not its own: give it its own with setQuota.`,
  );
  return [...astray, standingWords(limits) ?? []].flat().join(" ") || null;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function standingWords(limits: PeekedLimits): string | null {
  if (limits.quotas.length === 0) return null;
  const states = limits.quotas.map(({ targetId, limit, toppedUp, used, periodStart, periodEnd }) => {
    const resets = periodEnd ? `whole again at ${iso(periodEnd)}` : "never whole again by itself";
    return `The quota of ${holderOf(targetId)}: ${used} of ${limit + toppedUp} used since ${iso(periodStart)}, ${resets}`;
  });
  return `${states.join(". ")}. Nothing was taken: a diagnosis costs nothing.`;
}
