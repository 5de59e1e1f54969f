import { defaultExpiry } from "../../keys/index.js";
import { usualLifetimeMs } from "./remedies.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/**
 * What brings a key in line with the tenant's lifecycle policy. Said last: none of it keeps the key from working.
 *
 * @param drafts what else is to be done: somebody who wants a key mended needs it, however long nobody has used it.
 */
export function unwantedRemedies(sick: Sick, drafts: readonly Draft[]): Draft[] {
  return sick.unwanted.flatMap(({ kind }) => (kind === "IDLE" ? endIdle(sick, drafts) : giveEnd(sick, drafts)));
}

function giveEnd({ rows: { key, tenant }, now }: Sick, drafts: readonly Draft[]): Draft[] {
  // Another one gives it an end already, or takes its place.
  const isDone = ({ mutation, input }: Draft): boolean =>
    mutation === "createKey" || (mutation === "updateKey" && input.expiresAt !== undefined);
  // What is quarantined is released or replaced first: whatever is changed of it before counts as accepted with it.
  if (drafts.some(isDone) || key.quarantinedAt !== null) return [];
  const expiresAt = (defaultExpiry(tenant, now) ?? new Date(now + usualLifetimeMs)).toISOString();
  return [
    {
      code: "VALID",
      mutation: "updateKey",
      input: { id: key.id, expiresAt },
      title: "Give the key an end",
      effect: `The key works until ${expiresAt}, and is refused with EXPIRED from then on.`,
      scopes: key.scopes,
    },
  ];
}

/** First what can be undone: nobody may have told Keyplane that the key is needed once a year. */
function endIdle({ rows: { key } }: Sick, drafts: readonly Draft[]): Draft[] {
  if (drafts.length > 0) return [];
  const since = (key.lastUsedAt ?? key.createdAt).toISOString();
  const words =
    key.lastUsedAt === null ? `It was never used since it was created at ${since}` : `It was last used at ${since}`;
  const reason = `unused since ${since}`;
  return [
    {
      code: "VALID",
      mutation: "disableKey",
      input: { id: key.id, reason },
      title: "Disable the idle key",
      effect: `${words}. It is refused with DISABLED until somebody enables it with enableKey: who misses it will say so.`,
    },
    {
      code: "VALID",
      mutation: "revokeKey",
      input: { id: key.id, reason },
      title: "Or revoke the idle key",
      effect: `${words}. It is refused for good, which cannot be undone: only where nobody needs it.`,
    },
  ];
}
