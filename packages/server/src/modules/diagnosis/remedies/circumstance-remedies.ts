import { createHash } from "node:crypto";
import { kindOfId, maxLimit } from "@keyplane/schema";
import type { Quota } from "../../../platform/database/index.js";
import { versionsOf } from "../../apis/index.js";
import { holderOf, inServiceWords, targetOf } from "../circumstances/circumstance-words.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** For how long a retired version of an API is taken back into service, in milliseconds: 30 days. */
const reprieveMs = 30 * 24 * 60 * 60 * 1_000;

const isOfTenant = (targetId: string): boolean => holderOf(targetId) === "the tenant";

/** Access that was asked for is approved, or else given; whoever may not, asks for it. There is none to an API that there is not. */
export function grantRemedies({ circumstances: { api: standing }, rows: { key } }: Sick): Draft[] {
  const { api, grant, asked } = standing ?? {};
  if (!api || !asked) return [];
  const code = "API_NOT_GRANTED";
  const { scopes } = key;
  if (grant?.status === "PENDING") {
    const title = `Approve the request for ${asked.name}`;
    const effect = `The key may call ${api.name} from the next verification on.`;
    return [{ code, mutation: "approveApiAccess", input: { id: grant.id }, title, effect, scopes }];
  }
  const input = { apiId: api.id, keyId: key.id };
  const before = { REFUSED: "It was refused before: ask why. ", REVOKED: "It was taken away before: ask why. " };
  const warning = grant?.status === "REFUSED" || grant?.status === "REVOKED" ? before[grant.status] : "";
  return [
    {
      code,
      mutation: "grantApiAccess",
      input,
      title: `Give the key access to ${api.name}`,
      effect: `${warning}The key may call ${api.name} from the next verification on.`,
      scopes,
    },
    {
      code,
      mutation: "requestApiAccess",
      input,
      title: `Or ask for access to ${api.name}`,
      effect: `${warning}The request waits for somebody who may approve it; until then the key stays refused.`,
    },
  ];
}

/** The version is taken back into service for a while: callers have to move. */
export function retiredRemedies({ circumstances: { api: standing }, now }: Sick): Draft[] {
  if (!standing?.api || !standing.asked.found?.version) return [];
  const { api, asked } = standing;
  const until = new Date(now + reprieveMs).toISOString();
  const timeOf = (epochMs: number | null): string | null => (epochMs === null ? null : new Date(epochMs).toISOString());
  const versions = versionsOf(api).map(({ name, deprecatedAt, retiredAt }) => ({
    name,
    deprecatedAt: timeOf(deprecatedAt),
    retiredAt: name === asked.found?.version ? until : timeOf(retiredAt),
  }));
  return [
    {
      code: "API_RETIRED",
      mutation: "updateApi",
      input: { id: api.id, versions },
      title: `Take ${asked.name} back into service for 30 days`,
      effect:
        `For all keys, until ${until}: only while callers move to another version. ${inServiceWords(standing, now) ?? ""}`.trim(),
    },
  ];
}

/** Whose limit refuses, with all rate limits that it has: they are set together. */
export function rateRemedies({ circumstances: { limits, raised }, now }: Sick): Draft[] {
  if (!limits) return [];
  const exceeded = limits.rules.filter((_, place) => limits.rateLimits[place]?.exceeded);
  const waits = limits.rateLimits.filter((state) => state.exceeded).map(({ retryAt, resetAt }) => retryAt ?? resetAt);
  const wait = `Or wait until ${new Date(Math.max(now, ...waits)).toISOString()}, if no other calls come.`;
  const isTooLarge = limits.rateLimits.some(({ retryAt, exceeded: isOver }) => isOver && retryAt === null);
  return [...new Set(exceeded.map(targetOf))].flatMap((targetId): Draft[] => {
    const refusing = exceeded.filter((rule) => targetOf(rule) === targetId);
    if (!refusing.every(({ countedAs }) => raised.has(countedAs))) return [];
    const names = refusing.map(({ name }) => name);
    const rules = limits.rules
      .filter((rule) => targetOf(rule) === targetId)
      .map((rule) => raised.get(rule.countedAs) ?? rule);
    const changes = rules
      .filter(({ name }) => names.includes(name))
      .map(({ name, limit, burst }) => `${name} allows ${limit}${burst === null ? "" : `, and ${burst} at once`}`);
    return [
      {
        code: "RATE_LIMITED",
        mutation: "setRateLimits",
        input: {
          targetId,
          rateLimits: rules.map(({ name, limit, windowMs, burst, unit }) => ({ name, limit, windowMs, burst, unit })),
        },
        title: `Raise ${names.join(", ")} of ${holderOf(targetId)}`,
        effect: `${changes.join("; ")} in each window, for good. ${isTooLarge ? "Waiting does not help: the call costs more than the limit ever allows." : wait}`,
        installationOnly: isOfTenant(targetId),
      },
    ];
  });
}

/** Topped up, or made whole. */
export function quotaRemedies({ circumstances: { limits }, cost }: Sick): Draft[] {
  const short = (limits?.quotas ?? []).filter((quota) => cost > leftOf(quota));
  const code = "QUOTA_EXCEEDED";
  const wait = ({ periodEnd, limit }: Quota): string =>
    periodEnd && cost <= limit ? ` Or wait: it is whole again at ${periodEnd.toISOString()}.` : "";
  const topUps = short.flatMap((quota): Draft[] => {
    const missing = cost - leftOf(quota);
    const amount = Math.min(maxLimit - quota.toppedUp, Math.max(quota.limit, missing));
    if (amount < missing) return [];
    const { targetId } = quota;
    return [
      {
        code,
        mutation: "topUpQuota",
        input: { targetId, amount, reason: "the quota was used up", idempotencyKey: attemptOf(quota, amount) },
        title: `Top up the quota of ${holderOf(targetId)} by ${amount}`,
        effect: `So much more can be used ${quota.periodEnd ? "in the present period" : "in all"}${sharersWords(targetId)}.${wait(quota)}`,
        installationOnly: isOfTenant(targetId),
      },
    ];
  });
  const resets = short
    .filter(({ limit, toppedUp }) => limit + toppedUp >= cost)
    .map(
      ({ targetId, ...quota }): Draft => ({
        code,
        mutation: "resetQuota",
        input: { targetId, reason: "the quota was used up" },
        title: `Or make the quota of ${holderOf(targetId)} whole`,
        effect: `What was used counts no more: ${quota.limit + quota.toppedUp} can be used again${sharersWords(targetId)}. What other servers hold comes back within a minute, and what lost ones hold is dropped.`,
        installationOnly: isOfTenant(targetId),
      }),
    );
  return [...topUps, ...resets];
}

/** Names the top-up of a quota as it stands: sent twice it is one, and once it was made the next one is another. */
function attemptOf({ id, period, limit, toppedUp, updatedAt }: Quota, amount: number): string {
  const state = JSON.stringify([id, period, limit, toppedUp, updatedAt, amount]);
  return `diagnosis-${createHash("sha256").update(state).digest("base64url")}`;
}

const sharersWords = (targetId: string): string => (kindOfId(targetId) === "Key" ? "" : ", by all keys that share it");

/** Below 0 where the quota was made smaller than what was used already. */
function leftOf({ limit, toppedUp, used }: Quota): number {
  return limit + toppedUp - used;
}
